// Package hosttest is the conformance suite of package host: whatever passes
// [Run] keeps the promises that daemons build on. It is to host.Host what
// testing/fstest is to fs.FS.
//
// An implementation runs it from a test of its own:
//
//	func TestHost(t *testing.T) {
//		hosttest.Run(t, func(t *testing.T) hosttest.World { return newWorld(t) })
//	}
//
// Each promise is one subtest, named after it, in a world of its own:
//
//	go test -run 'TestHost/timer/a_stopped_timer_does_not_fire'
//
// # Real and simulated time
//
// The suite runs over machines whose time passes by itself and over machines
// whose time passes only inside [World.Run] and [World.Until], on the very
// goroutine that called them. So it never waits for a callback in any other way,
// and it asserts no upper bound on how long anything takes: a promise that
// something happens has a generous limit, a promise that something never happens
// is watched for a tenth of a second.
//
// From the test's goroutine it calls Host.NewLoop, Host.Name, Host.PID and
// Loop.Post. Everything else it does from callbacks, as the seam asks.
package hosttest

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// World is what the suite needs of the thing under test. Its methods are called
// from the test's goroutine only.
type World interface {
	// NewHost makes a machine with an address and a disk of its own, on which
	// nothing runs. All machines of a world can reach each other.
	NewHost(name string) Machine
	// Run lets d pass.
	Run(d time.Duration)
	// Until lets time pass until cond holds, and reports whether it did before
	// limit had passed. cond may be called at any time and from any goroutine; it
	// locks what it reads and is quick.
	Until(limit time.Duration, cond func() bool) bool
	// Close ends all processes. It is called once, last.
	Close()
}

// Machine is a machine of a [World]. Its methods are called from the test's
// goroutine only, between two calls of World.Run.
type Machine interface {
	// Start starts a process, after killing the one that runs, if any.
	Start() host.Host
	// Kill ends the process as SIGKILL does. Without one it does nothing.
	Kill()
	// CanPowerCut reports whether PowerCut works here.
	CanPowerCut() bool
	// PowerCut ends the process and the machine with it, and may lose everything
	// on the disk that was not synced. Start boots the machine again.
	PowerCut()
	// Step moves the machine's wall clock by d, and reports false if that cannot
	// be done here.
	Step(d time.Duration) bool
}

// check is one promise and its test.
type check struct {
	promise string
	test    func(*rig)
}

// Run checks every promise of package host, each in a new world. Checks of what
// a world cannot do are skipped.
func Run(t *testing.T, newWorld func(t *testing.T) World) {
	sections := []struct {
		name   string
		checks []check
	}{
		{"loop", loopChecks()},
		{"timer", timerChecks()},
		{"task", taskChecks()},
		{"block", blockChecks()},
		{"clock", clockChecks()},
		{"rand", randChecks()},
		{"listen", listenChecks()},
		{"dial", dialChecks()},
		{"read", readChecks()},
		{"write", writeChecks()},
		{"direct", directChecks()},
		{"close", closeChecks()},
		{"half-close", halfCloseChecks()},
		{"disk", diskChecks()},
		{"power", powerChecks()},
		{"process", processChecks()},
	}
	for _, section := range sections {
		t.Run(section.name, func(t *testing.T) {
			for _, c := range section.checks {
				t.Run(c.promise, func(t *testing.T) {
					c.test(newRig(t, newWorld))
				})
			}
		})
	}
}
