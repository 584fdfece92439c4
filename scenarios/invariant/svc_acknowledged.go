package invariant

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// acknowledgedKept is I-SVC-11: what an operator was told is done is what every later list
// says: a service that was disabled is disabled, until somebody enables it. Nothing is
// claimed of a service while a request about it is under way; after one of unknown outcome
// or one that its service carries out at its leisure (freeze, thaw, failover); while its row
// is being removed, or is listed twice (I-SVC-12), and then until a request that begins
// after that; and of a database that was put back.
type acknowledgedKept struct {
	timeline Timeline
	bounds   Bounds
	about    map[int]cluster.CinderAsked // requests under way
	services []*acknowledged             // in the order in which they were met
	removals removals
}

// acknowledged is what is known of a service.
type acknowledged struct {
	cinder.Who
	known    bool
	disabled bool
	since    time.Duration // when it was acknowledged
	underWay int
	alone    bool // the request under way has met no other, nor a row that went or came
	tainted  bool // by one that may be carried out at any time
}

func newAcknowledgedKept(t Timeline, b Bounds) *acknowledgedKept {
	return &acknowledgedKept{timeline: t, bounds: b, about: make(map[int]cluster.CinderAsked), removals: make(removals)}
}

func (*acknowledgedKept) Name() string { return "I-SVC-11 what was acknowledged is kept" }

func (c *acknowledgedKept) Observe(o cluster.Observation) string {
	if who, ok := c.removals.observe(o); ok {
		c.of(who).replaced()
		return ""
	}
	switch f := o.Fact.(type) {
	case cluster.CinderAsked:
		if f.Action != "" {
			c.about[f.ID] = f
			c.of(whom(f)).asked()
			c.taint(f)
		}
	case cluster.CinderAnswered:
		if asked, ok := c.about[f.ID]; ok {
			delete(c.about, f.ID)
			c.of(whom(asked)).answered(asked.Action, f.Status, o.At)
		}
	case cinder.RowCreated:
		c.of(f.Who).replaced()
	case cluster.CinderListed:
		if f.Status == http.StatusOK && c.timeline.Rewinds() == 0 && !realTime(o) {
			return c.check(o.At-f.Took, strings.Split(f.Enabled, ","), strings.Split(f.Disabled, ","))
		}
	case cluster.CinderClusters:
		if f.Status == http.StatusOK && c.timeline.Rewinds() == 0 && !realTime(o) {
			return c.check(o.At-f.Took, clusterNames(f.Enabled), clusterNames(f.Disabled))
		}
	}
	return ""
}

// whom a request is about: a service, or a cluster, which is named like a service of it.
func whom(f cluster.CinderAsked) cinder.Who {
	if f.Cluster != "" {
		return cinder.Who{Host: f.Cluster, Binary: f.Service.Binary}
	}
	return f.Service
}

// clusterNames are the clusters of a list as services are named in theirs.
func clusterNames(list string) []string {
	if list == "" {
		return nil
	}
	names := strings.Split(list, ",")
	for i := range names {
		names[i] = cinder.BinaryVolume + " " + names[i]
	}
	return names
}

func (c *acknowledgedKept) of(who cinder.Who) *acknowledged {
	i := slices.IndexFunc(c.services, func(s *acknowledged) bool { return s.Who == who })
	if i < 0 {
		i = len(c.services)
		c.services = append(c.services, &acknowledged{Who: who})
	}
	return c.services[i]
}

func (s *acknowledged) asked() {
	s.underWay++
	s.alone = s.underWay == 1
}

// replaced notes that a row of the service goes or comes. A request under way may have been
// about the row before.
func (s *acknowledged) replaced() { s.known, s.alone = false, false }

// taint notes a request that is carried out at leisure. In a cluster it is about all
// members, whomever it names.
func (c *acknowledgedKept) taint(f cluster.CinderAsked) {
	if f.Action == "enable" || f.Action == "disable" {
		return
	}
	c.of(whom(f)).tainted = true
	name := c.bounds.backendOf(f.Service)
	if name == f.Service.Host {
		return
	}
	c.of(cinder.Who{Host: name, Binary: f.Service.Binary}).tainted = true
	for _, machine := range c.bounds.Cinder.VolumeNames() {
		c.of(c.bounds.Cinder.ServiceOf(machine)).tainted = true
	}
}

func (s *acknowledged) answered(action string, status int, at time.Duration) {
	s.underWay--
	switch {
	case status == 0 || status >= http.StatusInternalServerError:
		s.tainted = true
	case status != http.StatusOK:
	case s.alone && s.underWay == 0:
		s.known, s.disabled, s.since = true, action == "disable", at
	default:
		s.known = false
	}
}

// holds reports whether what is known is true of who looks at a moment.
func (s *acknowledged) holds(asked time.Duration) bool {
	return s.known && !s.tainted && s.underWay == 0 && asked > s.since
}

// check holds a list that was asked for at a moment against what is known.
func (c *acknowledgedKept) check(asked time.Duration, enabled, disabled []string) string {
	for _, s := range c.services {
		if !s.holds(asked) || c.removals.mayStrike(s.Who, s.since) {
			continue
		}
		if name := s.Binary + " " + s.Host; count(enabled, name)+count(disabled, name) > 1 {
			s.known = false // which of the rows stays, nobody knows
			continue
		}
		wrong, word := enabled, "disabled"
		if !s.disabled {
			wrong, word = disabled, "enabled"
		}
		if slices.Contains(wrong, s.Binary+" "+s.Host) {
			return violation("%s of %s was %s, which was acknowledged, and a list that was asked for %v later says otherwise",
				s.Binary, s.Host, word, asked-s.since)
		}
	}
	return ""
}

func count(names []string, name string) (n int) {
	for _, other := range names {
		if other == name {
			n++
		}
	}
	return n
}
