package hosttest

import (
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

const (
	// limit is how long the suite waits for what was promised. It only matters
	// when the promise is broken.
	limit = 30 * time.Second
	// quiet is how long it watches for what must not happen.
	quiet = 100 * time.Millisecond
)

// rig is one check's world and its means to watch it.
type rig struct {
	*testing.T
	world    World
	newWorld func(t *testing.T) World
}

func newRig(t *testing.T, newWorld func(t *testing.T) World) *rig {
	r := &rig{T: t, newWorld: newWorld}
	r.world = r.another()
	return r
}

// another is one more world, closed with the check.
func (r *rig) another() World {
	w := r.newWorld(r.T)
	r.Cleanup(w.Close)
	return w
}

// await lets time pass until cond holds.
func (r *rig) await(what string, cond func() bool) {
	r.Helper()
	if !r.world.Until(limit, cond) {
		r.Fatalf("waited %v in vain until %s", limit, what)
	}
}

// settle lets pass the time in which what must not happen would.
func (r *rig) settle() { r.world.Run(quiet) }

// process is a process with a loop to do things on.
type process struct {
	host.Host
	rig     *rig
	machine Machine
	main    host.Loop
}

// process starts a process on a new machine.
func (r *rig) process(name string) *process {
	return r.start(r.world.NewHost(name))
}

// start starts a process on m, the next one if one ran before.
func (r *rig) start(m Machine) *process {
	h := m.Start()
	return &process{Host: h, rig: r, machine: m, main: h.NewLoop("main")}
}

// do runs fn on the main loop and returns when it has run.
func (p *process) do(fn func()) {
	p.rig.Helper()
	p.on(p.main, fn)
}

// on runs fn on loop and returns when it has run.
func (p *process) on(loop host.Loop, fn func()) {
	p.rig.Helper()
	var done atomic.Bool
	loop.Post(func() {
		fn()
		done.Store(true)
	})
	p.rig.await("a callback posted to "+loop.Name()+" has run", done.Load)
}

// journal is what callbacks note and the test reads.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, fmt.Sprintf(format, args...))
}

func (j *journal) noting(entry string) func() {
	return func() { j.note("%s", entry) }
}

func (j *journal) all() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.entries)
}

// has is a condition: there are at least n entries.
func (j *journal) has(n int) func() bool {
	return func() bool { return len(j.all()) >= n }
}

// wants fails the check unless the entries are exactly these.
func (j *journal) wants(r *rig, want ...string) {
	r.Helper()
	if got := j.all(); !slices.Equal(got, want) {
		r.Errorf("got %q, want %q", got, want)
	}
}

// alone detects two callbacks that overlap.
type alone struct{ inside, times, overlaps atomic.Int32 }

func (a *alone) enter() {
	a.times.Add(1)
	if a.inside.Add(1) != 1 {
		a.overlaps.Add(1)
	}
}

func (a *alone) leave() { a.inside.Add(-1) }

// wants fails the check if there were overlaps.
func (a *alone) wants(r *rig) {
	r.Helper()
	if n := a.overlaps.Load(); n != 0 {
		r.Errorf("%d of %d callbacks of one loop overlapped another", n, a.times.Load())
	}
}
