package faults

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/sim"
)

// LinkFault is something wrong with paths between machines that lasts until a
// LinkMend of the same plan. It outlives the daemons. Only simulated networks can
// be damaged so: in another world Strike fails with errors.ErrUnsupported.
type LinkFault interface {
	Lasting
	// mendLinks takes the fault back and reports from how many links.
	mendLinks() int
}

// LinkMend undoes a fault of links of the same plan, on the links that it struck.
type LinkMend struct{ Of LinkFault }

// Kind is "link-mend".
func (LinkMend) Kind() string     { return "link-mend" }
func (m LinkMend) String() string { return fmt.Sprintf("link-mend %v", m.Of) }

// Strike counts the links mended.
func (m LinkMend) Strike(Target) (int, error) { return m.Of.mendLinks(), nil }

// Undoes is the fault that is over.
func (m LinkMend) Undoes() Fault { return m.Of }

// Path is what goes between everybody that A and everybody that B stands for. On
// a Network it is what goes over that one, else it is all.
type Path struct {
	A, B      string
	Direction Direction // empty is Both
	Network   string
}

// Ends are both.
func (p Path) Ends() (one, other string) { return p.A, p.B }

func (p Path) String() string {
	text := fmt.Sprintf("%s %s %s", p.A, cmp.Or(p.Direction, Both), p.B)
	if p.Network != "" {
		text += " on " + p.Network
	}
	return text
}

// links finds the links of the path.
func (p Path) links(t Target, f Fault) ([]*sim.Link, error) {
	as, err := machines(t, f, p.A)
	if err != nil {
		return nil, err
	}
	bs, err := machines(t, f, p.B)
	if err != nil {
		return nil, err
	}
	var found []*sim.Link
	for _, a := range as {
		for _, b := range bs {
			if a == b {
				continue
			}
			if p.Direction != From {
				found = append(found, a.LinksTo(b)...)
			}
			if p.Direction != To {
				found = append(found, b.LinksTo(a)...)
			}
		}
	}
	if p.Network == "" {
		return found, nil
	}
	on := slices.DeleteFunc(slices.Clone(found), func(l *sim.Link) bool { return l.Network() != p.Network })
	if len(found) > 0 && len(on) == 0 {
		return nil, fmt.Errorf("%v: no two of them share the network %s", f, p.Network)
	}
	return on, nil
}

// links are those that a fault has struck.
type links struct{ struck []struckLink }

type struckLink struct {
	link   *sim.Link
	before sim.LinkCounts
}

// strike does something to every link of a path, once. What lands is known only
// later.
func (l *links) strike(t Target, f Fault, p Path, do func(*sim.Link) error) (int, error) {
	found, err := p.links(t, f)
	for _, link := range found {
		if l.has(link) {
			continue
		}
		if err := do(link); err != nil {
			return 0, fmt.Errorf("%v: %w", f, err)
		}
		l.struck = append(l.struck, struckLink{link: link, before: link.Counts()})
	}
	return 0, err
}

func (l *links) has(link *sim.Link) bool {
	return slices.ContainsFunc(l.struck, func(s struckLink) bool { return s.link == link })
}

// undo does something to every link that was struck.
func (l *links) undo(do func(*sim.Link)) int {
	for _, s := range l.struck {
		do(s.link)
	}
	return len(l.struck)
}

// since adds up a count over the links, from when they were struck.
func (l *links) since(count func(sim.LinkCounts) uint64) int {
	n := uint64(0)
	for _, s := range l.struck {
		n += count(s.link.Counts()) - count(s.before)
	}
	return int(n)
}

func held(c sim.LinkCounts) uint64      { return c.Held }
func stalled(c sim.LinkCounts) uint64   { return c.Stalled }
func shaped(c sim.LinkCounts) uint64    { return c.Shaped }
func swallowed(c sim.LinkCounts) uint64 { return c.Swallowed }

func linkMendWord() Word {
	return Word{
		Usage: "link-mend FAULT ...", Doc: "ends a stall, delay, bandwidth, mtu or rule", Simulated: lacksLinks,
		Harm: Undone,
		read: func(p *Phrase) Fault { return LinkMend{Of: undone[LinkFault](p)} },
	}
}
