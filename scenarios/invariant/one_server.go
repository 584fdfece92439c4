package invariant

import (
	"slices"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
)

// oneServer is I-MGR-4 as far as there are no OSDs to write to. When a manager comes to
// be active, every other one that clients were ever sent to before it was named is on the
// blocklist of the OSD map that it has by then: some of those may still believe in
// themselves, and nobody can tell. And a manager answers nothing any more once it has a
// map that names another. One that has stood still on its way, and does not know yet of
// its successor, comes to be active rightly.
type oneServer struct {
	places  []place           // where managers were said to serve
	blocked map[uint32]string // by osdmap epoch
	osd     map[uint64]uint32 // by gid: epoch of its OSD map
	active  map[uint64]uint64 // by gid: whom its manager map names
}

// place is a manager's addresses.
type place struct {
	gid   uint64
	addrs string
	epoch uint64 // of the first map that says so
}

func newOneServer() *oneServer {
	return &oneServer{blocked: make(map[uint32]string), osd: make(map[uint64]uint32), active: make(map[uint64]uint64)}
}

func (*oneServer) Name() string { return "I-MGR-4 two never serve" }

func (c *oneServer) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.MapCommitted:
		c.commit(f)
	case mgr.MapApplied:
		if f.Map == cluster.OSDMap {
			c.osd[f.GID] = f.Epoch
		} else {
			c.active[f.GID] = f.ActiveGID
		}
	case mgr.ModeChanged:
		if f.Mode == mgr.ModeActive {
			return c.judge(o.Host, f)
		}
	case mgr.Served:
		if active := c.active[f.GID]; active != f.GID {
			return violation("%s (gid %d) answered %q after a mgrmap that names gid %d active", o.Host, f.GID, f.Command, active)
		}
	}
	return ""
}

func (c *oneServer) commit(f mon.MapCommitted) {
	switch f.Map {
	case cluster.OSDMap:
		c.blocked[uint32(f.Epoch)] = f.Blocklist
	case cluster.MgrMap:
		same := func(p place) bool { return p.gid == f.ActiveGID && p.addrs == f.ActiveAddrs }
		if f.ActiveAddrs != "" && !slices.ContainsFunc(c.places, same) {
			c.places = append(c.places, place{f.ActiveGID, f.ActiveAddrs, f.Epoch})
		}
	}
}

// judge looks whether everybody who served before a manager that is active now is fenced.
func (c *oneServer) judge(host string, f mgr.ModeChanged) string {
	epoch := c.osd[f.GID]
	blocked := listed(c.blocked[epoch])
	for _, p := range c.places {
		if p.gid == f.GID || p.epoch > uint64(f.Epoch) {
			continue
		}
		for _, addr := range listed(p.addrs) {
			if !slices.Contains(blocked, addr) {
				return violation("%s (gid %d) is active at osdmap epoch %d, which does not block gid %d at %s", host, f.GID, epoch, p.gid, addr)
			}
		}
	}
	return ""
}
