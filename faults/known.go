package faults

import (
	"fmt"
	"slices"
	"strings"
)

// Known is what the text of a plan can speak of, where that is known before the plan runs:
// anything else is refused when it is read. What is empty is not checked.
type Known struct {
	// Names are those of daemons, and of machines without one that can be struck.
	Names []string
	// Machines are those, and others that cannot be struck.
	Machines []string
	// Roles are those that they can play, Vacant those of kinds of which there is nobody,
	// which can be named, too.
	Roles, Vacant []string
	// Facts are the kinds of facts, with the names of the fields of each.
	Facts map[string][]string
	// Points are the names of the fault points that daemons have in their code.
	Points []string
}

// Know refuses whatever is read from here on and is not known.
func (p *Phrase) Know(k *Known) { p.known = k }

// Named is the next word as the name of a daemon of a kind: "mon" for "mon.a". Roles are
// refused. What says what it is.
func (p *Phrase) Named(kind, what string) string {
	name := p.Word(what)
	p.checkWho(name)
	if of, _, _ := strings.Cut(name, "."); p.err == nil && p.known != nil && of != kind {
		p.failBack(fmt.Sprintf("%q is not %s", name, what), "there are "+named(p.known.of(kind)))
	}
	return name
}

// Point is the next word as the name of a fault point.
func (p *Phrase) Point() string {
	point := p.Word("the name of a fault point")
	if p.err != nil || p.known == nil || len(p.known.Points) == 0 || slices.Contains(p.known.Points, point) {
		return point
	}
	hint := closest(point, p.known.Points)
	if hint == "" {
		hint = "docs/scripts.md has a list"
	}
	p.failBack(fmt.Sprintf("there is no fault point %q", point), hint)
	return point
}

// Machine is the next word as the name of a machine. Roles are refused.
func (p *Phrase) Machine() string {
	name := p.Word("the name of a machine")
	if p.err == nil && p.known != nil && len(p.known.Machines) > 0 && !slices.Contains(p.known.Machines, name) {
		p.failBack(fmt.Sprintf("there is no machine %q", name), "there are "+named(p.known.Machines))
	}
	return name
}

// checkWho refuses a name or role that is not known.
func (p *Phrase) checkWho(who string) {
	if p.err != nil || p.known == nil || len(p.known.Names) == 0 || slices.Contains(p.known.Names, who) || p.known.plays(who) {
		return
	}
	p.failBack(fmt.Sprintf("there is no %q", who), p.known.whoHint(who))
}

func (k *Known) plays(role string) bool {
	return slices.Contains(k.Roles, role) || slices.Contains(k.Vacant, role)
}

// of are the names of a kind of daemons, or if there are none all.
func (k *Known) of(kind string) []string {
	other := func(name string) bool { return !strings.HasPrefix(name, kind+".") }
	if names := slices.DeleteFunc(slices.Clone(k.Names), other); len(names) > 0 {
		return names
	}
	return k.Names
}

// whoHint is the nearest word, or names those of the same kind and the roles.
func (k *Known) whoHint(who string) string {
	kind, _, dotted := strings.Cut(who, ".")
	if !dotted {
		if near := closest(who, slices.Concat(k.Roles, k.Names)); near != "" {
			return near
		}
	}
	return fmt.Sprintf("there are %s, or a role: %s", named(k.of(kind)), strings.Join(k.Roles, ", "))
}

// named is names in a sentence, not too many.
func named(names []string) string {
	const most = 8
	if len(names) > most {
		names = append(slices.Clone(names[:most]), "...")
	}
	return strings.Join(names, ", ")
}

// checkFact refuses the kind of a fact, the last word read, that is not known.
func (p *Phrase) checkFact(kind string) {
	if p.err != nil || p.known == nil || len(p.known.Facts) == 0 || p.known.Facts[kind] != nil {
		return
	}
	kinds := make([]string, 0, len(p.known.Facts))
	for k := range p.known.Facts {
		kinds = append(kinds, k)
	}
	slices.Sort(kinds)
	group, _, _ := strings.Cut(kind, ".")
	hint := closest(kind, kinds)
	if same := slices.DeleteFunc(kinds, func(k string) bool { return !strings.HasPrefix(k, group+".") }); hint == "" && len(same) > 0 {
		hint = "there are " + strings.Join(same, ", ")
	} else if hint == "" {
		hint = "those that can be waited for are of daemons, such as mgr.mode"
	}
	p.failBack(fmt.Sprintf("no daemon states a fact %q", kind), hint)
}

// checkField refuses a field, the last word read, that facts of the kind do not have.
func (p *Phrase) checkField(kind, field string) {
	if p.err != nil || p.known == nil || p.known.Facts[kind] == nil {
		return
	}
	fields := p.known.Facts[kind]
	if !slices.Contains(fields, field) {
		p.failBack(fmt.Sprintf("a %s has no %q", kind, field), "it has "+strings.Join(fields, ", "))
	}
}

// failBack is FailBack with a hint.
func (p *Phrase) failBack(problem, hint string) {
	if p.next > 0 {
		p.fail(p.words[p.next-1].column, problem, hint)
	}
}
