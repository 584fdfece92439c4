package monc

import "log/slog"

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
	Reason string // for people
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
