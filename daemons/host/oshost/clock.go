package oshost

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"
)

// machineClock implements host.Clock on a clock.Clock.
type machineClock struct {
	clock  clock.Clock
	base   time.Time
	zero   time.Duration // what Since(base) said when the process began
	latest *atomic.Int64 // the largest Monotonic so far: a Mock can be set back
}

func newMachineClock(c clock.Clock) machineClock {
	base := c.Now()
	return machineClock{clock: c, base: base, zero: c.Since(base), latest: new(atomic.Int64)}
}

// Now strips the monotonic reading, with which Sub would not see a step of the
// wall clock.
func (c *machineClock) Now() time.Time { return c.clock.Now().Round(0) }

// bootAge is how old every machine is when a process starts. Any number will do.
const bootAge = time.Second

func (c *machineClock) Monotonic() time.Duration {
	now := int64(c.clock.Since(c.base) - c.zero + bootAge)
	for {
		latest := c.latest.Load()
		if now <= latest {
			return time.Duration(latest)
		}
		if c.latest.CompareAndSwap(latest, now) {
			return time.Duration(now)
		}
	}
}

func (c *machineClock) Since(t time.Time) time.Duration { return c.Now().Sub(t) }
func (c *machineClock) Until(t time.Time) time.Duration { return t.Sub(c.Now()) }

// stampingHandler gives log records the machine's wall time.
type stampingHandler struct {
	slog.Handler
	host *Host
}

func (s *stampingHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return !s.host.over.Load() && s.Handler.Enabled(ctx, level)
}

func (s *stampingHandler) Handle(ctx context.Context, record slog.Record) error {
	record.Time = s.host.clock.Now()
	return s.Handler.Handle(ctx, record)
}

func (s *stampingHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &stampingHandler{Handler: s.Handler.WithAttrs(attrs), host: s.host}
}

func (s *stampingHandler) WithGroup(name string) slog.Handler {
	return &stampingHandler{Handler: s.Handler.WithGroup(name), host: s.host}
}
