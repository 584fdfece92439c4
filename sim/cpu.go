package sim

import (
	"log/slog"
	"time"
)

// CPU says how much virtual time callbacks take. The zero value is none: they take
// place in no time.
//
// What a callback does, it does at the instant at which it begins; then its loop is
// busy, and its next callback, timer or socket event waits. Loops do not compete
// for processors: each has one.
type CPU struct {
	// PerCallback is added to every callback, and a drawn time in [0, Jitter).
	PerCallback, Jitter time.Duration
}

// nominalCPU is what a callback takes on a slow machine for which nothing else is
// configured, before it is multiplied.
var nominalCPU = CPU{PerCallback: 10 * time.Microsecond, Jitter: 10 * time.Microsecond}

// CPUCounts are what callbacks cost on one machine in a run.
type CPUCounts struct {
	Busy time.Duration // that loops were busy, added up
	Slow uint64        // callbacks that SetSlow made longer
}

// cpu is one machine's.
type cpu struct {
	on     bool // callbacks take time
	config CPU
	factor int // 1 is the usual speed
	draws  *Stream
	counts CPUCounts
}

func newCPU(h *Host) cpu {
	c := h.sim.config.CPU
	return cpu{on: c != CPU{}, config: c, factor: 1, draws: h.sim.stream("cpu/" + h.name)}
}

// maxSlow bounds the factor of SetSlow.
const maxSlow = 1_000_000

// SetSlow makes callbacks that begin from now on take factor times as long; 1 or
// less is the usual speed, a million the slowest. Where callbacks take no time, a slow machine's take as
// if PerCallback and Jitter were 10 us each.
func (h *Host) SetSlow(factor int) {
	c := &h.cpu
	c.factor = min(max(factor, 1), maxSlow)
	c.config = h.sim.config.CPU
	if c.config == (CPU{}) && c.factor > 1 {
		c.config = nominalCPU
	}
	c.on = c.config != CPU{}
	h.note("host.cpu", slog.Int("factor", c.factor))
}

// CPUCounts are the counters of the machine's callbacks so far.
func (h *Host) CPUCounts() CPUCounts { return h.cpu.counts }

// busy reports whether an earlier callback still takes time.
func (l *loop) busy() bool { return l.busyUntil != 0 && l.busyUntil > l.kernel.wheel.now }

// charge makes the loop busy with the callback that is about to begin.
func (l *loop) charge() {
	if l.proc.host.cpu.on {
		l.spend()
	}
}

func (l *loop) spend() { l.occupy(l.proc.host.cpu.draw()) }

// draw is how long a callback takes.
func (c *cpu) draw() time.Duration {
	took := c.config.PerCallback + time.Duration(c.draws.int64N(int64(c.config.Jitter)))
	if c.factor > 1 {
		took *= time.Duration(c.factor)
		c.counts.Slow++
	}
	return took
}

// occupy makes the loop busy for so much longer.
func (l *loop) occupy(d time.Duration) {
	if d <= 0 {
		return
	}
	now := l.kernel.now()
	l.busyUntil = int64(later(time.Duration(max(l.busyUntil, now)), d))
	l.proc.host.cpu.counts.Busy += d
}

// occupyRunning makes the loop whose callback is under way busy for so much longer,
// if it is one of this machine.
func (h *Host) occupyRunning(d time.Duration) {
	if l := h.sim.running; l != nil && l.proc.host == h {
		l.occupy(d)
	}
}
