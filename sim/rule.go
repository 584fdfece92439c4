package sim

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Rule says what becomes of some of what crosses the network. The rules of a
// simulation are a chain, in the order in which they were added: whatever begins to
// arrive is shown to one after the other, and the first that matches decides. What
// none matches passes.
//
// What is shown is one unit of the protocol at a time where the connection has a
// [Decoder], and otherwise one segment at a time. A rule strikes at the byte at
// which that begins: what came before it has passed, and what comes after it in the
// same direction waits with it, for TCP keeps order.
//
// The fields are not changed once the rule was added. Opening, FIN and RST are no
// bytes, and no rule matches them.
type Rule struct {
	// Name is the rule in the trace, and the name of its random stream.
	Name string
	// Guard says what it matches.
	Guard Guard
	// Skip lets so many matches go by first.
	Skip int
	// Times is how often it strikes at most; 0 is no limit.
	Times int
	// OneIn lets it strike once in so many matches, by a stream of its own; 0 and 1
	// are always.
	OneIn int
	// Verdict is what happens then.
	Verdict Verdict

	sim     *Sim // nil until it was added
	draws   *Stream
	matched int
	struck  int
	held    []*pipe
}

// Guard is what a rule matches. Fields that are zero match everything.
type Guard struct {
	// From and To are the machines, one way.
	From, To *Host
	// Nth is the how-manieth connection between the two it is, from 1, whichever of
	// them dialled.
	Nth int
	// MinAge and MaxAge bound the time since the listener's machine took the
	// connection.
	MinAge, MaxAge time.Duration
	// Byte is the place in what this direction carries, from 1. The rule strikes
	// there, be it in the middle of a unit or a segment.
	Byte int64
	// Unit is the name of the protocol's unit that begins there. It needs a decoder.
	Unit string
	// Least and Most bound the unit's number.
	Least, Most uint64
}

// crosses reports whether the guard is about what goes over the link.
func (g *Guard) crosses(l *Link) bool {
	return (g.From == nil || g.From == l.from) && (g.To == nil || g.To == l.to)
}

// matches reports whether the guard is about what begins at the given place.
func (g *Guard) matches(d *pipe, p place) bool {
	switch {
	case !g.crosses(d.link):
		return false
	case g.Nth != 0 && g.Nth != d.nth:
		return false
	case g.Byte != 0 && g.Byte != p.at+1, g.Byte == 0 && !p.begins:
		return false
	case g.Unit != "" && g.Unit != p.name:
		return false
	case p.number < g.Least, g.Most != 0 && p.number > g.Most:
		return false
	}
	age := time.Duration(d.link.sim.kernel.now() - d.opened)
	return age >= g.MinAge && (g.MaxAge == 0 || age <= g.MaxAge)
}

// place is a byte of a direction at which something begins, or a rule looks.
type place struct {
	at     int64 // bytes before it
	begins bool  // a unit, or without a decoder a segment
	name   string
	number uint64
}

// AddRule adds a rule at the end of the chain, for the connections that there are
// and those to come. Errors: the rule makes no sense, was added before, or names a
// unit where [Config.Decoder] is nil.
func (s *Sim) AddRule(r *Rule) error {
	if err := r.check(s); err != nil {
		return fmt.Errorf("sim: rule %q: %w", r.Name, err)
	}
	r.sim = s
	if r.OneIn > 1 {
		r.draws = s.stream("rule/" + r.Name)
	}
	s.rules, s.inspecting = append(s.rules, r), true
	return nil
}

// ErrRuleName: there is a rule of that name in the chain.
var ErrRuleName = errors.New("there is another one of that name")

func (r *Rule) check(s *Sim) error {
	g := &r.Guard
	switch {
	case r.sim != nil:
		return errors.New("was added before")
	case r.Name == "":
		return errors.New("has no name")
	case slices.ContainsFunc(s.rules, func(other *Rule) bool { return other.Name == r.Name }):
		return ErrRuleName
	case g.From != nil && g.From.sim != s, g.To != nil && g.To.sim != s:
		return errors.New("names a machine of another simulation")
	case min(r.Skip, r.Times, r.OneIn, g.Nth) < 0, g.Byte < 0, min(g.MinAge, g.MaxAge) < 0:
		return errors.New("has a number below zero")
	case g.MaxAge != 0 && g.MinAge > g.MaxAge, g.Most != 0 && g.Least > g.Most:
		return errors.New("matches nothing: the least is above the most")
	case s.config.Decoder == nil && (g.Unit != "" || g.Least != 0 || g.Most != 0):
		return errors.New("names a unit, and Config.Decoder is nil")
	}
	return r.Verdict.check()
}

// Remove takes the rule out of the chain. What it holds goes on; what it cut stays
// cut.
func (r *Rule) Remove() {
	if r.sim == nil {
		return
	}
	r.sim.rules = slices.DeleteFunc(r.sim.rules, func(other *Rule) bool { return other == r })
	r.Release()
}

// RemoveRules removes every rule about what goes from one of the machines to another of
// them, and reports how many those were.
func (s *Sim) RemoveRules(hosts []*Host) int {
	about := slices.DeleteFunc(slices.Clone(s.rules), func(r *Rule) bool {
		return !slices.Contains(hosts, r.Guard.From) || !slices.Contains(hosts, r.Guard.To)
	})
	for _, r := range about {
		r.Remove()
	}
	return len(about)
}

// Release lets everything go on that the rule holds now. It stays in the chain.
func (r *Rule) Release() {
	held := r.held
	r.held = nil
	for _, d := range held {
		d.inspection.holder = nil
		d.resume()
	}
}

// Struck is how often the rule has struck.
func (r *Rule) Struck() int { return r.struck }

// Holding is how many streams the rule holds.
func (r *Rule) Holding() int { return len(r.held) }

// strikes decides whether the rule is the one, and counts.
func (r *Rule) strikes(d *pipe, p place) bool {
	if !r.Guard.matches(d, p) {
		return false
	}
	r.matched++
	if r.matched <= r.Skip || r.Times > 0 && r.struck == r.Times {
		return false
	}
	if r.OneIn > 1 && r.draws.IntN(r.OneIn) != 0 {
		return false
	}
	r.struck++
	return true
}

// judge is the rule that decides about what begins at the place; nil if none does.
func (s *Sim) judge(d *pipe, p place) *Rule {
	for _, r := range s.rules {
		if r.strikes(d, p) {
			s.trace.rule(r, d, p)
			return r
		}
	}
	return nil
}
