package faults

import (
	"fmt"
	"math"
	"strings"
)

// Holding is a Target that can hold back what goes from one daemon to another, from a
// unit of the messengers' protocol on.
type Holding interface {
	Target
	// Hold keeps back everything from the next unit of that name on, with that number if
	// it is not 0, and what comes behind it on the same connection. An empty unit is any.
	Hold(from, to, unit string, number uint64) (Held, error)
	// ReleaseAll releases all that is held from one to the other.
	ReleaseAll(from, to string)
}

// Held is a hold under way. It is an alias, so that targets need not know this package.
type Held = interface {
	// Struck is on how many connections it has held something back so far.
	Struck() int
	// Release lets everything go on, in order, and ends the hold.
	Release()
}

// Hold keeps back what goes from everybody that From stands for to everybody that To
// stands for, from the first message of a type on ("MMgrMap"; msgr.Follower has the names),
// or from that of an epoch of a map, until a Release. Nothing is lost. Keepalives wait too.
type Hold struct {
	From, To string
	Unit     string // empty is everything
	Number   uint64 // 0 is any

	holds []Held
}

// Kind is "hold".
func (*Hold) Kind() string { return "hold" }

func (h *Hold) String() string { return "hold " + h.words() }

func (h *Hold) words() string {
	text := fmt.Sprintf("%s %s %s", h.From, To, h.To)
	if h.Unit != "" {
		text += " " + h.Unit
	}
	if h.Number != 0 {
		text += fmt.Sprintf(":%d", h.Number)
	}
	return text
}

// Aim is the receivers.
func (h *Hold) Aim() []string { return []string{h.To} }

// Ends are the senders and the receivers.
func (h *Hold) Ends() (one, other string) { return h.From, h.To }

// Strike begins to look for the unit; what lands is known only later, see Landed.
func (h *Hold) Strike(t Target) (int, error) {
	in, ok := t.(Holding)
	if !ok {
		return 0, unsupported(h, "the target holds nothing back")
	}
	froms, err := resolve(t, h, h.From)
	if err != nil {
		return 0, err
	}
	tos, err := resolve(t, h, h.To)
	if err != nil {
		return 0, err
	}
	return 0, eachPair(froms, tos, func(from, to string) error {
		held, err := in.Hold(from, to, h.Unit, h.Number)
		if err != nil {
			return fmt.Errorf("%v: %w", h, err)
		}
		h.holds = append(h.holds, held)
		return nil
	})
}

// Landed counts the connections on which something was held back.
func (h *Hold) Landed(Target) int {
	n := 0
	for _, held := range h.holds {
		n += held.Struck()
	}
	return n
}

// Release ends a Hold of the same plan: what it has held arrives, in order.
type Release struct{ Of *Hold }

// Kind is "release".
func (Release) Kind() string     { return "release" }
func (r Release) String() string { return "release " + r.Of.words() }

// Undoes is the hold that is over.
func (r Release) Undoes() Fault { return r.Of }

// Strike counts the connections on which something goes on.
func (r Release) Strike(t Target) (int, error) {
	for _, held := range r.Of.holds {
		held.Release()
	}
	return r.Of.Landed(t), nil
}

func holdWord() Word {
	return Word{
		Usage: "hold FROM -> TO [UNIT[:NUMBER]]", Doc: "keeps back what crosses, from a message of a type, or a map's epoch, on, until a release",
		Harm: Disturbed,
		read: func(p *Phrase) Fault {
			h := &Hold{From: p.Who()}
			p.Expect(string(To))
			h.To = p.Who()
			if p.More() {
				unit, number, numbered := strings.Cut(p.Word("a unit of the protocol"), ":")
				h.Unit = unit
				if numbered {
					h.Number = uint64(p.number(number, "the number of the unit", 1, math.MaxInt64))
				}
			}
			return h
		},
	}
}

func releaseWord() Word {
	return Word{
		Usage: "release FROM -> TO [UNIT[:NUMBER]]", Doc: "ends a hold",
		Harm: Undone,
		read: func(p *Phrase) Fault { return Release{Of: undone[*Hold](p)} },
	}
}
