package sim

import (
	"sync/atomic"
	"time"
)

// Watch tells another goroutine where a run is, so that one that hangs can be
// reported. It is the only part of a Sim that may be used while the simulation
// runs. The zero value is ready, for one run.
type Watch struct {
	steps     atomic.Uint64
	now       atomic.Int64
	loop      atomic.Pointer[loop]
	abandoned atomic.Bool
	judging   atomic.Bool
}

// Position is a place in a run.
type Position struct {
	// Step and At are those of the kernel step that began last.
	Step uint64
	At   time.Duration
	// Host and Loop are whom that step is for; if it is for no loop, as when a disk is
	// done with something, whom the last one was for. Empty before the first.
	Host, Loop string
}

// Position is where the run is.
func (w *Watch) Position() Position {
	p := Position{Step: w.steps.Load(), At: time.Duration(w.now.Load())}
	if l := w.loop.Load(); l != nil {
		p.Host, p.Loop = l.proc.host.name, l.name
	}
	return p
}

// Abandon gives the run up: if it ever comes to its next step it panics with
// [Abandoned].
func (w *Watch) Abandon() { w.abandoned.Store(true) }

// Judge calls judge, and says meanwhile that the run makes no step: it is looked at, within
// bounds of the judge's own.
func (w *Watch) Judge(judge func()) {
	w.judging.Store(true)
	defer w.judging.Store(false)
	judge()
}

// Judging reports whether Judge is under way.
func (w *Watch) Judging() bool { return w.judging.Load() }

// Abandoned is what a run panics with that was given up by [Watch.Abandon].
type Abandoned struct{}

func (Abandoned) Error() string { return "sim: the run was given up" }

func (w *Watch) step(n uint64, now instant, l *loop) {
	if w.abandoned.Load() {
		panic(Abandoned{})
	}
	if l != nil {
		w.enter(l)
	}
	w.now.Store(now)
	w.steps.Store(n)
}

func (w *Watch) enter(l *loop) { w.loop.Store(l) }
