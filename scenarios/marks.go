package scenarios

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/mon/wal"
	"github.com/wavetank/wavetank/daemons/monc"
)

// Marks are things that a good campaign has seen at least sometimes. A report
// that lacks one says what was never put to the test. These are told from what
// daemons state; daemons state others themselves (host.Sometimes), and so do the
// goals of a scenario (Progress.Sometimes).
const (
	MarkTakeover     = "standby took over"
	MarkRespawn      = "ex-active respawned"
	MarkLeaderChange = "leader changed"
	MarkNoActive     = "map without an active"
	MarkTimeoutDrop  = "dropped as silent"
	MarkCommandDrop  = "dropped by command"
	MarkSameName     = "active restarted under its name"
	MarkStaleBeacon  = "beacon of a stale active"
)

// Marks lists every mark of the catalogue.
func Marks() []string {
	var all []string
	for _, s := range Catalogue() {
		all = addNew(all, s.marks())
	}
	return all
}

// addNew adds those that are not there.
func addNew(all, more []string) []string {
	for _, m := range more {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	return all
}

// clusterMarks are the marks of scenarios that deploy a cluster.
func clusterMarks() []string {
	return slices.Concat([]string{
		MarkTakeover, MarkRespawn, MarkLeaderChange, MarkNoActive,
		MarkTimeoutDrop, MarkCommandDrop, MarkSameName, MarkStaleBeacon,
	}, mon.Marks(), monc.Marks())
}

// markOf is the mark that a fact reaches, empty for none.
func markOf(o cluster.Observation, r *run) string {
	switch f := o.Fact.(type) {
	case cluster.ProcessExited:
		return markOfExit(f)
	case host.Mark:
		return f.Name
	case mgr.Respawning:
		return MarkRespawn
	case mon.Role:
		if f.Role == cluster.Leader && r.healthy != 0 {
			return MarkLeaderChange
		}
	case mon.MapSent:
		if f.Map == cluster.MgrMap && f.Epoch == 0 {
			return MarkStaleBeacon
		}
	case mon.MgrDropped:
		return markOfDrop(f.Reason)
	case mon.MapCommitted:
		return markOfMap(f, r)
	}
	return cloudMark(o)
}

func markOfExit(f cluster.ProcessExited) string {
	switch {
	case strings.Contains(f.Reason, wal.ErrCorrupt.Error()):
		return MarkLeftOut
	case strings.Contains(f.Reason, host.ErrIO.Error()), strings.Contains(f.Reason, host.ErrNoSpace.Error()):
		return MarkDiskDeath
	}
	return ""
}

func markOfMap(f mon.MapCommitted, r *run) string {
	if f.Map != cluster.MgrMap || r.healthy == 0 || len(r.progress) == 0 || r.progress[0] == nil {
		return ""
	}
	switch before := r.progress[0].Before; {
	case f.ActiveGID == 0:
		return MarkNoActive
	case f.ActiveName != before.ActiveName && f.Available:
		return MarkTakeover
	}
	return ""
}

func markOfDrop(reason string) string {
	switch reason {
	case cluster.DropTimeout:
		return MarkTimeoutDrop
	case cluster.DropCommand:
		return MarkCommandDrop
	default:
		return MarkSameName
	}
}
