package scenarios

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/wavetank/wavetank/daemons/host/task"
	"github.com/wavetank/wavetank/sim"
)

// Properties that no scenario names and every run has.
const (
	propertyPanic    = "panic"
	propertyWatchdog = "watchdog"
	propertyDeadlock = "deadlock"
	propertyLivelock = "livelock"
)

// DefaultWatchdog is how much real time one step of a simulated run may take.
const DefaultWatchdog = 10 * time.Second

// guard runs a Spec on a goroutine of its own, by do. It returns when do does, or when
// the run has made no step for so long that it must hang: that goroutine is then left
// behind, and whatever it still does is kept from the outside. Real sockets have no
// steps to look at.
func guard(spec Spec, do func(Spec) Result) Result {
	spec.watch = new(sim.Watch)
	g := &gate{open: true}
	if spec.Trace != nil {
		spec.Trace = gatedWriter{g, spec.Trace}
	}
	if onPacket := spec.OnPacket; onPacket != nil {
		spec.OnPacket = func(p sim.Packet) { g.pass(func() { onPacket(p) }) }
	}
	goroutine := make(chan string, 1)
	done := make(chan Result, 1)
	go func() {
		goroutine <- goroutineID()
		var result Result
		returned := false
		defer func() {
			if !returned { // nor panicked: attempt has recovered that
				f := goneAway(spec.watch.Position())
				result = Result{Verdict: Fail, Failure: &f, Steps: f.Step, Virtual: f.At}
			}
			done <- result
		}()
		result = do(spec)
		returned = true
	}()
	id := <-goroutine
	limit := spec.Watchdog
	if limit == 0 {
		limit = DefaultWatchdog
	}
	if limit < 0 || spec.World == WorldTCP {
		return <-done
	}
	return watch(limit, spec.watch, done, func() Result {
		g.shut()
		f := hanging(spec.watch.Position(), limit, stackOf(id))
		return Result{Verdict: Fail, Failure: &f, Steps: f.Step, Virtual: f.At}
	})
}

// looks is how often the watchdog looks while it waits. It counts looks and not
// time, so that a machine that stands still itself is no hang.
const looks = 10

// watch waits for the result of a run, or gives it up.
func watch(limit time.Duration, w *sim.Watch, done <-chan Result, giveUp func() Result) Result {
	ticker := time.NewTicker(max(limit/looks, time.Millisecond))
	defer ticker.Stop()
	last, still := w.Position().Step, 0
	for {
		select {
		case r := <-done:
			return r
		case <-ticker.C:
		}
		if step := w.Position().Step; step != last || w.Judging() {
			last, still = step, 0
		} else if still++; still >= looks {
			w.Abandon()
			return giveUp()
		}
	}
}

// hanging is the failure of a run that makes no step any more.
func hanging(at sim.Position, limit time.Duration, stack string) Failure {
	where := "before its first callback"
	if at.Host != "" {
		where = fmt.Sprintf("host %s, loop %s", at.Host, at.Loop)
	}
	return Failure{
		Property: propertyWatchdog, At: at.At, Step: at.Step, Host: at.Host,
		Detail: fmt.Sprintf("no step for %v of real time (%s), in %s\n%s", limit, where, hangsIn(stack), stack),
	}
}

// goneAway is the failure of a run whose goroutine has ended itself, as
// testing.T.FailNow does.
func goneAway(at sim.Position) Failure {
	f := Failure{Property: propertyPanic, At: at.At, Step: at.Step, Host: at.Host, Detail: "the run has ended its goroutine"}
	if at.Loop != "" {
		f.Detail += ", in a callback of loop " + at.Loop + " or after it"
	}
	return f
}

// panicked is the failure of a run that panicked, told by the deferred function that
// recovered p. Its text is the same in each run.
func panicked(p any, w *sim.Watch) Failure {
	what, inCallback := p.(*task.Panic)
	if !inCallback {
		what = &task.Panic{Value: p, Stack: task.PanicStack()}
	}
	for i, frame := range what.Stack {
		if strings.HasSuffix(frame.Function, "sim.(*kernel).step") {
			what.Stack, inCallback = what.Stack[:i], true
			break
		}
	}
	at := w.Position()
	f := Failure{Property: propertyPanic, Detail: what.Error(), At: at.At, Step: at.Step}
	if inCallback && at.Loop != "" {
		f.Host, f.Detail = at.Host, fmt.Sprintf("loop %s: %s", at.Loop, f.Detail)
	}
	return f
}

// stuck is the failure of a run that cannot go on.
func stuck(err error) Failure {
	f := Failure{Property: propertyLivelock, Detail: err.Error()}
	var s *sim.StuckError
	if errors.As(err, &s) && len(s.Spins) > 0 {
		f.Host = s.Spins[0].Host
	} else if len(s.Waits) > 0 {
		f.Host = s.Waits[0].Host
	}
	if errors.Is(err, sim.ErrDeadlock) {
		f.Property = propertyDeadlock
	}
	return f
}

// goroutineID is the number of the calling goroutine in stack dumps.
func goroutineID() string {
	buf := make([]byte, 64)
	fields := strings.Fields(string(buf[:runtime.Stack(buf, false)]))
	return fields[1]
}

// maxStackDump bounds the dump of all goroutines.
const maxStackDump = 16 << 20

// stackOf is the stack of a run's goroutine, or of the task that runs in its place.
func stackOf(id string) string {
	buf := make([]byte, 1<<20)
	n := runtime.Stack(buf, true)
	for n == len(buf) && n < maxStackDump {
		buf = make([]byte, 2*len(buf))
		n = runtime.Stack(buf, true)
	}
	task := regexp.MustCompile(`created by iter\.Pull.* in goroutine ` + id + `\n`)
	own, inTask := "", ""
	for stack := range strings.SplitSeq(string(buf[:n]), "\n\n") {
		head, _, _ := strings.Cut(stack, "\n")
		rests := strings.Contains(head, "[coroutine")
		switch {
		case strings.HasPrefix(head, "goroutine "+id+" ") && !rests:
			own = stack
		case !rests && task.MatchString(stack):
			inTask = stack
		}
	}
	if own != "" {
		return own
	}
	return inTask
}

// hangsIn is the function on a stack that is the first outside Go's own library.
func hangsIn(stack string) string {
	for line := range strings.Lines(stack) {
		end := strings.LastIndexByte(line, '(')
		if site, _, isPath := strings.Cut(line, "/"); end > 0 && isPath && strings.Contains(site, ".") {
			return line[:end]
		}
	}
	return "an unknown function"
}

// gate keeps what belongs to the caller of Run from a run that was given up.
type gate struct {
	mu   sync.Mutex
	open bool
}

func (g *gate) pass(do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open {
		do()
	}
}

func (g *gate) shut() {
	g.mu.Lock()
	g.open = false
	g.mu.Unlock()
}

type gatedWriter struct {
	gate *gate
	to   io.Writer
}

func (w gatedWriter) Write(p []byte) (n int, err error) {
	n = len(p)
	w.gate.pass(func() { n, err = w.to.Write(p) })
	return n, err
}
