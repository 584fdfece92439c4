package novelty

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// Watcher notes the features of a run under way from the facts that its daemons state and
// the faults that strike. It is used by one goroutine, the scenario's, changes nothing, and
// costs next to nothing: most facts are of no interest.
type Watcher struct {
	seen     map[key]struct{}
	roles    roles
	damage   damage
	epochs   epochs
	services string            // what happened last
	sessions map[string]string // the same, by daemon
}

// key is a feature in a form that takes no memory of its own.
type key struct {
	kind       Kind
	who, a, b  string
	population uint64 // of Roles, see roles
}

// NewWatcher watches a cluster in which nothing runs yet.
func NewWatcher(c *cluster.Cluster) *Watcher {
	w := &Watcher{seen: make(map[key]struct{}), roles: roles{cluster: c}, sessions: make(map[string]string)}
	w.epochs.members.Members = strings.Join(c.Topology().MonNames(), ",") // no monitor states the first monmap
	return w
}

// Observe is told every fact.
func (w *Watcher) Observe(o cluster.Observation) {
	if w.roles.observe(o) {
		w.noteRoles()
	}
	if change := w.epochs.change(o); change != "" {
		w.follows(Epochs, "", &w.epochs.last, change)
		w.noteRoles()
	}
	if event := serviceEvent(o); event != "" {
		w.follows(Services, "", &w.services, event)
	}
	if event := sessionEvent(o); event != "" {
		last := w.sessions[o.Host]
		w.follows(Sessions, kindOf(o.Host), &last, event)
		w.sessions[o.Host] = event
	}
}

// Struck is told every fault that has just struck, and whom.
func (w *Watcher) Struck(f faults.Fault, victims []string) {
	if kind := f.Kind(); w.damage.counts(f) {
		for _, v := range victims {
			who, role := w.roles.of(v)
			w.note(key{kind: Targets, a: kind, who: who, b: role})
		}
		for _, other := range w.damage.inForce(w.roles.cluster) {
			w.note(key{kind: Faults, a: min(kind, other), b: max(kind, other)})
		}
	}
	w.damage.struck(f, victims)
	w.noteRoles()
}

func (w *Watcher) note(k key) { w.seen[k] = struct{}{} }

// follows notes that something came right after something else, if anything came before.
func (w *Watcher) follows(k Kind, who string, last *string, now string) {
	if *last != "" {
		w.note(key{kind: k, who: who, a: *last, b: now})
	}
	*last = now
}

// noteRoles notes who plays which role now.
func (w *Watcher) noteRoles() {
	ceph, others := w.roles.count()
	w.note(key{kind: Roles, who: cephTuple, population: ceph})
	w.note(key{kind: Roles, who: othersTuple, population: others})
}

// Features are those that were shown so far, in order.
func (w *Watcher) Features() []Feature {
	list := make([]Feature, 0, len(w.seen))
	for k := range w.seen {
		switch k.kind {
		case Roles:
			for _, text := range w.roles.texts(k.who, k.population) {
				list = append(list, New(Roles, text))
			}
		case Faults:
			list = append(list, Pair(k.a, k.b))
		case Targets:
			list = append(list, Target(k.a, k.who+" "+k.b))
		case Sessions:
			list = append(list, New(Sessions, k.who+": "+k.a+" > "+k.b))
		default:
			list = append(list, New(k.kind, k.a+k.kind.joint()+k.b))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}
