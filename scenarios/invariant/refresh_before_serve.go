package invariant

import (
	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
)

// refreshBeforeServe is I-PX-9: a monitor sends what it has itself taken over, and by the
// time at which it serves, or sends anything, it has taken over whatever it has applied,
// be it one entry after another or as a snapshot. So it sends no epoch of a map that it
// has not stated, and then states none that is older than what its store has. Maps of
// metadata servers are cut from the fsmap, whose first epoch nobody states; the monitors'
// own map is not judged.
type refreshBeforeServe struct {
	newest  map[committer]uint64
	index   map[fencer]uint64   // the last entry that a monitor's process has applied
	applies map[fencer]bool     // it does so entry by entry: what it states came just now
	made    map[string][]madeBy // by map, ascending
}

// madeBy is an epoch, and the entry that made it.
type madeBy struct{ index, epoch uint64 }

func newRefreshBeforeServe() *refreshBeforeServe {
	return &refreshBeforeServe{
		newest: make(map[committer]uint64), index: make(map[fencer]uint64),
		applies: make(map[fencer]bool), made: make(map[string][]madeBy),
	}
}

func (*refreshBeforeServe) Name() string { return "I-PX-9 refresh before serve" }

func (c *refreshBeforeServe) Observe(o cluster.Observation) string {
	who := fencer{o.Host, o.PID}
	switch f := o.Fact.(type) {
	case quorum.Applied:
		c.index[who], c.applies[who] = f.Index, true
	case quorum.Restored:
		c.index[who], c.applies[who] = f.Index, false
	case mon.MapCommitted:
		c.newest[committer{o.Host, o.PID, f.Map}] = f.Epoch
		c.note(who, f)
	case mon.Role:
		if f.Active {
			return c.judge(who)
		}
	case mon.MapSent:
		if v := c.judgeSent(o, f); v != "" {
			return v
		}
		return c.judge(who)
	}
	return ""
}

// note remembers which entry made an epoch, if that is certain.
func (c *refreshBeforeServe) note(who fencer, f mon.MapCommitted) {
	all, index := c.made[f.Map], c.index[who]
	if n := len(all); c.applies[who] && (n == 0 || f.Epoch > all[n-1].epoch && index > all[n-1].index) {
		c.made[f.Map] = append(all, madeBy{index, f.Epoch})
	}
}

// judge looks whether a monitor has taken over what it has applied.
func (c *refreshBeforeServe) judge(who fencer) string {
	for _, name := range []string{cluster.MgrMap, cluster.OSDMap} {
		all := c.made[name]
		for i := len(all) - 1; i >= 0; i-- {
			if m := all[i]; m.index <= c.index[who] {
				if has := c.newest[committer{who.host, who.pid, name}]; has < m.epoch {
					return violation("%s serves with %s epoch %d; entry %d, which it has applied, brought epoch %d", who.host, name, has, m.index, m.epoch)
				}
				break
			}
		}
	}
	return ""
}

// judgeSent looks whether a monitor has what it sends.
func (c *refreshBeforeServe) judgeSent(o cluster.Observation, f mon.MapSent) string {
	has := c.newest[committer{o.Host, o.PID, f.Map}]
	switch f.Map {
	case "monmap":
		return ""
	case "fsmap", "mdsmap":
		has = max(c.newest[committer{o.Host, o.PID, "fsmap"}], 1)
	}
	if f.Epoch > has {
		return violation("%s sent %s epoch %d to gid %d, and has itself taken over epoch %d only", o.Host, f.Map, f.Epoch, f.GID, has)
	}
	return ""
}
