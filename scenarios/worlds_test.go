package scenarios

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/faults"
)

// A scenario says which faults real machines lack: those that it draws, and none that it does
// not. It can run on them if there are none.
func TestCatalogue_saysWhatItLacks(t *testing.T) {
	for _, s := range Catalogue() {
		if s.Alone != nil || s.Each != nil {
			continue
		}
		lacking := make(map[string]bool)
		for seed := uint64(1); seed <= 40; seed++ {
			script, err := ScriptOf(Spec{Scenario: s, Seed: seed})
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range script.Plan {
				if _, undoes := step.Fault.(faults.Undoing); !undoes && (faults.Plan{step}).Lacks() != "" {
					lacking[step.Fault.Kind()] = true
				}
			}
		}
		for _, w := range faults.Vocabulary() {
			if said := slices.Contains(strings.FieldsFunc(s.Lacks, func(r rune) bool { return r == ' ' || r == ',' }), w.Kind()); said != lacking[w.Kind()] {
				t.Errorf("%s lacks %q, and draws %s: %v", s.Name, s.Lacks, w.Kind(), lacking[w.Kind()])
			}
		}
		if err := s.CheckIn(WorldTCP); errors.Is(err, ErrNotInWorld) != (len(lacking) > 0 || s.Points.EnabledOneIn > 0) {
			t.Errorf("%s lacks %v: %v", s.Name, lacking, err)
		}
	}
}

// A script says it by what its plan has, or by itself.
func TestScript_saysWhatItLacks(t *testing.T) {
	s, err := ParseScript("scenario a\nat 1s power-off mon.a\n")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scenario().CheckIn(WorldTCP); err == nil || !strings.Contains(err.Error(), `does not run in world "tcp", only in sim (power-off is simulated: what real disks`) {
		t.Error(err)
	}
	if err := s.Scenario().CheckIn(WorldSim); err != nil {
		t.Error(err)
	}
}
