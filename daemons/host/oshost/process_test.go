package oshost_test

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// receive is the next value of ch.
func receive[T any](t *testing.T, ch <-chan T) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		t.Fatal("waited in vain")
		panic("unreachable")
	}
}

// on runs fn on a loop and returns when it has run.
func on(t *testing.T, l host.Loop, fn func()) {
	t.Helper()
	done := make(chan struct{})
	l.Post(func() { fn(); close(done) })
	receive(t, done)
}

type ending struct {
	code   int
	reason string
}

func TestHost_exitTellsOnceAfterEverythingStopped(t *testing.T) {
	endings := make(chan ending, 2)
	h := oshost.New(oshost.Options{
		OnExit:    func(code int, reason string) { endings <- ending{code, reason} },
		OnRespawn: func(string) { t.Error("OnRespawn was called") },
	})
	slow := h.NewLoop("slow")
	release := make(chan struct{})
	begun := make(chan struct{})
	slow.Post(func() {
		close(begun)
		<-release
	})
	receive(t, begun)
	h.NewLoop("exits").Post(func() {
		h.Exit(3, "first")
		h.Exit(4, "second")
		h.Respawn("third")
	})
	select {
	case e := <-endings:
		t.Errorf("OnExit(%v) before everything stopped", e)
	case <-time.After(20 * time.Millisecond): // of the operating system's time
	}
	close(release)
	if got, want := receive(t, endings), (ending{3, "first"}); got != want {
		t.Errorf("OnExit got %v, want %v", got, want)
	}
	h.Kill() // stays as it ended
	h.Wait()
	if len(endings) != 0 {
		t.Errorf("OnExit was called again with %v", <-endings)
	}
}

func TestHost_respawnCanStartTheNextHostOnTheSameDisk(t *testing.T) {
	dir := t.TempDir()
	next := make(chan *oshost.Host, 1)
	h := oshost.New(oshost.Options{
		Dir: dir,
		OnRespawn: func(reason string) {
			if reason != "told to" {
				t.Errorf("OnRespawn got %q", reason)
			}
			next <- oshost.New(oshost.Options{Dir: dir})
		},
	})
	h.NewLoop("l").Post(func() {
		f, err := h.Disk().Open("file")
		if err != nil {
			t.Error(err)
			return
		}
		f.WriteAt([]byte("content"), 0)
		h.Respawn("told to")
	})
	second := receive(t, next)
	defer second.Kill()
	if got, err := second.Disk().ReadFile("file"); string(got) != "content" {
		t.Errorf("the next process reads %q, %v", got, err)
	}
}

func TestHost_killTellsNobody(t *testing.T) {
	h := oshost.New(oshost.Options{
		OnExit:    func(int, string) { t.Error("OnExit was called") },
		OnRespawn: func(string) { t.Error("OnRespawn was called") },
	})
	h.NewLoop("l")
	h.Kill()
	h.Exit(0, "too late")
	h.Respawn("too late")
	h.Wait()
}

func TestHost_killWaitsForCallbacksUnderWay(t *testing.T) {
	h := oshost.New(oshost.Options{})
	begun := make(chan struct{})
	var finished atomic.Bool
	h.NewLoop("slow").Post(func() {
		close(begun)
		for range 1000 {
			runtime.Gosched()
		}
		finished.Store(true)
	})
	receive(t, begun)
	h.Kill()
	if !finished.Load() {
		t.Error("Kill returned while a callback ran")
	}
}

// A Kill that waited for its own callback would hang here.
func TestHost_killFromInside(t *testing.T) {
	inside := map[string]func(*oshost.Host, host.Loop){
		"callback": func(h *oshost.Host, l host.Loop) { l.Post(h.Kill) },
		"timer":    func(h *oshost.Host, l host.Loop) { l.Post(func() { l.NewTimer(h.Kill).Reset(0) }) },
		"task":     func(h *oshost.Host, l host.Loop) { l.Go("t", func(host.Task) { h.Kill() }) },
		"task after a wait": func(h *oshost.Host, l host.Loop) {
			l.Go("t", func(t host.Task) { t.Sleep(0); h.Kill() })
		},
		"unwinding": func(h *oshost.Host, l host.Loop) {
			l.Go("t", func(t host.Task) { defer h.Kill(); l.Close(); t.Park() })
		},
		"fact": func(h *oshost.Host, l host.Loop) { l.Post(func() { h.Probe(fact("kill")) }) },
	}
	for name, kill := range inside {
		t.Run(name, func(t *testing.T) {
			var h *oshost.Host
			h = oshost.New(oshost.Options{OnFact: func(host.Fact) { h.Kill() }})
			h.NewLoop("other")
			kill(h, h.NewLoop("l"))
			done := make(chan struct{})
			go func() { h.Wait(); close(done) }()
			receive(t, done)
		})
	}
}

type fact string

func (f fact) Kind() string       { return string(f) }
func (f fact) Attrs() []slog.Attr { return nil }

func TestHost_factsComeOneAtATime(t *testing.T) {
	const loops, facts = 4, 200
	var inside atomic.Int32
	got, all := 0, make(chan struct{})
	h := oshost.New(oshost.Options{OnFact: func(host.Fact) {
		if inside.Add(1) != 1 {
			t.Error("OnFact runs twice at a time")
		}
		runtime.Gosched()
		inside.Add(-1)
		if got++; got == loops*facts {
			close(all)
		}
	}})
	for range loops {
		h.NewLoop("l").Post(func() {
			for range facts {
				h.Probe(fact("f"))
			}
		})
	}
	receive(t, all)
	h.Kill()
	h.Probe(fact("after the end"))
	if got != loops*facts {
		t.Errorf("%d facts arrived, %d were stated", got, loops*facts)
	}
}

func TestHost_logIsStampedWithTheMachinesTime(t *testing.T) {
	mock := clock.NewMock()
	mock.Set(time.Date(1999, 12, 31, 23, 59, 59, 0, time.UTC))
	var out bytes.Buffer
	h := oshost.New(oshost.Options{Name: "mon-a", Clock: mock, Log: slog.New(slog.NewTextHandler(&out, nil))})
	h.Log().With("k", 1).WithGroup("g").Info("a record", "x", 2)
	h.Kill()
	h.Log().Error("after the end")
	line := out.String()
	if !strings.HasPrefix(line, "time=1999-12-31T23:59:59") ||
		!strings.HasSuffix(line, "msg=\"a record\" host=mon-a k=1 g.x=2\n") {
		t.Errorf("logged %q", line)
	}
}

// With a monotonic reading in it, Sub would not see steps of the wall clock.
func TestClock_nowIsWallTimeOnly(t *testing.T) {
	h := oshost.New(oshost.Options{})
	defer h.Kill()
	if now := h.Clock().Now(); now != now.Round(0) {
		t.Errorf("Now is %v", now)
	}
}

func TestHost_drawsWhatIsNotGiven(t *testing.T) {
	a, b := oshost.New(oshost.Options{}), oshost.New(oshost.Options{})
	defer a.Kill()
	defer b.Kill()
	if a.PID() == 0 || a.PID() == b.PID() {
		t.Errorf("drew the PIDs %d and %d", a.PID(), b.PID())
	}
	if a.Rand("x").Uint64() == b.Rand("x").Uint64() {
		t.Error("two processes drew the same seed")
	}
}

func TestRand_dependsOnSeedPIDAndNamesOnly(t *testing.T) {
	first := func(o oshost.Options, disturb bool) uint64 {
		h := oshost.New(o)
		defer h.Kill()
		if disturb {
			h.Rand("other").Uint64()
		}
		return h.Rand("x").Uint64()
	}
	base := oshost.Options{Name: "a", PID: 7, Seed: 1}
	want := first(base, false)
	if first(base, false) != want || first(base, true) != want {
		t.Error("the same options give another stream")
	}
	for what, o := range map[string]oshost.Options{
		"PID":  {Name: "a", PID: 8, Seed: 1},
		"seed": {Name: "a", PID: 7, Seed: 2},
		"name": {Name: "b", PID: 7, Seed: 1},
	} {
		if first(o, false) == want {
			t.Errorf("another %s gives the same stream", what)
		}
	}
}
