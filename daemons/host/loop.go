package host

import "time"

// Loop is an event centre: a queue of callbacks, and timers, that run one after
// another. Ceph's EventCenter, its SafeTimer and its Finisher are loops here.
type Loop interface {
	// Name is the name given to [Host.NewLoop].
	Name() string

	// Post queues fn to run on the loop. Callbacks posted by one loop run in the
	// order they were posted. Post may be called from any loop, the loop's own
	// callbacks included, and never runs fn before it returns. After the process
	// has ended or the loop was closed fn is dropped.
	Post(fn func())

	// NewTimer makes a timer, not yet set, that runs fn on the loop.
	NewTimer(fn func()) Timer

	// Go starts fn as a task: sequential code on this loop that may wait. fn
	// begins after Go has returned. While the task runs the loop runs nothing
	// else; while it waits the loop is free. A task that is waiting when the
	// process ends is unwound: its deferred calls run, nothing after the wait
	// does.
	Go(name string, fn func(Task))

	// Running is the task of this loop that makes the call, or nil: in a callback,
	// on another loop, and on a goroutine that is none of the loop's. It may be
	// called from anywhere and takes about as long as walking up the stack.
	Running() Task

	// Close stops the loop: callbacks not yet begun are dropped, timers never
	// fire, waiting tasks are unwound, and listeners and connections that belong
	// to the loop are closed, as is whatever is given to it later. It may be
	// called from the loop itself.
	Close()
}

// Timer runs its callback once per [Timer.Reset], on its loop, when the time has
// come. It follows the machine's monotonic clock: steps of the wall clock do not
// move it. Its methods may be called from callbacks of its loop only.
type Timer interface {
	// Reset sets the timer to fire once, d from now, and forgets an earlier
	// setting. A d of 0 or less means as soon as possible, never inside Reset.
	// Timers of one loop fire in the order of their deadlines; the order of two
	// equal deadlines is not specified.
	Reset(d time.Duration)
	// Stop unsets the timer. When Stop has returned the callback does not run
	// until the next Reset, not even if it was already due.
	Stop()
	// Armed reports whether the timer is set and has not fired.
	Armed() bool
}

// Task is the handle of sequential code on a loop. Its methods may be called
// from that code only, except [Task.Wake] and [Task.Woken].
type Task interface {
	// Sleep waits for d. A d of 0 or less lets the loop's other callbacks run
	// and then goes on.
	Sleep(d time.Duration)

	// Park waits until Wake has been called once since the last Park returned.
	// If it already was, Park returns at once.
	Park()
	// ParkFor is Park with a word on what is waited for, such as "the answer of a
	// monitor", which a report of a deadlock shows.
	ParkFor(what string)

	// Wake ends the task's Park, now or the next one. It may be called from any
	// callback of the task's loop; the task goes on in a callback of its own.
	Wake()

	// Woken reports whether Wake has been called since the last Park returned. Callbacks of
	// the task's loop may ask, too.
	Woken() bool
}

// Clock tells the time of one machine. Its methods may be called from any loop.
type Clock interface {
	// Now is the wall clock: it can be wrong, drift, and step either way. Use it
	// for stamps that leave the machine, never for measuring.
	Now() time.Time
	// Monotonic is the time since an arbitrary fixed moment before the process
	// began. It never goes back and is not moved by steps of the wall clock.
	Monotonic() time.Duration
	// Since is Now().Sub(t), and moves with the wall clock.
	Since(t time.Time) time.Duration
	// Until is t.Sub(Now()), and moves with the wall clock.
	Until(t time.Time) time.Duration
}
