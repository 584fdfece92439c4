package invariant

import (
	"net/http"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder/api"
)

// refusedIsUndone is I-SVC-19: a request that was refused (400 to 499) has changed nothing.
type refusedIsUndone struct{ changed map[string]string }

func newRefusedIsUndone() *refusedIsUndone { return &refusedIsUndone{changed: make(map[string]string)} }

func (*refusedIsUndone) Name() string { return "I-SVC-19 what is refused changes nothing" }

func (c *refusedIsUndone) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case api.Changed:
		c.changed[f.Request] = f.Binary + " of " + f.ServiceHost
	case api.ClusterChanged:
		c.changed[f.Request] = "cluster " + f.Name
	case cluster.CinderAnswered:
		what, ok := c.changed[f.Of]
		delete(c.changed, f.Of)
		if ok && f.Status >= http.StatusBadRequest && f.Status < http.StatusInternalServerError {
			return violation("%s was refused with status %d, and has changed the %s", f.Request, f.Status, what)
		}
	}
	return ""
}
