package messenger

import (
	"os"
	"reflect"
	"strconv"
	"testing"

	"github.com/wavetank/wavetank/daemons/msgr"
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
		plan := Choose(seed)
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
		first := Run(Config{Plan: Choose(seed), Defects: defects})
		again := Run(Config{Plan: Choose(seed), Defects: defects})
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
				o := Run(Config{Plan: Choose(seed), Defects: bug.Defects})
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
