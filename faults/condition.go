package faults

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Condition is a fact that a step waits for: "mgr.mode mode=active on mgr.y nth 2". The
// facts are those of traces, see docs/trace.md.
type Condition struct {
	// Fact is the fact's kind.
	Fact string
	// Fields are those that it must have, each as "name=value" with the value in the
	// words of traces.
	Fields []string
	// On is who must state it, by name or role; "" is anybody.
	On string
	// Nth is the how-manieth such fact it is, counted from when the step is next; 0 and 1
	// are the first.
	Nth int
}

func (c *Condition) String() string {
	words := []string{c.Fact}
	for _, f := range c.Fields {
		words = append(words, quoteWord(f))
	}
	if c.On != "" {
		words = append(words, "on", c.On)
	}
	if c.Nth > 1 {
		words = append(words, fmt.Sprintf("nth %d", c.Nth))
	}
	return strings.Join(words, " ")
}

// Matches reports whether a fact is of the kind and has the fields.
func (c *Condition) Matches(f host.Fact) bool {
	if f.Kind() != c.Fact {
		return false
	}
	attrs := f.Attrs()
	for _, field := range c.Fields {
		if !has(attrs, field) {
			return false
		}
	}
	return true
}

func has(attrs []slog.Attr, field string) bool {
	name, value, _ := strings.Cut(field, "=")
	for _, a := range attrs {
		if a.Key == name && a.Value.String() == value {
			return true
		}
	}
	return false
}

// readCondition reads what String writes, and how long it is waited for.
func readCondition(p *Phrase) (c *Condition, within time.Duration) {
	c = &Condition{Fact: p.Word("the kind of a fact")}
	p.checkFact(c.Fact)
	for p.More() && !p.Next("on", "nth", "within", "then") {
		field := p.Word("a field of the fact")
		name, _, ok := strings.Cut(field, "=")
		if !ok || name == "" {
			p.FailBack("a field of the fact is %q, want NAME=VALUE", field)
		}
		p.checkField(c.Fact, name)
		c.Fields = append(c.Fields, field)
	}
	if p.Accept("on") {
		c.On = p.Who()
	}
	if p.Accept("nth") {
		c.Nth = int(p.Int("the how-manieth fact", 1, mostOdds))
		if c.Nth == 1 {
			c.Nth = 0
		}
	}
	within = DefaultPatience
	if p.Accept("within") {
		within = p.Duration("how long the fact is waited for", 1)
	}
	p.Expect("then")
	return c, within
}

// DefaultPatience is how long a step waits for its condition if its plan does not say.
const DefaultPatience = time.Minute
