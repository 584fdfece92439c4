package faults

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/sim"
)

// DiskSlow makes the disks of everybody that Who stands for slower: syncs, and reads
// and writes if Latency says so.
type DiskSlow struct {
	Who     string
	Latency sim.DiskLatency

	disks
}

// Kind is "disk-slow".
func (*DiskSlow) Kind() string { return "disk-slow" }

func (f *DiskSlow) String() string {
	l := f.Latency
	b := new(strings.Builder)
	fmt.Fprintf(b, "disk-slow %s by %v..%v", f.Who, l.Extra, l.Extra+l.Spread)
	if l.BytesPerSecond > 0 {
		fmt.Fprintf(b, " at %d B/s", l.BytesPerSecond)
	}
	if l.StallOneIn > 0 {
		fmt.Fprintf(b, "%s stalls %v", odds("sync", l.StallOneIn), l.Stall)
	}
	if l.Read > 0 {
		fmt.Fprintf(b, " reads %v..%v", l.Read, 2*l.Read)
	}
	if l.Write > 0 {
		fmt.Fprintf(b, " writes %v..%v", l.Write, 2*l.Write)
	}
	return b.String()
}

// Aim is who is meant.
func (f *DiskSlow) Aim() []string { return []string{f.Who} }

// Strike slows the disks down; what lands is known only later, see Landed.
func (f *DiskSlow) Strike(t Target) (int, error) {
	return f.strike(t, f, f.Who, func(h *sim.Host) { h.SetDiskLatency(f.Latency) })
}

// Landed counts the syncs, reads and writes that took longer.
func (f *DiskSlow) Landed(Target) int {
	return f.since(func(c sim.DiskCounts) uint64 { return c.SlowSyncs + c.SlowReads + c.SlowWrites })
}

func (f *DiskSlow) mend() int {
	return f.undo(func(h *sim.Host) { h.SetDiskLatency(sim.DiskLatency{}) })
}
