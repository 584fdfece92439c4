package scenarios

import (
	"reflect"
	"testing"

	"github.com/wavetank/wavetank/cluster"
)

// What is planted is all that a script leaves out of a topology: so each failure with it can
// be written as one.
func TestMutants_areLeftOut(t *testing.T) {
	plain := cluster.DefaultTopology()
	for _, m := range Mutants() {
		if m.Plant == nil {
			continue // in the messenger alone
		}
		planted := cluster.DefaultTopology()
		m.Plant(&planted)
		if reflect.DeepEqual(planted, plain) {
			t.Errorf("%s plants nothing", m.Name)
		}
		if got := planted.WithoutDefects(); !reflect.DeepEqual(got, plain.WithoutDefects()) {
			t.Errorf("%s: a kind does not know of its bug:\n%+v", m.Name, got)
		}
	}
}
