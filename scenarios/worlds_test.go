package scenarios

import (
	"errors"
	"strings"
	"testing"
)

// A scenario that draws what only simulated machines can have says so, and is told why
// where it cannot run.
func TestCatalogue_saysWhatItNeeds(t *testing.T) {
	for _, s := range Catalogue() {
		for seed := uint64(1); seed <= 10 && s.Alone == nil; seed++ {
			script, err := ScriptOf(Spec{Scenario: s, Seed: seed})
			if errors.Is(err, ErrNotScripted) && s.Each != nil {
				continue // what this seed draws deploys no cluster
			}
			if err != nil {
				t.Error(err)
			}
			why := script.Plan.Lacks()
			if why == "" {
				continue
			}
			if !s.SimOnly && s.Points.EnabledOneIn == 0 {
				t.Errorf("%s seed %d: %s, and the scenario is not SimOnly", s.Name, seed, why)
			}
			if err := s.CheckIn(WorldTCP); !errors.Is(err, ErrNotInWorld) {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
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
