package swarmtest

import (
	"testing"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/budget"
	"pgregory.net/rapid"
)

// No plan that is drawn does more damage than its topology must survive, and each is a
// script that reads back as itself.
func TestScenario_staysWithinTheBudget(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := Scenario().Draw(t, "scenario")
		script, err := scenarios.ScriptOf(scenarios.Spec{Scenario: s, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		if err := script.Plan.Check(); err != nil {
			t.Fatal(err)
		}
		if err := budget.Of(script.Topology).Check(script.Plan); err != nil {
			t.Fatalf("%v in\n%s", err, script)
		}
		read, err := scenarios.ParseScript(script.String())
		if err != nil || read.String() != script.String() {
			t.Fatalf("%v: %s\nis not\n%s", err, read, script)
		}
	})
}

// What bytes draw runs and passes.
func FuzzScenario(f *testing.F) {
	if err := cluster.InitializeCinder(); err != nil {
		f.Fatal(err)
	}
	f.Add([]byte{})
	f.Add([]byte("a wave tank is where a real hull meets made waves"))
	f.Add([]byte("\x00\x08\x00\x03\x01\x07\x02\x09\x00\x01partitions, resets, crashes, skewed clocks and map epochs that arrive late"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r := scenarios.Run(scenarios.Spec{Scenario: FromBytes(data), Seed: 1})
		if r.Verdict == scenarios.Fail || r.Verdict == scenarios.Infrastructure {
			t.Errorf("%v\n%s", r.Failure, r.Choices)
		}
	})
}
