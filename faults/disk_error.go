package faults

import (
	"fmt"

	"github.com/wavetank/wavetank/sim"
)

// DiskError lets operations on the disks of everybody that Who stands for fail
// with an input/output error, as often as Errors says.
type DiskError struct {
	Who    string
	Errors sim.DiskErrors

	disks
}

// Kind is "disk-error".
func (*DiskError) Kind() string { return "disk-error" }

func (f *DiskError) String() string {
	e := f.Errors
	return fmt.Sprintf("disk-error %s%s%s%s", f.Who, odds("read", e.Read), odds("write", e.Write), odds("sync", e.Sync))
}

// Aim is who is meant.
func (f *DiskError) Aim() []string { return []string{f.Who} }

// Strike switches the errors on; what lands is known only later, see Landed.
func (f *DiskError) Strike(t Target) (int, error) {
	return f.strike(t, f, f.Who, func(h *sim.Host) { h.SetDiskErrors(f.Errors) })
}

// Landed counts the operations that failed.
func (f *DiskError) Landed(Target) int {
	return f.since(func(c sim.DiskCounts) uint64 { return c.ReadErrors + c.WriteErrors + c.SyncErrors })
}

func (f *DiskError) mend() int {
	return f.undo(func(h *sim.Host) { h.SetDiskErrors(sim.DiskErrors{}) })
}

func diskErrorWord() Word {
	return Word{
		Usage: "disk-error WHO [every read | one read in N] [... write] [... sync]", Doc: "operations fail, until a disk-mend", Simulated: lacksDisks,
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			return &DiskError{Who: p.Who(), Errors: sim.DiskErrors{Read: p.odds("read"), Write: p.odds("write"), Sync: p.odds("sync")}}
		},
	}
}
