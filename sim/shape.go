package sim

import (
	"math"
	"time"
)

// shape is what is wrong with a link besides being cut or stalled. Once a link has
// one it keeps it.
type shape struct {
	delay     *Delay  // nil is the usual one
	rate      int64   // bytes per second; 0 is no limit
	busyUntil instant // when what was sent so far has left
	mtu       int     // the largest segment that passes, in bytes of payload; 0 is any
}

func (l *Link) shapes() *shape {
	if l.shape == nil {
		l.shape, l.plain = new(shape), false
	}
	return l.shape
}

// shaped is transit over a link that has a shape.
func (l *Link) shaped(n int) time.Duration {
	wait := l.shape.queue(l.sim.kernel.now(), n)
	var delay time.Duration
	if l.shape.delay != nil {
		delay = l.extra + l.shape.delay.draw(l.draws)
	} else {
		delay = l.usualDelay()
	}
	if l.shape.delay != nil || wait > 0 {
		l.counts.Shaped++
	}
	return min(wait, math.MaxInt64/4) + min(delay, math.MaxInt64/4) // so that adding it to now is safe
}

// queue takes the link for n bytes and is how long it is until they have left.
func (s *shape) queue(now instant, n int) time.Duration {
	if s.rate == 0 {
		return 0
	}
	begin := max(now, s.busyUntil)
	s.busyUntil = begin + int64(n)*int64(time.Second)/s.rate
	if s.busyUntil < begin { // in 292 years
		s.busyUntil = math.MaxInt64
	}
	return time.Duration(s.busyUntil - now)
}

// swallows reports whether a segment is too large for the link.
func (s *shape) swallows(n int) bool { return s.mtu > 0 && n > s.mtu }
