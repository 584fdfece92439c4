// Package host is the seam between a daemon and the machine it runs on.
//
// A daemon is handed one [Host] and asks it for everything that touches the
// outside: time, randomness, loops to run on, sockets, files, its log, fault
// points and probes. It never calls time.Now, go, select, net, os or a global
// random source, and it never lets the order of a map reach an output. Because
// of that the same daemon code runs unchanged on the real machine (package
// oshost) and in the simulated machine room (package sim), where one seed
// decides every delay, every interleaving and every fault.
//
// # The model
//
// A [Host] is what one process sees of its machine: it begins when the process
// starts and ends when the process exits, respawns or is killed. Everything
// made from a Host ends with it.
//
// A process is a handful of loops. A [Loop] runs callbacks one after another;
// two callbacks of one loop never overlap, callbacks of different loops may. On
// the real machine a loop is a goroutine. In the simulator the kernel picks, by
// seed, which runnable loop goes next, so the interleavings between "threads"
// are explored and can be replayed. Nothing may block inside a callback;
// sequential code that must wait is written as a [Task].
//
// # The rules for code behind the seam
//
//   - State belongs to one loop and is touched by its callbacks only. What must
//     be handed to another loop is handed over with [Loop.Post].
//   - A callback finishes in bounded time and never waits: no channel
//     operation, no sleep, no blocking lock.
//   - Whatever a method's comment does not promise may happen, above all after
//     a failure.
//
// A newcomer reads this file, then conn.go and disk.go, then package hosttest,
// the conformance suite that any Host must pass.
package host

import (
	"errors"
	"log/slog"
)

// Errors that every implementation returns (wrapped, so test with errors.Is).
var (
	// ErrStopped: the process that owns the object has ended.
	ErrStopped = errors.New("process has stopped")
	// ErrClosed: the object was closed by its owner before the call.
	ErrClosed = errors.New("already closed")
)

// Host is what one process may ask of the machine it runs on.
//
// All methods may be called from any loop of the process. After the process has
// ended (see [Host.Exit]) methods still return, but nothing they start happens.
type Host interface {
	// Name is the machine's name, the same for every process that ever runs
	// there ("mon-a").
	Name() string

	// PID numbers the process. No two processes of one machine have the same
	// one within 2^32 starts, and it is never 0; Ceph derives nonces from it.
	PID() uint32

	// Clock tells this machine's wall and monotonic time.
	Clock() Clock

	// Rand is the random stream of that name, the same object at each call.
	// Streams are independent: drawing from one never shifts another. A stream
	// restarts with each process, from another state than before.
	Rand(stream string) Rand

	// Log is the process's structured log. Its handler stamps records with this
	// host's wall time.
	Log() *slog.Logger

	// NewLoop starts a loop. The name appears in traces and must be unique in
	// the process ("mon.a/dispatch").
	NewLoop(name string) Loop

	// Network is the machine's network stack.
	Network() Network

	// Disk is the machine's file system. It outlives the process.
	Disk() Disk

	// Point marks a place in the code where a fault may be injected, for example
	// Point("mon.commit.before_ack"). It reports whether the fault strikes now;
	// what then happens is up to the caller and written beside the call. On the
	// real machine it is always false and costs a method call.
	Point(name string) bool

	// Probe publishes a typed statement of the process about itself, for
	// checkers and traces. The fact is read before Probe returns and not kept.
	Probe(Fact)

	// Exit ends the process as exit(2) does: every loop stops, sockets are
	// closed as the operating system closes them, unsynced data stays with the
	// machine. The current callback should return at once; whatever it still
	// does has no effect.
	Exit(code int, reason string)

	// Respawn ends the process as Exit does and at once starts a new one of the
	// same program with the same arguments: exec(2) with close-on-exec sockets.
	Respawn(reason string)
}

// Fact is a typed statement such as "I am active for gid 4103 as of epoch 12".
// Implementations are small structs in the package that states them.
type Fact interface {
	// Kind names the fact in traces, lower case, dotted: "mgr.mode".
	Kind() string
	// Attrs are the fact's fields in a fixed order. Values must be numbers,
	// strings, booleans or durations: they go into the run hash.
	Attrs() []slog.Attr
}

// Rand is one stream of pseudo-random integers. It is not safe for use from
// several loops at once.
type Rand interface {
	// Uint64 is uniform over all 64-bit values.
	Uint64() uint64
	// IntN is uniform over [0, n). It panics if n <= 0.
	IntN(n int) int
}
