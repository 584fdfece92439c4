package sim

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/task"
)

// loop implements host.Loop. Its posted callbacks run in order, one per kernel
// event, so that the kernel's draw interleaves loops at every callback.
type loop struct {
	proc      *Process
	kernel    *kernel
	id        uint32
	name      string
	posted    []func() // posted[head:] wait to run
	head      int
	armed     *timer   // the first of a list
	overdue   []*timer // came due while the loop could not run them, by deadline
	busyUntil instant  // the callback that ran last takes until then
	scheduled bool     // an eventRun is on the agenda
	closed    bool
	tasks     task.Set
}

func (l *loop) Name() string { return l.name }

func (l *loop) Post(fn func()) {
	if l.closed {
		return
	}
	if k := l.proc.sim().kernel; k.witness != nil {
		k.saw(Act{Kind: ActPost, Host: l.proc.host.name, Loop: l.name, ID: l.id, Func: fn})
	}
	l.posted = append(l.posted, fn)
	l.schedule()
}

func (l *loop) NewTimer(fn func()) host.Timer { return &timer{loop: l, fn: fn} }

func (l *loop) Go(name string, fn func(host.Task)) {
	if !l.closed {
		l.tasks.Go(l, name, fn)
	}
}

func (l *loop) Running() host.Task { return l.tasks.Running() }

func (l *loop) Close() {
	if l.closed {
		return
	}
	l.closed = true
	l.posted, l.head, l.overdue = nil, 0, nil
	for l.armed != nil {
		l.armed.Stop()
	}
	l.closeSockets()
	l.proc.sim().unwind(l)
}

// closeSockets closes what nobody can use any more.
func (l *loop) closeSockets() {
	for _, ls := range slices.Clone(l.proc.listens) {
		if ls.loop == l {
			ls.Close()
		}
	}
	for _, c := range slices.Clone(l.proc.conns) {
		if c.loop == l {
			c.Close()
		}
	}
}

// schedule puts the loop on the agenda if it has something to run.
func (l *loop) schedule() {
	if l.scheduled || l.closed || l.proc.paused() || l.idle() {
		return
	}
	if l.kernel.lags != nil {
		l.oversleeps()
	}
	l.goOn()
}

// goOn is schedule for a loop that is awake.
func (l *loop) goOn() {
	if !l.idle() {
		l.scheduled = true
		l.proc.sim().kernel.add(l.busyUntil, l, eventRun, l.id, 0)
	}
}

func (l *loop) idle() bool { return l.head == len(l.posted) && len(l.overdue) == 0 }

// fire runs one callback.
func (l *loop) fire(eventKind, uint64) {
	l.scheduled = false
	if l.closed || l.proc.paused() || l.idle() {
		return
	}
	if l.busy() { // for longer than was known
		l.goOn()
		return
	}
	fn := l.take()
	l.charge()
	l.goOn()
	l.proc.sim().call(l, fn)
}

// take removes the callback to run next. Overdue timers and posted callbacks are
// two queues, each in order; which goes first is drawn.
func (l *loop) take() func() {
	havePosted := l.head < len(l.posted)
	if len(l.overdue) > 0 && (!havePosted || l.kernel.order.IntN(2) == 0) {
		t := l.overdue[0]
		l.overdue = append(l.overdue[:0], l.overdue[1:]...)
		t.overdue = false
		l.sawCall(t.fn, "", false)
		return t.fn
	}
	fn := l.posted[l.head]
	l.sawCall(fn, "", true)
	l.posted[l.head] = nil
	l.head++
	if l.head == len(l.posted) {
		l.posted, l.head = l.posted[:0], 0
	}
	return fn
}

// timer implements host.Timer on the kernel's agenda.
type timer struct {
	loop     *loop
	fn       func()
	deadline time.Duration // by the machine's monotonic clock, if that drifts
	pending  handle
	armed    bool
	next     *timer // of the loop's armed timers
	prev     *timer
	overdue  bool // it came due while the loop could not run it
}

func (t *timer) Reset(d time.Duration) {
	t.Stop()
	if t.loop.closed {
		return
	}
	t.enlist()
	if c := &t.loop.proc.host.clock; c.ppm != 0 {
		t.deadline = later(c.Monotonic(), max(d, 0))
		t.schedule()
		return
	}
	t.pending = t.loop.kernel.after(d, t, eventTimer, t.loop.id, 0)
}

// schedule puts the deadline on the agenda, at the time at which the machine's
// clock will show it.
func (t *timer) schedule() {
	at := t.loop.proc.host.clock.when(t.deadline)
	t.pending = t.loop.kernel.wheel.add(at, t, eventTimer, t.loop.id, 0)
}

// Deadline is the virtual time at which an armed timer comes due.
func (t *timer) Deadline() time.Duration {
	if !t.armed {
		return time.Duration(t.loop.kernel.now())
	}
	return time.Duration(t.loop.kernel.wheel.slab[t.pending.index-1].at)
}

func (t *timer) Stop() {
	if t.armed {
		t.delist()
		t.loop.proc.sim().kernel.cancel(t.pending, t, eventTimer)
	}
	if t.overdue {
		t.overdue = false
		t.loop.forgetOverdue(t)
	}
}

func (t *timer) Armed() bool { return t.armed || t.overdue }

// enlist and delist keep the list of the loop's armed timers, so that a loop that
// ends leaves none on the agenda.
func (t *timer) enlist() {
	t.armed, t.next = true, t.loop.armed
	if t.next != nil {
		t.next.prev = t
	}
	t.loop.armed = t
}

func (t *timer) delist() {
	if t.next != nil {
		t.next.prev = t.prev
	}
	if t.prev != nil {
		t.prev.next = t.next
	} else {
		t.loop.armed = t.next
	}
	t.armed, t.next, t.prev = false, nil, nil
}

func (t *timer) fire(eventKind, uint64) {
	t.delist()
	if t.loop.closed {
		return
	}
	l := t.loop
	if l.proc.paused() || l.waits() || len(l.overdue) > 0 { // behind those that were due before
		t.overdue = true
		l.overdue = append(l.overdue, t)
		l.schedule()
		return
	}
	l.charge()
	l.sawCall(t.fn, "", false)
	l.proc.sim().call(l, t.fn)
}

func (l *loop) forgetOverdue(t *timer) {
	for i, other := range l.overdue {
		if other == t {
			l.overdue = append(l.overdue[:i], l.overdue[i+1:]...)
			return
		}
	}
}
