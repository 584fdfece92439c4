package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sort"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
)

// report tells the user of a campaign: the results on out, as text or as JSON
// lines, and its progress on err.
type report struct {
	io       *streams
	json     *json.Encoder // nil for text
	bar      *progressbar.ProgressBar
	total    uint64
	done     uint64
	bad      uint64 // runs that did not pass
	lastNote time.Time
	seen     map[string]bool    // signatures of failures that were shown
	vain     []scenarios.Result // inconclusive ones, kept for --out
	kept     []scenarios.Result // all, if each is shown
	keepAll  bool
	junit    *junit // nil without --junit
	err      error
}

// schema is the version of the JSON lines.
const schema = 1

func (c *runCmd) report(io *streams, campaign scenarios.Campaign) *report {
	total := campaign.Total()
	r := &report{io: io, total: total, lastNote: time.Now(), keepAll: c.shown(), seen: make(map[string]bool)}
	if c.JUnit != "" {
		r.junit = newJUnit()
	}
	if c.JSON {
		r.json = json.NewEncoder(io.out)
		r.emit(map[string]any{"kind": "header", "schema": schema, "scenarios": c.Scenarios, "world": c.World,
			"profile": c.Profile, "mutant": c.Mutant, "schedule": c.Schedule, "first_seed": campaign.Seeds.First, "runs": total,
			"shard": campaign.Shard.String()})
	} else if c.Fresh || c.Shard != "" {
		fmt.Fprintf(io.out, "seeds %v, shard %v: %d runs\n", campaign.Seeds, campaign.Shard, total)
	}
	if io.terminal && total > 1 && c.For == nil {
		r.bar = progressbar.NewOptions64(int64(min(total, math.MaxInt64)),
			progressbar.OptionSetWriter(io.err), progressbar.OptionSetDescription("seeds"),
			progressbar.OptionShowIts(), progressbar.OptionShowCount(),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return r
}

func (r *report) emit(v any) {
	if err := r.json.Encode(v); err != nil && r.err == nil {
		r.err = err
	}
}

// result is told every result in order.
func (r *report) result(res scenarios.Result) {
	r.done++
	r.progress()
	if res.Verdict != scenarios.Pass {
		r.bad++
	}
	if res.Verdict == scenarios.Inconclusive && len(r.vain) < maxKept {
		r.vain = append(r.vain, res)
	}
	if r.keepAll {
		r.kept = append(r.kept, res)
	}
	if r.junit != nil {
		r.junit.result(res)
	}
	switch {
	case r.json != nil:
		r.emit(resultJSON(res))
	case r.isNews(res) || r.total == 1:
		r.clear()
		writeResult(r.io.out, res)
	}
}

// isNews reports whether a result has a page of its own: one that is inconclusive, or the
// first that failed like this.
func (r *report) isNews(res scenarios.Result) bool {
	if res.Failure == nil {
		return res.Verdict != scenarios.Pass
	}
	signature := res.Verdict.String() + " " + res.Failure.Signature()
	known := r.seen[signature]
	r.seen[signature] = true
	return !known
}

// maxKept bounds how many runs are kept for --out, so that a campaign in which
// everything fails stays small.
const maxKept = 100

// progress moves the bar on a terminal, and writes a line a minute elsewhere.
func (r *report) progress() {
	switch {
	case r.bar != nil:
		r.bar.Add(1)
	case time.Since(r.lastNote) > time.Minute:
		r.lastNote = time.Now()
		fmt.Fprintf(r.io.err, "wavetank: %d of %d runs, %d did not pass\n", r.done, r.total, r.bad)
	}
}

func (r *report) clear() {
	if r.bar != nil {
		r.bar.Clear()
	}
}

func (r *report) finish(s scenarios.Summary) error {
	if r.bar != nil {
		r.bar.Finish()
	}
	if r.json != nil {
		r.emit(summaryJSON(&s))
		return r.err
	}
	writeSummary(r.io.out, &s)
	return r.err
}

// writeResult is the page of one run.
func writeResult(w io.Writer, r scenarios.Result) {
	fmt.Fprintf(w, "%s %s seed %s in %s\n", strings.ToUpper(r.Verdict.String()), r.Spec.Scenario.Name, seedOf(r.Spec), world(r))
	if r.Failure != nil {
		fmt.Fprintf(w, "  broke    %s\n  seen     %s\n", r.Failure.Property, strings.ReplaceAll(r.Failure.Detail, "\n", "\n           "))
		fmt.Fprintf(w, "  where    at %v, step %d%s\n", r.Failure.At, r.Failure.Step, onHost(r.Failure.Host))
	}
	if r.Choices != "" { // a script chooses nothing
		fmt.Fprintf(w, "  chosen   %s\n", r.Choices)
	}
	if r.Viable != "" {
		fmt.Fprintf(w, "  viable   %s\n", r.Viable)
	}
	for _, l := range r.Faults {
		fmt.Fprintf(w, "  fault    at %v %s%s: %s\n", l.Struck, l.Fault, victims(l.Victims), landed(l.Count))
	}
	if r.Vain != "" {
		fmt.Fprintf(w, "  in vain  %s\n", r.Vain)
	}
	if len(r.Marks) > 0 {
		fmt.Fprintf(w, "  marks    %s\n", strings.Join(r.Marks, ", "))
	}
	if len(r.Points) > 0 {
		fmt.Fprintf(w, "  points   %s\n", pointsText(r.Points))
	}
	fmt.Fprintf(w, "  run      %v of world time, %d steps, hash %016x, took %v\n", r.Virtual, r.Steps, r.Hash, r.Real.Round(time.Microsecond))
	fmt.Fprintf(w, "  again    wavetank replay '%v'\n", scenarios.LineOf(r))
}

func world(r scenarios.Result) string {
	text := r.Spec.World
	if r.Spec.Profile == scenarios.ProfileFast {
		text += ", profile fast"
	}
	if r.Spec.Mutant != "" {
		text += ", mutant " + r.Spec.Mutant
	}
	if r.Spec.Schedule != "" && r.Spec.Schedule != scenarios.ScheduleUniform {
		text += ", schedule " + r.Spec.Schedule
	}
	return text
}

func onHost(name string) string {
	if name == "" {
		return ""
	}
	return " on " + name
}

func victims(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

func landed(n int) string {
	if n == 0 {
		return "did not land"
	}
	return fmt.Sprintf("landed %d", n)
}

func writeSummary(w io.Writer, s *scenarios.Summary) {
	fmt.Fprintf(w, "%s: %d seeds in %v (%.0f seeds/s), %d failures, %d inconclusive, %d run twice%s\n",
		s.Verdict, s.Runs, s.Real.Round(time.Millisecond), s.SeedsPerSecond(), s.Failures, s.Inconclusive, s.Twice, setAside(s))
	for _, f := range s.Found {
		writeFound(w, f)
	}
	for _, q := range s.NeverFailed() {
		fmt.Fprintf(w, "quarantine: line %d: no run failed by %q\n", q.Line, q.Signature)
	}
	if s.Canary != nil {
		fmt.Fprintf(w, "canary: %s\n", canaryText(s.Canary))
	}
	if s.Real > 0 {
		fmt.Fprintf(w, "time:   %v of world time, %.0f times real time, %d steps\n",
			s.Virtual.Round(time.Second), s.Virtual.Seconds()/s.Real.Seconds(), s.Steps)
	}
	fmt.Fprintf(w, "faults: %s\n", counts(s.Faults))
	fmt.Fprintf(w, "marks:  %s\n", counts(s.Marks))
	if never := s.NeverMarked(); len(never) > 0 && s.Runs > 1 {
		fmt.Fprintf(w, "never:  %s\n", strings.Join(never, ", "))
	}
	if s.Runs > 1 {
		writeFeatures(w, s.Features)
	}
	if len(s.Points) > 0 {
		fmt.Fprintf(w, "points: %s\n", pointRunsText(s.Points))
	}
	if len(s.Drops) > 0 {
		fmt.Fprintf(w, "drop of the active after the fault: min %v, median %v, 99%% %v, max %v\n",
			ms(s.Quantile(0)), ms(s.Quantile(0.5)), ms(s.Quantile(0.99)), ms(s.Quantile(1)))
	}
}

// setAside says how many runs do not count, or were not run.
func setAside(s *scenarios.Summary) (text string) {
	if s.Quarantined > 0 {
		text += fmt.Sprintf(", %d quarantined", s.Quarantined)
	}
	if s.Resumed > 0 {
		text += fmt.Sprintf(", %d from the ledger", s.Resumed)
	}
	return text
}

// writeFound is one failure and how to see it again.
func writeFound(w io.Writer, f *scenarios.Found) {
	fmt.Fprintf(w, "failed: %d by %q%s\n", f.Count, f.Signature, quarantineText(f))
	first, cheapest := scenarios.LineOf(f.First).String(), scenarios.LineOf(f.Cheapest).String()
	fmt.Fprintf(w, "  first    wavetank replay '%s'\n", first)
	if cheapest != first {
		fmt.Fprintf(w, "  shortest wavetank replay '%s'\n", cheapest)
	}
}

// quarantineText says what the quarantine has about a failure.
func quarantineText(f *scenarios.Found) string {
	switch {
	case f.Known == nil:
		return ""
	case f.Quarantined:
		return fmt.Sprintf(", quarantined until %s: %s", f.Known.Until.Format(time.DateOnly), f.Known.Reason)
	}
	return fmt.Sprintf(", quarantined until %s, which has passed: %s", f.Known.Until.Format(time.DateOnly), f.Known.Reason)
}

// canaryText says whether the planted bug was found that must be.
func canaryText(c *scenarios.Canary) string {
	where := fmt.Sprintf("%s in %d seeds of %s", c.Mutant.Name, c.Seeds, c.Mutant.Scenario)
	if c.Caught == nil {
		return where + " was not found: this campaign finds nothing where something is"
	}
	return where + " was found by " + c.Caught.Failure.Property
}

func ms(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func counts(m map[string]int) string {
	if len(m) == 0 {
		return "none"
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, m[name])
	}
	return strings.Join(names, ", ")
}

// pointsText sums up the fault points of a run, and names those that could fire.
func pointsText(list []sim.PointCount) string {
	reached, enabled := 0, []string{}
	for _, p := range list {
		if p.Reached > 0 {
			reached++
		}
		if p.Enabled {
			enabled = append(enabled, fmt.Sprintf("%s fired %d of %d", p.Name, p.Fired, p.Reached))
		}
	}
	text := fmt.Sprintf("%d reached, %d enabled", reached, len(enabled))
	if len(enabled) > 0 {
		text += ": " + strings.Join(enabled, ", ")
	}
	return text
}

// pointRunsText sums up the fault points of a campaign, and names those that did
// fire, with the number of runs.
func pointRunsText(m map[string]scenarios.PointRuns) string {
	reached, enabled, fired := 0, 0, make(map[string]int)
	for name, p := range m {
		if p.Reached > 0 {
			reached++
		}
		if p.Enabled > 0 {
			enabled++
		}
		if p.Fired > 0 {
			fired[name] = p.Fired
		}
	}
	text := fmt.Sprintf("%d reached, %d enabled, %d fired", reached, enabled, len(fired))
	if len(fired) > 0 {
		text += ": " + counts(fired)
	}
	return text
}
