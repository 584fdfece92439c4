package scenarios

import (
	"os"
	"path/filepath"
	"testing"
)

// The same script in the simulator and on real sockets comes to the same verdict, and to
// the same role changes in the same order, but for those that the script calls races. It
// takes most of a minute of real time, hence make parity.
func TestParity(t *testing.T) {
	if os.Getenv("WAVETANK_PARITY") == "" {
		t.Skip("WAVETANK_PARITY is not set: see make parity")
	}
	files, err := filepath.Glob("scripts/*" + ScriptSuffix)
	if err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, f := range files {
		s, err := Open(f)
		if err != nil {
			t.Fatal(err)
		}
		if s.CheckIn(WorldTCP) != nil {
			continue
		}
		compared++
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			spec := Spec{Scenario: s, Seed: 1, Profile: ProfileFast, Roles: true}
			simulated := Run(spec)
			spec.World, spec.History = WorldTCP, true
			real := Run(spec)
			if simulated.Verdict != Pass || real.Verdict != Pass {
				t.Errorf("sim: %v %v %s\ntcp: %v %v %s", simulated.Verdict, simulated.Failure, simulated.Vain, real.Verdict, real.Failure, real.Vain)
			}
			was, is := simulated.Roles.Without(s.Races), real.Roles.Without(s.Races)
			if was.String() != is.String() {
				t.Errorf("in sim\n%v\nin tcp\n%v", simulated.Roles, real.Roles)
			}
			if again := judgedAgain(t, real); again.Now != real.Verdict {
				t.Errorf("the history of the run in tcp is judged %v, %v", again.Now, again.Failure)
			}
			t.Logf("races %v, otherwise\n%v", s.Races, is)
		})
	}
	if compared < 10 {
		t.Errorf("only %d scripts can be compared", compared)
	}
}
