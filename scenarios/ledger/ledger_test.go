package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/novelty"
)

// TestMain lets the test be the process that crashes in the middle of a run.
func TestMain(m *testing.M) {
	if file := os.Getenv("LEDGER_CRASH"); file != "" {
		crash(file)
	}
	os.Exit(m.Run())
}

// crash ends the process without a word in the third run.
func crash(file string) {
	l, err := Open(file, Options{Version: "v1"})
	if err != nil {
		fmt.Println(err)
		os.Exit(2)
	}
	s := made(func(seed uint64) scenarios.Result {
		if seed == 3 {
			os.Exit(3)
		}
		return scenarios.Result{Steps: 1}
	})
	campaign(l, s, 10).Run(context.Background())
	os.Exit(0)
}

// made is a scenario whose runs come out as told.
func made(outcome func(seed uint64) scenarios.Result) scenarios.Scenario {
	return scenarios.Scenario{Name: "made", Alone: func(s scenarios.Spec) scenarios.Result { return outcome(s.Seed) }}
}

func campaign(l *Ledger, s scenarios.Scenario, seeds uint64) scenarios.Campaign {
	c := scenarios.Campaign{
		Specs: []scenarios.Spec{{Scenario: s}}, Seeds: scenarios.Seeds{First: 1, Last: seeds}, Workers: 1, Recheck: scenarios.RecheckNone,
	}
	if l != nil {
		c.Journal = l
	}
	return c
}

// clock is a time that goes on by a second whenever it is asked.
func clock() func() time.Time {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	return func() time.Time { now = now.Add(time.Second); return now }
}

func opened(t *testing.T, file string, o Options) *Ledger {
	t.Helper()
	if o.Now == nil {
		o.Now = clock()
	}
	l, err := Open(file, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func closeIt(t *testing.T, l *Ledger) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestLedger_crash: a process that dies in a run leaves that run behind, until it is run
// again.
func TestLedger_crash(t *testing.T) {
	file := filepath.Join(t.TempDir(), "runs of today.db")
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "LEDGER_CRASH="+file)
	var failed *exec.ExitError
	if out, err := child.CombinedOutput(); !errors.As(err, &failed) || failed.ExitCode() != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	l := opened(t, file, Options{Version: "v1", Resume: true})
	lost, err := l.Unfinished()
	if err != nil || len(lost) != 1 || lost[0].Replay != "w1:made:seed=3" || lost[0].PID != child.Process.Pid || lost[0].UnderWay {
		t.Fatalf("unfinished: %+v, %v", lost, err)
	}
	var ran []uint64
	sum := campaign(l, made(func(seed uint64) scenarios.Result { ran = append(ran, seed); return scenarios.Result{Steps: 1} }), 5).Run(context.Background())
	if sum.Err != nil || sum.Resumed != 2 || fmt.Sprint(ran) != "[3 4 5]" {
		t.Errorf("%v: %d resumed, run: %v", sum.Err, sum.Resumed, ran)
	}
	if lost, err := l.Unfinished(); err != nil || len(lost) != 0 {
		t.Errorf("still unfinished: %+v, %v", lost, err)
	}
	closeIt(t, l)
}

// TestLedger_underWay: a run of a process that lives is no lost one.
func TestLedger_underWay(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	a := opened(t, file, Options{Version: "v1"})
	spec := scenarios.Spec{Scenario: made(nil), Seed: 1}
	if _, err := a.begin("w1:made:seed=1", spec); err != nil {
		t.Fatal(err)
	}
	if _, err := a.db.Exec(`update campaigns set pid = ?`, os.Getppid()); err != nil {
		t.Fatal(err)
	}
	b := opened(t, file, Options{Version: "v1"})
	if lost, err := b.Unfinished(); err != nil || len(lost) != 1 || !lost[0].UnderWay {
		t.Errorf("while the other lives: %+v, %v", lost, err)
	}
	closeIt(t, a)
	if lost, err := b.Unfinished(); err != nil || len(lost) != 1 || lost[0].UnderWay {
		t.Errorf("after the other has ended: %+v, %v", lost, err)
	}
	closeIt(t, b)
}

// TestLedger_resumed: a campaign that was cut short and taken up again sums up as one that
// was not, and a failure from before counts.
func TestLedger_resumed(t *testing.T) {
	s, err := scenarios.Find("mon-pause")
	if err != nil {
		t.Fatal(err)
	}
	spec := []scenarios.Spec{{Scenario: s, Mutant: "noTickGapReset", World: scenarios.WorldSim}}
	run := func(last uint64, j scenarios.Journal) scenarios.Summary {
		return scenarios.Campaign{Specs: spec, Seeds: scenarios.Seeds{First: 1, Last: last}, Journal: j}.Run(context.Background())
	}
	whole := run(20, nil)
	file := filepath.Join(t.TempDir(), "l")
	first := opened(t, file, Options{Version: "v1"})
	run(12, first)
	closeIt(t, first)
	second := opened(t, file, Options{Version: "v1", Resume: true})
	resumed := run(20, second)
	closeIt(t, second)
	if resumed.Err != nil || resumed.Resumed != 12 || resumed.Verdict != scenarios.Fail {
		t.Fatalf("%v: %d resumed, %v", resumed.Err, resumed.Resumed, resumed.Verdict)
	}
	resumed.Resumed = 0
	if diff := cmp.Diff(whole, resumed,
		cmpopts.IgnoreUnexported(scenarios.Summary{}), cmp.AllowUnexported(novelty.Tally{}, novelty.Count{}), cmpopts.IgnoreFields(scenarios.Summary{}, "Real", "Slowest"),
		cmpopts.IgnoreFields(scenarios.Result{}, "Spec", "Real", "Resumed")); diff != "" {
		t.Errorf("whole and resumed differ: %s", diff)
	}
}

// TestLedger_versions: another version, another planted bug, another script are other runs.
func TestLedger_versions(t *testing.T) {
	dir := t.TempDir()
	file, script := filepath.Join(dir, "l"), filepath.Join(dir, "s.wt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(script, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	run := func(version, mutant string) int {
		t.Helper()
		l := opened(t, file, Options{Version: version, Resume: true})
		defer closeIt(t, l)
		s := made(func(uint64) scenarios.Result { return scenarios.Result{Steps: 1} })
		s.File = script
		c := campaign(l, s, 3)
		c.Specs[0].Mutant = mutant
		sum := c.Run(context.Background())
		if sum.Err != nil {
			t.Fatal(sum.Err)
		}
		return sum.Resumed
	}
	for i, want := range []int{0, 3} {
		if got := run("v1", ""); got != want {
			t.Errorf("time %d: %d resumed", i+1, got)
		}
	}
	if got := run("v2", ""); got != 0 {
		t.Errorf("another version: %d resumed", got)
	}
	if got := run("v1", "noTickGapReset"); got != 0 {
		t.Errorf("a planted bug: %d resumed", got)
	}
	write("two")
	if got := run("v1", ""); got != 0 {
		t.Errorf("another script: %d resumed", got)
	}
}

// TestLedger_shared: several at once lose nothing of each other's.
func TestLedger_shared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	var all sync.WaitGroup
	for part := range uint64(4) {
		all.Go(func() {
			l, err := Open(file, Options{Version: "v1"})
			if err != nil {
				t.Error(err)
				return
			}
			c := campaign(l, made(func(uint64) scenarios.Result { return scenarios.Result{Steps: 1} }), 100)
			c.Shard, c.Workers = scenarios.Shard{Index: part + 1, Of: 4}, 2
			if sum := c.Run(context.Background()); sum.Err != nil {
				t.Error(sum.Err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l, err := OpenToRead(file)
	if err != nil {
		t.Fatal(err)
	}
	if tallies, err := l.Tallies(); err != nil || len(tallies) != 1 || tallies[0].Seeds != 100 || tallies[0].Runs != 100 || tallies[0].Passed != 100 {
		t.Errorf("%+v, %v", tallies, err)
	}
	closeIt(t, l)
}

// TestLedger_failures: each by its signature, since when, and how to see it.
func TestLedger_failures(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	now := clock()
	for i, version := range []string{"v1", "v2"} {
		l := opened(t, file, Options{Version: version, Now: now})
		s := made(func(seed uint64) scenarios.Result {
			r := scenarios.Result{Steps: 100 - seed, Hash: seed}
			if seed%2 == 0 {
				r.Verdict, r.Failure = scenarios.Fail, &scenarios.Failure{Property: "I-A", Host: "mon.a"}
			}
			return r
		})
		campaign(l, s, uint64(4+2*i)).Run(context.Background())
		closeIt(t, l)
	}
	l, err := OpenToRead(file)
	if err != nil {
		t.Fatal(err)
	}
	defer closeIt(t, l)
	got, err := l.Failures()
	want := []Failed{{
		Signature: "I-A on mon", Verdict: "fail", Count: 5, Since: "v1", Until: "v2",
		First: "2026-11-22T00:00:04.000Z", Last: "2026-11-22T00:00:22.000Z", Replay: "w1:made:seed=6:hash=0000000000000006",
	}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, %s", err, diff)
	}
	tallies, err := l.Tallies()
	if err != nil || len(tallies) != 2 || tallies[0].Version != "v2" || tallies[0].Failed != 3 || tallies[1].Failed != 2 {
		t.Errorf("%+v, %v", tallies, err)
	}
}

// TestOpen_errors: what is no ledger is left as it is.
func TestOpen_errors(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text")
	content := []byte(strings.Repeat("this is a file of somebody else\n", 100))
	if err := os.WriteFile(text, content, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(text, Options{}); err == nil {
		t.Error("a text was opened")
	}
	if after, _ := os.ReadFile(text); !bytes.Equal(after, content) {
		t.Error("the text was changed")
	}
	newer := filepath.Join(dir, "newer")
	l := opened(t, newer, Options{})
	if _, err := l.db.Exec(`pragma user_version = 2`); err != nil {
		t.Fatal(err)
	}
	closeIt(t, l)
	if _, err := Open(newer, Options{}); !errors.Is(err, ErrNoLedger) {
		t.Errorf("a newer one: %v", err)
	}
	if _, err := OpenToRead(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("one that is not there: %v", err)
	}
}

// TestOpen_atOnce: whoever makes the file, all may use it.
func TestOpen_atOnce(t *testing.T) {
	file := filepath.Join(t.TempDir(), "l")
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			l, err := Open(file, Options{Version: "v1"})
			if err != nil {
				t.Error(err)
				return
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	l := opened(t, file, Options{})
	defer closeIt(t, l)
	var mode string
	if err := l.db.QueryRow(`pragma journal_mode`).Scan(&mode); err != nil || mode != "wal" {
		t.Errorf("journal mode %q, %v", mode, err)
	}
}
