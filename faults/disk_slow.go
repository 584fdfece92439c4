package faults

import (
	"fmt"
	"strings"
	"time"

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

func diskSlowWord() Word {
	return Word{
		Usage:     "disk-slow WHO by D..D [at N B/s] [every sync | one sync in N stalls D] [reads D..D] [writes D..D]",
		Doc:       "syncs, and reads and writes, take longer, until a disk-mend",
		Simulated: lacksDisks,
		Harm:      Remaining,
		read: func(p *Phrase) Fault {
			f := &DiskSlow{Who: p.Who()}
			l := &f.Latency
			p.Expect("by")
			from, to := p.Range("what a sync takes longer")
			l.Extra, l.Spread = from, to-from
			if p.Accept("at") {
				l.BytesPerSecond = p.Int("the speed", 1, 1<<40)
				p.Expect("B/s")
			}
			if l.StallOneIn = p.odds("sync"); l.StallOneIn > 0 {
				p.Expect("stalls")
				l.Stall = p.Duration("the stall", 0)
			}
			if p.Accept("reads") {
				l.Read = p.twice("what a read takes longer")
			}
			if p.Accept("writes") {
				l.Write = p.twice("what a write takes longer")
			}
			return f
		},
	}
}

// twice reads a range from something to twice of it.
func (p *Phrase) twice(what string) time.Duration {
	from, to := p.Range(what)
	if p.err == nil && to != 2*from {
		p.FailBack("%s is %v..%v, want a duration and twice of it", what, from, to)
	}
	return from
}
