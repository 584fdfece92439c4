package invariant

import (
	"slices"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// metadata is I-MGR-13: the monitors keep what each manager of their map has said about
// itself, and nothing of others. Both change in one commit.
type metadata struct{}

func newMetadata() metadata { return metadata{} }

func (metadata) Name() string { return "I-MGR-13 metadata" }

func (metadata) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok || f.Map != cluster.MgrMap {
		return ""
	}
	var names []string
	if f.ActiveGID != 0 {
		names = append(names, f.ActiveName)
	}
	for _, s := range cluster.Standbys(f) {
		names = append(names, s.Name)
	}
	slices.Sort(names)
	described := listed(f.Described)
	for _, name := range names {
		if !slices.Contains(described, name) {
			return violation("%s: mgrmap epoch %d has mgr.%s, of which there is no metadata", o.Host, f.Epoch, name)
		}
	}
	for _, name := range described {
		if !slices.Contains(names, name) {
			return violation("%s: there is metadata of mgr.%s, which mgrmap epoch %d does not have", o.Host, name, f.Epoch)
		}
	}
	return ""
}
