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

// majorityRuns reports whether most members do, now.
func (m *membership) majorityRuns(t Timeline) bool {
	running := 0
	for _, host := range m.names {
		if t.HostRuns(host) {
			running++
		}
	}
	return 2*running > len(m.names)
}
