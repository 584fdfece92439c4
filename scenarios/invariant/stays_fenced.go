package invariant

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// staysFenced is I-MGR-3 as far as there are no OSDs to write to: whoever is on the
// blocklist of an OSD map is not the one that the manager map of the same moment tells
// clients to talk to; and the addresses of a manager that was dropped stay on it for as
// long as they were put there. No plan of ours lets an operator take them off.
type staysFenced struct {
	interval time.Duration
	on       map[fencer]mon.MapCommitted // the OSD map that a monitor's process has
	newest   uint64                      // the epoch of the newest OSD map of all
	since    map[string]time.Duration    // when an address came to be on its blocklist
	served   map[string]bool             // at which managers were said to
}

func newStaysFenced(b Bounds) *staysFenced {
	return &staysFenced{
		interval: b.Blocklist, on: make(map[fencer]mon.MapCommitted),
		since: make(map[string]time.Duration), served: make(map[string]bool),
	}
}

func (*staysFenced) Name() string { return "I-MGR-3 a fence stays" }

func (c *staysFenced) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(mon.MapCommitted)
	if !ok {
		return ""
	}
	switch f.Map {
	case cluster.OSDMap:
		c.on[fencer{o.Host, o.PID}] = f
		if f.Epoch > c.newest {
			c.newest = f.Epoch
			return c.judge(o, listed(f.Blocklist))
		}
	case cluster.MgrMap:
		return c.judgeActive(o, f)
	}
	return ""
}

// judge looks whether an address has left the blocklist too early.
func (c *staysFenced) judge(o cluster.Observation, blocked []string) string {
	for _, addr := range blocked {
		if _, known := c.since[addr]; !known {
			c.since[addr] = o.At
		}
	}
	if len(blocked) == len(c.since) {
		return ""
	}
	for _, addr := range slices.Sorted(maps.Keys(c.since)) {
		if slices.Contains(blocked, addr) {
			continue
		}
		since := c.since[addr]
		delete(c.since, addr)
		if c.served[addr] && o.At-since < c.interval {
			return violation("osdmap epoch %d lets %s go, which was blocked %v ago for %v", c.newest, addr, o.At-since, c.interval)
		}
	}
	return ""
}

// judgeActive looks whether the active manager is somebody who is blocked.
func (c *staysFenced) judgeActive(o cluster.Observation, f mon.MapCommitted) string {
	osd := c.on[fencer{o.Host, o.PID}]
	blocked := listed(osd.Blocklist)
	for _, addr := range listed(f.ActiveAddrs) {
		c.served[addr] = true
		if slices.Contains(blocked, addr) {
			return violation("%s: mgrmap epoch %d names gid %d at %s, which osdmap epoch %d blocks", o.Host, f.Epoch, f.ActiveGID, addr, osd.Epoch)
		}
	}
	return ""
}

// listed is what a fact has joined by commas.
func listed(list string) []string {
	if list == "" {
		return nil
	}
	return strings.Split(list, ",")
}
