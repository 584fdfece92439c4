package invariant

import (
	_ "embed"
	"strings"
)

// needs has a line for each checker: its name, a colon, and the fields of facts that its
// code reads, "mon.role.Term"; and one for Expectations. A test writes it from the source
// and holds it.
//
//go:embed needs.txt
var needs string

// Expectations stands in Needs for all that the expectations of scripts look at.
const Expectations = "expectations"

// Needs are the fields of facts that a checker of this package reads, "mon.role.Term"; a
// fact without a field, "cinder.beat.skipped", is one of which it minds only that it was
// stated. It is false for a checker of another package.
func Needs(name string) (fields []string, known bool) {
	for line := range strings.Lines(needs) {
		if is, list, ok := strings.Cut(line, ": "); ok && is == name {
			return strings.Fields(list), true
		}
	}
	return nil, false
}
