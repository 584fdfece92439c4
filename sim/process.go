package sim

import (
	"fmt"
	"log/slog"

	"github.com/wavetank/wavetank/daemons/host"
)

// Program is what a process runs: it is called once, in the new process, with
// the Host that is all the process will ever see of the world.
type Program func(host.Host)

// Process is one incarnation of a program on a Host. It implements host.Host.
type Process struct {
	host    *Host
	pid     uint32
	program Program
	loops   []*loop
	conns   []*conn     // open ends, in the order they came to be
	listens []*listener // in the order they came to be
	streams map[string]*Stream
	log     *slog.Logger
	admin   adminSocket
	ended   bool

	diskFailed bool // an operation on the disk has
}

func (p *Process) sim() *Sim    { return p.host.sim }
func (p *Process) paused() bool { return p.host.paused }

// Name is the machine's name.
func (p *Process) Name() string { return p.host.name }

// PID counts the processes that were started on the machine, from 1.
func (p *Process) PID() uint32 { return p.pid }

// Clock is the machine's clock.
func (p *Process) Clock() host.Clock { return &p.host.clock }

// Log is a logger into the run's trace; without one it is disabled.
func (p *Process) Log() *slog.Logger { return p.log }

// Network is the machine's network.
func (p *Process) Network() host.Network { return (*network)(p) }

// Disk is the machine's disk, as long as the process lives.
func (p *Process) Disk() host.Disk { return (*processDisk)(p) }

// Rand is the stream of that name of this incarnation.
func (p *Process) Rand(name string) host.Rand {
	s := p.streams[name]
	if s == nil {
		s = p.sim().stream(fmt.Sprintf("host/%s/%d/%s", p.host.name, p.pid, name))
		p.streams[name] = s
	}
	return p.watched(s, name)
}

// NewLoop makes a loop of this process.
func (p *Process) NewLoop(name string) host.Loop {
	l := &loop{proc: p, kernel: p.sim().kernel, id: p.sim().nextActor(), name: name, closed: p.ended}
	l.tasks.Now = p.sim().Now
	p.loops = append(p.loops, l)
	return l
}

// Point reports whether the fault point strikes; see [Sim.SetPoint].
func (p *Process) Point(name string) bool {
	return !p.ended && p.sim().strikes(p.host, name)
}

// Probe hands the fact to the run's observers, hash and trace.
func (p *Process) Probe(f host.Fact) {
	if !p.ended {
		p.sim().observe(p, f)
	}
}

// call runs a callback of a process, on l. What happens to sockets meanwhile waits for
// an event of its own: callbacks never run inside one another.
func (s *Sim) call(l *loop, fn func()) {
	s.running = l
	fn()
	s.running = nil
}

// unwind ends the tasks of a loop, which runs what they have deferred.
func (s *Sim) unwind(l *loop) {
	if w := s.config.Watch; w != nil {
		w.enter(l)
		defer func() {
			if s.running != nil {
				w.enter(s.running)
			}
		}()
	}
	l.tasks.Unwind()
}

// Exit ends the process.
func (p *Process) Exit(code int, reason string) {
	if p.ended {
		return
	}
	p.sim().trace.process(p, "exit", fmt.Sprintf("code %d: %s", code, reason))
	p.end(endedByExit)
	if p.sim().config.OnExit != nil {
		p.sim().config.OnExit(p.host, code, reason)
	}
}

// Respawn ends the process and starts the program anew on the same machine after
// the time that exec and start-up take.
func (p *Process) Respawn(reason string) {
	if p.ended {
		return
	}
	p.sim().trace.process(p, "respawn", reason)
	if p.sim().config.LeakSockets { // before the end, which closes what is left
		p.host.startAfter(p.program, p.sim().config.ExecDelay+p.host.execJitter())
		p.host.process.inherit(p.conns)
		p.conns = nil
		p.end(endedByExit)
		return
	}
	p.end(endedByExit)
	p.host.startAfter(p.program, p.sim().config.ExecDelay+p.host.execJitter())
}

// inherit takes over connections that the program before did not close: the new
// one holds them open and does not know them.
func (p *Process) inherit(leaked []*conn) {
	p.conns = leaked
	for _, c := range leaked {
		c.proc, c.loop = p, nil
	}
}

// ending says how a process came to its end, which decides what its peers see.
type ending int

const (
	endedByExit  ending = iota // exit, exec or kill -9: the kernel closes its sockets
	endedByPower               // the machine lost power: nobody says anything
)

func (p *Process) end(how ending) {
	if p.ended {
		return
	}
	p.ended = true
	for _, l := range p.listens {
		l.close(how)
	}
	for len(p.conns) > 0 {
		p.conns[len(p.conns)-1].endWithProcess(how)
	}
	// Loops last: unwinding a task runs its deferred calls, and a deferred Close
	// must find a connection that has already ended the way the process did.
	for _, l := range p.loops {
		l.Close()
	}
	if p.host.process == p {
		p.host.process = nil
	}
}
