package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// DiskLie lets one sync in OneIn report a success that is none, on the disks of
// everybody that Who stands for: a loss of power shows it. Its DiskMend has the disks write
// what they owe.
type DiskLie struct {
	Who   string
	OneIn int

	disks
}

// Kind is "disk-lie".
func (*DiskLie) Kind() string     { return "disk-lie" }
func (f *DiskLie) String() string { return fmt.Sprintf("disk-lie %s%s", f.Who, odds("sync", f.OneIn)) }

// Aim is who is meant.
func (f *DiskLie) Aim() []string { return []string{f.Who} }

// Strike begins the lying; what lands is known only later, see Landed.
func (f *DiskLie) Strike(t Target) (int, error) {
	return f.strike(t, f, f.Who, func(h *sim.Host) { h.SetSyncLies(f.OneIn) })
}

// Landed counts the lies told.
func (f *DiskLie) Landed(Target) int {
	return f.since(func(c sim.DiskCounts) uint64 { return c.Lies })
}

func (f *DiskLie) mend() int {
	return f.undo(func(h *sim.Host) { h.SetSyncLies(0) })
}

func diskLieWord() Word {
	return Word{
		Usage: "disk-lie WHO every sync | one sync in N", Doc: "syncs that do nothing, until a disk-mend, with which the disk writes what it owes", Simulated: lacksDisks,
		Harm: Remaining,
		read: func(p *Phrase) Fault { return &DiskLie{Who: p.Who(), OneIn: p.odds("sync")} },
	}
}
