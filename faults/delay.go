package faults

import (
	"fmt"
	"strings"
	"time"

	"github.com/wavetank/wavetank/sim"
)

// Delay draws the delay of what goes over a path from another distribution than
// usual.
type Delay struct {
	Path
	Delay sim.Delay

	links
}

// Kind is "delay".
func (*Delay) Kind() string     { return "delay" }
func (f *Delay) String() string { return fmt.Sprintf("delay %v %v", f.Path, &f.Delay) }

// Strike slows the path down; what lands is known only later, see Landed.
func (f *Delay) Strike(t Target) (int, error) {
	return f.strike(t, f, f.Path, func(l *sim.Link) error { return l.SetDelay(&f.Delay) })
}

// Landed counts what was sent with such a delay.
func (f *Delay) Landed(Target) int { return f.since(shaped) }

func (f *Delay) mendLinks() int {
	return f.undo(func(l *sim.Link) {
		if err := l.SetDelay(nil); err != nil { // the usual delay is always right
			panic(err)
		}
	})
}

func delayWord() Word {
	return Word{
		Usage:     "delay A <->|->|<- B [on NETWORK] constant D | uniform D..D | exponential min D mean D | log-normal min D median D sigma X | pareto min D scale D alpha X [max D]",
		Doc:       "draws delays differently, until a link-mend",
		Simulated: lacksLinks,
		Harm:      Disturbed,
		read: func(p *Phrase) Fault {
			f := &Delay{Path: p.Path(), Delay: readDelay(p)}
			if p.Accept("max") {
				f.Delay.Max = p.Duration("the greatest delay", 1)
			}
			return f
		},
	}
}

// readDelay reads what sim.Delay.String writes, but for the greatest delay.
func readDelay(p *Phrase) sim.Delay {
	least := func() time.Duration {
		p.Expect("min")
		return p.Duration("the least delay", 0)
	}
	scale := func(word string) time.Duration {
		p.Expect(word)
		return p.Duration("the "+word, 0)
	}
	switch p.OneOf("constant", "uniform", "exponential", "log-normal", "pareto") {
	case "constant":
		return sim.Delay{Shape: sim.DelayConstant, Min: p.Duration("the delay", 0)}
	case "uniform":
		from, to := p.Range("the delay")
		return sim.Delay{Shape: sim.DelayUniform, Min: from, Scale: to - from}
	case "exponential":
		return sim.Delay{Shape: sim.DelayExponential, Min: least(), Scale: scale("mean")}
	case "log-normal":
		return sim.Delay{Shape: sim.DelayLogNormal, Min: least(), Scale: scale("median"), Tail: readThousandths(p, "sigma")}
	default:
		return sim.Delay{Shape: sim.DelayPareto, Min: least(), Scale: scale("scale"), Tail: readThousandths(p, "alpha")}
	}
}

// readThousandths reads a number with up to three digits after the point, as so many
// thousandths.
func readThousandths(p *Phrase, word string) int {
	p.Expect(word)
	text := p.Word("the " + word)
	whole, part, _ := strings.Cut(text, ".")
	if len(part) > 3 {
		p.FailBack("the %s is %q, want at most three digits after the point", word, text)
	}
	return int(p.number(whole+(part + "000")[:3], "the "+word+" in thousandths", 1, 1_000_000))
}
