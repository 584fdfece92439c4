package invariant

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
)

// majorityQuorum is I-EL-2: a monitor serves as leader only once more than half of the
// monitors in the monmap have followed it in its term, itself included; and that is the
// newest monmap which was committed, unless a later term has begun somewhere. (Our
// quorum has no list of members: who acknowledges what a leader says in its term is in
// it, and states so before it acknowledges anything.)
//
// The first entry of a term may be committed together with an older one that changes the
// members. Then the leader serves in the step in which it applies the new monmap, and its
// majority is one of the monmap before, by which it was elected and both were committed.
type majorityQuorum struct {
	maps      map[uint64][]string // the monitors of each monmap, by epoch
	newest    uint64
	known     map[string]uint64 // the epoch that a monitor has applied
	before    map[string]uint64 // the one before that
	applied   map[string]uint64 // the step in which it has
	pid       map[string]uint32 // of the process that has; another one has to apply it again
	followers map[uint64]map[string]bool
	latest    uint64 // of all terms
}

// newMajorityQuorum begins with the monmap of the founders, whose epoch nobody states.
func newMajorityQuorum(b Bounds) *majorityQuorum {
	return &majorityQuorum{
		maps:  map[uint64][]string{0: b.Founders},
		known: make(map[string]uint64), before: make(map[string]uint64), applied: make(map[string]uint64),
		pid:       make(map[string]uint32),
		followers: make(map[uint64]map[string]bool),
	}
}

func (*majorityQuorum) Name() string { return "I-EL-2 majority quorum" }

func (c *majorityQuorum) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case mon.Members:
		c.maps[f.Epoch] = monitorsOf(f)
		if o.PID != c.pid[o.Host] {
			c.known[o.Host] = c.epochBefore(f.Epoch)
		}
		if f.Epoch != c.known[o.Host] {
			c.before[o.Host], c.applied[o.Host] = c.known[o.Host], o.Step
		}
		c.known[o.Host], c.newest, c.pid[o.Host] = f.Epoch, max(c.newest, f.Epoch), o.PID
	case mon.Role:
		c.latest = max(c.latest, f.Term)
		if f.Role == "electing" {
			return ""
		}
		if c.followers[f.Term] == nil {
			c.followers[f.Term] = make(map[string]bool)
		}
		c.followers[f.Term][o.Host] = true
		if f.Role == cluster.Leader && f.Active {
			return c.judge(o.Host, f.Term, o.Step)
		}
	}
	return ""
}

// epochBefore is the newest epoch before another that anybody has stated.
func (c *majorityQuorum) epochBefore(epoch uint64) (before uint64) {
	for e := range c.maps {
		if e < epoch {
			before = max(before, e)
		}
	}
	return before
}

func monitorsOf(f mon.Members) (hosts []string) {
	for item := range strings.SplitSeq(f.Members, ",") {
		_, name, _ := strings.Cut(item, ":")
		hosts = append(hosts, "mon."+name)
	}
	return hosts
}

func (c *majorityQuorum) judge(leader string, term, step uint64) string {
	epoch := c.known[leader]
	all := c.maps[epoch]
	if epoch < c.newest && term == c.latest {
		return violation("%s serves as leader in term %d by monmap %d, the newest is %d", leader, term, epoch, c.newest)
	}
	if !slices.Contains(all, leader) {
		return violation("%s serves as leader in term %d and is not in monmap %d, which has %v", leader, term, epoch, all)
	}
	before := c.maps[c.before[leader]]
	justNow := c.applied[leader] == step && epoch > 0
	if n := c.following(term, all); 2*n <= len(all) && !(justNow && 2*c.following(term, before) > len(before)) {
		return violation("%s serves as leader in term %d with %d of %d monitors", leader, term, n, len(all))
	}
	return ""
}

// following is how many of those follow the leader of a term.
func (c *majorityQuorum) following(term uint64, hosts []string) (n int) {
	for _, host := range hosts {
		if c.followers[term][host] {
			n++
		}
	}
	return n
}
