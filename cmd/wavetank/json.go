package main

import (
	"time"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
)

// resultJSON is a result as one object of the JSON lines. Durations are in
// nanoseconds; hashes and seeds are text, for they do not fit other languages'
// numbers.
func resultJSON(r scenarios.Result) map[string]any {
	faults := make([]map[string]any, 0, len(r.Faults))
	for _, l := range r.Faults {
		faults = append(faults, map[string]any{
			"at_ns": l.Struck, "fault": l.Fault, "victims": l.Victims, "landed": l.Count,
		})
	}
	return map[string]any{
		"kind": "result", "scenario": r.Spec.Scenario.Name, "seed": seedText(r.Spec.Seed), "vary": r.Spec.Vary.String(),
		"world": r.Spec.World, "profile": r.Spec.Profile, "mutant": r.Spec.Mutant, "schedule": r.Spec.Schedule,
		"verdict": r.Verdict, "twice": r.Twice, "resumed": r.Resumed, "signature": signature(r), "failure": r.Failure, "chosen": r.Choices, "faults": faults, "marks": r.Marks, "points": points(r.Points), "features": len(r.Features), "vain": r.Vain, "viable": r.Viable,
		"hash": hashText(r.Hash), "steps": r.Steps, "world_ns": r.Virtual, "drop_after_ns": r.DropAfter,
		"replay": scenarios.LineOf(r).String(),
	}
}

func summaryJSON(s *scenarios.Summary) map[string]any {
	return map[string]any{
		"kind": "summary", "verdict": s.Verdict, "runs": s.Runs, "failures": s.Failures, "inconclusive": s.Inconclusive, "twice": s.Twice,
		"quarantined": s.Quarantined, "resumed": s.Resumed, "found": foundJSON(s), "canary": canaryJSON(s.Canary),
		"features": featuresJSON(s.Features), "faults": s.Faults, "marks": s.Marks, "never_marked": s.NeverMarked(), "points": s.Points,
		"world_ns": s.Virtual, "real_ns": s.Real, "steps": s.Steps,
		"drop_after_ns": map[string]any{
			"count": len(s.Drops), "min": s.Quantile(0), "p50": s.Quantile(0.5), "p99": s.Quantile(0.99), "max": s.Quantile(1),
		},
	}
}

// signature is that of a result's failure, "" if there is none.
func signature(r scenarios.Result) string {
	if r.Failure == nil {
		return ""
	}
	return r.Failure.Signature()
}

// foundJSON are the failures, each once.
func foundJSON(s *scenarios.Summary) []map[string]any {
	all := make([]map[string]any, 0, len(s.Found))
	for _, f := range s.Found {
		object := map[string]any{
			"signature": f.Signature, "verdict": f.Verdict, "count": f.Count, "quarantined": f.Quarantined,
			"first": scenarios.LineOf(f.First).String(), "shortest": scenarios.LineOf(f.Cheapest).String(),
		}
		if f.Known != nil {
			object["until"], object["reason"] = f.Known.Until.Format(time.DateOnly), f.Known.Reason
		}
		all = append(all, object)
	}
	return all
}

// canaryJSON is null if there was no canary.
func canaryJSON(c *scenarios.Canary) any {
	if c == nil {
		return nil
	}
	object := map[string]any{"mutant": c.Mutant.Name, "scenario": c.Mutant.Scenario, "seeds": c.Seeds, "found": c.Caught != nil}
	if c.Caught != nil {
		object["property"], object["replay"] = c.Caught.Failure.Property, scenarios.LineOf(*c.Caught).String()
	}
	return object
}

// points are never null, so that a reader need not ask.
func points(list []sim.PointCount) []sim.PointCount {
	if list == nil {
		return []sim.PointCount{}
	}
	return list
}
