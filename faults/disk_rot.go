package faults

import "fmt"

// DiskRot flips Bits bits of what each disk of everybody that Who stands for
// holds. Nothing takes it back.
type DiskRot struct {
	Who  string
	Bits int
}

// Kind is "disk-rot".
func (DiskRot) Kind() string     { return "disk-rot" }
func (r DiskRot) String() string { return fmt.Sprintf("disk-rot %s %d bits", r.Who, r.Bits) }

// Aim is who is meant.
func (r DiskRot) Aim() []string { return []string{r.Who} }

// Strike counts the bits flipped.
func (r DiskRot) Strike(t Target) (int, error) {
	hosts, err := machines(t, r, r.Who)
	landed := 0
	for _, h := range hosts {
		landed += h.RotDisk(r.Bits)
	}
	return landed, err
}

func diskRotWord() Word {
	return Word{
		Usage: "disk-rot WHO N bits", Doc: "flips bits", Simulated: lacksDisks,
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := DiskRot{Who: p.Who(), Bits: int(p.Int("how many bits", 1, 1_000_000))}
			p.Expect("bits")
			return f
		},
	}
}
