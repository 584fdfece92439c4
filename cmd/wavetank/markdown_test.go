package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/scenarios"
)

// failedAs is a failure of so many runs.
func failedAs(signature, detail string, count int) *scenarios.Found {
	r := scenarios.Result{
		Spec:    scenarios.Spec{Scenario: scenarios.Scenario{Name: "mon-pause"}, Seed: uint64(count)},
		Verdict: scenarios.Fail, Failure: &scenarios.Failure{Property: signature, Detail: detail, Step: 5},
	}
	return &scenarios.Found{Signature: signature, Verdict: scenarios.Fail, Count: count, First: r, Cheapest: r}
}

// TestMarkdown holds a page whole, with text that Markdown would take for its own.
func TestMarkdown(t *testing.T) {
	until := time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	quarantined := failedAs("I-B on mgr", "b", 2)
	quarantined.Known, quarantined.Quarantined = &scenarios.Quarantined{Signature: "I-B on mgr", Until: until, Reason: "being <mended>"}, true
	slow := failedAs("", "", 9).First
	slow.Real, slow.Steps = 1234*time.Millisecond, 99
	s := &scenarios.Summary{
		Runs: 10, Failures: 3, Quarantined: 2, Verdict: scenarios.Fail, Real: 12 * time.Second, Virtual: time.Hour,
		Found:   []*scenarios.Found{failedAs("panic: a | *b* <c>", "line one\nline `two`", 3), quarantined},
		Canary:  &scenarios.Canary{Mutant: scenarios.Mutant{Name: "zapProxied", Scenario: "mon-minority"}, Seeds: 7},
		Err:     errors.New("disk full"),
		Faults:  map[string]int{"kill": 3, "pause": 1},
		Slowest: []scenarios.Result{slow},
	}
	const file = "testdata/summary.md"
	got := markdown("mon-pause, seeds 1-10 in sim", s)
	if flag.Lookup("update").Value.String() == "true" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the page is\n%s\n%s has another", got, file)
	}
}

// TestMarkdown_capped: however much there is, the page has room for what matters most,
// ends with a whole line, and says that something is missing.
func TestMarkdown_capped(t *testing.T) {
	s := &scenarios.Summary{Runs: 1000, Verdict: scenarios.Fail}
	for i := range 1000 {
		s.Found = append(s.Found, failedAs(fmt.Sprintf("I-%d %s", i, strings.Repeat("é|", 500)), strings.Repeat("ü\n", 5000), 1))
	}
	for _, title := range []string{"many", strings.Repeat("scenario ", 20_000)} {
		page := markdown(title, s)
		if len(page) > maxPage || len(page) < maxPage*9/10 {
			t.Errorf("%d bytes", len(page))
		}
		if !strings.HasPrefix(page, "## fail: ") || !strings.Contains(page, "| 1 | I-0 ") || !strings.Contains(page, "bytes of this page are left out here.\n") {
			t.Errorf("the page begins with %.200s and ends with %s", page, page[len(page)-200:])
		}
	}
}
