package faults

import "fmt"

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
// links.
type Cut struct {
	A, B      string
	Direction Direction

	links  [][2]string
	before []int // held on each link when the cut began
}

// Kind is "cut".
func (*Cut) Kind() string     { return "cut" }
func (c *Cut) String() string { return fmt.Sprintf("cut %s %s %s", c.A, c.Direction, c.B) }

// Strike cuts; what lands is known only later, see Landed.
func (c *Cut) Strike(t Target) (int, error) {
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
		c.links = append(c.links, [2]string{a, b})
	}
	if c.Direction != To {
		c.links = append(c.links, [2]string{b, a})
	}
	for _, l := range c.links[len(c.before):] {
		c.before = append(c.before, t.Held(l[0], l[1]))
		t.Cut(l[0], l[1])
	}
}

// Landed counts the pieces of streams and the attempts to connect that the cut
// has kept back.
func (c *Cut) Landed(t Target) int {
	n := 0
	for i, l := range c.links {
		n += t.Held(l[0], l[1]) - c.before[i]
	}
	return n
}

// Heal undoes a Cut of the same plan.
type Heal struct{ Cut *Cut }

// Kind is "heal".
func (Heal) Kind() string     { return "heal" }
func (h Heal) String() string { return fmt.Sprintf("heal %s %s %s", h.Cut.A, h.Cut.Direction, h.Cut.B) }

// Strike counts the links healed.
func (h Heal) Strike(t Target) (int, error) {
	for _, l := range h.Cut.links {
		t.Heal(l[0], l[1])
	}
	return len(h.Cut.links), nil
}
