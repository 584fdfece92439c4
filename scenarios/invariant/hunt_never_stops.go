package invariant

import (
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// huntNeverStops is I-MC-2: a monitor client without a session goes on hunting.
//
//   - A hunt that has found nobody starts over when its time is up: the hunt interval,
//     multiplied by the back-off for each hunt since there was a session, and divided
//     by it for each sign of health before (MC-3, MC-4).
//   - It does not start over sooner, asks no more monitors than it may, and does not
//     begin maxHunts times in a window: that bounds what a client sends.
//   - When nothing is damaged and a leader with a majority serves, a client that had a
//     session has one again within ping time-out + ping interval + the longest hunt,
//     another one within two hunts and a lease.
//   - Authenticate is done without error only if there is a session.
//
// A process that stands still, or is gone, hunts for nobody. Its clock may run at half
// the rate. A hunt that its owner asks for may come at any time.
type huntNeverStops struct {
	timeline Timeline
	bounds   Bounds
	clients  []*huntingClient // in the order of their first facts
	leader   process          // the monitor that serves as leader, as far as it said
	members  membership
	elected  time.Duration // last change among the monitors, or when most of them were seen to be down
	looked   time.Duration
}

// huntingClient is the client of one process.
type huntingClient struct {
	process
	over       bool // it was shut down
	connected  bool
	opened     time.Duration // its last session
	alone      time.Duration // since when it has none
	begun      time.Duration // its last hunt
	hadSession bool
	multiplier float64
	window     time.Duration // begin of the window in which hunts are counted
	hunts      int
}

// maxHunts in huntWindow are more than any damage explains: each takes a session to
// be lost, or the hunt interval.
const (
	huntWindow = 10 * time.Second
	maxHunts   = 40
)

func newHuntNeverStops(t Timeline, b Bounds) *huntNeverStops {
	return &huntNeverStops{timeline: t, bounds: b, members: membership{names: b.Founders}}
}

func (*huntNeverStops) Name() string { return "I-MC-2 the hunt never stops" }

func (c *huntNeverStops) Observe(o cluster.Observation) string {
	c.members.observe(o)
	switch f := o.Fact.(type) {
	case mon.Role:
		c.observeRole(o, f)
	case monc.HuntBegun:
		if v := c.begin(c.of(o), f, o); v != "" {
			return v
		}
	case monc.SessionOpened:
		h := c.of(o)
		h.connected, h.hadSession, h.opened = true, true, o.At
		h.multiplier = max(h.multiplier/c.bounds.Client.HuntBackoff, 1)
	case monc.SessionLost:
		c.lose(c.of(o), o)
	case monc.Authenticated:
		if h := c.of(o); f.Error == "" && !h.connected {
			return violation("Authenticate of %s on %s is done without a session", f.Entity, o.Host)
		}
	case monc.ShutDown:
		c.of(o).over = true
	}
	return c.lookAround(o)
}

func (c *huntNeverStops) observeRole(o cluster.Observation, f mon.Role) {
	switch me := (process{o.Host, o.PID}); {
	case f.Role == cluster.Leader && f.Active:
		c.leader = me
	case c.leader.host == o.Host:
		c.leader = process{}
	}
	c.elected = o.At
}

// of is the client of the process that states a fact.
func (c *huntNeverStops) of(o cluster.Observation) *huntingClient {
	me := process{o.Host, o.PID}
	for _, h := range c.clients {
		if h.host != o.Host {
			continue
		}
		if h.process != me {
			*h = huntingClient{process: me, multiplier: 1, alone: o.At, begun: o.At}
		}
		return h
	}
	h := &huntingClient{process: me, multiplier: 1, alone: o.At, begun: o.At}
	c.clients = append(c.clients, h)
	return h
}

// begin judges a hunt.
func (c *huntNeverStops) begin(h *huntingClient, f monc.HuntBegun, o cluster.Observation) string {
	before := h.begun
	h.begun = o.At
	if h.hadSession {
		h.multiplier = min(h.multiplier*c.bounds.Client.HuntBackoff, c.bounds.Client.HuntMaxMultiple)
	}
	if o.At-h.window > huntWindow {
		h.window, h.hunts = o.At, 0
	}
	h.hunts++
	asked := strings.Count(f.Mons, ",") + 1
	switch gap := o.At - before; {
	case f.Reason == monc.HuntTooLong && !realTime(o) && gap < c.bounds.Client.HuntInterval/2:
		return violation("%s hunts again after %v, the hunt interval is %v", o.Host, gap, c.bounds.Client.HuntInterval)
	case asked > c.bounds.Client.HuntParallel:
		return violation("%s asks %d monitors at once, at most %d are right", o.Host, asked, c.bounds.Client.HuntParallel)
	case h.hunts > maxHunts:
		return violation("%s has begun %d hunts within %v", o.Host, h.hunts, o.At-h.window)
	}
	return ""
}

// lose ends a session. Each keepalive of it was a sign of health; one may have been
// due just at its end, and clocks differ.
func (c *huntNeverStops) lose(h *huntingClient, o cluster.Observation) {
	h.connected, h.alone, h.begun = false, o.At, o.At
	healthy := o.At - h.opened - c.timeline.PausedDuring(h.host, h.opened, o.At)
	for n := int(healthy*4/5/c.bounds.Client.PingInterval) - 1; n > 0 && h.multiplier > 1; n-- {
		h.multiplier = max(h.multiplier/c.bounds.Client.HuntBackoff, 1)
	}
}

// lookAround judges every client, now and then.
func (c *huntNeverStops) lookAround(o cluster.Observation) string {
	if realTime(o) || o.At-c.looked < c.bounds.Client.HuntInterval/6 {
		return ""
	}
	c.looked = o.At
	if !c.members.majorityRuns(c.timeline) { // a leader may not have noticed yet
		c.elected = o.At
	}
	for _, h := range c.clients {
		if h.over || h.connected || !c.timeline.Runs(h.host, h.pid) {
			continue
		}
		if v := c.judgeHunt(h, o); v != "" {
			return v
		}
		if v := c.judgeSession(h, o); v != "" {
			return v
		}
	}
	return ""
}

// judgeHunt finds a client whose hunt has not been followed by another in time.
func (c *huntNeverStops) judgeHunt(h *huntingClient, o cluster.Observation) string {
	grace := c.bounds.Client.HuntInterval / 3
	patience := time.Duration(float64(c.bounds.Client.HuntInterval) * h.multiplier)
	took := o.At - h.begun - c.timeline.PausedDuring(h.host, h.begun, o.At)
	if took <= 2*patience+grace {
		return ""
	}
	return violation("%s has no session, and has begun no hunt for %v: its last one had %v", h.host, took, patience)
}

// judgeSession finds a client that has no session though nothing is in its way.
func (c *huntNeverStops) judgeSession(h *huntingClient, o cluster.Observation) string {
	calm, isCalm := c.timeline.CalmSince()
	if !isCalm || c.leader.host == "" || !c.timeline.Runs(c.leader.host, c.leader.pid) {
		return ""
	}
	opt := c.bounds.Client
	bound := 2*opt.HuntInterval + c.bounds.Lease
	if h.hadSession {
		bound = opt.PingTimeout + opt.PingInterval + time.Duration(float64(opt.HuntInterval)*opt.HuntMaxMultiple)
	}
	if free := o.At - max(calm, c.elected, h.alone); free > bound {
		return violation("%s has no session for %v, with a leader and without damage for %v; %v are enough",
			h.host, o.At-h.alone, free, bound)
	}
	return ""
}
