package invariant

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// atomicFence is I-MGR-5: whenever a monitor takes over a manager map in which an
// active manager has been dropped, it has the OSD map that fences that manager
// already: the epoch that the manager map names, with all of its addresses on the
// blocklist. Monitors take over the OSD map of a commit before its manager map.
type atomicFence struct{ on map[fencer]*fences }

// fencer is a monitor's process.
type fencer struct {
	host string
	pid  uint32
}

// fences is what a monitor has taken over last.
type fences struct{ mgr, osd mon.MapCommitted }

func newAtomicFence() *atomicFence { return &atomicFence{on: make(map[fencer]*fences)} }

func (*atomicFence) Name() string { return "I-MGR-5 atomic fence" }

func (c *atomicFence) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok {
		return ""
	}
	key := fencer{o.Host, o.PID}
	seen := c.on[key]
	if seen == nil {
		seen = &fences{}
		c.on[key] = seen
	}
	switch f.Map {
	case cluster.OSDMap:
		seen.osd = f
	case cluster.MgrMap:
		before := seen.mgr
		seen.mgr = f
		return seen.judge(o.Host, before)
	}
	return ""
}

// judge compares the manager map with the one before and with the OSD map. A monitor
// that has missed epochs may not know the last active manager: then only the epoch
// is judged.
func (s *fences) judge(host string, before mon.MapCommitted) string {
	now := s.mgr
	if s.osd.Epoch < now.FencedAt {
		return violation("%s committed mgrmap epoch %d, which is fenced by osdmap epoch %d, at osdmap epoch %d",
			host, now.Epoch, now.FencedAt, s.osd.Epoch)
	}
	if before.ActiveGID == 0 || before.ActiveGID == now.ActiveGID {
		return ""
	}
	if now.FencedAt <= before.FencedAt {
		return violation("%s: mgrmap epoch %d drops gid %d without an osdmap epoch that fences it", host, now.Epoch, before.ActiveGID)
	}
	blocked := strings.Split(s.osd.Blocklist, ",")
	for addr := range strings.SplitSeq(before.ActiveAddrs, ",") {
		if addr != "" && !slices.Contains(blocked, addr) {
			return violation("%s: mgrmap epoch %d drops gid %d, whose address %s is not on the blocklist of osdmap epoch %d",
				host, now.Epoch, before.ActiveGID, addr, s.osd.Epoch)
		}
	}
	return ""
}
