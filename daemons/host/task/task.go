// Package task makes sequential code out of a loop: it implements
// [host.Loop].Go for any loop that can post callbacks and set timers. Hosts use
// it; daemons call Loop.Go.
//
// A task is a coroutine (iter.Pull). It runs inside a callback of its loop and
// hands control back whenever it waits, so the loop's rule that its callbacks
// never overlap holds for tasks too, on the real machine as in the simulator.
package task

import (
	"fmt"
	"iter"
	"path"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unsafe" //wavetank:allow where a stack is: compared only, and never shown

	"github.com/wavetank/wavetank/daemons/host"
)

// Set holds the tasks of one loop that have not ended. The zero value is ready.
// It is used from the loop's callbacks only, like the loop's other state.
type Set struct {
	// Now tells the time for Waits; nil if nobody will ask.
	Now func() time.Duration

	live []*coroutine // in the order they began, so that unwinding is repeatable
	dead bool
	turn atomic.Pointer[coroutine] // has control; atomic because Running may be asked anywhere
}

// Go queues fn as a task on loop.
func (s *Set) Go(loop host.Loop, name string, fn func(host.Task)) {
	t := &coroutine{loop: loop, name: name, now: s.Now}
	t.resumeFn = func() { s.resume(t) }
	t.timer = loop.NewTimer(t.resumeFn)
	loop.Post(func() {
		if s.dead {
			return
		}
		t.next, t.stop = iter.Pull(func(yield func(struct{}) bool) {
			t.yield = yield
			t.run(fn)
		})
		s.live = append(s.live, t)
		s.resume(t)
	})
}

// Unwind ends every task that is waiting: its deferred calls run, nothing else.
// Tasks started later never begin. If a task calls it (by ending its own
// process, say), that task is unwound at its next wait.
func (s *Set) Unwind() {
	s.dead = true
	live := s.live
	s.live = nil
	for _, t := range live {
		t.unwinding = true
		if !t.running {
			s.stop(t)
		}
	}
}

// Wait is why a task waits.
type Wait struct {
	// Task is its name.
	Task string
	// For is what it waits for: "sleep", or what [host.Task.ParkFor] was told, or
	// "Wake".
	For string
	// Since is when the wait began, and Until when a sleep ends, by Set.Now and as far
	// as the loop's timers have a method Deadline.
	Since, Until time.Duration
}

// String is the wait in words.
func (w Wait) String() string {
	if w.For == sleeping {
		return fmt.Sprintf("task %q sleeps from %v until %v", w.Task, w.Since, w.Until)
	}
	return fmt.Sprintf("task %q waits for %s since %v", w.Task, w.For, w.Since)
}

// Waits lists the tasks that wait, in the order they began.
func (s *Set) Waits() []Wait {
	var all []Wait
	for _, t := range s.live {
		if !t.running {
			all = append(all, t.waiting())
		}
	}
	return all
}

func (t *coroutine) waiting() Wait {
	w := Wait{Task: t.name, For: t.reason, Since: t.since}
	if timer, ok := t.timer.(interface{ Deadline() time.Duration }); ok && t.reason == sleeping {
		w.Until = timer.Deadline()
		w.Since = w.Until - max(t.nap, 0)
	}
	return w
}

// Running is the task that makes the call, or nil if it comes from none of the
// set's tasks. Unlike the rest of a Set it may be called from any goroutine.
func (s *Set) Running() host.Task {
	t := s.turn.Load()
	if t == nil || !t.isCaller() {
		return nil
	}
	return t
}

// stackPage is a size of memory, aligned, that never has two stacks in it at once: Go's
// are at least that large, and aligned to their size.
const stackPage = 2048

// isCaller reports whether t makes the call, and not a goroutine that it has let loose and
// which runs beside it. Looking through the stack takes microseconds, so the last places
// are kept where that was t's own. A stack that moves leaves its memory to others: what is
// kept may let one of those goroutines through, but never turns t away.
func (t *coroutine) isCaller() bool {
	var here byte
	page := uintptr(unsafe.Pointer(&here)) / stackPage
	for i := range t.pages {
		if t.pages[i].Load() == page {
			return true
		}
	}
	if !onTask() {
		return false
	}
	t.pages[int(t.found.Add(1))%len(t.pages)].Store(page)
	return true
}

// stop unwinds t, which waits.
func (s *Set) stop(t *coroutine) {
	before := s.turn.Swap(t) // a task may unwind others
	t.stop()
	s.turn.Store(before)
}

func (s *Set) resume(t *coroutine) {
	if t.running || t.ended {
		return
	}
	t.running = true
	s.turn.Store(t)
	_, more := t.next()
	s.turn.Store(nil)
	t.running = false
	switch {
	case !more:
		t.ended = true
		s.remove(t)
	case t.unwinding:
		s.stop(t)
	}
}

func (s *Set) remove(t *coroutine) {
	for i, other := range s.live {
		if other == t {
			s.live = append(s.live[:i], s.live[i+1:]...)
			return
		}
	}
}

// coroutine is one task.
type coroutine struct {
	loop     host.Loop
	name     string
	now      func() time.Duration
	timer    host.Timer
	resumeFn func()
	next     func() (struct{}, bool)
	stop     func()
	yield    func(struct{}) bool

	pages [4]atomic.Uintptr // where isCaller last found it
	found atomic.Uint32     // times that it did

	running   bool
	ended     bool
	unwinding bool
	woken     bool // Wake came and no Park has consumed it
	parked    bool

	reason string        // for the wait
	since  time.Duration // if it is no sleep
	nap    time.Duration // if it is one
}

// sleeping and waking are the reasons of waits that give none.
const (
	sleeping = "sleep"
	waking   = "Wake"
)

// unwound is the panic that ends a task whose loop has stopped.
type unwound struct{}

// Unwinds reports whether what a deferred function of a task has recovered is no
// failure but the end of the task with its loop. It must be panicked with again.
func Unwinds(recovered any) bool {
	_, ok := recovered.(unwound)
	return ok
}

// Panic is what a panic in a task becomes when it reaches the task's loop, where
// the stack of the task is not to be seen any more.
type Panic struct {
	Task  string // empty if it was none
	Value any
	// Stack has the functions of the task, the one that panicked last at the top.
	Stack []runtime.Frame
}

// shownFrames is how many functions of a stack Error shows at most.
const shownFrames = 32

// Error is the value with the top of the stack, without addresses: the same in each
// run.
func (p *Panic) Error() string {
	b := new(strings.Builder)
	if p.Task != "" {
		fmt.Fprintf(b, "task %q: ", p.Task)
	}
	fmt.Fprint(b, p.Value)
	for i, f := range p.Stack {
		if i == shownFrames {
			fmt.Fprintf(b, "\n  and %d more", len(p.Stack)-i)
			break
		}
		fmt.Fprintf(b, "\n  %s %s:%d", f.Function, path.Base(f.File), f.Line)
	}
	return b.String()
}

// Unwrap is the value, if that is an error.
func (p *Panic) Unwrap() error {
	err, _ := p.Value.(error)
	return err
}

// run is the body of the coroutine. It is a function of its own, so that onTask
// finds it on the stack.
//
//go:noinline
func (t *coroutine) run(fn func(host.Task)) {
	defer t.recoverUnwind()
	fn(t)
}

// runEntry is where run begins in memory.
var runEntry = reflect.ValueOf((*coroutine).run).Pointer() //wavetank:allow compared only, and never shown

// onTask reports whether the calling goroutine is that of a task: then run is
// among the outermost frames of its stack, above it only what starts coroutines.
func onTask() bool {
	const outermost, page = 8, 64
	var pcs [outermost + page]uintptr // the last frames of the page before, and a page
	for skip := 3; ; skip += page {
		n := runtime.Callers(skip, pcs[outermost:])
		if n < page {
			return slices.ContainsFunc(pcs[n:outermost+n], isRun)
		}
		copy(pcs[:outermost], pcs[page:])
	}
}

func isRun(pc uintptr) bool {
	f := runtime.FuncForPC(pc - 1)
	return f != nil && f.Entry() == runEntry
}

func (t *coroutine) recoverUnwind() {
	r := recover()
	if _, ok := r.(unwound); ok || r == nil {
		return
	}
	if _, ok := r.(*Panic); !ok {
		r = &Panic{Task: t.name, Value: r, Stack: PanicStack()}
	}
	panic(r)
}

// PanicStack is the stack of the panic that the calling deferred function has
// recovered, down to the bottom. Where deferred functions panicked once more, the last
// panic comes first.
func PanicStack() (all []runtime.Frame) {
	pcs := make([]uintptr, 64)
	n := runtime.Callers(1, pcs)
	for n == len(pcs) { // there may be more
		pcs = make([]uintptr, 2*n)
		n = runtime.Callers(1, pcs)
	}
	frames := runtime.CallersFrames(pcs[:n])
	for recovering := true; ; {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			recovering = false
		case !recovering && !strings.HasPrefix(f.Function, "runtime."):
			all = append(all, f)
		}
		if !more {
			return all
		}
	}
}

func (t *coroutine) wait() {
	if t.unwinding || !t.yield(struct{}{}) {
		t.unwinding = true
		panic(unwound{})
	}
}

// Sleep implements host.Task.
func (t *coroutine) Sleep(d time.Duration) {
	if t.unwinding {
		panic(unwound{})
	}
	if d <= 0 {
		t.loop.Post(t.resumeFn) // behind everything that waits now
	} else {
		t.timer.Reset(d)
	}
	t.reason, t.nap = sleeping, d
	t.wait()
}

// Park implements host.Task.
func (t *coroutine) Park() { t.ParkFor(waking) }

// ParkFor implements host.Task.
func (t *coroutine) ParkFor(what string) {
	if t.woken {
		t.woken = false
		return
	}
	t.parked = true
	t.reason = what
	if t.now != nil {
		t.since = t.now()
	}
	t.wait()
	t.woken = false
}

// Woken implements host.Task.
func (t *coroutine) Woken() bool { return t.woken }

// Wake implements host.Task.
func (t *coroutine) Wake() {
	if t.woken {
		return
	}
	t.woken = true
	if t.parked {
		t.parked = false
		t.loop.Post(t.resumeFn)
	}
}
