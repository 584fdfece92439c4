package messenger

import (
	"os"
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
		if err := Run(plan, msgr.Defects{}); err != nil {
			t.Errorf("%v\n%v", plan, err)
			if failed++; failed == 5 {
				t.FailNow()
			}
		}
	}
}

// TestRun_isTheSameForTheSameSeed: a failure can be looked at again.
func TestRun_isTheSameForTheSameSeed(t *testing.T) {
	for seed := range uint64(20) {
		first := Run(Choose(seed), msgr.Defects{AckWithoutWake: true})
		again := Run(Choose(seed), msgr.Defects{AckWithoutWake: true})
		if first == nil || again == nil || first.Error() != again.Error() {
			t.Errorf("seed %d: first %v, then %v", seed, first, again)
		}
	}
}

// TestRun_findsPlantedBugs: each is found within 2,000 seeds.
func TestRun_findsPlantedBugs(t *testing.T) {
	for name, defects := range map[string]msgr.Defects{
		"bumpSeqWhileConnecting": {BumpSeqWhileConnecting: true},
		"noReadyTimeout":         {NoReadyTimeout: true},
		"ackWithoutWake":         {AckWithoutWake: true},
		"retryOnZeroSeq":         {RetryOnZeroSeq: true},
		"keepHeldOnFault":        {KeepHeldOnFault: true},
	} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(2000) {
				if err := Run(Choose(seed), defects); err != nil {
					t.Logf("seed %d: %v", seed, err)
					return
				}
			}
			t.Error("not found")
		})
	}
}
