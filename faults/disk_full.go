package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// DiskFull leaves Free bytes of space, rounded down to blocks of 4096, on the
// disks of everybody that Who stands for.
type DiskFull struct {
	Who  string
	Free int64

	disks
}

// Kind is "disk-full".
func (*DiskFull) Kind() string     { return "disk-full" }
func (f *DiskFull) String() string { return fmt.Sprintf("disk-full %s but for %d B", f.Who, f.Free) }

// Aim is who is meant.
func (f *DiskFull) Aim() []string { return []string{f.Who} }

// Strike takes the space; what lands is known only later, see Landed.
func (f *DiskFull) Strike(t Target) (int, error) {
	return f.strike(t, f, f.Who, func(h *sim.Host) { h.SetDiskCapacity(max(h.DiskUsed()+f.Free, 1)) })
}

// Landed counts the writes that found no space.
func (f *DiskFull) Landed(Target) int {
	return f.since(func(c sim.DiskCounts) uint64 { return c.NoSpace })
}

func (f *DiskFull) mend() int {
	return f.undo(func(h *sim.Host) { h.SetDiskCapacity(0) })
}

func diskFullWord() Word {
	return Word{
		Usage: "disk-full WHO but for N B", Doc: "leaves little space, until a disk-mend", Simulated: lacksDisks,
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := &DiskFull{Who: p.Who()}
			p.Expect("but", "for")
			f.Free = p.Int("the space", 0, 1<<60)
			p.Expect("B")
			return f
		},
	}
}
