package main

import (
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
		"kind": "result", "scenario": r.Spec.Scenario.Name, "seed": seedText(r.Spec.Seed),
		"world": r.Spec.World, "profile": r.Spec.Profile, "mutant": r.Spec.Mutant, "schedule": r.Spec.Schedule,
		"verdict": r.Verdict, "twice": r.Twice, "failure": r.Failure, "chosen": r.Choices, "faults": faults, "marks": r.Marks, "points": points(r.Points), "vain": r.Vain,
		"hash": hashText(r.Hash), "steps": r.Steps, "world_ns": r.Virtual, "drop_after_ns": r.DropAfter,
		"replay": scenarios.LineOf(r).String(),
	}
}

func summaryJSON(s *scenarios.Summary) map[string]any {
	return map[string]any{
		"kind": "summary", "verdict": s.Verdict, "runs": s.Runs, "failures": s.Failures, "inconclusive": s.Inconclusive, "twice": s.Twice,
		"faults": s.Faults, "marks": s.Marks, "never_marked": s.NeverMarked(), "points": s.Points,
		"world_ns": s.Virtual, "real_ns": s.Real, "steps": s.Steps,
		"drop_after_ns": map[string]any{
			"count": len(s.Drops), "min": s.Quantile(0), "p50": s.Quantile(0.5), "p99": s.Quantile(0.99), "max": s.Quantile(1),
		},
	}
}

// points are never null, so that a reader need not ask.
func points(list []sim.PointCount) []sim.PointCount {
	if list == nil {
		return []sim.PointCount{}
	}
	return list
}
