package oshost_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// mocked is a process whose time stands still.
type mocked struct {
	t    *testing.T
	mock *clock.Mock
	host *oshost.Host
	loop host.Loop

	mu    sync.Mutex
	fired []string
}

func newMocked(t *testing.T) *mocked {
	m := &mocked{t: t, mock: clock.NewMock()}
	m.host = oshost.New(oshost.Options{Clock: m.mock})
	t.Cleanup(m.host.Kill)
	m.loop = m.host.NewLoop("l")
	return m
}

// timer makes a timer that notes its name.
func (m *mocked) timer(name string) host.Timer {
	return m.loop.NewTimer(func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.fired = append(m.fired, name)
	})
}

// pass lets d pass and the loop look at it. The Mock starts a goroutine that
// rings the loop, and there is no telling when that has run: so wait for want.
func (m *mocked) pass(d time.Duration, want ...string) {
	m.t.Helper()
	m.mock.Add(d)
	deadline := time.Now().Add(patience)
	for {
		on(m.t, m.loop, func() {})
		m.mu.Lock()
		got := slices.Clone(m.fired)
		m.mu.Unlock()
		if slices.Equal(got, want) {
			return
		}
		if len(got) >= len(want) || time.Now().After(deadline) {
			m.t.Fatalf("after another %v fired %q, want %q", d, got, want)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestTimer_followsTheClock(t *testing.T) {
	m := newMocked(t)
	on(t, m.loop, func() {
		m.timer("3s").Reset(3 * time.Second)
		m.timer("1s").Reset(time.Second)
		m.timer("2s").Reset(2 * time.Second)
	})
	m.pass(999 * time.Millisecond)
	m.pass(time.Millisecond, "1s")
	m.pass(500*time.Millisecond, "1s")
	m.pass(500*time.Millisecond, "1s", "2s")
	m.pass(time.Hour, "1s", "2s", "3s")
}

func TestTimer_allThatAreDueFireInOrder(t *testing.T) {
	m := newMocked(t)
	on(t, m.loop, func() {
		for _, name := range []string{"5s", "1s", "4s", "2s", "3s"} {
			d, _ := time.ParseDuration(name)
			m.timer(name).Reset(d)
		}
	})
	m.pass(10*time.Second, "1s", "2s", "3s", "4s", "5s")
}

func TestTimer_stoppedOrPutOffWhileItsAlarmIsSet(t *testing.T) {
	m := newMocked(t)
	var stopped, later host.Timer
	on(t, m.loop, func() {
		stopped, later = m.timer("stopped"), m.timer("later")
		stopped.Reset(time.Second)
		later.Reset(time.Second)
	})
	m.pass(500 * time.Millisecond)
	on(t, m.loop, func() {
		stopped.Stop()
		later.Reset(time.Second)
	})
	m.pass(500 * time.Millisecond)
	m.pass(500*time.Millisecond, "later")
	on(t, m.loop, func() { stopped.Reset(time.Second) })
	m.pass(time.Second, "later", "stopped")
}

func TestTimer_isNotMovedByAClockSetBack(t *testing.T) {
	m := newMocked(t)
	m.mock.Add(time.Hour)
	before := m.host.Clock().Monotonic()
	m.mock.Set(time.Unix(0, 0))
	if got := m.host.Clock().Monotonic(); got != before {
		t.Errorf("Monotonic went from %v to %v", before, got)
	}
}

// A loop's timers against a model: a list of deadlines.
func TestTimer_property(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := newMocked(t)
		defer m.host.Kill()
		const timers = 5
		var set [timers]host.Timer
		names := [timers]string{"a", "b", "c", "d", "e"}
		deadlines := map[string]time.Duration{}
		for i, name := range names {
			set[i] = m.timer(name)
		}
		var want []string
		now := time.Duration(0)
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			on(t, m.loop, func() {
				for range rapid.IntRange(0, 4).Draw(rt, "ops") {
					i := rapid.IntRange(0, timers-1).Draw(rt, "timer")
					if rapid.Bool().Draw(rt, "stop") {
						set[i].Stop()
						delete(deadlines, names[i])
						continue
					}
					// Deadlines that are never equal: those have no order.
					d := rapid.Custom(func(rt *rapid.T) time.Duration {
						return time.Duration(rapid.IntRange(1, 10).Draw(rt, "d"))*time.Second + time.Duration(i)*time.Millisecond
					}).Draw(rt, "delay")
					set[i].Reset(d)
					deadlines[names[i]] = now + d
				}
			})
			d := time.Duration(rapid.IntRange(1, 8).Draw(rt, "pass")) * time.Second
			now += d
			want = append(want, due(deadlines, now)...)
			m.pass(d, want...)
		}
	})
}

// due removes the names whose deadlines have come, in their order.
func due(deadlines map[string]time.Duration, now time.Duration) []string {
	var names []string
	for name, at := range deadlines {
		if at <= now {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return int(deadlines[a] - deadlines[b]) })
	for _, name := range names {
		delete(deadlines, name)
	}
	return names
}
