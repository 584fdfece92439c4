package novelty

import (
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// epochs remembers the newest maps, to say what has changed in the next ones.
type epochs struct {
	last    string // the last change
	mgrmap  mon.MapCommitted
	osdmap  mon.MapCommitted
	fsmap   mon.MapCommitted
	members mon.Members
	term    uint64
	leader  string
}

// change says what is new about the cluster by a fact, empty if nothing is: every monitor
// states each epoch, and the first one counts.
func (e *epochs) change(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.Role:
		return e.election(o.Host, f)
	case mon.Members:
		if before := e.members; f.Epoch > before.Epoch {
			e.members = f
			return [...]string{"monmap others", "monmap fewer", "monmap more"}[compared(before.Members, f.Members)]
		}
	case mon.MapCommitted:
		switch f.Map {
		case cluster.MgrMap:
			return e.ofMgrMap(f)
		case cluster.OSDMap:
			if before := e.osdmap; f.Epoch > before.Epoch {
				e.osdmap = f
				return [...]string{"osdmap", "osdmap blocklist shorter", "osdmap blocklist longer"}[compared(before.Blocklist, f.Blocklist)]
			}
		case "fsmap":
			if before := e.fsmap; f.Epoch > before.Epoch {
				e.fsmap = f
				return [...]string{"fsmap", "fsmap fewer standbys", "fsmap more standbys"}[compared(before.Standbys, f.Standbys)]
			}
		}
	}
	return ""
}

func (e *epochs) election(host string, f mon.Role) string {
	if f.Role != cluster.Leader || f.Term <= e.term {
		return ""
	}
	before := e.leader
	e.leader, e.term = host, f.Term
	if before == host {
		return "leader again"
	}
	return "leader new"
}

// ofMgrMap says what became of the active manager, and of how many stand by.
func (e *epochs) ofMgrMap(f mon.MapCommitted) string {
	before := e.mgrmap
	if f.Epoch <= before.Epoch {
		return ""
	}
	e.mgrmap = f
	what := 0
	switch {
	case before.ActiveGID != 0 && f.ActiveGID == 0:
		what = 1
	case before.ActiveGID == 0 && f.ActiveGID != 0:
		what = 2
	case before.ActiveGID != f.ActiveGID:
		what = 3
	case !before.Available && f.Available:
		what = 4
	case before.Available && !f.Available:
		what = 5
	}
	return [...][3]string{
		{"mgrmap", "mgrmap fewer standbys", "mgrmap more standbys"},
		{"mgrmap active lost", "mgrmap active lost, fewer standbys", "mgrmap active lost, more standbys"},
		{"mgrmap promoted", "mgrmap promoted, fewer standbys", "mgrmap promoted, more standbys"},
		{"mgrmap replaced", "mgrmap replaced, fewer standbys", "mgrmap replaced, more standbys"},
		{"mgrmap available", "mgrmap available, fewer standbys", "mgrmap available, more standbys"},
		{"mgrmap unavailable", "mgrmap unavailable, fewer standbys", "mgrmap unavailable, more standbys"},
	}[what][compared(before.Standbys, f.Standbys)]
}

// compared is 0 if two lists are as long, 1 if the second one is shorter, 2 if longer.
func compared(before, now string) int {
	a, b := items(before), items(now)
	switch {
	case b < a:
		return 1
	case b > a:
		return 2
	}
	return 0
}

func items(list string) int {
	if list == "" {
		return 0
	}
	return 1 + strings.Count(list, ",")
}

// sessionEvent is what a fact says of a client's session, empty for nothing.
func sessionEvent(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case monc.HuntBegun:
		switch f.Reason {
		case monc.HuntAuthenticate, monc.HuntTooLong:
			return f.Reason
		}
		return "hunt"
	case monc.Authenticated:
		if f.Error != "" {
			return "not authenticated"
		}
		return "authenticated"
	case monc.SessionOpened:
		return "session"
	case monc.SessionLost:
		return f.Reason
	case monc.ShutDown:
		return "end"
	}
	return ""
}

// serviceEvent is what a fact says of Cinder's services, empty for nothing. Judgements are
// not there: they come with every list.
func serviceEvent(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cinder.Started:
		return "started"
	case cinder.Working:
		if f.Working {
			return "works"
		}
		return "does not work"
	case cinder.RowCreated:
		if f.Again {
			return "row again"
		}
		return "row"
	case cinder.ClusterCreated:
		return "row of a cluster"
	case cinder.BeatFailed:
		if f.Unknown {
			return "beat unknown"
		}
		return "beat failed"
	case cinder.BeatSkipped:
		return "beat skipped"
	case cinder.WorkClaimed:
		return "work claimed"
	case cinder.ReplicationSent:
		return "replication sent"
	case cinder.ReplicationChanged:
		return "replication changed"
	case api.Changed:
		return "asked to " + f.Action
	case api.ClusterChanged:
		return "cluster asked to " + f.Action
	}
	return ""
}
