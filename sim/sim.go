// Package sim is the simulated machine room: hosts with processes, a network,
// disks and clocks, all driven by one kernel in which one seed decides
// everything. Whatever needs only the seam of package host runs in it unchanged.
//
//	s := sim.New(sim.Config{Seed: 7})
//	a, b := s.AddHost("a"), s.AddHost("b")
//	a.Start(serverProgram)
//	b.Start(clientProgram)
//	s.Run(10 * time.Second)  // virtual time
//	s.Cut(a, b)              // a's bytes no longer reach b
//	s.Run(40 * time.Second)
//	s.Heal(a, b)
//	fmt.Println(s.Hash())    // the same for the same seed, on any machine
//
// # The model
//
// There is one thread of control and one agenda of events. An event is a typed
// value (time, target, kind, argument); events that are due at the same
// nanosecond have no order of their own, the kernel draws which comes next, or
// chooses by another [Schedule]. A callback takes no virtual time unless [CPU] says
// so. Nothing sleeps and nothing is polled: time jumps to the next event.
//
// Randomness comes from named streams (see [Stream]). Every step is folded into
// a rolling hash, so that two runs can be compared and the first step in which
// they differ be found.
//
// A Sim and all that belongs to it is used by one goroutine. Simulations share
// nothing, so many may run at once.
package sim

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Config is everything that decides a run besides the programs. The zero value
// of a field means its default.
type Config struct {
	// Seed decides every draw of the run.
	Seed uint64
	// Delay is the least one-way delay of a link; default 50 us.
	Delay time.Duration
	// Jitter is added to Delay, drawn per segment, uniform over [0, Jitter);
	// default 100 us.
	Jitter time.Duration
	// Window is how many bytes one direction of a connection may hold between
	// the writer and the reader; default 256 KiB.
	Window int
	// Split cuts what is written into segments of 1 to Split bytes, drawn, each of
	// which is delayed by itself; those that then are due together arrive together.
	// So readers see a stream in any pieces. 0, the default, leaves what is written
	// within one instant in one piece of up to 64 KiB. 1448 is Ethernet's segment.
	Split int
	// UserTimeout is how long a sender goes on while nothing of what it sent is
	// acknowledged. Then its connection fails with host.ErrTimeout, and the far end
	// is not told. The default, 924.6 s, is Linux's tcp_retries2 of 15; a negative
	// value means for ever. Other than on Linux a closed connection has as long to
	// deliver its last bytes.
	UserTimeout time.Duration
	// Backlog is how many connections may wait for accept at a listener, and one
	// more, as on Linux. Beyond that attempts to connect are not answered. The
	// default is 4096, Linux's somaxconn.
	Backlog int
	// ExecDelay is the least time between a respawn and the start of the new
	// process; as much again is drawn. Default 50 ms.
	ExecDelay time.Duration
	// CPU is how much virtual time the callbacks of every machine take; default
	// none.
	CPU CPU
	// Reseed lets everything that is drawn come out otherwise from some time on; the zero
	// value does not.
	Reseed Reseed
	// Schedule is the order among loops; default is Uniform. See [Sim.SetSchedule].
	Schedule Schedule
	// MaxStepsPerInstant bounds the steps while virtual time does not pass: at more
	// of them the run ends with ErrLivelock. Default 1,000,000, which takes less than
	// a second.
	MaxStepsPerInstant int
	// MaxSteps bounds the steps of the whole run: one that makes more ends with
	// ErrLivelock. 0 is no bound.
	MaxSteps uint64
	// StopOnDeadlock ends RunUntil and RunUntilFact with ErrDeadlock when nothing is
	// left to do while a task waits. Without it time passes up to their limit.
	StopOnDeadlock bool
	// Watch can be asked by another goroutine where the run is; nil means that
	// nobody watches.
	Watch *Watch
	// LeakSockets plants a bug in every program: its sockets are not closed by a
	// respawn, so that peers see connections that live and nobody serves.
	LeakSockets bool
	// Trace receives the run's trace as JSON lines; nil means none.
	Trace io.Writer
	// Line is what the first line of the trace says of the run, for whoever wants to
	// have it again; such as a repro line.
	Line string
	// LogLevel is the least level of daemon log records in the trace. The
	// default is Info.
	LogLevel slog.Level
	// OnPacket is told every packet that arrives, as it happens; nil means that
	// nobody listens, and then it costs a comparison. It must not touch the
	// simulation, so that a run is the same with it and without.
	OnPacket func(Packet)
	// Witness is told everything that the run does, to compare it with another one;
	// nil means that nobody listens, and then it costs a comparison.
	Witness Witness
	// Decoder makes a reader along for each connection that opens, so that rules and
	// the trace can speak of the units of its protocol; nil means none. A run without
	// rules is the same with it and without.
	Decoder func() Decoder
	// OnExit is told when a process ends itself with Exit.
	OnExit func(h *Host, code int, reason string)
	// OnFact is told every fact that a process publishes, as it happens.
	OnFact func(p *Process, f host.Fact)
}

func (c Config) withDefaults() Config {
	c.Delay = cmp.Or(c.Delay, 50*time.Microsecond)
	c.Jitter = cmp.Or(c.Jitter, 100*time.Microsecond)
	c.Window = max(cmp.Or(c.Window, 256<<10), 1)
	c.UserTimeout = cmp.Or(c.UserTimeout, linuxPatience)
	c.Backlog = cmp.Or(c.Backlog, 4096)
	c.ExecDelay = cmp.Or(c.ExecDelay, 50*time.Millisecond)
	c.MaxStepsPerInstant = max(cmp.Or(c.MaxStepsPerInstant, 1_000_000), 1)
	return c
}

// Sim is one simulated machine room.
type Sim struct {
	config  Config
	kernel  *kernel
	trace   tracer
	hosts   []*Host
	byName  map[string]*Host
	byAddr  map[netip.Addr]*nic
	links   map[linkKey]*Link
	subnets []*subnet
	blocked int // links, and cut directions of connections, on which nothing arrives
	actors  uint32
	// running is the loop whose callback is under way, nil if none is.
	running    *loop
	facts      uint64      // published so far
	pointRules []pointRule // in the order of EnablePoints
	rules      []*Rule
	inspecting bool // there is a decoder, or there was a rule
	pool       bufferPool
	counts     Counts
	drawn      drawn
}

// Counts are what the network did in a run, for reports.
type Counts struct {
	Connected     uint64 // connections that opened
	Refused       uint64 // attempts answered with RST
	TimedOut      uint64 // attempts that nobody answered
	GivenUp       uint64 // open connections whose sender heard nothing for too long
	SYNsDropped   uint64 // attempts that found a listener's backlog full
	Resets        uint64 // ends of connections that saw RST
	AttemptsHeld  uint64 // connection attempts that a cut or a dark host swallowed
	BytesReceived uint64 // bytes delivered
	Buffers       int    // that hold bytes on their way or not yet read, or are lent to a writer
}

// New makes an empty machine room at virtual time 0.
func New(config Config) *Sim {
	config = config.withDefaults()
	s := &Sim{
		config: config,
		kernel: newKernel(config),
		drawn:  drawn{seed: config.Seed, kept: config.Reseed != (Reseed{})},
		byName: make(map[string]*Host),
		byAddr: make(map[netip.Addr]*nic),
		links:  make(map[linkKey]*Link),

		inspecting: config.Decoder != nil,
	}
	if s.drawn.kept {
		s.drawn.all = append(s.drawn.all, s.kernel.order)
		s.At(config.Reseed.At, s.reseed)
	}
	s.kernel.witness = config.Witness
	s.subnet(DefaultNetwork)
	s.trace = newTracer(s, config.Trace, config.LogLevel)
	s.kernel.waits = s.Waits
	if config.Schedule.Kind != Uniform {
		s.SetSchedule(config.Schedule)
	}
	return s
}

// AddHost adds a machine with an address of 10.0.0.0/8 on each of the networks,
// or on DefaultNetwork if none is named. Its name must be new.
//
// Machines reach each other over the networks that they share; what is dialled
// leaves from the machine's address on the network of the target. The links of two
// networks fail apart: see [Sim.LinkOn].
func (s *Sim) AddHost(name string, networks ...string) *Host {
	if s.byName[name] != nil {
		panic("sim: two hosts named " + name)
	}
	n := len(s.hosts) + 1
	h := &Host{
		sim: s, id: s.nextActor(), name: name,
		exec:  s.stream("exec/" + name),
		ports: make(map[uint16]*listener), points: make(map[string]*point),
	}
	h.clock = clock{sim: s}
	h.cpu = newCPU(h)
	h.disk = newDisk(h)
	h.loopback = Link{sim: s, from: h, to: h, draws: s.stream("loopback/" + name), local: true}
	for _, network := range networks {
		h.join(network, n)
	}
	if len(networks) == 0 {
		h.join(DefaultNetwork, n)
	}
	s.hosts = append(s.hosts, h)
	s.byName[name] = h
	return h
}

// Host finds a machine by name; nil if there is none.
func (s *Sim) Host(name string) *Host { return s.byName[name] }

// Now is the virtual time since the run began.
func (s *Sim) Now() time.Duration { return time.Duration(s.kernel.now()) }

// Steps counts the kernel steps so far.
func (s *Sim) Steps() uint64 { return s.kernel.steps }

// Decisions counts the steps so far at which the schedule Uniform has drawn among several
// events, see Schedule.Except.
func (s *Sim) Decisions() uint64 { return s.kernel.decisions }

// Hash is the rolling hash over all steps and facts so far.
func (s *Sim) Hash() uint64 { return s.kernel.hash }

// Counts are the network's counters so far.
func (s *Sim) Counts() Counts {
	c := s.counts
	c.Buffers = s.pool.lent
	return c
}

// Step makes the next event happen if it is due within d, and reports whether
// there was one.
func (s *Sim) Step(d time.Duration) bool { return s.kernel.step(s.kernel.limit(d)) }

// Run lets d of virtual time pass. The error is [Sim.Err]: a run that finds no
// way on ends before.
func (s *Sim) Run(d time.Duration) error {
	limit := s.kernel.limit(d)
	for s.kernel.step(limit) {
	}
	return s.passed(limit)
}

// RunUntil lets virtual time pass until done reports true, which is asked after
// every step, or for at most d. It reports whether done did. It ends before d if
// the run has an error, see [Sim.Err].
func (s *Sim) RunUntil(d time.Duration, done func() bool) bool {
	limit := s.kernel.limit(d)
	for !done() {
		if !s.kernel.step(limit) {
			s.checkDeadlock()
			s.passed(limit)
			return done()
		}
	}
	return true
}

// RunUntilFact is [Sim.RunUntil] for conditions that can only change when a fact
// is published: done is asked after the steps in which one was, and at the end.
func (s *Sim) RunUntilFact(d time.Duration, done func() bool) bool {
	limit := s.kernel.limit(d)
	for seen := s.facts; ; {
		if !s.kernel.step(limit) {
			s.checkDeadlock()
			s.passed(limit)
			return done()
		}
		if s.facts != seen {
			seen = s.facts
			if done() {
				return true
			}
		}
	}
}

// passed moves time to limit, now that nothing more is due before it.
func (s *Sim) passed(limit instant) error {
	if s.kernel.err == nil {
		s.kernel.wheel.now = limit
	}
	return s.kernel.err
}

// At calls fn at virtual time t, or now if t is past, as an event like any other.
func (s *Sim) At(t time.Duration, fn func()) {
	s.kernel.after(t-s.Now(), call(fn), eventCall, 0, 0)
}

// call is a function on the agenda.
type call func()

func (fn call) fire(eventKind, uint64) { fn() }

// Close ends all processes, so that nothing of the simulation stays behind.
func (s *Sim) Close() {
	for _, h := range s.hosts {
		if h.process != nil {
			h.process.end(endedByPower)
		}
	}
	s.trace.flush()
}

func (s *Sim) nextActor() uint32 {
	s.actors++
	return s.actors
}

// observe takes a fact into the run's hash, its trace and its checkers.
func (s *Sim) observe(p *Process, f host.Fact) {
	s.facts++
	s.kernel.absorbText(f.Kind())
	for _, a := range f.Attrs() {
		s.absorbAttr(a)
	}
	s.trace.fact(p.host, f)
	if s.config.OnFact != nil {
		s.config.OnFact(p, f)
	}
}

func (s *Sim) absorbAttr(a slog.Attr) {
	switch a.Value.Kind() {
	case slog.KindInt64:
		s.kernel.absorb(uint64(a.Value.Int64()), 1)
	case slog.KindUint64:
		s.kernel.absorb(a.Value.Uint64(), 2)
	case slog.KindDuration:
		s.kernel.absorb(uint64(a.Value.Duration()), 3)
	case slog.KindBool:
		if a.Value.Bool() {
			s.kernel.absorb(1, 4)
		} else {
			s.kernel.absorb(0, 4)
		}
	case slog.KindString:
		s.kernel.absorbText(a.Value.String())
	default:
		panic(fmt.Sprintf("sim: fact attribute %s has kind %v, which has no defined hash", a.Key, a.Value.Kind()))
	}
}
