package invariant

import (
	"net/http"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// listsAnswered is I-SVC-10: whoever asks for the list of services gets it, unless
// something is damaged, or was within a minute, or the API or its database is not there,
// or all of them have only just been started. A question that was put while something was
// damaged may be lost with the process that had it, and is waited for in vain for as long as
// the asker pleases.
type listsAnswered struct {
	timeline Timeline
	bounds   Bounds
}

func (listsAnswered) Name() string { return "I-SVC-10 services can be listed" }

func (c listsAnswered) Observe(o cluster.Observation) string {
	f, ok := o.Fact.(cluster.CinderListed)
	if !ok || f.Status == http.StatusOK || realTime(o) {
		return ""
	}
	server := c.bounds.Cinder.APINames()[f.API]
	since, calm := c.timeline.CalmSince()
	if asked := o.At - f.Took; !calm || asked < since || o.At-max(since, 0) <= time.Minute {
		return ""
	}
	if c.timeline.HostRuns(server) && c.timeline.HostRuns(cluster.DatabaseName) {
		return violation("a list of services that %s was asked for ends with status %d", server, f.Status)
	}
	return ""
}
