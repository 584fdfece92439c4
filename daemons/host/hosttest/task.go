package hosttest

import (
	"sync/atomic"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func taskChecks() []check {
	return []check{
		{"a task begins after go has returned", taskBegins},
		{"sleep waits as long as it was told", taskSleeps},
		{"tasks wake in the order of their sleeps", taskSleepOrder},
		{"sleep of zero or less lets other callbacks run", taskYields},
		{"park waits for wake", taskParks},
		{"a wake before park is not lost", taskWokenEarly},
		{"two wakes before park end returns count once", taskWokenTwice},
		{"a wake that comes with the end of a wait is not lost", taskWaits},
		{"a woken task goes on in a callback of its own", taskWakeIsNotACall},
		{"the loop is free while a task waits", taskFreesLoop},
		{"a wake does not cut a sleep short", taskSleepIsNotPark},
		{"running is the task that asks and no other", taskRunning},
		{"many tasks run on one loop", taskMany},
		{"closing the loop unwinds a waiting task", taskUnwoundByClose},
		{"a task that closes its own loop is unwound at its next wait", taskClosesItself},
		{"killing the process unwinds a waiting task", taskUnwoundByKill},
		{"exit unwinds a waiting task", taskUnwoundByExit},
		{"a task that has not begun never does after close", taskNeverBegins},
	}
}

func taskWaits(r *rig) {
	for _, tt := range []struct {
		ends func(host.Task, *host.Wait)
		want []string
	}{
		{func(t host.Task, w *host.Wait) { t.Wake(); w.End() }, []string{"over", "woken"}},
		{func(t host.Task, w *host.Wait) { w.End(); w.End() }, []string{"over", "not woken"}},
	} {
		p := r.process("a")
		var j journal
		p.main.Post(func() {
			p.main.Go("t", func(t host.Task) {
				w := host.NewWait(t)
				p.main.Post(func() { tt.ends(t, w) })
				w.For("the end")
				j.note("over")
				if t.Woken() {
					t.Park()
					j.note("woken")
				} else {
					j.note("not woken")
				}
			})
		})
		r.await("the wait is over", j.has(2))
		j.wants(r, tt.want...)
	}
}

func taskBegins(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		p.main.Go("t", func(host.Task) { j.note("begun") })
		j.note("returned")
	})
	r.await("the task has begun", j.has(2))
	j.wants(r, "returned", "begun")
}

func taskSleeps(r *rig) {
	p := r.process("a")
	var took atomic.Int64
	const nap = 20 * time.Millisecond
	p.main.Post(func() {
		p.main.Go("sleeper", func(t host.Task) {
			start := p.Clock().Monotonic()
			t.Sleep(nap)
			t.Sleep(nap)
			took.Store(int64(p.Clock().Monotonic() - start))
		})
	})
	r.await("the task has slept twice", func() bool { return took.Load() != 0 })
	if got := time.Duration(took.Load()); got < 2*nap {
		r.Errorf("two sleeps of %v took %v", nap, got)
	}
}

func taskSleepOrder(r *rig) {
	p := r.process("a")
	var woken []*shot
	nap := func(d time.Duration) {
		p.main.Go("sleeper", func(t host.Task) {
			s := &shot{delay: d, first: p.Clock().Monotonic() + d}
			p.main.Post(func() { s.last = p.Clock().Monotonic() + d }) // when it sleeps
			t.Sleep(d)
			woken = append(woken, s)
		})
	}
	p.do(func() {
		nap(300 * time.Millisecond)
		nap(100 * time.Millisecond)
		nap(200 * time.Millisecond)
	})
	count := 0
	r.await("all have woken", func() bool {
		p.do(func() { count = len(woken) })
		return count == 3
	})
	wantsOrder(r, woken)
}

func taskYields(r *rig) {
	for _, d := range []time.Duration{0, -time.Second} {
		p := r.process("a")
		var j journal
		p.main.Post(func() {
			p.main.Go("t", func(t host.Task) {
				p.main.Post(j.noting("callback"))
				t.Sleep(d)
				j.note("task")
			})
		})
		r.await("both have run", j.has(2))
		j.wants(r, "callback", "task")
	}
}

func taskParks(r *rig) {
	p := r.process("a")
	var j journal
	var parked host.Task
	p.do(func() {
		p.main.Go("t", func(t host.Task) {
			parked = t
			for range 3 {
				j.note("parks")
				t.Park()
				j.note("goes on")
			}
		})
	})
	want := []string{"parks"}
	for range 3 {
		r.await("the task parks", j.has(len(want)))
		r.world.Run(10 * time.Millisecond)
		j.wants(r, want...)
		p.do(func() { parked.Wake() })
		want = append(want, "goes on", "parks")
	}
	r.await("the task has ended", j.has(6))
}

func taskWokenEarly(r *rig) {
	p := r.process("a")
	var j journal
	p.do(func() {
		p.main.Go("t", func(t host.Task) {
			p.main.Post(t.Wake)
			t.Sleep(10 * time.Millisecond)
			t.Park()
			j.note("first Park returned")
			t.Park()
			j.note("second Park returned")
		})
	})
	r.await("the first Park has returned", j.has(1))
	r.settle()
	j.wants(r, "first Park returned")
}

func taskWokenTwice(r *rig) {
	p := r.process("a")
	var j journal
	var parked host.Task
	p.do(func() {
		p.main.Go("t", func(t host.Task) {
			parked = t
			t.Park()
			j.note("first Park returned")
			t.Park()
			j.note("second Park returned")
		})
	})
	p.do(func() {
		parked.Wake()
		parked.Wake()
	})
	r.await("the first Park has returned", j.has(1))
	r.settle()
	j.wants(r, "first Park returned")
	p.do(func() { parked.Wake() })
	r.await("the second Park has returned", j.has(2))
}

func taskWakeIsNotACall(r *rig) {
	p := r.process("a")
	var j journal
	var parked host.Task
	p.do(func() {
		p.main.Go("t", func(t host.Task) {
			parked = t
			t.Park()
			j.note("task")
		})
	})
	p.do(func() {
		parked.Wake()
		j.note("waker")
	})
	r.await("the task has gone on", j.has(2))
	j.wants(r, "waker", "task")
}

func taskFreesLoop(r *rig) {
	p := r.process("a")
	p.do(func() {
		p.main.Go("parked", func(t host.Task) { t.Park() })
		p.main.Go("asleep", func(t host.Task) { t.Sleep(time.Hour) })
	})
	p.do(func() {})
	var j journal
	p.do(func() { p.main.NewTimer(j.noting("fired")).Reset(time.Millisecond) })
	r.await("a timer has fired", j.has(1))
}

func taskSleepIsNotPark(r *rig) {
	p := r.process("a")
	var took atomic.Int64
	const nap = 50 * time.Millisecond
	p.main.Post(func() {
		p.main.Go("t", func(t host.Task) {
			start := p.Clock().Monotonic()
			p.main.Post(t.Wake)
			t.Sleep(nap)
			took.Store(int64(p.Clock().Monotonic() - start))
		})
	})
	r.await("the task has slept", func() bool { return took.Load() != 0 })
	if got := time.Duration(took.Load()); got < nap {
		r.Errorf("a sleep of %v took %v", nap, got)
	}
}

func taskRunning(r *rig) {
	p := r.process("a")
	second := p.NewLoop("second")
	var j journal
	p.do(func() {
		p.main.Go("t", func(t host.Task) {
			for range 2 {
				j.note("own %v, other loop's %v", p.main.Running() == t, second.Running() != nil)
				t.Sleep(time.Millisecond)
			}
		})
	})
	r.await("the task has asked twice", j.has(2))
	p.do(func() { j.note("callback's %v", p.main.Running() != nil) })
	j.wants(r, "own true, other loop's false", "own true, other loop's false", "callback's false")
}

func taskMany(r *rig) {
	p := r.process("a")
	const tasks, naps = 100, 5
	var a alone
	var ended atomic.Int32
	p.do(func() {
		for i := range tasks {
			p.main.Go("t", func(t host.Task) {
				for n := range naps {
					a.enter()
					a.leave()
					t.Sleep(time.Duration(i*7%13+n) * 100 * time.Microsecond)
				}
				ended.Add(1)
			})
		}
	})
	r.await("all tasks have ended", func() bool { return ended.Load() == tasks })
	a.wants(r)
}

// waiter starts a task on loop that waits for ever, and notes what it still does
// when it is unwound.
func waiter(p *process, loop host.Loop, j *journal) {
	p.on(loop, func() {
		loop.Go("waiter", func(t host.Task) {
			defer j.note("outer defer")
			defer j.note("inner defer")
			t.Park()
			j.note("after the wait")
		})
		loop.Go("sleeper", func(t host.Task) {
			defer j.note("sleeper's defer")
			t.Sleep(time.Hour)
			j.note("after the sleep")
		})
	})
	p.on(loop, func() {}) // both have begun
}

func wantsUnwound(r *rig, j *journal) {
	r.Helper()
	r.await("the deferred calls have run", j.has(3))
	r.settle()
	j.wants(r, "inner defer", "outer defer", "sleeper's defer")
}

func taskUnwoundByClose(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var j journal
	waiter(p, l, &j)
	p.on(l, l.Close)
	wantsUnwound(r, &j)
}

func taskClosesItself(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var j journal
	l.Post(func() {
		l.Go("t", func(t host.Task) {
			defer j.note("deferred")
			l.Close()
			j.note("closed")
			t.Sleep(0)
			j.note("after the wait")
		})
	})
	r.await("the task was unwound", j.has(2))
	r.settle()
	j.wants(r, "closed", "deferred")
}

func taskUnwoundByKill(r *rig) {
	p := r.process("a")
	var j journal
	waiter(p, p.main, &j)
	p.machine.Kill()
	wantsUnwound(r, &j)
}

func taskUnwoundByExit(r *rig) {
	p := r.process("a")
	other := p.NewLoop("other")
	var j journal
	waiter(p, p.main, &j)
	other.Post(func() { p.Exit(0, "end of the check") })
	wantsUnwound(r, &j)
}

func taskNeverBegins(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var j journal
	p.on(l, func() {
		l.Go("t", func(host.Task) { j.note("begun") })
		l.Close()
		l.Go("t", func(host.Task) { j.note("begun after Close") })
	})
	r.settle()
	j.wants(r)
}
