package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// turns runs posts of several loops at one instant, each of which posts itself
// again, and returns who took the turns.
func turns(schedule Schedule, seed uint64, loops, rounds int) []int {
	s := New(Config{Seed: seed, Schedule: schedule})
	defer s.Close()
	var got []int
	s.AddHost("a").Start(func(h host.Host) {
		for i := range loops {
			l := h.NewLoop(fmt.Sprint(i))
			left := rounds
			var turn func()
			turn = func() {
				got = append(got, i)
				if left--; left > 0 {
					l.Post(turn)
				}
			}
			l.Post(turn)
		}
	})
	s.Run(time.Second)
	return got
}

func TestSchedule_fairTakesTurns(t *testing.T) {
	got := turns(Schedule{Kind: Fair}, 1, 5, 4)
	for round := range slices.Chunk(got, 5) {
		slices.Sort(round)
		if !slices.Equal(round, []int{0, 1, 2, 3, 4}) {
			t.Fatalf("turns %v", got)
		}
	}
}

// Without changes of priority loops run one after the other, in every order.
func TestSchedule_pctKeepsToPriorities(t *testing.T) {
	seen := make(map[string]bool)
	for seed := range uint64(100) {
		got := turns(Schedule{Kind: PCT, Depth: 1}, seed, 3, 4)
		if blocks := slices.Compact(slices.Clone(got)); len(got) != 12 || len(blocks) != 3 {
			t.Fatalf("seed %d: turns %v", seed, got)
		}
		seen[fmt.Sprint(slices.Compact(got))] = true
	}
	if len(seen) != 6 {
		t.Errorf("only %d of 6 orders: %v", len(seen), seen)
	}
}

// With a depth of d a run of turns is broken off at most d-1 times, and sometimes is.
func TestSchedule_pctChangesPriorities(t *testing.T) {
	for depth := 2; depth <= 4; depth++ {
		most := 0
		for seed := range uint64(300) {
			got := turns(Schedule{Kind: PCT, Depth: depth, Steps: 30}, seed, 3, 10)
			blocks := len(slices.Compact(got))
			if blocks > 3+2*(depth-1) {
				t.Fatalf("depth %d, seed %d: turns %v", depth, seed, got)
			}
			most = max(most, blocks)
		}
		if most < 2+depth {
			t.Errorf("depth %d: never more than %d blocks of turns", depth, most)
		}
	}
}

// A loop of low priority oversleeps, by no more than Lag and as much at each fall;
// its timers fire in their order; and nobody starves.
func TestSchedule_lag(t *testing.T) {
	const lag, falls = 10 * ms, 3
	latest := time.Duration(0)
	for seed := range uint64(100) {
		s := New(Config{Seed: seed, Schedule: Schedule{Kind: PCT, Depth: 1 + falls, Steps: 50, Lag: lag}})
		s.AddHost("a").Start(func(h host.Host) {
			for i := range 4 {
				l := h.NewLoop(fmt.Sprint(i))
				last := time.Duration(0)
				for n := range 50 {
					due := time.Duration(n) * 3 * ms
					l.NewTimer(func() {
						if due < last {
							t.Errorf("seed %d: the timer of %v after that of %v", seed, due, last)
						}
						last = due
						late := s.Now() - due
						if late < 0 || late > lag*(1+falls) || n > 30 && late > lag {
							t.Errorf("seed %d: a timer fired %v late", seed, late)
						}
						latest = max(latest, late)
					}).Reset(due)
				}
			}
		})
		s.Run(time.Second)
		if n := len(s.kernel.wheel.due); n > 0 || s.Steps() < 200 {
			t.Errorf("seed %d: %d events are left after %d steps", seed, n, s.Steps())
		}
		s.Close()
	}
	if latest < lag/2 {
		t.Errorf("no timer was later than %v", latest)
	}
}

// The strategy can change in the middle of a run, and the hosts pass their suite
// with each.
func TestSetSchedule_inTheMiddle(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	server, client := s.AddHost("server"), s.AddHost("client")
	got := 0
	addr := startEchoServer(server, &got)
	client.Start(func(h host.Host) {
		e := &echo{buf: make([]byte, 64), got: &got}
		e.conn = h.Network().Dial(h.NewLoop("l"), addr, e)
	})
	for _, schedule := range []Schedule{{Kind: PCT, Lag: ms}, {Kind: Fair}, {}, {Kind: PCT}, {Kind: PCT, Lag: time.Second}, {Kind: Fair}} {
		before := got
		s.SetSchedule(schedule)
		s.Run(3 * time.Second)
		if got == before {
			t.Errorf("%v: the stream stands still", schedule)
		}
	}
}

// With every decision excepted the steps are those of Uniform, with none those of Fair,
// and what stands between is neither.
func TestSchedule_fairExcept(t *testing.T) {
	other := 0
	for seed := range uint64(50) {
		uniform := turns(Schedule{}, seed, 4, 5)
		all := turns(Schedule{Kind: Fair, Except: []Decisions{{1, 3}, {4, 1000}}}, seed, 4, 5)
		if !slices.Equal(uniform, all) {
			t.Fatalf("seed %d: %v, with all decisions excepted %v", seed, uniform, all)
		}
		fair := turns(Schedule{Kind: Fair}, seed, 4, 5)
		if late := turns(Schedule{Kind: Fair, Except: []Decisions{{1000, 1000}}}, seed, 4, 5); !slices.Equal(fair, late) {
			t.Fatalf("seed %d: %v, with a decision that never comes excepted %v", seed, fair, late)
		}
		some := turns(Schedule{Kind: Fair, Except: []Decisions{{2, 2}, {5, 6}}}, seed, 4, 5)
		if some[0] != fair[0] {
			t.Fatalf("seed %d: the first decision is not excepted: %v, fair is %v", seed, some, fair)
		}
		if !slices.Equal(some, fair) && !slices.Equal(some, uniform) {
			other++
		}
	}
	if other < 25 {
		t.Errorf("exceptions made a difference in %d of 50 runs", other)
	}
}

func TestDecisions_areCounted(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	for range 3 {
		s.At(time.Second, func() {})
	}
	s.At(2*time.Second, func() {})
	s.Run(3 * time.Second)
	if s.Decisions() != 2 {
		t.Errorf("%d decisions, want one among three and one among two", s.Decisions())
	}
}

func TestSchedule_inWords(t *testing.T) {
	for want, schedule := range map[string]Schedule{
		"uniform":                       {},
		"fair":                          {Kind: Fair, Depth: 3},
		"fair,except=2,except=5-9":      {Kind: Fair, Except: []Decisions{{2, 2}, {5, 9}}},
		"pct,depth=3,steps=4096,lag=0s": {Kind: PCT},
		"pct,depth=2,steps=10,lag=1ms":  {Kind: PCT, Depth: 2, Steps: 10, Lag: ms},
	} {
		if got := schedule.withDefaults().String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
