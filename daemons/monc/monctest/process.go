package monctest

import (
	"hash/fnv"
	"log/slog"
	"maps"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/task"
)

// Process is a host.Host: one process on a machine of its own.
type Process struct {
	// Facts are the probes so far, in order.
	Facts []host.Fact
	// Ended says how the process ended: "", "exit" or "respawn". Nothing starts
	// the new process of a respawn.
	Ended string
	// Reason is what Exit or Respawn was called with.
	Reason string
	// Admin answers the operator, nil if nobody does.
	Admin func(request []byte) (reply []byte)

	world  *World
	name   string
	pid    uint32
	addr   netip.Addr
	silent bool
	rands  map[string]host.Rand
	loops  []*loop
	conns  []*conn
}

// NewProcess starts a process on a machine with an address of its own.
func (w *World) NewProcess(name string) *Process {
	n := len(w.processes) + 1
	p := &Process{
		world: w, name: name, pid: uint32(1000 + n), rands: make(map[string]host.Rand),
		addr: netip.AddrFrom4([4]byte{10, 0, byte(n >> 8), byte(n)}),
	}
	w.processes = append(w.processes, p)
	return p
}

// ServeAdmin implements host.AdminHost: a test is the operator, and calls Admin.
func (p *Process) ServeAdmin(_ host.Loop, answer func(request []byte) []byte) error {
	p.Admin = answer
	return nil
}

// Silence holds back, or no longer, every byte to and from the process.
func (p *Process) Silence(on bool) {
	p.silent = on
	if !on {
		p.world.releaseHeld()
	}
}

// Reset breaks all the process's connections, as if the network did.
func (p *Process) Reset() {
	for _, c := range p.conns {
		c.breaks(host.ErrReset)
		if c.peer != nil {
			c.peer.breaks(host.ErrReset)
		}
	}
}

// OpenLoops are the names of the loops that were not closed.
func (p *Process) OpenLoops() []string {
	var open []string
	for _, l := range p.loops {
		if !l.closed {
			open = append(open, l.name)
		}
	}
	return open
}

// Name implements host.Host.
func (p *Process) Name() string { return p.name }

// PID implements host.Host.
func (p *Process) PID() uint32 { return p.pid }

// Clock implements host.Host.
func (p *Process) Clock() host.Clock { return clock{p.world} }

// Log implements host.Host.
func (p *Process) Log() *slog.Logger { return p.world.Logger }

// Disk implements host.Host: there is none.
func (p *Process) Disk() host.Disk { return nil }

// Point implements host.Host: no fault strikes.
func (p *Process) Point(string) bool { return false }

// Network implements host.Host.
func (p *Process) Network() host.Network { return (*network)(p) }

// Probe implements host.Host.
func (p *Process) Probe(f host.Fact) {
	if p.Ended == "" {
		p.Facts = append(p.Facts, f)
	}
}

// NewLoop implements host.Host.
func (p *Process) NewLoop(name string) host.Loop {
	l := &loop{process: p, name: name}
	p.loops = append(p.loops, l)
	return l
}

// Rand implements host.Host.
func (p *Process) Rand(name string) host.Rand {
	r := p.rands[name]
	if r == nil {
		h := fnv.New64a()
		_, _ = h.Write([]byte(p.name + "/" + name))
		r = NewRand(p.world.seed ^ uint64(p.pid)<<32 ^ h.Sum64())
		p.rands[name] = r
	}
	return r
}

// Exit implements host.Host.
func (p *Process) Exit(_ int, reason string) { p.end("exit", reason) }

// Respawn implements host.Host, without the new process.
func (p *Process) Respawn(reason string) { p.end("respawn", reason) }

func (p *Process) end(how, reason string) {
	if p.Ended != "" {
		return
	}
	p.Ended, p.Reason = how, reason
	for _, l := range p.loops {
		l.Close()
	}
	maps.DeleteFunc(p.world.listeners, func(_ netip.AddrPort, l *listener) bool { return l.process == p })
	for _, c := range p.conns {
		c.Abort()
	}
}

type loop struct {
	process *Process
	name    string
	closed  bool
	tasks   task.Set
}

func (l *loop) Name() string                       { return l.name }
func (l *loop) Go(name string, fn func(host.Task)) { l.tasks.Go(l, name, fn) }
func (l *loop) NewTimer(fn func()) host.Timer      { return &timer{loop: l, fn: fn} }
func (l *loop) Post(fn func())                     { l.later(0, fn) }
func (l *loop) later(d time.Duration, fn func())   { l.process.world.after(d, func() { l.run(fn) }) }
func (l *loop) Close()                             { l.closed = true; l.tasks.Unwind() }
func (l *loop) Running() host.Task                 { return l.tasks.Running() }
func (l *loop) run(fn func()) {
	if !l.closed {
		fn()
	}
}

type timer struct {
	loop *loop
	fn   func()
	set  int // counts Reset and Stop; an event of an earlier setting does nothing
	on   bool
}

func (t *timer) Armed() bool { return t.on }
func (t *timer) Stop()       { t.set++; t.on = false }

func (t *timer) Reset(d time.Duration) {
	t.set++
	t.on = true
	setting := t.set
	t.loop.later(d, func() {
		if t.set == setting {
			t.on = false
			t.fn()
		}
	})
}

// NewRand is a stream of pseudo-random numbers (SplitMix64).
func NewRand(seed uint64) host.Rand { return &stream{seed} }

type stream struct{ state uint64 }

func (s *stream) Uint64() uint64 {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *stream) IntN(n int) int { return int(s.Uint64() % uint64(n)) }
