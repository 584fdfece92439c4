package faults

import "fmt"

// Pause is SIGSTOP of everybody that Who stands for: nothing they do goes on,
// while their hosts keep their sockets open.
type Pause struct{ Who string }

// Kind is "pause".
func (Pause) Kind() string     { return "pause" }
func (p Pause) String() string { return fmt.Sprintf("pause %s", p.Who) }

// Aim is who is meant.
func (p Pause) Aim() []string { return []string{p.Who} }

// Strike counts the daemons that were running and not yet paused.
func (p Pause) Strike(t Target) (int, error) { return count(t, p, p.Who, t.Pause) }

// Resume is SIGCONT. Who may be "paused", for everybody that is.
type Resume struct{ Who string }

// Kind is "resume".
func (Resume) Kind() string     { return "resume" }
func (r Resume) String() string { return fmt.Sprintf("resume %s", r.Who) }

// Aim is who is meant.
func (r Resume) Aim() []string { return []string{r.Who} }

// Strike counts the daemons that were paused.
func (r Resume) Strike(t Target) (int, error) { return count(t, r, r.Who, t.Resume) }

func pauseWord() Word {
	return Word{
		Usage: "pause WHO", Doc: "SIGSTOP",
		Harm: Interrupted,
		read: func(p *Phrase) Fault { return Pause{Who: p.Who()} },
	}
}

func resumeWord() Word {
	return Word{
		Usage: "resume WHO", Doc: "SIGCONT",
		Harm: Interrupted,
		read: func(p *Phrase) Fault { return Resume{Who: p.Who()} },
	}
}
