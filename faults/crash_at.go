package faults

import (
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/sim"
)

// CrashAt crashes everybody that Who stands for at a fault point of their code, each
// when its process reaches the point for the Nth time from now: by kill -9, or with
// Power by the loss of power. Only simulated machines have fault points: in another
// world Strike fails with errors.ErrUnsupported.
type CrashAt struct {
	Who, Point string
	Nth        int
	Power      bool

	armed   []*sim.Host
	crashed []string
}

// Kind is "crash-at".
func (*CrashAt) Kind() string { return "crash-at" }

func (f *CrashAt) String() string {
	how := "kill"
	if f.Power {
		how = "power"
	}
	return fmt.Sprintf("crash-at %s %s nth %d by %s", f.Point, f.Who, f.Nth, how)
}

// Aim is who is meant.
func (f *CrashAt) Aim() []string { return []string{f.Who} }

// Strike arms the points; what lands is known only later, see Landed.
func (f *CrashAt) Strike(t Target) (int, error) {
	hosts, err := machines(t, f, f.Who)
	f.armed = hosts
	for _, h := range hosts {
		h.Sim().SetPoint(h, f.Point, func(reached uint64) bool {
			if reached != uint64(f.Nth) || slices.Contains(f.crashed, h.Name()) {
				return false
			}
			f.crash(h)
			return true
		})
	}
	return 0, err
}

func (f *CrashAt) crash(h *sim.Host) {
	f.crashed = append(f.crashed, h.Name())
	if f.Power {
		h.PowerOff()
	} else {
		h.Kill()
	}
}

// Landed counts the machines that have crashed.
func (f *CrashAt) Landed(Target) int { return len(f.crashed) }

// Disarm takes the points of a CrashAt of the same plan back, where they have not
// struck.
type Disarm struct{ Of *CrashAt }

// Kind is "disarm".
func (Disarm) Kind() string     { return "disarm" }
func (d Disarm) String() string { return fmt.Sprintf("disarm %v", d.Of) }

// Undoes is the fault that is over.
func (d Disarm) Undoes() Fault { return d.Of }

// Strike counts the machines that have not crashed.
func (d Disarm) Strike(Target) (int, error) {
	for _, h := range d.Of.armed {
		h.Sim().SetPoint(h, d.Of.Point, nil)
	}
	return len(d.Of.armed) - len(d.Of.crashed), nil
}

func crashAtWord() Word {
	return Word{
		Usage: "crash-at POINT WHO nth N by kill|power", Doc: "a crash when a fault point is reached for the N-th time", Simulated: lacksPoints,
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := &CrashAt{Point: p.Point(), Who: p.Who()}
			p.Expect("nth")
			f.Nth = int(p.Int("the how-manieth time", 1, mostOdds))
			p.Expect("by")
			f.Power = p.OneOf("kill", "power") == "power"
			return f
		},
	}
}

func disarmWord() Word {
	return Word{
		Usage: "disarm crash-at ...", Doc: "takes a crash-at back that has not struck", Simulated: lacksPoints,
		Harm: Undone,
		read: func(p *Phrase) Fault { return Disarm{Of: undone[*CrashAt](p)} },
	}
}
