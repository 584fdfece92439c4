package faults

import (
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// DiskFault is something wrong with disks that lasts until a DiskMend of the same
// plan. Its machines keep it over kills, restarts and losses of power. Only
// simulated disks can be damaged: in another world Strike fails with
// errors.ErrUnsupported.
type DiskFault interface {
	Lasting
	Aimed
	// mend takes the fault back and reports from how many disks.
	mend() int
}

// DiskMend undoes a disk fault of the same plan, on the machines that it struck.
type DiskMend struct{ Of DiskFault }

// Kind is "disk-mend".
func (DiskMend) Kind() string     { return "disk-mend" }
func (m DiskMend) String() string { return fmt.Sprintf("disk-mend %v", m.Of) }

// Undoes is the fault that is over.
func (m DiskMend) Undoes() Fault { return m.Of }

// Strike counts the disks mended.
func (m DiskMend) Strike(Target) (int, error) { return m.Of.mend(), nil }

// disks are the machines that a disk fault has struck.
type disks struct{ struck []struckDisk }

type struckDisk struct {
	host   *sim.Host
	before sim.DiskCounts
}

// strike does something to the disk of everybody that who stands for. What lands
// is known only later.
func (d *disks) strike(t Target, f Fault, who string, do func(*sim.Host)) (int, error) {
	hosts, err := machines(t, f, who)
	for _, h := range hosts {
		d.struck = append(d.struck, struckDisk{host: h, before: h.DiskCounts()})
		do(h)
	}
	return 0, err
}

// undo does something to every machine that was struck, once.
func (d *disks) undo(do func(*sim.Host)) int {
	for _, s := range d.struck {
		do(s.host)
	}
	return len(d.struck)
}

// since adds up a count over the machines, from when they were struck.
func (d *disks) since(count func(sim.DiskCounts) uint64) int {
	n := uint64(0)
	for _, s := range d.struck {
		n += count(s.host.DiskCounts()) - count(s.before)
	}
	return int(n)
}

// Simulated is a Target whose daemons may run on simulated machines. What can only
// be done to such a machine asks for it.
type Simulated interface {
	Target
	// Machine is the simulated machine of a daemon. Error: errors.ErrUnsupported
	// if it is a real one.
	Machine(name string) (*sim.Host, error)
}

// unsupported is the error of a fault that a target lacks.
func unsupported(f Fault, why string) error {
	return fmt.Errorf("%v: %s: %w", f, why, errors.ErrUnsupported)
}

// machines finds the simulated machines of everybody that who stands for.
func machines(t Target, f Fault, who string) ([]*sim.Host, error) {
	in, ok := t.(Simulated)
	if !ok {
		return nil, unsupported(f, "the target has no simulated machines")
	}
	names, err := resolve(t, f, who)
	var hosts []*sim.Host
	for _, name := range names {
		h, err := in.Machine(name)
		if err != nil {
			return nil, fmt.Errorf("%v: %w", f, err)
		}
		hosts = append(hosts, h)
	}
	return hosts, err
}

// odds is one in n, in the words of a plan.
func odds(what string, n int) string {
	switch {
	case n <= 0:
		return ""
	case n == 1:
		return fmt.Sprintf(" every %s", what)
	}
	return fmt.Sprintf(" one %s in %d", what, n)
}

func diskMendWord() Word {
	return Word{
		Usage: "disk-mend FAULT ...", Doc: "ends a fault of disks", Simulated: lacksDisks,
		Harm: Undone,
		read: func(p *Phrase) Fault { return DiskMend{Of: undone[DiskFault](p)} },
	}
}
