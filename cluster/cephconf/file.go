package cephconf

import (
	"strings"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Name is the name of an option however a file spells it: blanks are underscores.
func Name(text string) string { return strings.Join(strings.Fields(text), "_") }

// Sections are those that tell a daemon's options, the one that counts most first:
// "mgr.x", "mgr", "global".
func Sections(kind, id string) []string { return []string{kind + "." + id, kind, "global"} }

// Lookup is the option's value in the first of the sections that has it.
func (f *File) Lookup(option string, sections ...string) (o Option, ok bool) {
	for _, section := range sections {
		if o, ok = f.sections[section][Name(option)]; ok {
			return o, true
		}
	}
	return Option{}, false
}

// Options are all that the sections have, with the value of the first one that has it.
func (f *File) Options(sections ...string) map[string]Option {
	all := map[string]Option{}
	for _, section := range sections {
		for _, name := range wire.SortedKeys(f.sections[section]) {
			if _, ok := all[name]; !ok {
				all[name] = f.sections[section][name]
			}
		}
	}
	return all
}
