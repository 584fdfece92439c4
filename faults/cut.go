package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// Direction says which way a cut goes.
type Direction string

// The directions of a cut.
const (
	Both Direction = "<->"
	To   Direction = "->" // from A to B only
	From Direction = "<-" // from B to A only
)

// Cut stops what crosses between A and B, what is in flight included. It
// remembers whom A and B stood for, so that the Heal made of it heals the same
// links. Machines may be on several networks: with Network the cut is of that one
// only, which takes simulated machines (errors.ErrUnsupported elsewhere).
type Cut struct {
	A, B      string
	Direction Direction
	Network   string

	pairs   [][2]string
	before  []int // held between each pair when the cut began
	network links // of a cut of one network
}

// Kind is "cut".
func (*Cut) Kind() string     { return "cut" }
func (c *Cut) String() string { return fmt.Sprintf("cut %v", c.path()) }

func (c *Cut) words() string { return c.path().String() }

func (c *Cut) path() Path {
	return Path{A: c.A, B: c.B, Direction: c.Direction, Network: c.Network}
}

// Ends are both.
func (c *Cut) Ends() (one, other string) { return c.A, c.B }

// Strike cuts; what lands is known only later, see Landed.
func (c *Cut) Strike(t Target) (int, error) {
	if c.Network != "" {
		return c.network.strike(t, c, c.path(), func(l *sim.Link) error {
			l.Cut()
			return nil
		})
	}
	as, err := resolve(t, c, c.A)
	if err != nil {
		return 0, err
	}
	bs, err := resolve(t, c, c.B)
	if err != nil {
		return 0, err
	}
	for _, a := range as {
		for _, b := range bs {
			c.cut(t, a, b)
		}
	}
	return 0, nil
}

func (c *Cut) cut(t Target, a, b string) {
	if a == b {
		return
	}
	if c.Direction != From {
		c.pairs = append(c.pairs, [2]string{a, b})
	}
	if c.Direction != To {
		c.pairs = append(c.pairs, [2]string{b, a})
	}
	for _, p := range c.pairs[len(c.before):] {
		c.before = append(c.before, t.Held(p[0], p[1]))
		t.Cut(p[0], p[1])
	}
}

// Landed counts the pieces of streams and the attempts to connect that the cut
// has kept back.
func (c *Cut) Landed(t Target) int {
	n := c.network.since(held)
	for i, p := range c.pairs {
		n += t.Held(p[0], p[1]) - c.before[i]
	}
	return n
}

// Heal undoes a Cut of the same plan.
type Heal struct{ Cut *Cut }

// Kind is "heal".
func (Heal) Kind() string     { return "heal" }
func (h Heal) String() string { return fmt.Sprintf("heal %v", h.Cut.path()) }

// Undoes is the cut that is over.
func (h Heal) Undoes() Fault { return h.Cut }

// Strike counts the links healed.
func (h Heal) Strike(t Target) (int, error) {
	for _, p := range h.Cut.pairs {
		t.Heal(p[0], p[1])
	}
	return len(h.Cut.pairs) + h.Cut.network.undo((*sim.Link).Heal), nil
}

func cutWord() Word {
	return Word{
		Usage: "cut A <->|->|<- B [on NETWORK]", Doc: "stops what crosses",
		Harm: Disturbed,
		read: func(p *Phrase) Fault {
			path := p.Path()
			return &Cut{A: path.A, B: path.B, Direction: path.Direction, Network: path.Network}
		},
	}
}

func healWord() Word {
	return Word{
		Usage: "heal A <->|->|<- B [on NETWORK]", Doc: "ends a cut",
		Harm: Undone,
		read: func(p *Phrase) Fault { return Heal{Cut: undone[*Cut](p)} },
	}
}
