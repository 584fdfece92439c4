package mgrc

import (
	"log/slog"
	"time"
)

// Reasons of a SessionLost.
const (
	LostReplaced = "reset, or no session with the active manager" // another one may follow
	LostShutdown = "shut down"
)

// SessionOpened states that the client dials the active manager. Kind "mgrc.session".
type SessionOpened struct {
	Entity  string // who: "mon.a"
	Session uint64 // counts from 1 in each process
	GID     uint64 // the manager's global id
}

// Kind is "mgrc.session".
func (SessionOpened) Kind() string { return "mgrc.session" }

// Attrs are the fields.
func (f SessionOpened) Attrs() []slog.Attr {
	return append(who(f.Entity, f.Session), slog.Uint64("gid", f.GID))
}

// SessionLost states that a session is over. Kind "mgrc.lost".
type SessionLost struct {
	Entity  string // who: "mon.a"
	Session uint64
	Reason  string // one of LostReplaced and its like
}

// Kind is "mgrc.lost".
func (SessionLost) Kind() string { return "mgrc.lost" }

// Attrs are the fields.
func (f SessionLost) Attrs() []slog.Attr {
	return append(who(f.Entity, f.Session), slog.String("reason", f.Reason))
}

// Configured states that the manager has said how it wants its reports. Kind
// "mgrc.configured".
type Configured struct {
	Entity  string // who: "mon.a"
	Session uint64
	Period  time.Duration // between reports, 0 for none
}

// Kind is "mgrc.configured".
func (Configured) Kind() string { return "mgrc.configured" }

// Attrs are the fields.
func (f Configured) Attrs() []slog.Attr {
	return append(who(f.Entity, f.Session), slog.Int64("period_ns", int64(f.Period)))
}

// Reported states that a report was given to the session's connection. Kind
// "mgrc.report".
type Reported struct {
	Entity     string // who: "mon.a"
	Session    uint64
	Counters   int // how many values it has
	Declared   int // how many of them were not in a report of the session before
	Undeclared int // how many it takes back
}

// Kind is "mgrc.report".
func (Reported) Kind() string { return "mgrc.report" }

// Attrs are the fields.
func (f Reported) Attrs() []slog.Attr {
	return append(who(f.Entity, f.Session),
		slog.Int("counters", f.Counters), slog.Int("declared", f.Declared), slog.Int("undeclared", f.Undeclared))
}

func who(entity string, session uint64) []slog.Attr {
	return []slog.Attr{slog.String("entity", entity), slog.Uint64("session", session)}
}
