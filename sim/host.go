package sim

import (
	"fmt"
	"time"
)

// Host is a simulated machine: an address on each of its networks, a clock, a
// disk, and at most one process. Its methods are the faults that strike a machine; like everything in
// package sim they are called from the goroutine that runs the simulation.
type Host struct {
	sim       *Sim
	id        uint32
	name      string
	nics      []*nic // never empty
	clock     clock
	disk      disk
	process   *Process
	starts    uint32
	paused    bool
	down      bool // without power
	clogged   bool // its links are stalled
	nextPort  uint16
	exec      *Stream
	cpu       cpu
	loopback  Link
	ports     map[uint16]*listener // the first of a list
	points    map[string]*point    // by name
	noPoints  bool                 // none of them fires any more, but those set later
	lastPoint *point               // the one reached last
	waiting   []*conn              // vanished ends that owe their peer a reset once power is back
}

// Sim is the simulation that the machine is in.
func (h *Host) Sim() *Sim { return h.sim }

// Name is the name given to [Sim.AddHost].
func (h *Host) Name() string { return h.name }

// Process is the running process, nil if there is none.
func (h *Host) Process() *Process { return h.process }

// Paused reports whether the machine's processes stand still.
func (h *Host) Paused() bool { return h.paused }

// Held is what a machine's process holds at one moment.
type Held struct {
	// Connections and Listeners are sockets that are open, Timers those that are
	// set, those of waiting tasks included.
	Connections, Listeners, Timers int
}

// Held counts what the running process holds; nothing if there is none. What a
// program is done with should not be in it.
func (h *Host) Held() Held {
	p := h.process
	if p == nil {
		return Held{}
	}
	held := Held{Connections: len(p.conns), Listeners: len(p.listens)}
	for _, l := range p.loops {
		for t := l.armed; t != nil; t = t.next {
			held.Timers++
		}
	}
	return held
}

// Start starts program, and first kills a process that still runs. If the
// machine had no power it has again. The program begins at this instant, in an
// event of its own.
func (h *Host) Start(program Program) {
	h.Kill()
	h.powerOn()
	h.startAfter(program, 0)
}

// Kill ends the process as kill -9 does, paused or not: its sockets are closed
// by the kernel of the machine. It reports whether there was a process.
func (h *Host) Kill() bool {
	p := h.process
	h.paused = false
	if p == nil {
		return false
	}
	h.sim.trace.process(p, "kill", "")
	p.end(endedByExit)
	return true
}

// PowerOff takes the machine's power: no peer hears of it, attempts to connect
// are not answered, and what the disk had not synced may be gone. [Host.Start]
// brings it back.
func (h *Host) PowerOff() {
	h.sim.trace.host(h, "power-off")
	if h.process != nil {
		h.process.end(endedByPower)
	}
	h.paused = false
	h.down = true
	h.disk.crash()
}

func (h *Host) powerOn() {
	if !h.down {
		return
	}
	h.down = false
	h.sim.trace.host(h, "power-on")
	for _, c := range h.waiting {
		c.out.abort()
	}
	h.waiting = nil
}

// Pause stops every process of the machine as SIGSTOP does: no callback runs,
// while sockets go on receiving until their windows are full, and time goes on.
func (h *Host) Pause() {
	if !h.paused && !h.down {
		h.paused = true
		h.sim.trace.host(h, "pause")
	}
}

// Resume lets a paused machine go on: overdue timers and waiting callbacks run,
// in an order that is drawn among the loops.
func (h *Host) Resume() {
	if !h.paused {
		return
	}
	h.paused = false
	h.sim.trace.host(h, "resume")
	if h.process != nil {
		for _, l := range h.process.loops {
			l.schedule()
		}
	}
}

func (h *Host) startAfter(program Program, d time.Duration) {
	h.starts++
	p := &Process{
		host: h, pid: h.starts, program: program,
		streams: make(map[string]*Stream),
	}
	p.log = h.sim.trace.logger(h)
	h.process = p
	h.sim.kernel.after(d, p, eventStart, h.id, uint64(p.pid))
}

// fire begins the process.
func (p *Process) fire(eventKind, uint64) {
	if p.ended {
		return
	}
	if p.host.paused { // SIGSTOP came between exec and main
		p.sim().kernel.after(pausedStartRetry, p, eventStart, p.host.id, uint64(p.pid))
		return
	}
	p.sim().trace.process(p, "start", "")
	if k := p.sim().kernel; k.witness != nil {
		k.saw(Act{Kind: ActCall, Host: p.host.name, Func: p.program})
	}
	begin := &loop{proc: p, kernel: p.sim().kernel, name: "start of the process"}
	if w := p.sim().config.Watch; w != nil {
		w.enter(begin)
	}
	p.sim().call(begin, func() { p.program(p) })
}

// pausedStartRetry is how often a process that was paused before it began looks
// whether it may.
const pausedStartRetry = 10 * time.Millisecond

func (h *Host) execJitter() time.Duration {
	return time.Duration(h.exec.int64N(int64(h.sim.config.ExecDelay)))
}

// port picks a free port from the range Linux uses for connections.
func (h *Host) port() uint16 {
	const first, last = 32768, 60999
	for range last - first + 1 {
		if h.nextPort < first || h.nextPort >= last {
			h.nextPort = first
		} else {
			h.nextPort++
		}
		if h.ports[h.nextPort] == nil {
			return h.nextPort
		}
	}
	panic(fmt.Sprintf("sim: host %s has no free port", h.name))
}
