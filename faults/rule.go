package faults

import (
	"fmt"
	"strings"
	"time"

	"github.com/wavetank/wavetank/sim"
)

// Rule puts a rule on everything that goes from those that From stands for to those
// that To stands for, a place in their protocol included: "hold the next MMgrMap to
// mgr.y". See sim.Rule. Only a simulated network has rules: in another world Strike
// fails with errors.ErrUnsupported.
type Rule struct {
	From, To string
	// Unit is what the rule is about, as msgr.Follower names it ("MMgrMap",
	// "connect_reply.RETRY_SESSION"); empty is everything. Number, if not 0, is the
	// unit's: the epoch of a map.
	Unit   string
	Number uint64
	// Connection, if not 0, is which connection between the two machines it is, and
	// Byte, if not 0, which byte of what goes this way on it, both from 1.
	Connection int
	Byte       int64
	// MinAge and MaxAge, if not 0, bound how long the connection has been open.
	MinAge, MaxAge time.Duration
	// Skip, Times and OneIn are those of sim.Rule, for each pair of machines.
	Skip, Times, OneIn int
	Verdict            sim.Verdict

	rules []*sim.Rule
}

// Kind is "rule".
func (*Rule) Kind() string { return "rule" }

// String is the rule in the words of a plan: "rule mons -> mgr.y MMgrMap:12 hold".
func (r *Rule) String() string { return "rule " + r.between(r.From, r.To) }

// between is the rule as it stands between two.
func (r *Rule) between(from, to string) string {
	b := new(strings.Builder)
	fmt.Fprintf(b, "%s %s %s", from, To, to)
	if r.Unit != "" {
		fmt.Fprintf(b, " %s", r.Unit)
	}
	if r.Number != 0 {
		fmt.Fprintf(b, ":%d", r.Number)
	}
	if r.Connection != 0 {
		fmt.Fprintf(b, " connection %d", r.Connection)
	}
	if r.Byte != 0 {
		fmt.Fprintf(b, " byte %d", r.Byte)
	}
	if r.MinAge != 0 {
		fmt.Fprintf(b, " open for %v", r.MinAge)
	}
	if r.MaxAge != 0 {
		fmt.Fprintf(b, " open for at most %v", r.MaxAge)
	}
	fmt.Fprintf(b, " %v", r.Verdict)
	if r.Skip > 0 {
		fmt.Fprintf(b, " skip %d", r.Skip)
	}
	if r.Times > 0 {
		fmt.Fprintf(b, " times %d", r.Times)
	}
	if r.OneIn > 1 {
		fmt.Fprintf(b, " one in %d", r.OneIn)
	}
	return b.String()
}

// Aim is the receivers.
func (r *Rule) Aim() []string { return []string{r.To} }

// Strike adds the rule to the network; what lands is known only later, see Landed.
func (r *Rule) Strike(t Target) (int, error) {
	froms, err := machines(t, r, r.From)
	if err != nil {
		return 0, err
	}
	tos, err := machines(t, r, r.To)
	if err != nil {
		return 0, err
	}
	for _, from := range froms {
		for _, to := range tos {
			if from == to {
				continue
			}
			if err := r.add(from, to); err != nil {
				return 0, fmt.Errorf("%v: %w", r, err)
			}
		}
	}
	return 0, nil
}

func (r *Rule) add(from, to *sim.Host) error {
	rule := &sim.Rule{
		Name: r.between(from.Name(), to.Name()),
		Guard: sim.Guard{
			From: from, To: to, Unit: r.Unit, Least: r.Number, Most: r.Number,
			Nth: r.Connection, Byte: r.Byte, MinAge: r.MinAge, MaxAge: r.MaxAge,
		},
		Skip: r.Skip, Times: r.Times, OneIn: r.OneIn, Verdict: r.Verdict,
	}
	if err := from.Sim().AddRule(rule); err != nil {
		return err
	}
	r.rules = append(r.rules, rule)
	return nil
}

// Landed counts how often the rule has struck.
func (r *Rule) Landed(Target) int {
	n := 0
	for _, rule := range r.rules {
		n += rule.Struck()
	}
	return n
}

// mendLinks takes the rule back: what it holds goes on.
func (r *Rule) mendLinks() int {
	for _, rule := range r.rules {
		rule.Remove()
	}
	return len(r.rules)
}
