// Package cluster puts daemons on hosts, in either water: a [World] is what a
// scenario needs of the simulated machine room or of real sockets, and does not
// let it know which one it is in.
//
//	w := cluster.NewSim(cluster.SimConfig{Seed: 7})
//	defer w.Close()
//	c := cluster.Deploy(w, cluster.Topology{Mons: 3, Mgrs: 2})
//	c.Start()
//	w.Until(time.Minute, func() bool { return c.View().Available() })
//	w.Host("mgr.x").Kill()
//
// The two worlds are [NewSim] (package sim, one seed decides everything) and
// [NewTCP] (every daemon in this process, on loopback sockets, in real time; the
// faults are put between each daemon and its network at the seam).
//
// A World and everything in it is used by one goroutine, the scenario's. Facts
// that daemons publish reach observers on that goroutine in both worlds: in the
// simulator at the step in which they happen, over TCP in the order in which
// they were published, whenever the scenario lets time pass.
package cluster

import (
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// World is one water with hosts in it.
type World interface {
	// Kind is "sim" or "tcp".
	Kind() string
	// AddHost adds a machine with an address of its own. The name must be new.
	AddHost(name string) Host
	// Host finds a machine by name; nil if there is none.
	Host(name string) Host

	// Now is the time since the world began: virtual in sim, real in tcp.
	Now() time.Duration
	// Step is the number of the kernel step in sim, and 0 in a world without
	// steps.
	Step() uint64
	// Run lets d pass. It ends early if an observer asked for that with Halt.
	Run(d time.Duration)
	// Until lets time pass until done reports true, but at most d, and says
	// whether done did. done is asked again only after something happened.
	Until(d time.Duration, done func() bool) bool
	// Halt ends the Run or Until under way as soon as possible, and all later
	// ones at once.
	Halt()
	// Observe registers fn for every fact from now on.
	Observe(fn func(Observation))

	// Cut stops what goes from one host to the other, what is in flight
	// included, and lets no new connection open between the two; Heal undoes it.
	// Nothing that TCP would send again is lost.
	Cut(from, to Host)
	Heal(from, to Host)
	// Held counts what cuts from one host to the other have kept back so far:
	// pieces of streams and attempts to connect.
	Held(from, to Host) int
	// Hold keeps back what goes from one host to the other, on each connection from the
	// next unit of the messengers' protocol on that has this name (see msgr.Follower) and
	// this number; an empty name is any, and 0 any number. Nothing is lost. Error: the
	// world cannot tell one unit from another.
	Hold(from, to Host, unit string, number uint64) (Hold, error)
	// ReleaseAll releases every Hold from one host to the other.
	ReleaseAll(from, to Host)
	// Reset breaks every connection between two hosts as RST does, and reports
	// how many there were.
	Reset(a, b Host) int

	// Close ends every process and releases what the world holds.
	Close()
}

// Hold is something that is held back, see World.Hold. It is an alias, so that package
// faults need not know this one.
type Hold = interface {
	// Struck is on how many connections something was held back so far.
	Struck() int
	// Release lets it go on, in order, and ends the hold.
	Release()
}

// Host is one machine of a World.
type Host interface {
	Name() string
	// Addr is the address at which the machine's daemons bind.
	Addr() netip.Addr
	// Start starts a process and kills the one that still runs. After a respawn
	// or another Start the same program runs again, as another incarnation.
	Start(program func(host.Host))
	// Restart starts the program of the last Start again.
	Restart()
	// Kill is kill -9. It reports whether a process was running.
	Kill() bool
	// Clog stalls all that goes to the machine and from it: it waits in line, attempts to
	// connect too, and goes on when Unclog undoes it. Nothing is lost. Clog reports false
	// if the machine is clogged.
	Clog() bool
	Unclog()
	// Stalled counts what had to wait so because of clogs, of this machine or others.
	Stalled() int
	// SetClockOffset sets the machine's wall clock wrong by d, and StepClock moves it by d,
	// either way. Its timers do not notice.
	SetClockOffset(d time.Duration)
	StepClock(d time.Duration)
	// Admin puts a question to the process as an operator on the machine does at its admin
	// socket, and waits for no answer. It reports false if nobody takes it.
	Admin(request string) bool
	// Running reports whether a process is there, paused or not.
	Running() bool
	// Pause is SIGSTOP, Resume is SIGCONT, for every process of the machine.
	Pause()
	Resume()
	Paused() bool
}

// Observation is a fact with the circumstances of its publication.
type Observation struct {
	At   time.Duration // World.Now
	Step uint64        // World.Step
	Host string        // where it was published
	PID  uint32        // by which process of that host
	Fact host.Fact
	// Wall is what a clock showed then that is right, since 1970, where time is real; 0 in
	// the simulator, in which At says it.
	Wall time.Duration
}

// ProcessExited says that a process has ended itself, by Exit and not by a fault
// or a respawn. It is the world's fact, not the process's: PID is 0.
type ProcessExited struct {
	Code   int
	Reason string
}

// Kind is "process.exited".
func (ProcessExited) Kind() string { return "process.exited" }

// Attrs are the fields.
func (f ProcessExited) Attrs() []slog.Attr {
	return []slog.Attr{slog.Int("code", f.Code), slog.String("reason", f.Reason)}
}

// ProcessPanicked says that a callback has panicked, which ended its process, where
// the world survives that: in tcp. In sim the panic reaches whoever lets time pass.
type ProcessPanicked struct {
	Loop   string // on which it ran
	Detail string // the value, and the functions that were active
}

// Kind is "process.panicked".
func (ProcessPanicked) Kind() string { return "process.panicked" }

// Attrs are the fields.
func (f ProcessPanicked) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("loop", f.Loop), slog.String("detail", f.Detail)}
}

// ErrInfrastructure marks failures of the machine that the harness runs on (no
// port, no privilege, disk full), not of the system under test.
var ErrInfrastructure = errors.New("infrastructure failure")
