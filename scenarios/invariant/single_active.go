package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// singleActive is I-MGR-1: a manager map names at most one active gid, which is
// in no standby list, and every name in it is unique.
type singleActive struct{}

func newSingleActive() *singleActive { return &singleActive{} }

func (*singleActive) Name() string { return "I-MGR-1 single active in the map" }

func (*singleActive) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok || f.Map != cluster.MgrMap {
		return ""
	}
	names := make(map[string]bool)
	if f.ActiveGID != 0 {
		names[f.ActiveName] = true
	}
	for _, s := range cluster.Standbys(f) {
		if s.GID == f.ActiveGID {
			return violation("mgrmap epoch %d has gid %d as active and as standby", f.Epoch, s.GID)
		}
		if names[s.Name] {
			return violation("mgrmap epoch %d has the name %q twice", f.Epoch, s.Name)
		}
		names[s.Name] = true
	}
	return ""
}
