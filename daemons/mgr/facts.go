package mgr

import "log/slog"

// Mode is what a manager process takes itself for.
type Mode string

// The modes, in the order in which a process goes through them. There is no way
// back but to respawn.
const (
	// ModeStandby: the process waits to be named active.
	ModeStandby Mode = "standby"
	// ModeStarting: a map has named it, and it initialises.
	ModeStarting Mode = "starting"
	// ModeActive: it serves, and says in its beacons that it is available.
	ModeActive Mode = "active"
)

// ModeChanged states that the process is in another mode now. The first one
// follows authentication. Kind "mgr.mode".
type ModeChanged struct {
	Name  string // the manager's name, "x"
	GID   uint64 // its global id
	Mode  Mode   // the new mode
	Epoch uint32 // of the newest manager map it has applied, 0 before the first
}

// Kind is "mgr.mode".
func (ModeChanged) Kind() string { return "mgr.mode" }

// Attrs are the fields.
func (f ModeChanged) Attrs() []slog.Attr {
	return append(who(f.Name, f.GID), slog.String("mode", string(f.Mode)), epoch(f.Epoch))
}

// BeaconSent states that a beacon was given to the monitor client. Without a
// session it may wait there and be dropped (MS-13). Kind "mgr.beacon".
type BeaconSent struct {
	Name      string // the manager's name, "x"
	GID       uint64 // its global id
	Available bool   // the beacon claims that the manager serves
	Commands  int    // how many command descriptions it carries
}

// Kind is "mgr.beacon".
func (BeaconSent) Kind() string { return "mgr.beacon" }

// Attrs are the fields.
func (f BeaconSent) Attrs() []slog.Attr {
	return append(who(f.Name, f.GID), slog.Bool("available", f.Available), slog.Int("commands", f.Commands))
}

// MapApplied states that a map was taken, before what follows from it is done.
// Maps that are ignored as old, and null maps, are not stated. Kind "mgr.map".
type MapApplied struct {
	Name      string // the manager's name, "x"
	GID       uint64 // its global id
	Map       string // which map: "mgrmap" or "osdmap"
	Epoch     uint32 // its epoch, above 0
	ActiveGID uint64 // of a mgrmap: the global id that it names active, 0 for nobody
	Available bool   // it says that the active one serves
	FencedAt  uint32 // the osdmap epoch that it names as the fence of the last active one
	// Incremental is whether an osdmap was made of the one before and what has changed.
	Incremental bool
}

// Kind is "mgr.map".
func (MapApplied) Kind() string { return "mgr.map" }

// Attrs are the fields.
func (f MapApplied) Attrs() []slog.Attr {
	return append(who(f.Name, f.GID), slog.String("map", f.Map), epoch(f.Epoch),
		slog.Uint64("active_gid", f.ActiveGID), slog.Bool("available", f.Available),
		slog.Uint64("fenced_at", uint64(f.FencedAt)), slog.Bool("incremental", f.Incremental))
}

// Respawning states that the process is about to execute itself anew, because it
// is no longer the active manager. Nothing of the process follows. Kind
// "mgr.respawn".
type Respawning struct {
	Name   string // the manager's name, "x"
	GID    uint64 // the global id that ends with the process
	Epoch  uint32 // of the manager map that made it so, 0 for a null map
	Reason string // for people
}

// Kind is "mgr.respawn".
func (Respawning) Kind() string { return "mgr.respawn" }

// Attrs are the fields.
func (f Respawning) Attrs() []slog.Attr {
	return append(who(f.Name, f.GID), epoch(f.Epoch), slog.String("reason", f.Reason))
}

// Served states that a manager has answered a command. Kind "mgr.serve".
type Served struct {
	Name    string // the manager's name, "x"
	GID     uint64 // its global id
	Command string // the command's prefix, empty for what is no command
	Code    int32  // 0, or a negative errno
}

// Kind is "mgr.serve".
func (Served) Kind() string { return "mgr.serve" }

// Attrs are the fields.
func (f Served) Attrs() []slog.Attr {
	return append(who(f.Name, f.GID), slog.String("command", f.Command), slog.Int64("code", int64(f.Code)))
}

func who(name string, gid uint64) []slog.Attr {
	return []slog.Attr{slog.String("name", name), slog.Uint64("gid", gid)}
}

func epoch(e uint32) slog.Attr { return slog.Uint64("epoch", uint64(e)) }
