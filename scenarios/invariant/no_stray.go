package invariant

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// noStray is I-MC-5: what a monitor says counts only as long as the client tries it, or has
// its session. So a session begins with one of those that the client dialled last, and
// while it has none; and subscriptions go to the monitor of the session.
type noStray struct{ clients map[process]*trying }

// trying is whom a client listens to.
type trying struct {
	mons []string // that it has dialled and did not give up
	mon  string   // of its session, "" if it has none
}

func newNoStray() *noStray { return &noStray{clients: make(map[process]*trying)} }

func (*noStray) Name() string { return "I-MC-5 no stray is heeded" }

func (c *noStray) Observe(o cluster.Observation) string {
	me := process{o.Host, o.PID}
	t := c.clients[me]
	if t == nil {
		t = &trying{}
	}
	switch f := o.Fact.(type) {
	case monc.HuntBegun:
		t.mons = strings.Split(f.Mons, ",")
		c.clients[me] = t
	case monc.SessionOpened:
		if t.mon != "" {
			return violation("%s has a session with mon.%s and opens one with mon.%s", o.Host, t.mon, f.Mon)
		}
		if !slices.Contains(t.mons, f.Mon) {
			return violation("%s opens a session with mon.%s, but tries only %v", o.Host, f.Mon, t.mons)
		}
		t.mon, t.mons = f.Mon, nil
	case monc.SessionLost:
		t.mon = ""
	case monc.Subscribed:
		if f.Mon != t.mon {
			return violation("%s subscribes at mon.%s, and has a session with %q", o.Host, f.Mon, t.mon)
		}
	}
	return ""
}
