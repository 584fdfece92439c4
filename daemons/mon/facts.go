package mon

import (
	"log/slog"
	"time"
)

// Role says what a monitor has become in the quorum. It is stated at every
// change.
type Role struct {
	// Mon is the monitor's name.
	Mon string
	// Term is the election's number; it never falls on one monitor.
	Term uint64
	// Role is "leader", "peon" or "electing".
	Role string
	// Leader is the leader's name, "" while none is known.
	Leader string
	// Active is true once the monitor knows everything that was committed before
	// it got the role, and serves clients.
	Active bool
}

// Kind implements host.Fact.
func (Role) Kind() string { return "mon.role" }

// Attrs implements host.Fact.
func (f Role) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.Uint64("term", f.Term), slog.String("role", f.Role),
		slog.String("leader", f.Leader), slog.Bool("active", f.Active),
	}
}

// MapCommitted says that a monitor has applied a committed epoch of a map.
// Every monitor states every epoch it applies, in order, except that a monitor
// which lagged so far that it was given a snapshot states only the newest; after
// a restart a monitor may state epochs again.
type MapCommitted struct {
	// Mon is the monitor's name.
	Mon string
	// Map is the map's name: "mgrmap", "osdmap", "fsmap" or "monmap". The first epochs
	// of the last two, which are those of every cluster, are not stated.
	Map string
	// Epoch is the map's epoch.
	Epoch uint64
	// Hash is an FNV-1a hash of the encoded map: equal epochs have equal hashes
	// on all monitors.
	Hash uint64

	// The following are of a mgrmap.

	// ActiveGID is the active mgr's global id, 0 for none.
	ActiveGID uint64
	// ActiveName is its name, "" for none.
	ActiveName string
	// Available is whether it has announced that it serves.
	Available bool
	// Standbys are the others as "gid:name", ascending by gid, joined by commas; of an
	// fsmap, too, the mdss that stand by.
	Standbys string
	// ActiveAddrs are the addresses that the active mgr serves at and those of its
	// clients, "10.0.0.1:6800/7" joined by commas.
	ActiveAddrs string
	// FencedAt is the osdmap epoch that fences the last active mgr that was dropped,
	// 0 if none was.
	FencedAt uint64
	// Described are the names of the mgrs of which the monitors keep metadata,
	// ascending, joined by commas.
	Described string

	// Blocklist is of an osdmap: the addresses on it, "10.0.0.1:6800/7" joined by
	// commas.
	Blocklist string
}

// Kind implements host.Fact.
func (MapCommitted) Kind() string { return "mon.commit" }

// Attrs implements host.Fact.
func (f MapCommitted) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.String("map", f.Map), slog.Uint64("epoch", f.Epoch), slog.Uint64("hash", f.Hash),
		slog.Uint64("active_gid", f.ActiveGID), slog.String("active_name", f.ActiveName),
		slog.Bool("available", f.Available), slog.String("standbys", f.Standbys),
		slog.String("active_addrs", f.ActiveAddrs), slog.Uint64("fenced_at", f.FencedAt), slog.String("blocklist", f.Blocklist),
		slog.String("described", f.Described),
	}
}

// Members says that a monitor has applied an epoch of the monmap after the first.
type Members struct {
	// Mon is the monitor's name, Number its own in the quorum.
	Mon    string
	Number uint64
	// Epoch is the monmap's.
	Epoch uint64
	// Members are the monitors as "number:name", by rank, joined by commas, and Addrs
	// where they serve, "10.0.0.1:6789".
	Members string
	Addrs   string
}

// Kind implements host.Fact.
func (Members) Kind() string { return "mon.members" }

// Attrs implements host.Fact.
func (f Members) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.Uint64("number", f.Number), slog.Uint64("epoch", f.Epoch), slog.String("members", f.Members),
		slog.String("addrs", f.Addrs),
	}
}

// MgrBeaconReceived says that the leader has taken a mgr's beacon as a sign of
// life. Beacons that are dropped (wrong cluster) do not cause it.
type MgrBeaconReceived struct {
	// Mon is the leader's name.
	Mon string
	// GID is the sender.
	GID uint64
	// Available is what the sender claims.
	Available bool
}

// Kind implements host.Fact.
func (MgrBeaconReceived) Kind() string { return "mon.mgr_beacon" }

// Attrs implements host.Fact.
func (f MgrBeaconReceived) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("mon", f.Mon), slog.Uint64("gid", f.GID), slog.Bool("available", f.Available)}
}

// MgrDropped says that the leader has taken a mgr out of its pending map. The
// change counts once it is committed, which it may never be.
type MgrDropped struct {
	// Mon is the leader's name.
	Mon string
	// GID and Name are the mgr's.
	GID  uint64
	Name string
	// Reason is "timeout" (no beacon for the grace), "command" (mgr fail) or
	// "restarted" (a beacon of the same name with another gid).
	Reason string
}

// Kind implements host.Fact.
func (MgrDropped) Kind() string { return "mon.mgr_dropped" }

// Attrs implements host.Fact.
func (f MgrDropped) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.Uint64("gid", f.GID), slog.String("name", f.Name), slog.String("reason", f.Reason),
	}
}

// MDSBeaconReceived says that the leader has taken an mds's beacon. Beacons that are
// dropped (wrong cluster, no address) do not cause it.
type MDSBeaconReceived struct {
	// Mon is the leader's name.
	Mon string
	// GID is the sender.
	GID uint64
	// State is what the sender asks for, "up:boot".
	State string
	// Seq is the beacon's number.
	Seq uint64
}

// Kind implements host.Fact.
func (MDSBeaconReceived) Kind() string { return "mon.mds_beacon" }

// Attrs implements host.Fact.
func (f MDSBeaconReceived) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.Uint64("gid", f.GID), slog.String("state", f.State), slog.Uint64("seq", f.Seq),
	}
}

// MDSDropped says that the leader has taken an mds out of its pending map. The change
// counts once it is committed, which it may never be.
type MDSDropped struct {
	// Mon is the leader's name.
	Mon string
	// GID and Name are the mds's.
	GID  uint64
	Name string
	// Reason is "timeout" (no beacon for the grace), "command" (mds fail),
	// "restarted" (an mds of the same name has booted), "left" (it asked for that),
	// "illegal" (it asked for a state that a standby cannot have) or "compat" (its
	// features have changed).
	Reason string
}

// Kind implements host.Fact.
func (MDSDropped) Kind() string { return "mon.mds_dropped" }

// Attrs implements host.Fact.
func (f MDSDropped) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.Uint64("gid", f.GID), slog.String("name", f.Name), slog.String("reason", f.Reason),
	}
}

// MapSent says that a monitor has sent a map to a subscriber of its own.
type MapSent struct {
	// Mon is the monitor's name.
	Mon string
	// Map is "mgrmap", "osdmap", "monmap", "fsmap" or "mdsmap".
	Map string
	// Epoch is the map's epoch; 0 for the empty map that tells a stale active
	// mgr that it is out.
	Epoch uint64
	// GID is the subscriber.
	GID uint64
	// Session numbers the clients' connections to this process, from 1. One
	// subscription may take several messages, which follow each other at once.
	Session uint64
}

// Kind implements host.Fact.
func (MapSent) Kind() string { return "mon.map_sent" }

// Attrs implements host.Fact.
func (f MapSent) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.String("map", f.Map), slog.Uint64("epoch", f.Epoch), slog.Uint64("gid", f.GID),
		slog.Uint64("session", f.Session),
	}
}

// Subscribed says that a client has asked a monitor for a map of which MapSent is
// stated. What it is owed at once follows.
type Subscribed struct {
	// Mon is the monitor's name.
	Mon string
	// Map is what it asks for, as in MapSent.
	Map string
	// Start is the first epoch that it wants, 0 for the newest there is.
	Start uint64
	// OneTime is whether it wants to be told once only.
	OneTime bool
	// GID is the subscriber, Session its connection, as in MapSent.
	GID, Session uint64
}

// Kind implements host.Fact.
func (Subscribed) Kind() string { return "mon.subscribed" }

// Attrs implements host.Fact.
func (f Subscribed) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.String("map", f.Map), slog.Uint64("start", f.Start), slog.Bool("onetime", f.OneTime),
		slog.Uint64("gid", f.GID), slog.Uint64("session", f.Session),
	}
}

// BeaconsKept says, at a tick of a peon, that the leader has not yet told it to
// forget beacons of mgrs that it has passed on. It is not stated if there are none.
type BeaconsKept struct {
	// Mon is the monitor's name.
	Mon string
	// Count is how many there are, Oldest for how long the first has been kept.
	Count  int
	Oldest time.Duration
}

// Kind implements host.Fact.
func (BeaconsKept) Kind() string { return "mon.beacons_kept" }

// Attrs implements host.Fact.
func (f BeaconsKept) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("mon", f.Mon), slog.Int("count", f.Count), slog.Int64("oldest_ns", int64(f.Oldest))}
}

// CommandAcked says that a monitor has answered a command.
type CommandAcked struct {
	// Mon is the monitor that executed the command: the leader for changes.
	Mon string
	// Prefix is the command, "mgr fail".
	Prefix string
	// Code is the result, 0 or a negative errno.
	Code int32
	// Epoch is the map epoch that holds the change; 0 for commands that only
	// read.
	Epoch uint64
}

// Kind implements host.Fact.
func (CommandAcked) Kind() string { return "mon.command_acked" }

// Attrs implements host.Fact.
func (f CommandAcked) Attrs() []slog.Attr {
	return []slog.Attr{
		slog.String("mon", f.Mon), slog.String("prefix", f.Prefix), slog.Int64("code", int64(f.Code)), slog.Uint64("epoch", f.Epoch),
	}
}
