package faults

import (
	"fmt"
	"time"
)

// ClogTarget is a Target whose machines can be clogged.
type ClogTarget interface {
	Target
	// Clog stalls everything to and from a daemon's machine until Unclog; it reports
	// whether that was not so before.
	Clog(name string) bool
	Unclog(name string)
	// Stalled counts what had to wait so.
	Stalled(name string) int
}

// Clog stalls everything to and from the machines of everybody that Who stands for, until
// an Unclog of the same plan. It remembers whom it struck.
type Clog struct {
	Who string

	struck []clogged
}

type clogged struct {
	name   string
	before int // stalled
}

// Kind is "clog".
func (*Clog) Kind() string     { return "clog" }
func (c *Clog) String() string { return fmt.Sprintf("clog %s", c.Who) }

func (c *Clog) words() string { return c.Who }

// Aim is who is meant.
func (c *Clog) Aim() []string { return []string{c.Who} }

// Ends are who is meant, and everybody.
func (c *Clog) Ends() (one, other string) { return c.Who, "" }

// Strike clogs the machines; what lands is known only later, see Landed.
func (c *Clog) Strike(t Target) (int, error) {
	in, ok := t.(ClogTarget)
	if !ok {
		return 0, unsupported(c, "the target's machines cannot be clogged")
	}
	names, err := resolve(t, c, c.Who)
	for _, name := range names {
		if before := in.Stalled(name); in.Clog(name) {
			c.struck = append(c.struck, clogged{name, before})
		}
	}
	return 0, err
}

// Landed counts the pieces of streams and the attempts to connect that had to wait, at
// each of the machines.
func (c *Clog) Landed(t Target) int {
	n := 0
	if in, ok := t.(ClogTarget); ok {
		for _, s := range c.struck {
			n += in.Stalled(s.name) - s.before
		}
	}
	return n
}

// Unclog undoes a Clog of the same plan.
type Unclog struct{ Of *Clog }

// Kind is "unclog".
func (Unclog) Kind() string     { return "unclog" }
func (u Unclog) String() string { return fmt.Sprintf("unclog %s", u.Of.Who) }

// Undoes is the fault that is over.
func (u Unclog) Undoes() Fault { return u.Of }

// Strike counts the machines unclogged.
func (u Unclog) Strike(t Target) (int, error) {
	in, ok := t.(ClogTarget)
	if !ok {
		return 0, unsupported(u, "the target's machines cannot be clogged")
	}
	for _, s := range u.Of.struck {
		in.Unclog(s.name)
	}
	return len(u.Of.struck), nil
}

// Swizzle is a plan that clogs one after another, and once all are clogged unclogs
// one after another, each in an order that intn draws (uniform over [0, n)), with
// the time apart between any two. FoundationDB calls it swizzle-clogging: it finds
// what relies on machines coming back in the order in which they went.
func Swizzle(names []string, at, apart time.Duration, intn func(n int) int) Plan {
	var clogs []*Clog
	var plan Plan
	for _, i := range permutation(len(names), intn) {
		c := &Clog{Who: names[i]}
		clogs = append(clogs, c)
		plan = append(plan, Step{At: at, Fault: c})
		at += apart
	}
	for _, i := range permutation(len(names), intn) {
		plan = append(plan, Step{At: at, Fault: Unclog{Of: clogs[i]}})
		at += apart
	}
	return plan
}

// permutation draws an order of 0 to n-1.
func permutation(n int, intn func(int) int) []int {
	p := make([]int, n)
	for i := range p {
		j := intn(i + 1)
		p[i], p[j] = p[j], i
	}
	return p
}

func clogWord() Word {
	return Word{
		Usage: "clog WHO", Doc: "stalls all that goes to and from machines",
		Harm: Disturbed,
		read: func(p *Phrase) Fault { return &Clog{Who: p.Who()} },
	}
}

func unclogWord() Word {
	return Word{
		Usage: "unclog WHO", Doc: "ends a clog",
		Harm: Undone,
		read: func(p *Phrase) Fault { return Unclog{Of: undone[*Clog](p)} },
	}
}
