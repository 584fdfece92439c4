package sim

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// reaching is a simulation of some machines that reach points a and b over and
// over.
func reaching(seed uint64, prepare func(*Sim)) *Sim {
	s := New(Config{Seed: seed})
	prepare(s)
	for _, name := range []string{"x", "y"} {
		s.AddHost(name).Start(func(p host.Host) {
			var t host.Timer
			t = p.NewLoop("main").NewTimer(func() {
				p.Point("test.a")
				p.Point("test.b")
				p.Point("test.b")
				t.Reset(time.Second)
			})
			t.Reset(time.Second)
		})
	}
	s.Run(1000*time.Second + time.Millisecond)
	return s
}

// TestPoints_counts: every point that was reached is counted, enabled or not.
func TestPoints_counts(t *testing.T) {
	s := reaching(1, func(*Sim) {})
	defer s.Close()
	s.SetPoint(s.Host("x"), "test.c", func(uint64) bool { return true })
	want := []PointCount{{Name: "test.a", Reached: 2000}, {Name: "test.b", Reached: 4000}, {Name: "test.c", Enabled: true}}
	if got := s.Points(); !slices.Equal(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// TestEnablePoints_twoPhases: a point is enabled in some runs and not at all in
// the others, on all machines alike; where it is it fires some of the times.
func TestEnablePoints_twoPhases(t *testing.T) {
	enabled := make(map[string]int)
	both := 0
	const seeds = 200
	for seed := range uint64(seeds) {
		s := reaching(seed, func(s *Sim) { s.EnablePoints("test.", PointOdds{EnabledOneIn: 4, FiresOneIn: 10}) })
		counts := s.Points()
		for _, c := range counts {
			if !c.Enabled && c.Fired > 0 {
				t.Fatalf("seed %d: %+v", seed, c)
			}
			if !c.Enabled {
				continue
			}
			enabled[c.Name]++
			if c.Fired < c.Reached/20 || c.Fired > c.Reached/5 {
				t.Errorf("seed %d: %+v, want one in 10 fired", seed, c)
			}
			if x, y := s.hosts[0].points[c.Name], s.hosts[1].points[c.Name]; !x.enabled || !y.enabled || x.fired == y.fired && x.fired+y.fired > 150 && seed == 0 {
				t.Errorf("seed %d: %+v and %+v", seed, x, y)
			}
		}
		if counts[0].Enabled && counts[1].Enabled {
			both++
		}
		s.Close()
	}
	for name, n := range enabled {
		if n < seeds/8 || n > seeds/2 {
			t.Errorf("%s was enabled in %d runs of %d, want a quarter", name, n, seeds)
		}
	}
	if len(enabled) != 2 || both > seeds/8 {
		t.Errorf("enabled %v, both in %d runs: they are not drawn apart", enabled, both)
	}
}

// TestEnablePoints_oneMorePoint: another point, and rules about others, leave the
// hash alone.
func TestEnablePoints_oneMorePoint(t *testing.T) {
	odds := PointOdds{EnabledOneIn: 1, FiresOneIn: 10}
	plain := reaching(5, func(s *Sim) { s.EnablePoints("test.a", odds) })
	defer plain.Close()
	more := reaching(5, func(s *Sim) {
		s.EnablePoints("test.a", odds)
		s.EnablePoints("other.", PointOdds{EnabledOneIn: 1, FiresOneIn: 1})
		h := s.AddHost("idle")
		s.SetPoint(h, "test.a", func(uint64) bool { return true })
	})
	defer more.Close()
	if a, b := plain.Points()[0], more.Points()[0]; a != b {
		t.Errorf("%+v, with another machine %+v", a, b)
	}
	if a := plain.Points()[0]; a.Fired == 0 {
		t.Errorf("%+v", a)
	}
}

// TestProbe_changesNothingElse: with one more fact the hash is another one, and
// everything else that happens is the same at the same time.
func TestProbe_changesNothingElse(t *testing.T) {
	run := func(probe bool) (trace []string, hash uint64) {
		var out bytes.Buffer
		s := New(Config{Seed: 3, Trace: &out})
		s.AddHost("a").Start(func(p host.Host) {
			draws := p.Rand("pause")
			var t host.Timer
			t = p.NewLoop("main").NewTimer(func() {
				if probe {
					host.Sometimes(p, "ticked")
				}
				p.Log().Info("tick")
				t.Reset(time.Duration(draws.IntN(1000)) * time.Millisecond)
			})
			t.Reset(0)
		})
		s.Run(time.Minute)
		s.Close()
		for l := range strings.Lines(out.String()) {
			if !strings.Contains(l, `"kind":"mark"`) && !strings.Contains(l, `"kind":"end"`) {
				trace = append(trace, l)
			}
		}
		return trace, s.Hash()
	}
	plain, hash := run(false)
	probed, other := run(true)
	if len(plain) < 50 || !slices.Equal(plain, probed) {
		t.Errorf("%d lines without the fact, %d with it, or others", len(plain), len(probed))
	}
	if hash == other {
		t.Error("the fact is not in the hash")
	}
}

// BenchmarkPoint measures a point that is not enabled, as in a daemon that goes
// through its points in a certain order.
func BenchmarkPoint(b *testing.B) {
	s := New(Config{Seed: 1})
	defer s.Close()
	h := s.AddHost("a")
	h.Start(func(host.Host) {})
	s.Run(time.Second)
	p := h.Process()
	names := []string{"msgr.open.header", "msgr.open.throttled", "msgr.open.message", "msgr.open.before_ack", "msgr.open.encoded", "msgr.open.written"}
	b.ReportAllocs()
	for b.Loop() {
		for _, n := range names {
			p.Point(n)
		}
	}
}
