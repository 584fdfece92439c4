package invariant

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// freezeAndThaw is I-SVC-13: a backend is frozen or it is not. Who freezes it is refused
// if it is, who thaws it if it is not; of several at once one succeeds; and later lists
// have it as it was left, disabled while it is frozen unless somebody has enabled it or
// failed it over since. A cluster is one backend. Nothing is claimed of one of which a
// request has an unknown outcome or a row was removed, nor of one with a new row until the
// next request; nor of a database that was put back.
type freezeAndThaw struct {
	timeline Timeline
	bounds   Bounds
	about    map[int]cluster.CinderAsked // requests under way
	backends []*freezing                 // in the order in which they were met
}

// freezing is what is known of a backend.
type freezing struct {
	name           string
	frozen, thawed bool // it may be
	underWay       int
	tally          [4]int        // requests since there was none, see [tallied]
	since          time.Duration // when the last request was answered
	unknown        bool          // a request has no known outcome, and may be done at any time
	changed        bool          // by requests of other kinds
}

// tallied are the outcomes that are counted.
const (
	freezeDone = iota
	freezeRefused
	thawDone
	thawRefused
)

func newFreezeAndThaw(t Timeline, b Bounds) *freezeAndThaw {
	return &freezeAndThaw{timeline: t, bounds: b, about: make(map[int]cluster.CinderAsked)}
}

func (*freezeAndThaw) Name() string { return "I-SVC-13 freeze and thaw take turns" }

func (c *freezeAndThaw) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cluster.CinderAsked:
		c.asked(f)
	case cluster.CinderAnswered:
		if asked, ok := c.about[f.ID]; ok {
			delete(c.about, f.ID)
			b := c.of(asked.Service)
			b.unknown = b.unknown || c.timeline.Rewinds() > 0
			return b.answered(asked.Action, f.Status, o.At)
		}
	case cinder.RowCreated:
		if f.Binary == cinder.BinaryVolume {
			b := c.of(f.Who)
			b.frozen, b.thawed = true, true
		}
	case cluster.RowDeleting:
		if f.Binary == cinder.BinaryVolume {
			c.of(f.Who).unknown = true
		}
	case cluster.CinderListed:
		if f.Status == http.StatusOK && c.timeline.Rewinds() == 0 {
			return c.check(o.At-f.Took, f)
		}
	}
	return ""
}

// backendOf names what is frozen and failed over as one: a service, or its cluster.
func (b Bounds) backendOf(who cinder.Who) string {
	_, backend, _ := strings.Cut(who.Host, "@")
	if name := b.Cinder.Service.Cluster; name != "" && who.Binary == cinder.BinaryVolume {
		return name + "@" + backend
	}
	return who.Host
}

func (c *freezeAndThaw) of(who cinder.Who) *freezing {
	name := c.bounds.backendOf(who)
	i := slices.IndexFunc(c.backends, func(b *freezing) bool { return b.name == name })
	if i < 0 {
		i = len(c.backends)
		c.backends = append(c.backends, &freezing{name: name, thawed: true})
	}
	return c.backends[i]
}

func (c *freezeAndThaw) asked(f cluster.CinderAsked) {
	if f.Service.Binary != cinder.BinaryVolume {
		return
	}
	switch f.Action {
	case "freeze", "thaw":
		b := c.of(f.Service)
		c.about[f.ID] = f
		b.underWay++
	case "":
	default:
		c.of(f.Service).changed = true
	}
}

// answered notes an outcome, and judges those that were under way together when that was
// the last of them.
func (b *freezing) answered(action string, status int, at time.Duration) string {
	b.underWay--
	outcome := freezeDone
	if action == "thaw" {
		outcome = thawDone
	}
	switch {
	case status == http.StatusBadRequest:
		outcome++
	case status != http.StatusOK:
		b.unknown = true
	}
	b.tally[outcome]++
	b.since = at
	if b.underWay > 0 {
		return ""
	}
	tally := b.tally
	b.tally = [4]int{}
	frozen, thawed := b.after(tally)
	if b.unknown {
		frozen, thawed = true, true
	}
	if !frozen && !thawed {
		return violation("%s may have been frozen: %v, thawed: %v; after that freeze was done %d and refused %d times, thaw done %d and refused %d times",
			b.name, b.frozen, b.thawed, tally[freezeDone], tally[freezeRefused], tally[thawDone], tally[thawRefused])
	}
	b.frozen, b.thawed = frozen, thawed
	return ""
}

// after is how a backend may be left by what was done and refused in an unknown order. Each
// freeze that is done needs a backend that is not frozen, and leaves one that is.
func (b *freezing) after(tally [4]int) (frozen, thawed bool) {
	balance := tally[freezeDone] - tally[thawDone]
	if b.thawed && (tally[freezeRefused] == 0 || tally[freezeDone] > 0) {
		frozen, thawed = frozen || balance == 1, thawed || balance == 0
	}
	if b.frozen && (tally[thawRefused] == 0 || tally[thawDone] > 0) {
		frozen, thawed = frozen || balance == 0, thawed || balance == -1
	}
	return frozen, thawed
}

// check holds a list that was asked for at a moment against what is known.
func (c *freezeAndThaw) check(asked time.Duration, f cluster.CinderListed) string {
	frozen, enabled := strings.Split(f.Frozen, ","), strings.Split(f.Enabled, ",")
	for _, name := range slices.Concat(enabled, strings.Split(f.Disabled, ",")) {
		binary, host, _ := strings.Cut(name, " ")
		if binary != cinder.BinaryVolume {
			continue
		}
		b := c.of(cinder.Who{Host: host, Binary: binary})
		is := slices.Contains(frozen, name)
		switch {
		case b.unknown || b.underWay > 0 || asked <= b.since || b.since == 0 || b.frozen == b.thawed:
		case is != b.frozen:
			return violation("%s was left frozen: %v, and a list that was asked for %v later says otherwise", b.name, b.frozen, asked-b.since)
		case is && !b.changed && b.name == host && slices.Contains(enabled, name):
			return violation("%s is frozen, which was acknowledged, and a list that was asked for %v later has it enabled", host, asked-b.since)
		}
	}
	return ""
}
