package montest

import (
	"hash/fnv"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Machine is a host with a disk that outlives its processes.
type Machine struct {
	world *World
	name  string
	pid   uint32
	Disk  *Disk
	proc  *Process
}

// NewMachine adds a machine.
func (w *World) NewMachine(name string) *Machine {
	return &Machine{world: w, name: name, Disk: &Disk{world: w, files: map[string]*diskFile{}, names: map[string]*diskFile{}}}
}

// Start kills the process that runs there, if any, and begins another one.
func (m *Machine) Start() *Process {
	m.Kill()
	m.pid++
	m.proc = &Process{machine: m, pid: m.pid, rands: map[string]host.Rand{}}
	return m.proc
}

// Kill ends the process: none of its callbacks runs again, files stay.
func (m *Machine) Kill() {
	if m.proc != nil {
		m.proc.dead = true
	}
	m.proc = nil
}

// PowerCut ends the process and loses every write that was not synced.
func (m *Machine) PowerCut() {
	m.Kill()
	m.Disk.crash()
}

// Process is a host.Host.
type Process struct {
	// Fires is the name of the fault point that fires.
	Fires   string
	machine *Machine
	pid     uint32
	dead    bool
	paused  bool
	held    []func()
	rands   map[string]host.Rand

	// ExitReason is what Exit or Respawn was called with.
	ExitReason string
	// Facts are the probes so far.
	Facts []host.Fact
}

var _ host.Host = (*Process)(nil)

// Name implements host.Host.
func (p *Process) Name() string { return p.machine.name }

// PID implements host.Host.
func (p *Process) PID() uint32 { return p.pid }

// Clock implements host.Host.
func (p *Process) Clock() host.Clock { return clock{p.machine.world} }

// Log implements host.Host.
func (p *Process) Log() *slog.Logger { return p.machine.world.logger }

// NewLoop implements host.Host.
func (p *Process) NewLoop(n string) host.Loop { return &loop{proc: p, name: n} }

// Network implements host.Host.
func (p *Process) Network() host.Network { return nil }

// Disk implements host.Host.
func (p *Process) Disk() host.Disk { return p.machine.Disk }

// Point implements host.Host.
func (p *Process) Point(name string) bool { return name == p.Fires }

// Probe implements host.Host.
func (p *Process) Probe(f host.Fact) { p.Facts = append(p.Facts, f) }

// Respawn implements host.Host.
func (p *Process) Respawn(reason string) { p.Exit(0, reason) }

// Exit ends the process.
func (p *Process) Exit(_ int, reason string) {
	p.ExitReason, p.dead = reason, true
}

// Dead reports whether the process has ended.
func (p *Process) Dead() bool { return p.dead }

// Pause stops the process as SIGSTOP does; Resume lets it go on.
func (p *Process) Pause() { p.paused = true }

// Resume runs what has become due while the process was paused.
func (p *Process) Resume() {
	p.paused = false
	for _, fn := range p.held {
		p.machine.world.push(0, func() { p.run(fn) })
	}
	p.held = nil
}

func (p *Process) run(fn func()) {
	switch {
	case p.dead:
	case p.paused:
		p.held = append(p.held, fn)
	default:
		fn()
	}
}

// Rand is seeded from the world's seed, the machine, the process and the name.
func (p *Process) Rand(name string) host.Rand {
	if r, ok := p.rands[name]; ok {
		return r
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(p.machine.name + "/" + name))
	r := &stream{state: p.machine.world.seed ^ uint64(p.pid)<<32 ^ h.Sum64()}
	p.rands[name] = r
	return r
}

type loop struct {
	proc *Process
	name string
}

func (l *loop) Name() string                  { return l.name }
func (l *loop) Go(string, func(host.Task))    { panic("montest: no tasks") }
func (l *loop) Running() host.Task            { return nil }
func (l *loop) Close()                        { l.proc.dead = true }
func (l *loop) NewTimer(fn func()) host.Timer { return &timer{loop: l, fn: fn} }
func (l *loop) Post(fn func()) {
	if !l.proc.dead {
		l.proc.machine.world.push(0, func() { l.proc.run(fn) })
	}
}

type timer struct {
	loop *loop
	fn   func()
	set  *event
}

func (t *timer) Armed() bool { return t.set != nil }

func (t *timer) Reset(d time.Duration) {
	t.Stop()
	var e *event
	e = t.loop.proc.machine.world.push(d, func() {
		t.loop.proc.run(func() {
			if t.set == e {
				t.set = nil
				t.fn()
			}
		})
	})
	t.set = e
}

func (t *timer) Stop() { t.set = nil }

// stream is SplitMix64.
type stream struct{ state uint64 }

func (s *stream) Uint64() uint64 {
	s.state += 0x9e3779b97f4a7c15
	z := s.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

func (s *stream) IntN(n int) int { return int(s.Uint64() % uint64(n)) }
