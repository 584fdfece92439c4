package sim

import (
	"hash/crc32"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Witness is told everything that a run does, one act after another, while it
// happens: inside the callback that does it. It is how two runs of one seed are
// compared (see package scenarios/divergence). A run is the same with a witness
// and without. It is called on the goroutine that runs the simulation, or on that
// of a task, and must not touch the simulation.
type Witness interface {
	Saw(Act)
}

// ActKind says what a run did.
type ActKind uint8

// The kinds of acts, and which fields they fill besides Step, At, Host and Loop.
const (
	// ActStep: the kernel has taken an event off its agenda. What is its kind, Sum
	// the run hash.
	ActStep ActKind = iota + 1
	// ActCall: a callback begins. Func is a func, or a handler of which What is the
	// method. Posted says that it had waited in the loop's queue.
	ActCall
	// ActPost: a callback, Func, goes to the end of a loop's queue.
	ActPost
	// ActSchedule and ActCancel: an event comes onto the agenda, or leaves it
	// before its time. What is its kind, Due its time, N what else decides it.
	ActSchedule
	ActCancel
	// ActDraw: a process draws N from its stream What.
	ActDraw
	// ActWrite: bytes are written to connection ID: N of them, with checksum Sum.
	ActWrite
	// ActDisk: a process changes the file What, as Op says; N and Sum as above.
	ActDisk
	// ActTrace: What is a line of the trace. Facts, faults and logs are among them.
	ActTrace
)

// Act is one thing that a run does.
type Act struct {
	Kind   ActKind
	Step   uint64        // the kernel step, 0 before the first
	At     time.Duration // virtual time
	Host   string        // the machine, empty if it is the owner's act
	Loop   string        // the loop, where one is concerned
	Op     string
	What   string
	ID     uint32
	N      uint64
	Sum    uint64
	Due    time.Duration
	Posted bool
	Func   any
}

// saw passes an act on, stamped. Callers have checked that there is a witness.
func (k *kernel) saw(a Act) {
	a.Step, a.At = k.steps, time.Duration(k.now())
	k.witness.Saw(a)
}

// sawEvent tells of an event on the agenda.
func (k *kernel) sawEvent(what ActKind, at instant, t target, kind eventKind, arg uint64) {
	a := Act{Kind: what, What: kind.String(), Due: time.Duration(at), N: arg}
	a.Host, a.Loop, a.ID = whose(t)
	k.saw(a)
}

// whose says what a target belongs to. A call has no owner that could be named.
func whose(t target) (machine, loop string, id uint32) {
	switch t := t.(type) {
	case interface {
		owner() (machine, loop string, id uint32)
	}:
		return t.owner()
	}
	return "", "", 0
}

func (l *loop) owner() (string, string, uint32)    { return l.proc.host.name, l.name, l.id }
func (t *timer) owner() (string, string, uint32)   { return t.loop.owner() }
func (p *Process) owner() (string, string, uint32) { return p.host.name, "", p.pid }
func (d *pipe) owner() (string, string, uint32)    { return d.to.owner() }

func (c *conn) owner() (machine, name string, id uint32) {
	if c.loop != nil {
		name = c.loop.name
	}
	return c.proc.host.name, name, c.id
}

// String names the kind as reports have it.
func (k eventKind) String() string {
	if int(k) < len(eventNames) {
		return eventNames[k]
	}
	return "event"
}

var eventNames = [...]string{
	eventRun: "run", eventTimer: "timer", eventDeliver: "deliver", eventCredit: "credit", eventRefused: "refused",
	eventSYN: "syn", eventStart: "start", eventSynced: "synced", eventCall: "call", eventGiveUp: "give-up",
}

// sawCall tells that a callback begins on a loop; method is empty for a func.
func (l *loop) sawCall(fn any, method string, posted bool) {
	if l.kernel.witness != nil { // the rest apart, so that this is inlined
		l.tellCall(fn, method, posted)
	}
}

func (l *loop) tellCall(fn any, method string, posted bool) {
	l.kernel.saw(Act{Kind: ActCall, Host: l.proc.host.name, Loop: l.name, ID: l.id, Func: fn, What: method, Posted: posted})
}

// sawWrite tells of bytes for the network.
func (c *conn) sawWrite(p []byte) {
	if c.proc.host.sim.kernel.witness != nil {
		c.tellWrite(p)
	}
}

func (c *conn) tellWrite(p []byte) {
	a := Act{Kind: ActWrite, N: uint64(len(p)), Sum: checksum(p)}
	a.Host, a.Loop, a.ID = c.owner()
	c.proc.sim().kernel.saw(a)
}

// sawDisk tells of a change to a file, or to its name.
func (p *Process) sawDisk(op, name string, n int64, data []byte) {
	if k := p.sim().kernel; k.witness != nil {
		k.saw(Act{Kind: ActDisk, Host: p.host.name, Op: op, What: name, N: uint64(n), Sum: checksum(data)})
	}
}

func checksum(p []byte) uint64 { return uint64(crc32.ChecksumIEEE(p)) }

// watchedStream is a process's stream, in a run that has a witness.
type watchedStream struct {
	*Stream
	proc *Process
	name string
}

func (s watchedStream) Uint64() uint64 { return s.tell(s.Stream.Uint64()) }
func (s watchedStream) IntN(n int) int { return int(s.tell(uint64(s.Stream.IntN(n)))) }

func (s watchedStream) tell(n uint64) uint64 {
	s.proc.sim().kernel.saw(Act{Kind: ActDraw, Host: s.proc.host.name, What: s.name, N: n})
	return n
}

// watched is the stream as the process gets it.
func (p *Process) watched(s *Stream, name string) host.Rand {
	if p.sim().kernel.witness == nil {
		return s
	}
	return watchedStream{Stream: s, proc: p, name: name}
}

// sawStep tells of the event that is about to happen.
func (k *kernel) sawStep(e *event) {
	a := Act{Kind: ActStep, What: e.kind.String(), N: e.arg, Sum: k.hash}
	a.Host, a.Loop, a.ID = whose(e.target)
	k.saw(a)
	if fn, ok := e.target.(call); ok {
		k.saw(Act{Kind: ActCall, Func: (func())(fn)})
	}
}
