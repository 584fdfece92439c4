package faults

import "fmt"

// Kill is kill -9 of everybody that Who stands for.
type Kill struct{ Who string }

// Kind is "kill".
func (Kill) Kind() string     { return "kill" }
func (k Kill) String() string { return fmt.Sprintf("kill %s", k.Who) }

// Aim is who is meant.
func (k Kill) Aim() []string { return []string{k.Who} }

// Strike counts the daemons that were running.
func (k Kill) Strike(t Target) (int, error) { return count(t, k, k.Who, t.Kill) }

// Restart starts again whoever of Who is not running. Roles stand for running
// daemons, so Who is a name, or "dead" for everybody that was killed.
type Restart struct{ Who string }

// Kind is "restart".
func (Restart) Kind() string     { return "restart" }
func (r Restart) String() string { return fmt.Sprintf("restart %s", r.Who) }

// Aim is who is meant.
func (r Restart) Aim() []string { return []string{r.Who} }

// Strike counts the daemons started.
func (r Restart) Strike(t Target) (int, error) {
	return count(t, r, r.Who, t.Restart)
}

func count(t Target, f Fault, who string, do func(string) bool) (int, error) {
	names, err := resolve(t, f, who)
	landed := 0
	for _, name := range names {
		if do(name) {
			landed++
		}
	}
	return landed, err
}

func killWord() Word {
	return Word{
		Usage: "kill WHO", Doc: "kill -9",
		Harm: Interrupted,
		read: func(p *Phrase) Fault { return Kill{Who: p.Who()} },
	}
}

func restartWord() Word {
	return Word{
		Usage: "restart WHO", Doc: "starts who is not running",
		Harm: Interrupted,
		read: func(p *Phrase) Fault { return Restart{Who: p.Who()} },
	}
}
