package cluster

import (
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/sim"
)

// SimConfig is what a simulated world may be given.
type SimConfig struct {
	// Seed decides everything.
	Seed uint64
	// Trace receives the run's trace as JSON lines; nil means none.
	Trace io.Writer
	// Line is what the first line of the trace says of the run, see sim.Config.
	Line string
	// LogLevel is the least level of daemon log records in the trace.
	LogLevel slog.Level
	// Split cuts what is written into segments of drawn sizes of at most so many
	// bytes; 0 does not. UserTimeout and Backlog are sim.Config's.
	Split       int
	UserTimeout time.Duration
	Backlog     int
	// OnPacket is told every packet that arrives, see sim.Config; the writer of
	// package capture is made for it. nil means that nobody listens.
	OnPacket func(sim.Packet)
	// Schedule is the order among loops; see sim.Schedule.
	Schedule sim.Schedule
	// Reseed lets all draws come out otherwise from some time on, see sim.Reseed.
	Reseed sim.Reseed
	// CPU is how much virtual time the callbacks of every machine take; default none.
	CPU sim.CPU
	// StopOnDeadlock ends Until when nothing is left to do while a task waits, see
	// SimWorld.Err.
	StopOnDeadlock bool
	// MaxSteps bounds the kernel steps of the run; see sim.Config.
	MaxSteps uint64
	// Watch can be asked by another goroutine where the run is; nil means that nobody
	// watches.
	Watch *sim.Watch
	// Witness is told everything that the run does, see sim.Witness; nil means that
	// nobody is.
	Witness sim.Witness
	// Decode lets rules and the trace speak of the messages that daemons send each
	// other. A run is the same with it and without.
	Decode bool
}

// SimWorld is the World in which one seed decides everything.
type SimWorld struct {
	sim       *sim.Sim
	hosts     map[string]*simHost
	observers []func(Observation)
	halted    bool
	holds     []simHold // so far
}

// NewSim makes an empty simulated world.
func NewSim(config SimConfig) *SimWorld {
	w := &SimWorld{hosts: make(map[string]*simHost)}
	simulation := sim.Config{
		Seed: config.Seed, Trace: config.Trace, Line: config.Line, LogLevel: config.LogLevel,
		OnFact: w.publish, OnExit: w.exited, OnPacket: config.OnPacket, Witness: config.Witness,
		Reseed: config.Reseed, Schedule: config.Schedule, CPU: config.CPU, StopOnDeadlock: config.StopOnDeadlock, MaxSteps: config.MaxSteps, Watch: config.Watch,
		Split: config.Split, UserTimeout: config.UserTimeout, Backlog: config.Backlog,
	}
	if config.Decode {
		simulation.Decoder = func() sim.Decoder { return new(msgr.Follower) }
	}
	w.sim = sim.New(simulation)
	return w
}

// Sim is the simulation under the world, for what only it can do.
func (w *SimWorld) Sim() *sim.Sim { return w.sim }

// Kind is "sim".
func (w *SimWorld) Kind() string { return "sim" }

// AddHost adds a machine.
func (w *SimWorld) AddHost(name string) Host { return w.AddHostOn(name) }

// AddHostOn adds a machine that is on several networks, each with links of its own
// and an address (host.Network.Addrs, in this order). Only simulated machines are:
// those of the tcp world share one loopback network.
func (w *SimWorld) AddHostOn(name string, networks ...string) Host {
	h := &simHost{host: w.sim.AddHost(name, networks...)}
	w.hosts[name] = h
	return h
}

// Host finds a machine.
func (w *SimWorld) Host(name string) Host {
	if h := w.hosts[name]; h != nil {
		return h
	}
	return nil
}

// Now is the virtual time.
func (w *SimWorld) Now() time.Duration { return w.sim.Now() }

// Step is the number of kernel steps so far.
func (w *SimWorld) Step() uint64 { return w.sim.Steps() }

// Hash is the rolling hash of the run.
func (w *SimWorld) Hash() uint64 { return w.sim.Hash() }

// Run lets d of virtual time pass.
func (w *SimWorld) Run(d time.Duration) {
	w.sim.RunUntil(d, func() bool { return w.halted })
}

// Until lets virtual time pass until done. It asks after every kernel step in
// which a fact was published, and at the end.
func (w *SimWorld) Until(d time.Duration, done func() bool) bool {
	met := done()
	if !met && !w.halted {
		w.sim.RunUntilFact(d, func() bool { met = done(); return met || w.halted })
	}
	return met
}

// Halt ends the run.
func (w *SimWorld) Halt() { w.halted = true }

// Observe registers an observer.
func (w *SimWorld) Observe(fn func(Observation)) { w.observers = append(w.observers, fn) }

func (w *SimWorld) publish(p *sim.Process, f host.Fact) {
	o := Observation{At: w.sim.Now(), Step: w.sim.Steps(), Host: p.Name(), PID: p.PID(), Fact: f}
	for _, fn := range w.observers {
		fn(o)
	}
}

func (w *SimWorld) exited(h *sim.Host, code int, reason string) {
	o := Observation{At: w.sim.Now(), Step: w.sim.Steps(), Host: h.Name(), Fact: ProcessExited{Code: code, Reason: reason}}
	for _, fn := range w.observers {
		fn(o)
	}
}

// Err is why the run cannot go on, a *sim.StuckError, or nil.
func (w *SimWorld) Err() error { return w.sim.Err() }

// Cut stops one direction.
func (w *SimWorld) Cut(from, to Host) { w.sim.Cut(simOf(from), simOf(to)) }

// Heal undoes Cut.
func (w *SimWorld) Heal(from, to Host) { w.sim.Heal(simOf(from), simOf(to)) }

// Held counts what was held on that direction so far.
func (w *SimWorld) Held(from, to Host) int { return w.sim.Held(simOf(from), simOf(to)) }

// Hold holds back what begins with a unit. Error: see sim.Sim.AddRule; without
// SimConfig.Decode there are no units.
func (w *SimWorld) Hold(from, to Host, unit string, number uint64) (Hold, error) {
	rule := &sim.Rule{
		Name:    fmt.Sprintf("hold %d %s -> %s %s:%d", len(w.holds)+1, from.Name(), to.Name(), unit, number),
		Guard:   sim.Guard{From: simOf(from), To: simOf(to), Unit: unit, Least: number, Most: number},
		Verdict: sim.HoldBack(),
	}
	if err := w.sim.AddRule(rule); err != nil {
		return nil, err
	}
	w.holds = append(w.holds, simHold{rule})
	return simHold{rule}, nil
}

// ReleaseAll releases what is held.
func (w *SimWorld) ReleaseAll(from, to Host) {
	for _, h := range w.holds {
		if h.Guard.From == simOf(from) && h.Guard.To == simOf(to) {
			h.Release()
		}
	}
}

type simHold struct{ *sim.Rule }

// Release implements Hold: the rule's own would leave it in the chain.
func (h simHold) Release() { h.Remove() }

// Reset breaks the connections between two hosts.
func (w *SimWorld) Reset(a, b Host) int { return w.sim.Reset(simOf(a), simOf(b)) }

// Note writes a line into the trace.
func (w *SimWorld) Note(kind string, attrs ...slog.Attr) { w.sim.Note(kind, attrs...) }

// Close ends every process.
func (w *SimWorld) Close() { w.sim.Close() }

func simOf(h Host) *sim.Host { return h.(*simHost).host }

// simHost implements Host.
type simHost struct {
	host    *sim.Host
	program sim.Program
}

func (h *simHost) Name() string     { return h.host.Name() }
func (h *simHost) Addr() netip.Addr { return h.host.Addr() }

func (h *simHost) Start(program func(host.Host)) {
	h.program = program
	h.host.Start(program)
}

func (h *simHost) Restart()   { h.host.Start(h.program) }
func (h *simHost) Kill() bool { return h.host.Kill() }
func (h *simHost) Clog() bool {
	if h.host.Clogged() {
		return false
	}
	h.host.Clog()
	return true
}

func (h *simHost) Unclog() { h.host.Unclog() }

func (h *simHost) Stalled() int {
	n := uint64(0)
	for _, l := range h.host.Links() {
		n += l.Counts().Stalled
	}
	return int(n)
}

func (h *simHost) SetClockOffset(d time.Duration) { h.host.SetClockOffset(d) }
func (h *simHost) StepClock(d time.Duration)      { h.host.StepClock(d) }

func (h *simHost) Admin(request string) bool {
	return h.host.Admin(request, func(string) {}) == nil
}

func (h *simHost) Running() bool { return h.host.Process() != nil }
func (h *simHost) Pause()        { h.host.Pause() }
func (h *simHost) Resume()       { h.host.Resume() }
func (h *simHost) Paused() bool  { return h.host.Paused() }
