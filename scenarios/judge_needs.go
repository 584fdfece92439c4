package scenarios

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/scenarios/history"
	"github.com/wavetank/wavetank/scenarios/invariant"
)

// lackOf names what a history lacks of what a checker looks at, or of what expectations
// do, empty if it has all. Nobody knows what a checker of another package looks at.
func lackOf(name string, lacks []history.Lack) string {
	needs, known := invariant.Needs(name)
	var missing []string
	for _, l := range lacks {
		if !known || slices.ContainsFunc(needs, l.IsOf) {
			missing = append(missing, l.String())
		}
	}
	return strings.Join(missing, ", ")
}
