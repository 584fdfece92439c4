package invariant

import "github.com/wavetank/wavetank/cluster"

// noExit is I-PROC-1: no daemon gives up by itself. Whatever the damage, a daemon
// may be killed or respawn, but an exit with a status other than 0 is an assertion
// or an error that it should have lived with.
type noExit struct{}

func newNoExit() noExit { return noExit{} }

func (noExit) Name() string { return "I-PROC-1 no daemon gives up" }

func (noExit) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cluster.ProcessExited)
	if !ok || f.Code == 0 {
		return ""
	}
	return violation("%s exited with status %d: %s", o.Host, f.Code, f.Reason)
}
