package loopclock

import (
	"context"
	"time"
)

// WithTimeout is WithDeadline with a deadline d from now.
func (c *Clock) WithTimeout(parent context.Context, d time.Duration) (context.Context, context.CancelFunc) {
	return c.within(parent, c.Now().Add(d), d)
}

// WithDeadline is a context that ends, on the loop, with context.DeadlineExceeded when
// the deadline has come. A child of it that another package makes says
// context.Canceled then, with DeadlineExceeded as the cause.
func (c *Clock) WithDeadline(parent context.Context, deadline time.Time) (context.Context, context.CancelFunc) {
	return c.within(parent, deadline, c.Until(deadline))
}

func (c *Clock) within(parent context.Context, deadline time.Time, d time.Duration) (context.Context, context.CancelFunc) {
	if earlier, ok := parent.Deadline(); ok && earlier.Before(deadline) {
		return context.WithCancel(parent)
	}
	inner, cancel := context.WithCancelCause(parent)
	ctx := &deadlineContext{Context: inner, deadline: deadline}
	expire := func() { cancel(context.DeadlineExceeded) }
	if d <= 0 {
		expire()
		return ctx, func() {}
	}
	timer := c.loop.NewTimer(expire)
	timer.Reset(d)
	return ctx, func() {
		timer.Stop()
		cancel(context.Canceled)
	}
}

// deadlineContext is a context that knows why it ended.
type deadlineContext struct {
	context.Context
	deadline time.Time
}

func (c *deadlineContext) Deadline() (time.Time, bool) { return c.deadline, true }

func (c *deadlineContext) Err() error {
	if c.Context.Err() != nil && context.Cause(c.Context) == context.DeadlineExceeded {
		return context.DeadlineExceeded
	}
	return c.Context.Err()
}
