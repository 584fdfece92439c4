package monc

import "log/slog"

// Reasons of a SessionLost or a HuntBegun.
const (
	LostReset    = "connection reset"
	LostSilent   = "no keepalive was answered"
	LostLeft     = "the monitor has left the map"
	LostRefused  = "authentication was refused"
	LostAsked    = "asked to"
	LostShutdown = "shut down" // of a SessionLost only

	// Of a HuntBegun without a session that was lost.
	HuntAuthenticate = "authenticate"
	HuntTooLong      = "the hunt took too long"
)

// HuntBegun states that the client dials monitors: the first time, again because the
// last ones did not let it in, or because it has no session any more. Kind
// "monc.hunt".
type HuntBegun struct {
	Entity string // who: "mgr.x"
	Mons   string // the monitors that it dials, "a,b,c"
	Reason string // one of LostReset and its like, or of HuntAuthenticate and its like
}

// Kind is "monc.hunt".
func (HuntBegun) Kind() string { return "monc.hunt" }

// Attrs are the fields.
func (f HuntBegun) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("entity", f.Entity), slog.String("mons", f.Mons), slog.String("reason", f.Reason)}
}

// Authenticated states that Authenticate is done. Kind "monc.authenticated".
type Authenticated struct {
	Entity string // who: "mgr.x"
	GID    uint64 // its global id, 0 if it has none
	Error  string // empty if it has a session
}

// Kind is "monc.authenticated".
func (Authenticated) Kind() string { return "monc.authenticated" }

// Attrs are the fields.
func (f Authenticated) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("entity", f.Entity), slog.Uint64("gid", f.GID), slog.String("error", f.Error)}
}

// SessionOpened states that the client has authenticated with a monitor, and
// has the session that counts from now on. Kind "monc.session".
type SessionOpened struct {
	Entity string // who: "mgr.x"
	GID    uint64 // the global id, never 0
	Mon    string // the monitor's name, "a"
}

// Kind is "monc.session".
func (SessionOpened) Kind() string { return "monc.session" }

// Attrs are the fields.
func (f SessionOpened) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("entity", f.Entity), slog.Uint64("gid", f.GID), slog.String("mon", f.Mon)}
}

// SessionLost states that the client has given up its session, whoever was to
// blame. A hunt for the next one begins at once, unless the client was shut
// down. Kind "monc.session_lost".
type SessionLost struct {
	Entity string // who: "mgr.x"
	GID    uint64 // the global id that it had and goes on to have
	Mon    string // the monitor's name, "a"
	Reason string // one of LostReset and its like
}

// Kind is "monc.session_lost".
func (SessionLost) Kind() string { return "monc.session_lost" }

// Attrs are the fields.
func (f SessionLost) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("entity", f.Entity), slog.Uint64("gid", f.GID),
		slog.String("mon", f.Mon), slog.String("reason", f.Reason),
	}
}

// ShutDown states that the client was shut down: it does nothing from now on. Kind
// "monc.shutdown".
type ShutDown struct {
	Entity string // who: "mgr.x"
	GID    uint64 // its global id, 0 if it has none
}

// Kind is "monc.shutdown".
func (ShutDown) Kind() string { return "monc.shutdown" }

// Attrs are the fields.
func (f ShutDown) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("entity", f.Entity), slog.Uint64("gid", f.GID)}
}

// Wanted states that the client's owner has another wish for a map than before. Kind
// "monc.want".
type Wanted struct {
	Entity  string // who: "mgr.x"
	What    string // "mgrmap"
	Start   uint64 // the first epoch; 0 is the newest there is
	OneTime bool   // one epoch is enough
	NoMore  bool   // it has no wish any more
}

// Kind is "monc.want".
func (Wanted) Kind() string { return "monc.want" }

// Attrs are the fields.
func (f Wanted) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("entity", f.Entity), slog.String("what", f.What), slog.Uint64("start", f.Start),
		slog.Bool("onetime", f.OneTime), slog.Bool("no_more", f.NoMore),
	}
}

// Subscribed states that the client tells the monitor of its session what it wants.
// Kind "monc.subscribe".
type Subscribed struct {
	Entity string // who: "mgr.x"
	Mon    string // the monitor's name, "a"
	What   string // "mgrmap:0 osdmap:7!": names with the first epochs, "!" for one only
}

// Kind is "monc.subscribe".
func (Subscribed) Kind() string { return "monc.subscribe" }

// Attrs are the fields.
func (f Subscribed) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("entity", f.Entity), slog.String("mon", f.Mon), slog.String("what", f.What)}
}

// Received states that the client's owner has taken an epoch of a map that it waited
// for. Kind "monc.got".
type Received struct {
	Entity string // who: "mgr.x"
	What   string // "mgrmap"
	Epoch  uint64
}

// Kind is "monc.got".
func (Received) Kind() string { return "monc.got" }

// Attrs are the fields.
func (f Received) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("entity", f.Entity), slog.String("what", f.What), slog.Uint64("epoch", f.Epoch)}
}
