package invariant

import (
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// catchUp is I-MAP-8: who has had a session, and has subscribed to a map on it, for two
// hunts and a tick of the monitors, has the newest epoch that was committed that long
// ago. It is about manager maps and OSD maps, which daemons tell their client that they
// have taken.
//
// It is not judged until the damage is over for as long as a dead session may go
// unnoticed, with the bound on top; a monitor that is paused or dead excuses nobody
// else. A process that stood still meanwhile is excused.
type catchUp struct {
	timeline Timeline
	bounds   Bounds
	newest   map[string]committed
	clients  []*follower
	elected  time.Duration // last change among the monitors
	looked   time.Duration
}

// committed is an epoch and when a monitor first had it.
type committed struct {
	epoch uint64
	at    time.Duration
}

// follower is one process as far as it follows maps.
type follower struct {
	process
	connected bool
	follows   []followed // in the order of the first subscriptions
}

type followed struct {
	what  string
	epoch uint64        // that it has
	next  uint64        // the first that it asked for on this session
	since time.Duration // when it asked, 0 if it has not on this session
}

func newCatchUp(t Timeline, b Bounds) *catchUp {
	return &catchUp{timeline: t, bounds: b, newest: make(map[string]committed)}
}

func (*catchUp) Name() string { return "I-MAP-8 subscribers catch up" }

func (c *catchUp) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.Role:
		c.elected = o.At
	case mon.MapCommitted:
		if f.Epoch > c.newest[f.Map].epoch {
			c.newest[f.Map] = committed{f.Epoch, o.At}
		}
	case monc.SessionOpened:
		c.of(o).begin()
	case monc.SessionLost:
		c.of(o).connected = false
	case monc.ShutDown:
		c.of(o).connected = false
	case monc.Subscribed:
		c.of(o).subscribe(f, o.At)
	case monc.Wanted:
		if f.NoMore || f.OneTime {
			c.of(o).followed(f.What).since = 0
		}
	case monc.Received:
		if m := c.of(o).followed(f.What); f.Epoch > m.epoch {
			m.epoch = f.Epoch
		}
	}
	return c.lookAround(o)
}

func (c *catchUp) of(o cluster.Observation) *follower {
	me := process{o.Host, o.PID}
	for _, f := range c.clients {
		if f.host == o.Host {
			if f.process != me {
				*f = follower{process: me}
			}
			return f
		}
	}
	f := &follower{process: me}
	c.clients = append(c.clients, f)
	return f
}

func (f *follower) followed(what string) *followed {
	for i := range f.follows {
		if f.follows[i].what == what {
			return &f.follows[i]
		}
	}
	f.follows = append(f.follows, followed{what: what})
	return &f.follows[len(f.follows)-1]
}

func (f *follower) begin() {
	f.connected = true
	for i := range f.follows {
		f.follows[i].since = 0
	}
}

func (f *follower) subscribe(s monc.Subscribed, at time.Duration) {
	for item := range strings.FieldsSeq(s.What) {
		what, start, onetime := parseWish(item)
		if (what == cluster.MgrMap || what == cluster.OSDMap) && !onetime {
			m := f.followed(what)
			m.next, m.since = start, at
		}
	}
}

// parseWish reads an item of a monc.Subscribed.
func parseWish(item string) (what string, start uint64, onetime bool) {
	item, onetime = strings.CutSuffix(item, "!")
	i := strings.LastIndexByte(item, ':')
	start, err := strconv.ParseUint(item[i+1:], 10, 64)
	if i < 0 || err != nil {
		panic("invariant: malformed subscription " + item)
	}
	return item[:i], start, onetime
}

func (c *catchUp) lookAround(o cluster.Observation) string {
	if realTime(o) || o.At-c.looked < c.bounds.Client.HuntInterval/3 {
		return ""
	}
	c.looked = o.At
	calm, isCalm := c.timeline.CalmSince()
	if !isCalm {
		return ""
	}
	quiet := max(calm+c.bounds.Client.PingTimeout+2*c.bounds.Client.PingInterval, c.elected)
	bound := 2*c.bounds.Client.HuntInterval + c.bounds.Tick
	for _, f := range c.clients {
		if !f.connected || !c.timeline.Runs(f.host, f.pid) {
			continue
		}
		for _, m := range f.follows {
			newest := c.newest[m.what]
			late := o.At - max(quiet, newest.at, m.since)
			if m.since == 0 || m.epoch >= newest.epoch || m.next > newest.epoch || late <= bound {
				continue
			}
			if c.timeline.PausedDuring(f.host, o.At-late, o.At) == 0 {
				return violation("%s is at %s epoch %d, %v after epoch %d was committed; it has asked for all from %d on",
					f.host, m.what, m.epoch, o.At-newest.at, newest.epoch, m.next)
			}
		}
	}
	return ""
}
