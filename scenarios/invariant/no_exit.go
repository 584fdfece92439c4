package invariant

import (
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/monc"
)

// noExit is I-PROC-1: no daemon gives up by itself. Whatever the damage, a daemon
// may be killed or respawn, but an exit with a status other than 0 is an assertion
// or an error that it should have lived with. Nobody has to live with what its disk
// has done: then the reason must say that. And a client whom no monitor has answered for
// client_mount_timeout, in which anything was damaged, may leave it to whoever starts it again.
type noExit struct {
	timeline Timeline
	bounds   Bounds
}

func newNoExit(t Timeline, b Bounds) noExit { return noExit{t, b} }

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
	if strings.Contains(f.Reason, monc.ErrTimeout.Error()) && !c.calmFor(c.bounds.Client.AuthTimeout, o) {
		return ""
	}
	return violation("%s exited with status %d: %s", o.Host, f.Code, f.Reason)
}

// calmFor reports whether nothing has been damaged for so long.
func (c noExit) calmFor(d time.Duration, o cluster.Observation) bool {
	since, calm := c.timeline.CalmSince()
	return calm && o.At-since >= d
}
