package hosttest

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
)

func blockChecks() []check {
	return []check{
		{"block returns after its function", blockReturns},
		{"the loop is free while a function blocks", blockFreesLoop},
		{"a wake during block is kept", blockKeepsWakes},
		{"block leaves no wake behind", blockLeavesNoWake},
		{"a panic comes out of block", blockPanics},
		{"block is unwound with the process", blockUnwound},
	}
}

// blocking is a process of a machine where calls may wait. Elsewhere the check is
// skipped.
func (r *rig) blocking() *process {
	p := r.process("a")
	if _, ok := p.main.(host.BlockingLoop); !ok {
		r.Skip("only tasks wait here")
	}
	return p
}

// inTask runs fn as a task of the main loop.
func (p *process) inTask(fn func(host.Task)) {
	p.main.Post(func() { p.main.Go("t", fn) })
}

func blockReturns(r *rig) {
	p := r.process("a") // this much holds everywhere
	var j journal
	p.inTask(func(t host.Task) {
		for i := range 3 {
			n := 0
			host.Block(p.main, t, func() { n = i + 1 })
			j.note("%d", n)
		}
	})
	r.await("three calls have returned", j.has(3))
	j.wants(r, "1", "2", "3")
}

func blockFreesLoop(r *rig) {
	p := r.blocking()
	var j journal
	p.inTask(func(t host.Task) {
		gate := make(chan struct{})
		p.main.Post(func() { j.note("a callback"); close(gate) })
		host.Block(p.main, t, func() { <-gate })
		j.note("returned")
	})
	r.await("the call has returned", j.has(2))
	j.wants(r, "a callback", "returned")
}

func blockKeepsWakes(r *rig) {
	p := r.blocking()
	var j journal
	p.inTask(func(t host.Task) {
		gate := make(chan struct{})
		p.main.Post(t.Wake)
		p.main.Post(func() { p.main.Post(func() { close(gate) }) })
		host.Block(p.main, t, func() { <-gate })
		j.note("returned")
		t.Park()
		j.note("woken")
	})
	r.await("the task was woken", j.has(2))
	j.wants(r, "returned", "woken")
}

func blockLeavesNoWake(r *rig) {
	p := r.blocking()
	var j journal
	p.inTask(func(t host.Task) {
		for range 100 {
			host.Block(p.main, t, func() {})
		}
		j.note("returned")
		t.Park()
		j.note("woken")
	})
	r.await("the calls have returned", j.has(1))
	r.settle()
	j.wants(r, "returned")
}

func blockPanics(r *rig) {
	p := r.process("a")
	var j journal
	p.inTask(func(t host.Task) {
		defer func() { j.note("%v", unwrapped(recover())) }()
		host.Block(p.main, t, func() { panic(fmt.Errorf("the call")) })
	})
	r.await("the panic has come", j.has(1))
	j.wants(r, "the call")
}

// unwrapped is the value that was panicked with first.
func unwrapped(p any) any {
	if w, ok := p.(interface{ Unwrap() error }); ok && w.Unwrap() != nil {
		return w.Unwrap()
	}
	return p
}

func blockUnwound(r *rig) {
	p := r.blocking()
	var j journal
	p.inTask(func(t host.Task) {
		gate := make(chan struct{})
		defer close(gate)
		defer j.note("deferred")
		p.main.Post(func() { j.note("blocked"); p.Exit(0, "end of the check") })
		host.Block(p.main, t, func() { <-gate })
		j.note("returned")
	})
	r.await("the deferred call has run", j.has(2))
	r.settle()
	j.wants(r, "blocked", "deferred")
}
