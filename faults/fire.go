package faults

import "fmt"

// Fire lets a fault point of everybody that Who stands for fire, from now on and each
// time that a process reaches it; with OneIn above 1 once in so many times, by a stream
// of its own; with Nth above 0 only when a machine reaches it for the Nth time from now.
// Only simulated machines have fault points: in another world Strike fails with
// errors.ErrUnsupported.
type Fire struct {
	Who, Point string
	OneIn, Nth int
}

// Kind is "fire".
func (*Fire) Kind() string { return "fire" }

func (f *Fire) String() string {
	switch {
	case f.Nth > 0:
		return fmt.Sprintf("fire %s %s nth %d", f.Point, f.Who, f.Nth)
	case f.OneIn > 1:
		return fmt.Sprintf("fire %s %s one in %d", f.Point, f.Who, f.OneIn)
	}
	return fmt.Sprintf("fire %s %s", f.Point, f.Who)
}

// Aim is who is meant.
func (f *Fire) Aim() []string { return []string{f.Who} }

// Strike counts the points that are armed. How often they fire the report says, with
// all points.
func (f *Fire) Strike(t Target) (int, error) {
	hosts, err := machines(t, f, f.Who)
	for _, h := range hosts {
		if f.Nth > 0 {
			h.Sim().SetPoint(h, f.Point, func(reached uint64) bool { return reached == uint64(f.Nth) })
		} else {
			h.Sim().EnablePoint(h, f.Point, max(f.OneIn, 1))
		}
	}
	return len(hosts), err
}

func fireWord() Word {
	return Word{
		Usage: "fire POINT WHO [one in N | nth N]", Doc: "lets a fault point fire", Simulated: lacksPoints,
		Harm: Requested,
		read: func(p *Phrase) Fault {
			f := &Fire{Point: p.Point(), Who: p.Who()}
			if p.Accept("one", "in") {
				f.OneIn = int(p.Int("one in how many", 2, mostOdds))
			} else if p.Accept("nth") {
				f.Nth = int(p.Int("the how-manieth time", 1, mostOdds))
			}
			return f
		},
	}
}
