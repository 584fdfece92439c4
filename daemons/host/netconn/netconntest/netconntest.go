// Package netconntest holds the promises of package netconn as a suite that runs
// over the machines of a [hosttest.World], real or simulated:
//
//	func TestNetconn(t *testing.T) {
//		netconntest.Run(t, func(t *testing.T) hosttest.World { return newWorld(t) })
//	}
//
// Each promise is one subtest in a world of its own, with two machines: a server
// that listens and a client.
package netconntest

import (
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/hosttest"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

// limit is how long the suite waits for what was promised.
const limit = 30 * time.Second

// Run checks every promise, each in a new world.
func Run(t *testing.T, newWorld func(t *testing.T) hosttest.World) {
	for _, section := range []struct {
		name   string
		checks []check
	}{
		{"stream", streamChecks()},
		{"deadline", deadlineChecks()},
		{"caller", callerChecks()},
		{"end", endChecks()},
		{"library", libraryChecks()},
	} {
		t.Run(section.name, func(t *testing.T) {
			for _, c := range section.checks {
				t.Run(c.promise, func(t *testing.T) { c.test(newRig(t, newWorld(t))) })
			}
		})
	}
}

// check is one promise and its test.
type check struct {
	promise string
	test    func(*rig)
}

// rig is the world of one check.
type rig struct {
	*testing.T
	world          hosttest.World
	server, client *machine
	listener       net.Listener // of the server
	busy           atomic.Int32 // tasks that have not ended
}

// machine is one of the two, and the process that runs on it.
type machine struct {
	host.Host
	rig     *rig
	machine hosttest.Machine
	loop    host.Loop
	*netconn.Stack
}

func newRig(t *testing.T, world hosttest.World) *rig {
	t.Cleanup(world.Close)
	r := &rig{T: t, world: world}
	r.server, r.client = r.machine("server"), r.machine("client")
	r.on(r.server.loop, func() {
		var err error
		if r.listener, err = r.server.Listen("tcp", ":0"); err != nil {
			t.Error(err)
		}
	})
	if t.Failed() {
		t.FailNow()
	}
	return r
}

func (r *rig) machine(name string) *machine {
	m := r.world.NewHost(name)
	h := m.Start()
	loop := h.NewLoop("main")
	return &machine{Host: h, rig: r, machine: m, loop: loop, Stack: netconn.New(h, loop)}
}

// on runs fn in a callback of loop and returns when it has run.
func (r *rig) on(loop host.Loop, fn func()) {
	r.Helper()
	var done atomic.Bool
	loop.Post(func() {
		fn()
		done.Store(true)
	})
	r.await("a callback has run", done.Load)
}

// await lets time pass until cond holds.
func (r *rig) await(what string, cond func() bool) {
	r.Helper()
	if !r.world.Until(limit, cond) {
		r.Fatalf("waited %v in vain until %s", limit, what)
	}
}

// finish lets time pass until all tasks have ended.
func (r *rig) finish() {
	r.Helper()
	r.await("all tasks have ended", func() bool { return r.busy.Load() == 0 })
}

// task starts fn as a task of the machine's loop.
func (m *machine) task(fn func(host.Task)) {
	m.rig.busy.Add(1)
	m.loop.Post(func() {
		m.loop.Go("t", func(t host.Task) {
			defer m.rig.busy.Add(-1)
			fn(t)
		})
	})
}

// serve runs fn in a task with the next connection that the server accepts, and
// closes it after.
func (r *rig) serve(fn func(t host.Task, c net.Conn)) {
	r.server.task(func(t host.Task) {
		c, err := r.listener.Accept()
		if err != nil {
			r.Errorf("accept: %v", err)
			return
		}
		defer c.Close()
		fn(t, c)
	})
}

// dial runs fn in a task with a connection to the server, and closes it after.
func (r *rig) dial(fn func(t host.Task, c net.Conn)) {
	r.client.task(func(t host.Task) {
		c, err := r.client.Dial("tcp", r.listener.Addr().String())
		if err != nil {
			r.Errorf("dial: %v", err)
			return
		}
		defer c.Close()
		fn(t, c)
	})
}

// soon is a moment of the machine's wall clock, d from now.
func (m *machine) soon(d time.Duration) time.Time { return m.Clock().Now().Add(d) }

// journal is what tasks note and the test reads.
type journal struct {
	mu      sync.Mutex
	entries []string
}

func (j *journal) note(entry string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.entries = append(j.entries, entry)
}

func (j *journal) wants(r *rig, want ...string) {
	r.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	if !slices.Equal(j.entries, want) {
		r.Errorf("got %q, want %q", j.entries, want)
	}
}
