package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// At least fifteen planted bugs have a script that finds them.
func TestRegressions_areMany(t *testing.T) {
	all, err := OpenRegressions("regressions")
	if err != nil {
		t.Fatal(err)
	}
	mutants := make(map[string]bool)
	for _, r := range all {
		mutants[r.Mutant] = true
	}
	if len(mutants) < 15 {
		t.Errorf("%d planted bugs have scripts", len(mutants))
	}
}

func TestRegression_Check(t *testing.T) {
	const failover = "scenario a\nmgrs 2\nmons 1\nlength 36s\n\nat 0s kill active-mgr\n"
	for _, tt := range []struct{ name, text, problem string }{
		{"planted", "# fails as: I-MGR-2 fence before serve on mgr\n# seed 1, mutant noFenceWait\n" + failover, ""},
		{"mended", "# fails as: I-MGR-2 fence before serve on mgr\n# seed 1\n" + failover, ""},
		{"another property", "# fails as: I-MGR-7 no resurrection on mon\n# seed 1, mutant noFenceWait\n" + failover, "none of 21 seeds fails as"},
		{"another bug", "# fails as: I-MGR-2 fence before serve on mgr\n# seed 1, mutant noUnBackoff\n" + failover, "with noUnBackoff planted, none of 21 seeds"},
		{"not mended", "# fails as: I-MGR-11 bounded detection\n# seed 1\nscenario a\nlength 9s\nmgrs 2\n\nat 0s kill active-mgr\nexpect replaced within 5s\n", "it fails without a planted bug: I-MGR-11"},
		{"fails anyway", "# fails as: I-MGR-11 bounded detection\n# seed 1, mutant noUnBackoff\nscenario a\nlength 9s\nmgrs 2\n\nat 0s kill active-mgr\nexpect replaced within 5s\n", "it fails without a planted bug: I-MGR-11"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.wt")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			r, err := OpenRegression(file)
			if err != nil {
				t.Fatal(err)
			}
			if _, problem := r.Check(); tt.problem == "" && problem != "" || !strings.Contains(problem, tt.problem) {
				t.Errorf("%q, want %q", problem, tt.problem)
			}
		})
	}
}

func TestOpenRegressions_refuses(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenRegressions(dir); err == nil || !strings.Contains(err.Error(), "there is no script in it") {
		t.Error(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.wt"), []byte("scenario a\nat 0s kill mon.a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenRegressions(dir); err == nil || !strings.Contains(err.Error(), "a.wt: unusable header") {
		t.Error(err)
	}
}
