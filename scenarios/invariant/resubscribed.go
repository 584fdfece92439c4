package invariant

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// resubscribed is I-MAP-7: what a client wants when a hunt begins, it tells the monitor
// of the session that comes of it before it takes a map, and from after the last epoch
// that it took. A wish that has come or changed during the hunt may be told later.
type resubscribed struct{ clients map[process]*wishes }

// wishes are those of one process.
type wishes struct {
	hunt  int // how many there were
	alive map[string]wish
	owed  []string // not told on this session, ascending
}

// wish is for a map. It is as it is since the hunt of that number.
type wish struct {
	monc.Wanted
	since int
}

func newResubscribed() *resubscribed { return &resubscribed{clients: make(map[process]*wishes)} }

func (*resubscribed) Name() string { return "I-MAP-7 reset resubscribes" }

func (c *resubscribed) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case monc.HuntBegun:
		w := c.of(o)
		w.hunt, w.owed = w.hunt+1, nil
	case monc.Wanted:
		c.of(o).want(f)
	case monc.SessionOpened:
		c.of(o).open()
	case monc.Subscribed:
		return c.of(o).tell(o.Host, f)
	case monc.Received:
		return c.of(o).take(o.Host, f)
	}
	return ""
}

func (c *resubscribed) of(o cluster.Observation) *wishes {
	me := process{o.Host, o.PID}
	if c.clients[me] == nil {
		c.clients[me] = &wishes{alive: make(map[string]wish)}
	}
	return c.clients[me]
}

func (w *wishes) want(f monc.Wanted) {
	if f.NoMore {
		delete(w.alive, f.What)
		return
	}
	w.alive[f.What] = wish{f, w.hunt}
}

func (w *wishes) open() {
	for what, wish := range w.alive {
		if wish.since < w.hunt {
			w.owed = append(w.owed, what)
		}
	}
	slices.Sort(w.owed)
}

// tell strikes what a monitor is told off the list.
func (w *wishes) tell(host string, f monc.Subscribed) string {
	for item := range strings.FieldsSeq(f.What) {
		what, start, onetime := parseWish(item)
		want, alive := w.alive[what]
		if alive && want.since < w.hunt && (want.Start != start || want.OneTime != onetime) {
			return violation("%s subscribes to %s, and wants %s from epoch %d on (once: %v)", host, item, what, want.Start, want.OneTime)
		}
		w.owed = slices.DeleteFunc(w.owed, func(x string) bool { return x == what })
	}
	return ""
}

func (w *wishes) take(host string, f monc.Received) string {
	if len(w.owed) > 0 {
		return violation("%s takes %s epoch %d on a session that was not told of %s", host, f.What, f.Epoch, strings.Join(w.owed, ", "))
	}
	switch want, alive := w.alive[f.What]; {
	case !alive || want.Start > f.Epoch:
	case want.OneTime:
		delete(w.alive, f.What)
	default:
		want.Start, want.since = f.Epoch+1, w.hunt
		w.alive[f.What] = want
	}
	return ""
}
