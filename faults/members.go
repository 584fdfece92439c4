package faults

import "fmt"

// AddMon is the operator's "ceph mon add", for a new monitor on an empty disk that
// starts at the same time: a machine that has none yet, or whose monitor was removed.
// Nothing happens to a monitor that is a member, or may become one.
type AddMon struct{ Who string }

// Kind is "mon-add".
func (AddMon) Kind() string     { return "mon-add" }
func (f AddMon) String() string { return fmt.Sprintf("mon-add %s", f.Who) }

// Aim is who is meant.
func (f AddMon) Aim() []string { return []string{f.Who} }

// Strike counts the monitors that were started.
func (f AddMon) Strike(t Target) (int, error) { return count(t, f, f.Who, t.AddMon) }

// RemoveMon is the operator's "ceph mon rm". The monitor runs on until it finds out.
type RemoveMon struct{ Who string }

// Kind is "mon-rm".
func (RemoveMon) Kind() string     { return "mon-rm" }
func (f RemoveMon) String() string { return fmt.Sprintf("mon-rm %s", f.Who) }

// Aim is who is meant.
func (f RemoveMon) Aim() []string { return []string{f.Who} }

// Strike counts the members of whom that was asked.
func (f RemoveMon) Strike(t Target) (int, error) { return count(t, f, f.Who, t.RemoveMon) }

func addMonWord() Word {
	return Word{
		Usage: "mon-add WHO", Doc: "adds a monitor",
		Harm: Remaining,
		read: func(p *Phrase) Fault { return AddMon{Who: p.Who()} },
	}
}

func removeMonWord() Word {
	return Word{
		Usage: "mon-rm WHO", Doc: "removes a monitor",
		Harm: Remaining,
		read: func(p *Phrase) Fault { return RemoveMon{Who: p.Who()} },
	}
}
