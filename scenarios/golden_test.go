package scenarios

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

var update = flag.Bool("update", false, "write the golden hashes anew")

// goldenFile has a line for each run: the repro line with the run's hash, its
// steps and its verdict.
const goldenFile = "testdata/golden.txt"

// howToUpdate is what somebody reads whose change has changed hashes.
const howToUpdate = `
A hash says that the run is another one than it was. That is right if your change
was meant to change what these runs do: a daemon behaves otherwise, a fact has
another field, a seed draws something else. Then write the hashes anew,

	go test ./sim ./scenarios -run Golden -update

look at the diff, and say in the commit why they have changed. It is not right if
only some machine, GOMAXPROCS, -race or GOARCH has another hash than the file: that
is nondeterminism, and an update would hide it. Nor is it if your change was to be
off where it is not used.`

// goldenSeeds are the seeds of each scenario of which the hashes are kept, and with
// -short the one that is tried.
func goldenSeeds() []uint64 {
	if testing.Short() {
		return []uint64{1}
	}
	return []uint64{1, 2, 7}
}

// TestGolden holds the hashes of some runs of every scenario: on any machine, with
// any number of threads, with the race detector and without.
func TestGolden(t *testing.T) {
	if *update && testing.Short() {
		t.Fatal("-update writes all of them, so without -short")
	}
	threads := []int{1, 2}
	if testing.Short() {
		threads = threads[1:]
	}
	for _, threads := range threads {
		before := runtime.GOMAXPROCS(threads)
		got := goldenRuns(threads)
		runtime.GOMAXPROCS(before)
		if bad := failing(got); bad != "" {
			t.Fatalf("no hash of a run that fails is kept:\n%s", bad)
		}
		if *update {
			if err := os.WriteFile(goldenFile, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(goldenFile)
		if err != nil {
			t.Fatal(err)
		}
		compareGolden(t, threads, tried(string(want)), got)
	}
}

// goldenRuns makes as many runs at a time as there are threads: runs share nothing, and
// the race detector looks whether that is so.
func goldenRuns(threads int) string {
	var specs []Spec
	for _, s := range Catalogue() {
		for _, seed := range goldenSeeds() {
			specs = append(specs, Spec{Scenario: s, Seed: seed})
		}
	}
	lines := make([]string, len(specs))
	var next atomic.Int64
	var workers sync.WaitGroup
	for range threads {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(specs)); i = next.Add(1) - 1 {
				r := Run(specs[i])
				lines[i] = fmt.Sprintf("%v steps=%d %v\n", LineOf(r), r.Steps, r.Verdict)
			}
		})
	}
	workers.Wait()
	return strings.Join(lines, "")
}

// failing keeps the lines of runs that fail.
func failing(lines string) string {
	var b strings.Builder
	for l := range strings.Lines(lines) {
		if strings.HasSuffix(l, fmt.Sprintf(" %v\n", Fail)) {
			b.WriteString(l)
		}
	}
	return b.String()
}

// tried keeps the lines of the seeds that are tried.
func tried(lines string) string {
	var b strings.Builder
	for l := range strings.Lines(lines) {
		for _, seed := range goldenSeeds() {
			if strings.Contains(l, fmt.Sprintf(":seed=%d:", seed)) {
				b.WriteString(l)
			}
		}
	}
	return b.String()
}

func compareGolden(t *testing.T, threads int, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	old := strings.Split(want, "\n")
	for i, l := range strings.Split(got, "\n") {
		if i >= len(old) || l != old[i] {
			t.Errorf("%s/%s, GOMAXPROCS=%d: line %d is %q, %s has another", runtime.GOOS, runtime.GOARCH, threads, i+1, l, goldenFile)
		}
	}
	t.Error(goldenFile + " does not hold." + howToUpdate)
}
