package messenger

import (
	"bytes"
	"io"
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// seeds is how many seeds the matrix runs: WAVETANK_SEEDS, or a few thousand.
func seeds(t testing.TB) uint64 {
	t.Helper()
	text := os.Getenv("WAVETANK_SEEDS")
	if text == "" {
		return 3000
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("WAVETANK_SEEDS: %v", err)
	}
	return n
}

// TestRun_holdsEveryProperty is the matrix.
func TestRun_holdsEveryProperty(t *testing.T) {
	failed := 0
	for seed := range seeds(t) {
		plan := Choose(seed, nil)
		if err := outcome(plan, Defects{}); err != nil {
			t.Errorf("seed %d: %v\n%v", seed, plan, err)
			if failed++; failed == 5 {
				t.FailNow()
			}
		}
	}
}

// TestRun_isTheSameForTheSameSeed: a failure can be looked at again.
func TestRun_isTheSameForTheSameSeed(t *testing.T) {
	defects := Defects{Messenger: msgr.Defects{AckWithoutWake: true}}
	for seed := range uint64(20) {
		first := Run(Config{Plan: Choose(seed, nil), Defects: defects})
		again := Run(Config{Plan: Choose(seed, nil), Defects: defects})
		if first.Err() == nil || !reflect.DeepEqual(first, again) {
			t.Errorf("seed %d: first %+v, then %+v", seed, first, again)
		}
	}
}

// TestRun_findsPlantedBugs: each is found within 2,000 seeds, by the property that
// the list names.
func TestRun_findsPlantedBugs(t *testing.T) {
	for _, bug := range Bugs() {
		t.Run(bug.Name, func(t *testing.T) {
			for seed := uint64(1); seed <= 2000; seed++ {
				o := Run(Config{Plan: Choose(seed, nil), Defects: bug.Defects})
				if len(o.Wrong) == 0 {
					continue
				}
				if o.Wrong[0].Property != bug.Property {
					t.Errorf("seed %d: %v, want %s", seed, o.Wrong[0], bug.Property)
				}
				return
			}
			t.Error("not found")
		})
	}
}

func outcome(p Plan, d Defects) error {
	o := Run(Config{Plan: p, Defects: d})
	return o.Err()
}

// TestRun_traceOfAFailure: the trace of a failing run says which damage was done,
// what did not hold, and what the sides sent and got.
func TestRun_traceOfAFailure(t *testing.T) {
	for seed := uint64(1); ; seed++ {
		var trace bytes.Buffer
		o := Run(Config{
			Plan: Choose(seed, nil), Trace: &trace, Line: "w1:some:line",
			Defects: Defects{Messenger: msgr.Defects{ForgetSent: true}},
		})
		if plain := Run(Config{Plan: Choose(seed, nil), Defects: Defects{Messenger: msgr.Defects{ForgetSent: true}}}); plain.Hash != o.Hash {
			t.Fatalf("seed %d: with a trace the hash is %x, without %x", seed, o.Hash, plain.Hash)
		}
		if len(o.Wrong) == 0 {
			continue
		}
		kinds, messages := make(map[string]int), make(map[string]int)
		r, err := tracefile.NewReader("trace", &trace)
		if err != nil {
			t.Fatal(err)
		}
		for {
			e, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			kinds[e.Kind]++
			messages[e.Get("msg")]++
			if e.Kind == "failure" && kinds["failure"] == 1 && e.Get("property") != o.Wrong[0].Property {
				t.Errorf("%s, want a failure of %s", e.Text, o.Wrong[0].Property)
			}
		}
		damage := 0
		for _, s := range o.Struck {
			if damage += 1; kinds["fault."+s.Damage.Kind.Fault()] == 0 {
				t.Errorf("no line of %v in %v", s.Damage, kinds)
			}
		}
		if kinds["failure"] != len(o.Wrong) || damage == 0 || messages["sent"] == 0 || messages["got"] == 0 {
			t.Errorf("%d failures and %d damages in %v, %v", len(o.Wrong), damage, kinds, messages)
		}
		if r.Header().Line != "w1:some:line" {
			t.Errorf("header %+v", r.Header())
		}
		return
	}
}
