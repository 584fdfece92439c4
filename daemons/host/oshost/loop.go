package oshost

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/task"
)

// maxIdleQueue is how many slots an idle loop's queue keeps. A burst's larger
// queue is given back.
const maxIdleQueue = 1 << 14

// noAlarm is the alarm's time when it is not set.
const noAlarm = time.Duration(math.MaxInt64)

// loop implements host.Loop: a goroutine that takes everything queued at once,
// runs it, fires the timers that are due, and starts again.
type loop struct {
	host *Host
	name string
	over atomic.Bool // closed, or the process has ended

	mu    sync.Mutex
	work  sync.Cond // something is queued, the alarm rang, or it is over
	queue []func()
	rang  bool // the alarm rang since the loop last looked

	// The rest belongs to the loop's goroutine.
	spare   []func() // the queue's other half, empty
	timers  timerHeap
	armed   uint64 // how many times timers were set: gives them an order
	alarm   *clock.Timer
	alarmAt time.Duration // monotonic; never later than the first deadline
	tasks   task.Set
}

// NewLoop implements [host.Host].
func (h *Host) NewLoop(name string) host.Loop {
	l := &loop{host: h, name: name, alarmAt: noAlarm}
	l.work.L = &l.mu
	if !h.adopt(l) || !h.spawn(func() { h.asCaller(l.run) }) {
		l.over.Store(true)
	}
	return l
}

func (l *loop) Name() string { return l.name }

func (l *loop) Post(fn func()) {
	l.mu.Lock()
	if !l.over.Load() {
		l.queue = append(l.queue, fn)
		if len(l.queue) == 1 {
			l.work.Signal()
		}
	}
	l.mu.Unlock()
}

func (l *loop) Go(name string, fn func(host.Task)) {
	l.tasks.Go(l, name, func(t host.Task) {
		// A task runs on a goroutine that takes turns with the loop's.
		l.host.asCaller(func() { fn(t) })
	})
}

func (l *loop) Running() host.Task { return l.tasks.Running() }

func (l *loop) Close() {
	l.die()
	l.host.release(l)
	l.host.closeSockets(l)
}

// die makes run return after the callback that is under way.
func (l *loop) die() {
	l.mu.Lock()
	l.over.Store(true)
	l.queue = nil
	l.work.Signal()
	l.mu.Unlock()
}

func (l *loop) run() {
	if l.host.options.OnPanic != nil {
		defer l.recoverPanic()
	}
	for {
		due := l.setAlarm()
		batch, ok := l.take(due)
		if !ok {
			break
		}
		armed := l.armed
		l.runBatch(batch)
		l.fireTimers(armed)
	}
	if l.alarm != nil {
		l.alarm.Stop()
	}
	l.tasks.Unwind()
}

// recoverPanic makes a panic of a callback the end of the process.
func (l *loop) recoverPanic() {
	p := recover()
	if p == nil {
		return
	}
	what, ok := p.(*task.Panic)
	if !ok {
		what = &task.Panic{Value: p, Stack: task.PanicStack()}
	}
	l.host.end(func() { l.host.options.OnPanic(l.name, what) })
	if l.alarm != nil {
		l.alarm.Stop()
	}
	defer func() { _ = recover() }() // the first panic counts
	l.tasks.Unwind()
}

// take waits until there is something to do (there is if due) and takes over the
// queue. It reports false when the loop is over.
func (l *loop) take(due bool) ([]func(), bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) == 0 && !l.rang && !due && !l.over.Load() {
		l.work.Wait()
	}
	if l.rang {
		l.rang, l.alarmAt = false, noAlarm
	}
	batch := l.queue
	l.queue, l.spare = l.spare, nil
	return batch, !l.over.Load()
}

func (l *loop) runBatch(batch []func()) {
	for i, fn := range batch {
		if l.over.Load() {
			return
		}
		batch[i] = nil
		fn()
	}
	if cap(batch) <= maxIdleQueue {
		l.spare = batch[:0]
	}
}

// fireTimers runs the timers that are due and were among the first armed that
// were set: one that sets itself again at once must not keep out the queue.
func (l *loop) fireTimers(armed uint64) {
	for len(l.timers) > 0 && !l.over.Load() {
		t := l.timers[0]
		if t.order > armed || t.at > l.host.clock.Monotonic() {
			return
		}
		t.Stop()
		// Before the callback, so that whoever sees its effects and then moves
		// a mocked clock finds the next alarm set.
		l.setAlarm()
		t.fn()
	}
}

// setAlarm sees to it that the alarm rings no later than the first deadline. It
// reports whether that has already come: then nothing will ring.
func (l *loop) setAlarm() (due bool) {
	if len(l.timers) == 0 || l.timers[0].at >= l.alarmAt || l.over.Load() {
		return false
	}
	at := l.timers[0].at
	for {
		now := l.host.clock.Monotonic()
		if at <= now {
			return true
		}
		l.alarmIn(at - now)
		// If the time moved in between (a Mock's may, by any amount) the alarm is
		// as much too late.
		if l.host.clock.Monotonic()-now < time.Millisecond {
			l.alarmAt = at
			return false
		}
	}
}

func (l *loop) alarmIn(d time.Duration) {
	if l.alarm == nil {
		l.alarm = l.host.options.Clock.AfterFunc(d, l.ring)
		return
	}
	l.alarm.Reset(d)
}

func (l *loop) ring() {
	l.mu.Lock()
	l.rang = true
	l.work.Signal()
	l.mu.Unlock()
}
