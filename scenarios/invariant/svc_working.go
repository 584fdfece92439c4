package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// brokenIsSilent is I-SVC-6: a service whose manager cannot work sends no heartbeats.
type brokenIsSilent struct{ broken map[process]bool }

func newBrokenIsSilent() *brokenIsSilent { return &brokenIsSilent{broken: make(map[process]bool)} }

func (*brokenIsSilent) Name() string { return "I-SVC-6 who cannot work is silent" }

func (c *brokenIsSilent) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cinder.Working:
		c.broken[process{o.Host, o.PID}] = !f.Working
	case cinder.BeatSent:
		if c.broken[process{o.Host, o.PID}] {
			return violation("%s sends a heartbeat and cannot work", o.Host)
		}
	}
	return ""
}
