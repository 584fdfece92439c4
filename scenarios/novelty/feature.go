// Package novelty says what a run has shown, in features: small, nameless things that can
// be counted, such as "a map without an active manager came right after a new leader".
// Features of many runs, added up in a [Tally], say what a campaign has seen, how rare it
// was, and what it has never seen. A [Population] chooses from them what to try next.
//
//	w := novelty.NewWatcher(cluster)
//	world.Observe(w.Observe)     // every fact
//	w.Struck(fault, victims)     // every fault
//	tally.Add("swarm", line, w.Features())
//
// Names of daemons, epochs and times are not in a feature, so that two runs have one in
// common if they did the same thing. There are so many at most:
//
//   - roles: how many daemons of each kind play which role at the same time. Monitors and
//     managers make one tuple (with five and four of them 8,820 are possible), all others
//     another one; of more than seven alike it says seven.
//   - faults: two kinds of faults in force at once; with 42 kinds 903.
//   - targets: a kind of fault and the role of a daemon that it struck; some 42 times 25.
//   - epochs: two changes of the cluster's maps or of its leader, one right after the
//     other; 34 changes, and so 1,156.
//   - sessions: what happens to the session of a client, twice in a row, by the kind of
//     client; 12 things, 144 pairs, some 8 kinds.
//   - services: the same of Cinder's services, whichever it is; 16 things, 256 pairs.
//   - points: how often a fault point of the code was reached, in powers of four, which has
//     17 steps; some 40 points.
package novelty

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// Kind is a kind of features.
type Kind string

// The kinds.
const (
	Roles    Kind = "roles"
	Faults   Kind = "faults"
	Targets  Kind = "targets"
	Epochs   Kind = "epochs"
	Sessions Kind = "sessions"
	Services Kind = "services"
	Points   Kind = "points"
)

// Kinds are all, in the order of reports.
func Kinds() []Kind { return []Kind{Roles, Faults, Targets, Epochs, Sessions, Services, Points} }

// Noun is what reports call features of the kind.
func (k Kind) Noun() string {
	switch k {
	case Roles:
		return "role tuples"
	case Faults:
		return "fault pairs"
	case Targets:
		return "faults by role"
	case Epochs:
		return "epoch pairs"
	case Sessions:
		return "session pairs"
	case Services:
		return "service pairs"
	}
	return "point counts"
}

// joint is what stands between the parts of features of the kind; "" if they have none.
func (k Kind) joint() string {
	switch k {
	case Faults:
		return " + "
	case Targets:
		return " @ "
	case Epochs, Services:
		return " > "
	}
	return ""
}

// Feature is one thing that runs show: its kind, a space, and a text that no two have in
// common, "epochs mgrmap lost > osdmap blocklist".
type Feature string

// New is a feature of a kind.
func New(k Kind, text string) Feature { return Feature(string(k) + " " + text) }

// Kind is the feature's kind.
func (f Feature) Kind() Kind {
	kind, _, _ := strings.Cut(string(f), " ")
	return Kind(kind)
}

// Pair is two kinds of faults that were in force at once, in whichever order.
func Pair(a, b string) Feature { return New(Faults, min(a, b)+Faults.joint()+max(a, b)) }

// Target is a kind of fault, and what it struck.
func Target(fault, role string) Feature { return New(Targets, fault+Targets.joint()+role) }

// Reached is a fault point that was reached so many times.
func Reached(point string, times uint64) Feature {
	return New(Points, fmt.Sprintf("%s 4^%d", point, (bits.Len64(times)-1)/2))
}

// Sorted are features in order, each once. It may change the list that it is given.
func Sorted(list []Feature) []Feature {
	slices.Sort(list)
	return slices.Compact(list)
}
