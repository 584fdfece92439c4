package hosttest

import (
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func loopChecks() []check {
	return []check{
		{"a loop has the name it was given", loopName},
		{"posts run in the order they were made", postOrder},
		{"posts made on another loop keep their order", postOrderAcrossLoops},
		{"post never runs its callback before it returns", postIsNotACall},
		{"a callback may post to its own loop", postToOneself},
		{"callbacks of one loop never overlap", noOverlap},
		{"close drops what is queued", closeDropsQueue},
		{"post to a closed loop is dropped", postAfterClose},
		{"close works from another loop", closeFromAnotherLoop},
		{"timers of a closed loop never fire", closeSilencesTimers},
		{"other loops go on when one is closed", closeIsLocal},
	}
}

func loopName(r *rig) {
	p := r.process("a")
	if got := p.NewLoop("mon.a/dispatch").Name(); got != "mon.a/dispatch" {
		r.Errorf("Name() = %q", got)
	}
}

func postOrder(r *rig) {
	p := r.process("a")
	var j journal
	const n = 2000
	p.do(func() {
		for i := range n {
			p.main.Post(j.noting(strconv.Itoa(i)))
		}
	})
	r.await("all posts have run", j.has(n))
	for i, entry := range j.all() {
		if entry != strconv.Itoa(i) {
			r.Fatalf("callback %s ran as number %d", entry, i)
		}
	}
}

func postOrderAcrossLoops(r *rig) {
	p := r.process("a")
	var j journal
	const n = 500
	for _, name := range []string{"x", "y", "z"} {
		p.NewLoop(name).Post(func() {
			for i := range n {
				p.main.Post(func() { j.note("%s %d", name, i) })
			}
		})
	}
	r.await("all posts have run", j.has(3*n))
	next := map[string]int{}
	for _, entry := range j.all() {
		name, number, _ := strings.Cut(entry, " ")
		if number != strconv.Itoa(next[name]) {
			r.Fatalf("of loop %s post %s ran as number %d", name, number, next[name])
		}
		next[name]++
	}
}

func postIsNotACall(r *rig) {
	p := r.process("a")
	other := p.NewLoop("other")
	var j journal
	p.do(func() {
		p.main.Post(j.noting("posted"))
		j.note("returned")
	})
	r.await("the post has run", j.has(2))
	j.wants(r, "returned", "posted")

	var ran atomic.Bool
	p.do(func() { other.Post(func() { ran.Store(true) }) })
	r.await("the post to another loop has run", ran.Load)
}

func postToOneself(r *rig) {
	p := r.process("a")
	var left atomic.Int32
	left.Store(1000)
	var step func()
	step = func() {
		if left.Add(-1) > 0 {
			p.main.Post(step)
		}
	}
	p.main.Post(step)
	r.await("a chain of 1000 posts has run", func() bool { return left.Load() == 0 })
}

// noOverlap has callbacks of every kind meet on one loop: posts from others,
// timers and tasks. Those of connections are in the section on reading.
func noOverlap(r *rig) {
	p := r.process("a")
	var a alone
	busy := func() {
		a.enter()
		runtime.Gosched() // on a real machine, the chance for another to come in
		a.leave()
	}
	const posters, posts, timers, naps = 4, 300, 50, 20
	for i := range posters {
		p.NewLoop("poster" + strconv.Itoa(i)).Post(func() {
			for range posts {
				p.main.Post(busy)
			}
		})
	}
	p.do(func() {
		for i := range timers {
			p.main.NewTimer(busy).Reset(time.Duration(i) * 100 * time.Microsecond)
		}
		p.main.Go("napper", func(t host.Task) {
			for range naps {
				busy()
				t.Sleep(200 * time.Microsecond)
			}
		})
	})
	r.await("all callbacks have run", func() bool {
		return a.times.Load() == posters*posts+timers+naps
	})
	a.wants(r)
}

func closeDropsQueue(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var j journal
	l.Post(func() {
		l.Post(j.noting("queued before Close"))
		l.Close()
		j.note("the callback that closed")
	})
	l.Post(j.noting("queued from outside"))
	r.await("the loop was closed", j.has(1))
	r.settle()
	got := j.all()
	// The post from outside may have come first on a real machine only if it was
	// made before the callback ran, and then it stands behind it.
	if len(got) != 1 || got[0] != "the callback that closed" {
		r.Errorf("ran: %q", got)
	}
}

func postAfterClose(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var j journal
	p.on(l, l.Close)
	p.do(func() { l.Post(j.noting("posted after Close")) })
	l.Post(j.noting("posted after Close from outside"))
	r.settle()
	j.wants(r)
}

func closeFromAnotherLoop(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var closed atomic.Bool
	var late, early atomic.Int32
	var step func()
	step = func() {
		early.Add(1)
		if closed.Load() {
			late.Add(1)
		}
		if early.Load() < 1<<20 {
			l.Post(step)
		}
	}
	l.Post(step)
	r.await("the loop is busy", func() bool { return early.Load() > 10 })
	p.do(func() {
		l.Close()
		closed.Store(true)
	})
	r.settle()
	// One callback may have been under way.
	if n := late.Load(); n > 1 {
		r.Errorf("%d callbacks began after Close had returned", n)
	}
}

func closeSilencesTimers(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var j journal
	p.on(l, func() {
		l.NewTimer(j.noting("fired")).Reset(10 * time.Millisecond)
		l.NewTimer(j.noting("fired at once")).Reset(0)
		l.Close()
		l.NewTimer(j.noting("fired after Close")).Reset(0)
	})
	r.settle()
	j.wants(r)

	// Two are due at once, and the first to fire closes the loop.
	l = p.NewLoop("short-lived too")
	p.on(l, func() {
		for range 2 {
			l.NewTimer(func() { j.note("fired"); l.Close() }).Reset(0)
		}
	})
	r.await("a timer has fired", j.has(1))
	r.settle()
	j.wants(r, "fired")
}

func closeIsLocal(r *rig) {
	p := r.process("a")
	l := p.NewLoop("short-lived")
	var j journal
	p.do(func() {
		p.main.NewTimer(j.noting("timer of the other loop")).Reset(5 * time.Millisecond)
		l.Close()
	})
	r.await("the other loop's timer has fired", j.has(1))
	p.do(func() {})
}
