package scenarios

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// Marks that only monDisk can reach.
const (
	MarkDiskDeath = "failed disk ended a monitor"
	MarkLeftOut   = "monitor refused its damaged log"
)

// monDisk gives a minority of the monitors bad disks, one ill after another: writes,
// syncs or reads that fail, no space, a crawl, bits that flip. A monitor ends when
// its disk fails, and is started again while it still does and after it was mended.
// Meanwhile any of them is killed or loses its power. Who has lost what it promised
// must stay out, and the others go on.
func monDisk() Scenario {
	return Scenario{
		Name:     "mon-disk",
		Doc:      "disks of a minority of monitors fail, fill up, crawl or rot while monitors crash: what was acknowledged survives",
		Length:   120 * time.Second,
		Bite:     (&faults.DiskError{}).Kind(),
		Lacks:    "disk-error, disk-full, disk-slow, disk-rot and power-off are simulated",
		Topology: keysOnly,
		Marks:    []string{MarkDiskDeath, MarkLeftOut},
		Plan: func(d *Draw, t cluster.Topology) (faults.Plan, []Goal) {
			plan := slowDisks(d)
			end := time.Duration(0)
			for i, who := range drawn(d, t.MonNames(), d.Int("sick", 1, (t.Mons-1)/2)) {
				at := d.Between("first", time.Second, 4*time.Second)
				for n := range d.Int("ills", 1, 4) {
					ill := "failing"
					if i+n > 0 {
						ill = d.Pick("ill", "error", "full", "crawl", "rot")
					}
					steps, over := anIll(d, ill, who, at)
					plan, at = append(plan, steps...), over+d.Between("well", 0, 5*time.Second)
				}
				end = max(end, at)
			}
			for at := 6 * time.Second; at < end; { // not before the first ill has shown
				at += d.Between("apart", time.Second, 10*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: aDeath(d, aMon(d, t))})
				at += d.Between("down", 0, 4*time.Second)
				plan = append(plan, faults.Step{At: at, Fault: faults.Restart{Who: cluster.RoleDead}})
				end = max(end, at)
			}
			plan = append(plan, faults.Step{At: end, Fault: faults.Restart{Who: cluster.RoleDead}})
			slices.SortStableFunc(plan, func(a, b faults.Step) int { return int(a.At - b.At) })
			return plan, []Goal{served(len(plan) - 1)}
		},
	}
}

// aDeath draws a loss of the process, or of the power.
func aDeath(d *Draw, who string) faults.Fault {
	if d.Chance("power", 2) {
		return &faults.PowerOff{Who: who}
	}
	return faults.Kill{Who: who}
}

// anIll is what happens to a disk, from a time until it is over. Its monitor is tried
// again on the way, and afterwards.
func anIll(d *Draw, ill, who string, at time.Duration) (steps faults.Plan, over time.Duration) {
	middle := at + d.Between("ill-for", 500*time.Millisecond, 8*time.Second)
	over = middle + d.Between("ill-then", 500*time.Millisecond, 8*time.Second)
	again := faults.Restart{Who: who}
	if ill == "rot" {
		return faults.Plan{
			{At: at, Fault: faults.DiskRot{Who: who, Bits: d.Int("bits", 1, 20)}},
			{At: middle, Fault: aDeath(d, who)},
			{At: over, Fault: again},
		}, over
	}
	f := aDiskFault(d, ill, who)
	return faults.Plan{
		{At: at, Fault: f}, {At: middle, Fault: again},
		{At: over, Fault: faults.DiskMend{Of: f}}, {At: over, Fault: again},
	}, over
}

func aDiskFault(d *Draw, ill, who string) faults.DiskFault {
	switch ill {
	case "full":
		return &faults.DiskFull{Who: who, Free: int64(d.Int("free", 0, 4)) * 4096}
	case "failing":
		return &faults.DiskError{Who: who, Errors: sim.DiskErrors{Sync: 1}}
	case "crawl":
		return &faults.DiskSlow{Who: who, Latency: sim.DiskLatency{
			Extra: d.Between("crawl", 50*time.Millisecond, time.Second), Spread: time.Second,
			StallOneIn: d.Int("stall-one-in", 3, 20), Stall: d.Between("stall", time.Second, 20*time.Second),
		}}
	}
	n := d.Int("one-in", 1, 6)
	switch d.Pick("error", "sync", "sync", "write", "both", "read") {
	case "sync":
		return &faults.DiskError{Who: who, Errors: sim.DiskErrors{Sync: n}}
	case "write":
		return &faults.DiskError{Who: who, Errors: sim.DiskErrors{Write: n}}
	case "both":
		return &faults.DiskError{Who: who, Errors: sim.DiskErrors{Write: 2 * n, Sync: n}}
	default:
		return &faults.DiskError{Who: who, Errors: sim.DiskErrors{Read: 1, Write: n, Sync: n}}
	}
}
