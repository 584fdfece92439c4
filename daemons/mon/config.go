package mon

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Where the configuration lies among the keys of config-key: options as
// "config/SECTION[/MASK]/NAME", and what each change did as
// "config-history/VERSION/+SECTION/NAME" and "-...".
const (
	configPrefix  = "config/"
	historyPrefix = "config-history/"
)

// configEntry is an option with a value for some daemons. Ceph: MaskedOption in
// src/mon/ConfigMap.h.
type configEntry struct {
	section string // "global", "mgr", "mgr.x"
	mask    string // "host:h", "class:c", "host:h/class:c", "" for none
	name    string
	value   string
}

// location and class are the parts of the mask: "host", "h" and "c".
func (e configEntry) location() (kind, value string) {
	for part := range strings.SplitSeq(e.mask, "/") {
		if k, v, _ := strings.Cut(part, ":"); k != "class" {
			return k, v
		}
	}
	return "", ""
}

func (e configEntry) class() string {
	for part := range strings.SplitSeq(e.mask, "/") {
		if k, v, _ := strings.Cut(part, ":"); k == "class" {
			return v
		}
	}
	return ""
}

// who is the section with its mask: what an operator calls it.
func (e configEntry) who() string {
	if e.mask == "" {
		return e.section
	}
	return e.section + "/" + e.mask
}

// path is who and name.
func (e configEntry) path() string { return e.who() + "/" + e.name }

// configTypes are the types of daemons that have sections, in the order in which
// Ceph shows them.
var configTypes = []string{"mon", "mgr", "osd", "mds", "client"}

func isSection(s string) bool {
	kind, _, _ := strings.Cut(s, ".")
	return s == "global" || slices.Contains(configTypes, kind)
}

// parseWho reads what an operator calls a section: "mgr", "osd/class:ssd",
// "host:h/mon". Without a section it is the global one. false: there is no such.
func parseWho(who string) (e configEntry, ok bool) {
	var masks []string
	for part := range strings.SplitSeq(who, "/") {
		switch {
		case strings.Contains(part, ":"):
			masks = append(masks, part)
		case isSection(part) && e.section == "":
			e.section = part
		default:
			return e, false
		}
	}
	if e.section == "" {
		e.section = "global"
	}
	e.mask = strings.Join(masks, "/")
	return e, true
}

// parsePath reads what path wrote; a name without a section is global.
func parsePath(path, value string) configEntry {
	e := configEntry{section: "global", name: path, value: value}
	if first, rest, more := strings.Cut(path, "/"); more && isSection(first) {
		e.section, e.name = first, rest
	}
	var masks []string
	for {
		first, rest, more := strings.Cut(e.name, "/")
		if !more || !strings.Contains(first, ":") {
			break
		}
		masks, e.name = append(masks, first), rest
	}
	e.mask = strings.Join(masks, "/")
	return e
}

// subject is a daemon for which options are looked up.
type subject struct {
	entity msg.AuthName
	host   string
	class  string // of an OSD's device
}

// sections are those that speak of the subject, the more special the later: global,
// its type, and the parts of its name that end at dots.
func (s subject) sections() []string {
	kind := msg.EntityType(s.entity.Type).String()
	list := []string{"global", kind}
	for i, r := range s.entity.ID {
		if r == '.' {
			list = append(list, kind+"."+s.entity.ID[:i])
		}
	}
	if s.entity.ID != "" {
		list = append(list, kind+"."+s.entity.ID)
	}
	return list
}

// matches reports whether a mask holds for the subject.
func (s subject) matches(e configEntry) bool {
	kind, value := e.location()
	return (kind == "" || kind == "host" && value == s.host) && (e.class() == "" || e.class() == s.class)
}

// precision orders the masks of one section: a place says more than a class of
// devices, and that more than nothing.
func (e configEntry) precision() int {
	kind, _ := e.location()
	switch {
	case kind != "":
		return 2
	case e.class() != "":
		return 1
	}
	return 0
}

// resolve is what holds for a subject, by option. Ceph:
// ConfigMap::generate_entity_map in src/mon/ConfigMap.cc.
func resolve(all []configEntry, s subject) map[string]configEntry {
	out := map[string]configEntry{}
	for _, section := range s.sections() {
		for _, e := range all {
			if e.section != section || !s.matches(e) {
				continue
			}
			if old, ok := out[e.name]; ok && old.section == section && old.precision() > e.precision() {
				continue
			}
			out[e.name] = e
		}
	}
	return out
}
