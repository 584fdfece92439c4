package loopclock_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"go.uber.org/goleak"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/loopclock"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onRealLoop runs a task on a loop of the real machine until it has ended.
func onRealLoop(t *testing.T, fn func(*loopclock.Clock, host.Loop, host.Task)) {
	t.Helper()
	h := oshost.New(oshost.Options{Dir: t.TempDir()})
	defer h.Kill()
	l := h.NewLoop("main")
	done := make(chan struct{})
	l.Go("test", func(task host.Task) {
		defer close(done)
		c := loopclock.New(h.Clock(), l)
		c.Do(func() { fn(c, l, task) })
	})
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("not done after a minute")
	}
}

// The table of promises is tested in the simulator, where time is exact. Here the
// same moves are made on the real machine, and only their order is looked at.
func TestClock_onTheRealMachine(t *testing.T) {
	var notes []string
	onRealLoop(t, func(c *loopclock.Clock, l host.Loop, task host.Task) {
		note := func(what string) func() { return func() { notes = append(notes, what) } }
		stopped := c.AfterFunc(time.Millisecond, note("stopped"))
		late := c.AfterFunc(time.Millisecond, note("late"))
		c.AfterFunc(5*time.Millisecond, note("soon"))
		stopped.Stop()
		late.Reset(time.Hour)
		ticker := c.Ticker(time.Millisecond)
		ctx, cancel := c.WithTimeout(t.Context(), 30*time.Millisecond)
		defer cancel()
		for ctx.Err() == nil {
			c.For(task).Sleep(time.Millisecond)
		}
		note("timeout")()
		if len(ticker.C) != 1 {
			t.Error("no tick")
		}
		ticker.Stop()
		late.Reset(time.Millisecond) // before the end of the sleep, however slow the machine
		began := c.Now()
		c.For(task).Sleep(100 * time.Millisecond)
		if c.Since(began) < 100*time.Millisecond || c.Until(began) > -100*time.Millisecond {
			t.Errorf("slept for %v", c.Since(began))
		}
	})
	if want := []string{"soon", "timeout", "late"}; !slices.Equal(notes, want) {
		t.Errorf("got %q, want %q", notes, want)
	}
}

// Misuse is told in words.
func TestClock_misuse(t *testing.T) {
	for want, do := range map[string]func(*loopclock.Clock){
		"Sleep outside a task would block loop main": func(c *loopclock.Clock) { c.Sleep(time.Second) },
		"non-positive interval":                      func(c *loopclock.Clock) { c.Ticker(0) },
	} {
		onRealLoop(t, func(c *loopclock.Clock, _ host.Loop, _ host.Task) {
			defer func() {
				if text, _ := recover().(string); !strings.Contains(text, want) {
					t.Errorf("panicked with %q, want %q", text, want)
				}
			}()
			do(c)
		})
	}
}

// Any clock.Clock will do for a library, this one too.
var _ clock.Clock = (*loopclock.Clock)(nil)
