package invariant

import (
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// quietShutdown is I-MSG-9 for monitor clients: one that was shut down does nothing any
// more (MC-12). Authentication that was under way is over with an error.
type quietShutdown struct{ over map[process]bool }

func newQuietShutdown() *quietShutdown { return &quietShutdown{over: make(map[process]bool)} }

func (*quietShutdown) Name() string { return "I-MSG-9 quiet after shutdown" }

func (c *quietShutdown) Observe(o cluster.Observation) string {
	me := process{o.Host, o.PID}
	switch f := o.Fact.(type) {
	case monc.ShutDown:
		c.over[me] = true
	case monc.Authenticated:
		if c.over[me] && f.Error == "" {
			return violation("%s on %s has authenticated after its shutdown", f.Entity, o.Host)
		}
	case monc.SessionOpened, monc.SessionLost, monc.HuntBegun, monc.Subscribed:
		if c.over[me] {
			return violation("after its shutdown the client on %s has stated %s", o.Host, strings.TrimPrefix(o.Fact.Kind(), "monc."))
		}
	}
	return ""
}
