package divergence_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/scenarios/divergence"
	"github.com/wavetank/wavetank/sim"
)

// lucky is a fact.
type lucky struct{ number int64 }

func (lucky) Kind() string         { return "test.lucky" }
func (l lucky) Attrs() []slog.Attr { return []slog.Attr{slog.Int64("number", l.number)} }

// runOf is a run of a listening daemon and another one.
func runOf(program sim.Program) func(sim.Witness) {
	return func(w sim.Witness) {
		s := sim.New(sim.Config{Seed: 7, Witness: w})
		defer s.Close()
		s.AddHost("server").Start(listening)
		s.AddHost("daemon").Start(program)
		s.Run(20 * time.Second)
	}
}

// TestFind_namesTheLine: each planted daemon is found, and the line that has made
// the difference.
func TestFind_namesTheLine(t *testing.T) {
	for name, program := range planted() {
		t.Run(name, func(t *testing.T) {
			d := divergence.Find(runOf(program))
			if d == nil {
				t.Fatal("not found")
			}
			got, want := d.Source(), lineOf(t, name)
			if got.File != "planted_test.go" || got.Line != want || !strings.Contains(got.Func, "divergence_test.planted") {
				t.Errorf("source %v, want planted_test.go:%d\n%v", got, want, d)
			}
			if len(d.Before) == 0 || d.Step == 0 || !strings.Contains(d.String(), got.String()) {
				t.Errorf("no context:\n%v", d)
			}
		})
	}
}

// lineOf is the number of the line that planted_test.go marks as that to be found.
func lineOf(t *testing.T, name string) int {
	t.Helper()
	text, err := os.ReadFile("planted_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(l, "// found: "+name) {
			return i + 1
		}
	}
	t.Fatalf("planted_test.go does not mark the line of %q", name)
	return 0
}

// TestFind_sameRuns: a deterministic program is not accused, with whatever it
// does.
func TestFind_sameRuns(t *testing.T) {
	runs := 0
	d := divergence.Find(func(w sim.Witness) {
		runOf(func(h host.Host) {
			listening(h)
			h.NewLoop("sleeper").Go("task", func(task host.Task) {
				for {
					task.Sleep(time.Duration(h.Rand("pause").IntN(int(time.Second))))
					h.Log().Info("awake", "number", h.Rand("number").Uint64())
				}
			})
		})(w)
		runs++
	})
	if d != nil || runs != 2 {
		t.Errorf("%d runs, %v", runs, d)
	}
}

// TestFind_theOwner: what the owner of the simulation does counts too, and the
// runs may have different lengths.
func TestFind_theOwner(t *testing.T) {
	runs := 0
	for name, own := range map[string]func(s *sim.Sim, run int){
		"an event": func(s *sim.Sim, run int) { s.At(time.Duration(5+run)*time.Second, func() {}) },
		"a note":   func(s *sim.Sim, run int) { s.Note("run", slog.Int("number", run)) },
		"a fault": func(s *sim.Sim, run int) {
			if run%2 == 0 {
				s.Cut(s.Host("server"), s.Host("daemon"))
			}
		},
		"the end": func(s *sim.Sim, run int) { s.Run(time.Duration(run) * time.Minute) },
	} {
		ended := 0
		d := divergence.Find(func(w sim.Witness) {
			runs++
			run := runs
			s := sim.New(sim.Config{Seed: 7, Witness: w})
			defer s.Close()
			s.AddHost("server").Start(listening)
			s.AddHost("daemon").Start(ticking(func(_ host.Host, t host.Timer) { t.Reset(time.Second) }))
			s.Run(5 * time.Second)
			own(s, run)
			s.Run(5 * time.Second)
			ended++
		})
		if d == nil || ended != 2 {
			t.Errorf("%s: %d runs ended, %v", name, ended, d)
		} else if file := filepath.Base(d.Source().File); name != "the end" && file != "divergence_test.go" {
			t.Errorf("%s: source %v\n%v", name, d.Source(), d)
		}
	}
}

// TestFind_whereACallbackCameFrom: of what a posted callback does, the page also
// says who posted it.
func TestFind_whereACallbackCameFrom(t *testing.T) {
	d := divergence.Find(runOf(func(h host.Host) {
		dialEverybody(h, func(conns map[string]host.Conn) {
			l := h.NewLoop("flush")
			for _, c := range conns {
				l.Post(func() { flush(c) })
			}
		})
	}))
	if d == nil {
		t.Fatal("not found")
	}
	if !strings.HasSuffix(d.Source().Func, "divergence_test.flush") {
		t.Errorf("source %v", d.Source())
	}
	posted := d.Runs[0].Posted
	if len(posted) == 0 || !strings.Contains(posted[0].Func, "TestFind_whereACallbackCameFrom") || posted[0].File != "divergence_test.go" {
		t.Errorf("posted at %v\n%v", posted, d)
	}
}

func flush(c host.Conn) { c.Write([]byte("hello")) }

// TestFind_anotherGoroutine: a run may be on a goroutine of its own, as long as
// whoever has asked for it waits.
func TestFind_anotherGoroutine(t *testing.T) {
	d := divergence.Find(func(w sim.Witness) {
		done := make(chan bool)
		go func() {
			runOf(planted()["the time"])(w)
			close(done)
		}()
		<-done
	})
	if d == nil || d.Source().Line != lineOf(t, "the time") {
		t.Errorf("%v", d)
	}
}
