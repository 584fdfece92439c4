package faults

import "fmt"

// Reset breaks every connection between A and B as RST does.
type Reset struct{ A, B string }

// Kind is "reset".
func (Reset) Kind() string     { return "reset" }
func (r Reset) String() string { return fmt.Sprintf("reset %s <-> %s", r.A, r.B) }

// Ends are both.
func (r Reset) Ends() (one, other string) { return r.A, r.B }

// Strike counts the connections broken.
func (r Reset) Strike(t Target) (int, error) {
	as, err := resolve(t, r, r.A)
	if err != nil {
		return 0, err
	}
	bs, err := resolve(t, r, r.B)
	if err != nil {
		return 0, err
	}
	landed := 0
	for _, a := range as {
		for _, b := range bs {
			if a != b {
				landed += t.Reset(a, b)
			}
		}
	}
	return landed, nil
}

func resetWord() Word {
	return Word{
		Usage: "reset A <-> B", Doc: "breaks connections as RST does",
		Harm: Broken,
		read: func(p *Phrase) Fault {
			f := Reset{A: p.Who()}
			p.Expect(string(Both))
			f.B = p.Who()
			return f
		},
	}
}
