package history

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/sqld"
)

// Facts is one of each type of fact that daemons and clusters state: those that a history
// can give back. Each has a kind of its own.
func Facts() []host.Fact {
	return []host.Fact{
		host.Mark{},
		cluster.ProcessExited{}, cluster.ProcessPanicked{}, cluster.CommandAnswered{}, cluster.KeyAsked{}, cluster.KeyAnswered{},
		cluster.CinderAsked{}, cluster.CinderAnswered{}, cluster.CinderListed{}, cluster.CinderClusters{},
		cluster.RowDeleting{}, cluster.RowDeleted{},
		quorum.Applied{}, quorum.Restored{},
		mon.Role{}, mon.MapCommitted{}, mon.Members{}, mon.MgrBeaconReceived{}, mon.MgrDropped{}, mon.MDSBeaconReceived{},
		mon.MDSDropped{}, mon.MapSent{}, mon.Subscribed{}, mon.BeaconsKept{}, mon.CommandAcked{},
		mgr.ModeChanged{}, mgr.BeaconSent{}, mgr.MapApplied{}, mgr.Respawning{}, mgr.Served{},
		mgrc.SessionOpened{}, mgrc.SessionLost{}, mgrc.Configured{}, mgrc.Reported{},
		monc.HuntBegun{}, monc.Authenticated{}, monc.SessionOpened{}, monc.SessionLost{}, monc.ShutDown{}, monc.Wanted{},
		monc.Subscribed{}, monc.Received{},
		sqld.Ready{},
		cinder.Started{}, cinder.Working{}, cinder.RowCreated{}, cinder.BeatSent{}, cinder.Beat{}, cinder.BeatFailed{},
		cinder.BeatSkipped{}, cinder.Judged{}, cinder.WorkClaimed{}, cinder.ReplicationSent{}, cinder.ClusterCreated{},
		cinder.Schedulable{}, cinder.ReplicationChanged{},
		api.Judged{}, api.Changed{}, api.ClusterChanged{}, api.ClusterJudged{},
	}
}

// Catalogue has the fields of facts, by the kinds of these: "Epoch uint64".
type Catalogue map[string][]string

// KnownFacts is the catalogue of this program.
func KnownFacts() Catalogue {
	all := make(Catalogue)
	for _, f := range Facts() {
		all[f.Kind()] = fieldsOf(reflect.TypeOf(f))
	}
	return all
}

// Stated are the kinds of facts that daemons and clusters state, with the names of their
// fields in traces.
func Stated() map[string][]string {
	all := make(map[string][]string)
	for _, f := range Facts() {
		names := []string{}
		for _, a := range f.Attrs() {
			names = append(names, a.Key)
		}
		all[f.Kind()] = names
	}
	return all
}

// fieldsOf are the fields of a struct as JSON has them, those of embedded ones included.
func fieldsOf(t reflect.Type) (fields []string) {
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous && f.IsExported() {
			fields = append(fields, f.Name+" "+typeText(f.Type))
		}
	}
	return fields
}

// typeText says of what kind values are.
func typeText(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[time.Duration]():
		return "duration"
	case reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]()):
		return "text" // such as netip.AddrPort
	case t.Kind() == reflect.Struct:
		return "{" + strings.Join(fieldsOf(t), ", ") + "}"
	}
	return t.Kind().String()
}

// Lack is what this program's facts have and those of a history do not.
type Lack struct {
	Fact  string // its kind
	Field string // empty for the whole fact
}

func (l Lack) String() string {
	if l.Field == "" {
		return l.Fact
	}
	return l.Fact + "." + l.Field
}

// IsOf reports whether it is lacking who needs a field, "mon.role.Term", or a fact of which
// no field is needed, "cinder.beat.skipped".
func (l Lack) IsOf(need string) bool {
	if l.Field != "" {
		return need == l.String()
	}
	field, ok := strings.CutPrefix(need, l.Fact+".")
	return need == l.Fact || ok && !strings.Contains(field, ".")
}

// Compare says how a history's catalogue differs from this program's: what it lacks, and
// what of it this program does not know, both in a fixed order. A field of another type is
// one that is lacking, and one that is not known.
func (c Catalogue) Compare() (lacks, unknown []Lack) {
	ours := KnownFacts()
	return difference(ours, c), difference(c, ours)
}

// difference is what one catalogue has and the other has not.
func difference(a, b Catalogue) (all []Lack) {
	for kind, fields := range a {
		others, known := b[kind]
		if !known {
			all = append(all, Lack{Fact: kind})
			continue
		}
		for _, f := range fields {
			if !slices.Contains(others, f) {
				name, _, _ := strings.Cut(f, " ")
				all = append(all, Lack{kind, name})
			}
		}
	}
	slices.SortFunc(all, func(a, b Lack) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// factType is how the facts of one kind are read.
type factType struct {
	typ    reflect.Type
	fields []reflect.StructField // those that the history has, in its order
	alien  map[string]bool       // those that it has and this program has not
}

// factTypes are those that a history with this catalogue and this program share.
func (c Catalogue) factTypes() map[string]factType {
	all := make(map[string]factType)
	for _, f := range Facts() {
		theirs, ok := c[f.Kind()]
		if !ok {
			continue
		}
		t := factType{typ: reflect.TypeOf(f), alien: make(map[string]bool)}
		ours := fieldsOf(t.typ)
		for _, text := range theirs {
			name, _, _ := strings.Cut(text, " ")
			if field, found := t.typ.FieldByName(name); found && slices.Contains(ours, text) {
				t.fields = append(t.fields, field)
			} else {
				t.alien[name] = true
			}
		}
		all[f.Kind()] = t
	}
	return all
}

// read makes a fact of its JSON: every field that was announced must be there, and no
// other.
func (t factType) read(text json.RawMessage) (host.Fact, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return nil, err
	}
	fact := reflect.New(t.typ).Elem()
	for _, field := range t.fields {
		value, ok := members[field.Name]
		if !ok || string(value) == "null" {
			return nil, fmt.Errorf("the fact has no %s", field.Name)
		}
		if err := json.Unmarshal(value, fact.FieldByIndex(field.Index).Addr().Interface()); err != nil {
			return nil, fmt.Errorf("the fact's %s: %w", field.Name, err)
		}
		delete(members, field.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !t.alien[name] {
			return nil, errors.New("the fact has a field " + name + ", of which the first line does not say a word")
		}
	}
	return fact.Interface().(host.Fact), nil
}
