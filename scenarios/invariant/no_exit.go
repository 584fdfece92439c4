package invariant

import (
	"strings"

	"github.com/wavetank/wavetank/cluster"
)

// noExit is I-PROC-1: no daemon gives up by itself. Whatever the damage, a daemon
// may be killed or respawn, but an exit with a status other than 0 is an assertion
// or an error that it should have lived with. Nobody has to live with what its disk
// has done: then the reason must say that.
type noExit struct{ timeline Timeline }

func newNoExit(t Timeline) noExit { return noExit{t} }

func (noExit) Name() string { return "I-PROC-1 no daemon gives up" }

func (c noExit) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cluster.ProcessExited)
	if !ok || f.Code == 0 {
		return ""
	}
	for _, cause := range c.timeline.DiskFaults(o.Host) {
		if strings.Contains(f.Reason, cause.Error()) {
			return ""
		}
	}
	return violation("%s exited with status %d: %s", o.Host, f.Code, f.Reason)
}
