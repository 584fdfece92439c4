package faults

import (
	"errors"
	"fmt"
	"math"
	"slices"
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

// Ends are the senders and the receivers.
func (r *Rule) Ends() (one, other string) { return r.From, r.To }

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
	return 0, eachPair(froms, tos, func(from, to *sim.Host) error {
		if err := r.add(from, to); err != nil {
			return fmt.Errorf("%v: %w", r, err)
		}
		return nil
	})
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
	name, err := rule.Name, from.Sim().AddRule(rule)
	for n := 2; errors.Is(err, sim.ErrRuleName); n++ { // of another step
		rule.Name = fmt.Sprintf("%s (%d)", name, n)
		err = from.Sim().AddRule(rule)
	}
	if err != nil {
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

// NamesUnits reports whether the plan speaks of units of the daemons' protocol.
func (p Plan) NamesUnits() bool {
	return slices.ContainsFunc(p, func(s Step) bool {
		switch f := s.Fault.(type) {
		case *Rule:
			return f.Unit != ""
		case *Hold:
			return f.Unit != ""
		}
		return false
	})
}

func ruleWord() Word {
	return Word{
		Usage:     "rule FROM -> TO [UNIT[:NUMBER]] [connection N] [byte N] [open for D] [open for at most D] pass|delay D|hold|reset|cut after N|flip bit B of N [skip N] [times N] [one in N]",
		Doc:       "decides what becomes of what crosses, by its place in the protocol, until a link-mend",
		Simulated: lacksRules,
		Harm:      Disturbed,
		read:      func(p *Phrase) Fault { return readRule(p) },
	}
}

func readRule(p *Phrase) *Rule {
	r := &Rule{From: p.Who()}
	p.Expect(string(To))
	r.To = p.Who()
	r.readGuard(p)
	r.Verdict = readVerdict(p)
	if p.Accept("skip") {
		r.Skip = int(p.Int("how many it skips", 1, mostOdds))
	}
	if p.Accept("times") {
		r.Times = int(p.Int("how often it strikes", 1, mostOdds))
	}
	if p.Accept("one", "in") {
		r.OneIn = int(p.Int("one in how many", 2, mostOdds))
	}
	return r
}

// readGuard reads what the rule matches. A word that begins nothing else is a unit.
func (r *Rule) readGuard(p *Phrase) {
	begins := []string{"connection", "byte", "open", "pass", "delay", "hold", "reset", "cut", "flip"}
	if p.More() && !slices.Contains(begins, p.words[p.next].text) {
		unit, number, numbered := strings.Cut(p.Word("a unit of the protocol"), ":")
		r.Unit = unit
		if numbered {
			r.Number = uint64(p.number(number, "the number of the unit", 1, math.MaxInt64))
		}
	}
	if p.Accept("connection") {
		r.Connection = int(p.Int("which connection", 1, mostOdds))
	}
	if p.Accept("byte") {
		r.Byte = p.Int("which byte", 1, math.MaxInt64)
	}
	for p.Accept("open", "for") {
		if p.Accept("at", "most") {
			r.MaxAge = p.Duration("the age of the connection", 1)
		} else {
			r.MinAge = p.Duration("the age of the connection", 1)
		}
	}
}

func readVerdict(p *Phrase) sim.Verdict {
	switch p.OneOf("pass", "delay", "hold", "reset", "cut", "flip") {
	case "delay":
		return sim.DelayBy(p.Duration("the delay", 0))
	case "hold":
		return sim.HoldBack()
	case "reset":
		return sim.BreakOff()
	case "cut":
		p.Expect("after")
		return sim.CutAfter(p.Int("the bytes that pass", 0, math.MaxInt64))
	case "flip":
		p.Expect("bit")
		bit := p.Int("the bit", 0, 7)
		p.Expect("of")
		return sim.FlipBit(p.Int("the byte", 0, math.MaxInt64), int(bit))
	}
	return sim.PassOn()
}
