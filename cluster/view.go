package cluster

import (
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/monc"
)

// What facts call things.
const (
	MgrMap = "mgrmap" // mon.MapCommitted.Map
	OSDMap = "osdmap" // the same
	Leader = "leader" // mon.Role.Role

	DropTimeout   = "timeout"   // mon.MgrDropped.Reason
	DropCommand   = "command"   // the same
	DropRestarted = "restarted" // the same
)

// Standby is a standby of a committed manager map.
type Standby struct {
	GID  uint64
	Name string
}

// Standbys reads the standbys of a committed map, which the fact has as text.
func Standbys(f mon.MapCommitted) []Standby {
	if f.Standbys == "" {
		return nil
	}
	var out []Standby
	for item := range strings.SplitSeq(f.Standbys, ",") {
		gid, name, _ := strings.Cut(item, ":")
		n, err := strconv.ParseUint(gid, 10, 64)
		if err != nil {
			panic("cluster: malformed standbys " + f.Standbys)
		}
		out = append(out, Standby{GID: n, Name: name})
	}
	return out
}

// View is what an all-knowing observer has seen of the cluster so far: the
// newest committed maps, and who leads. It is kept up to date by facts. What is seen of
// further kinds of daemons those keep, see Cluster.Keep.
type View struct {
	leader  string // host name of the monitor that last became leader
	term    uint64
	newest  mon.MapCommitted // the newest mgrmap
	members mon.Members      // the newest monmap; none as long as it is the first
	modes   map[string]mgr.Mode
	asked   map[string]time.Duration // by key client, its last command
	done    map[string]uint64        // by monitor, the last entry that it has executed
	served  map[string]time.Duration // when it gave the last command that was answered
	monc    map[string]clientSession // by host, the last session of its monitor client
	cluster *Cluster
}

// clientSession is a session of a monitor client with a monitor, "mon.a".
type clientSession struct {
	mon    string
	opened time.Duration
	lost   bool
}

func newView(c *Cluster) *View {
	return &View{
		cluster: c,
		modes:   make(map[string]mgr.Mode), done: make(map[string]uint64),
		asked: make(map[string]time.Duration), served: make(map[string]time.Duration),
		monc: make(map[string]clientSession),
	}
}

func (v *View) observe(o Observation) {
	switch f := o.Fact.(type) {
	case mon.Role:
		v.observeRole(o.Host, f)
	case mon.MapCommitted:
		if f.Map == MgrMap && f.Epoch > v.newest.Epoch {
			v.newest = f
		}
	case mgr.ModeChanged:
		v.modes[o.Host] = f.Mode
	case quorum.Applied:
		v.done[o.Host] = f.Index
	case quorum.Restored:
		v.done[o.Host] = f.Index
	case KeyAsked:
		v.asked[o.Host] = o.At
	case KeyAnswered:
		if f.Error == "" {
			v.served[o.Host] = v.asked[o.Host]
		}
	case monc.SessionOpened:
		v.monc[o.Host] = clientSession{mon: "mon." + f.Mon, opened: o.At}
	case monc.SessionLost:
		s := v.monc[o.Host]
		s.lost = true
		v.monc[o.Host] = s
	}
}

func (v *View) observeRole(host string, f mon.Role) {
	switch {
	case f.Role == Leader && f.Term >= v.term:
		v.leader, v.term = host, f.Term
	case f.Role != Leader && host == v.leader && f.Term >= v.term:
		v.leader = ""
	}
}

// Leader is the daemon name of the leading monitor, empty while none is known.
func (v *View) Leader() string { return v.leader }

// MgrMap is the newest manager map that any monitor has committed.
func (v *View) MgrMap() mon.MapCommitted { return v.newest }

// NextMgr is the daemon name of the standby that the monitors would promote now,
// the one with the lowest gid (MM-17), empty if there is none.
func (v *View) NextMgr() string {
	var next Standby
	for _, s := range Standbys(v.newest) {
		if next.GID == 0 || s.GID < next.GID {
			next = s
		}
	}
	if next.GID == 0 {
		return ""
	}
	return "mgr." + next.Name
}

// ActiveMgr is the daemon name of the manager that the newest map names, empty
// if it names none.
func (v *View) ActiveMgr() string {
	if v.newest.ActiveGID == 0 {
		return ""
	}
	return "mgr." + v.newest.ActiveName
}

// Available reports whether the newest map has an active manager that is ready
// to serve.
func (v *View) Available() bool { return v.newest.ActiveGID != 0 && v.newest.Available }

// Served is when a key client gave the last of its commands that was answered.
func (v *View) Served(client string) time.Duration { return v.served[client] }

// Session is when the monitor client of a host last had a new session, 0 for never, and
// with which monitor, "mon.a"; that is empty if it has said since that it lost it.
func (v *View) Session(host string) (opened time.Duration, mon string) {
	s := v.monc[host]
	if s.lost {
		s.mon = ""
	}
	return s.opened, s.mon
}

// Executed is the last entry of the replicated log that a monitor has executed, as its
// process says.
func (v *View) Executed(mon string) uint64 { return v.done[mon] }

// Mode is what a manager last said of itself.
func (v *View) Mode(name string) mgr.Mode { return v.modes[name] }
