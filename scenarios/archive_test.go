package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const quietArchive = `# Two runs.
run quiet.wt seed 3
cmp roles roles
cmp faults faults
cmp script quiet.wt
run never.wt
verdict inconclusive
cmp marks marks
-- quiet.wt --
scenario quiet
length 20s

at 3s mgr-fail
expect settled within 1m0s
-- roles --
active-mgr: manager 2, manager 2 serves
-- faults --
mgr-fail: 1
-- never.wt --
scenario never
at 1s resume paused
-- marks --
monitor client found a session again
`

func TestArchive_checks(t *testing.T) {
	a, err := ParseArchive(quietArchive)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Check(); err != nil || a.Runs() != 2 || !a.In(WorldSim) || a.In(WorldTCP) {
		t.Errorf("%v, %d runs", err, a.Runs())
	}
	for _, tt := range []struct{ old, new, want string }{
		{"manager 2 serves", "manager 3 serves", "line 3: not as the archive says: roles is"},
		{"mgr-fail: 1", "mgr-fail: 2", "line 4: not as the archive says: faults is"},
		{"verdict inconclusive", "verdict pass", "line 6: not as the archive says: the verdict is inconclusive, want pass"},
		{"verdict inconclusive", "verdict fail I-MGR-2", "want fail I-MGR-2"},
	} {
		a, err := ParseArchive(strings.Replace(quietArchive, tt.old, tt.new, 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Check(); !errors.Is(err, ErrArchive) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%v, want %s", err, tt.want)
		}
	}
}

// What differs is written back, verdicts are not.
func TestArchive_updates(t *testing.T) {
	a, err := ParseArchive(strings.Replace(quietArchive, "manager 2 serves", "nobody", 1))
	if err != nil {
		t.Fatal(err)
	}
	if text, err := a.Update(); err != nil || string(text) != quietArchive {
		t.Errorf("%v\n%s", err, text)
	}
	if a, err = ParseArchive(strings.Replace(quietArchive, "verdict inconclusive\n", "", 1)); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.txtar")
	if err := a.Write(name); !errors.Is(err, ErrArchive) {
		t.Error(err)
	}
	if _, err := os.Stat(name); err == nil {
		t.Error("written for all that")
	}
}

func TestParseArchive_refuses(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", "line 1, column 1: the archive runs nothing"},
		{"verdict pass\n", "line 1, column 9: verdict stands before the first run"},
		{"runs a.wt\n", `did you mean "run"?`},
		{"# a\nrun a.wt\n", `line 2, column 9: the archive has no file "a.wt"`},
		{"run a.wt seed x\n", `the seed is "x"`},
		{"run a.wt world moon\n", `"moon" stands where sim, tcp is expected`},
		{"run a.wt mutant nobody\n-- a.wt --\nscenario a\nat 1s mgr-fail\n", "nobody"},
		{"run a.wt\n-- a.wt --\nscenario a\nat 1s mgrfail\n", `a.wt: line 2, column 7: there is no fault "mgrfail"`},
		{"run a.wt\ncmp roles x\n-- a.wt --\nscenario a\nat 1s mgr-fail\n", `line 2, column 12: the archive has no file "x"`},
		{"run a.wt\ncmp rolls x\n-- a.wt --\nscenario a\nat 1s mgr-fail\n-- x --\n", `did you mean "roles"?`},
	} {
		if _, err := ParseArchive(tt.text); err == nil || !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// Nothing that is read panics.
func FuzzParseArchive(f *testing.F) {
	f.Add(quietArchive)
	f.Fuzz(func(_ *testing.T, text string) { _, _ = ParseArchive(text) })
}
