package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// membership is who belongs to the monitors, by the newest monmap that one of them has
// applied, for checkers that ask for a majority.
type membership struct {
	names []string // the founders at first
	epoch uint64
}

func (m *membership) observe(o cluster.Observation) {
	if f, ok := o.Fact.(mon.Members); ok && f.Epoch > m.epoch {
		m.epoch, m.names = f.Epoch, monitorsOf(f)
	}
}
