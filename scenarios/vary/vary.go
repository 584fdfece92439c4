// Package vary draws some of a seed's choices anew. What a seed chooses comes from streams
// that have names, so a choice can be taken from another seed without moving the others:
//
//	v, err := vary.Parse("12.7")
//	n := sim.NewStream(v.Of(seed, "scenario/swarm/mons/1"), "scenario/swarm/mons/1").IntN(3)
//
// A variation is a list of salts. Each takes a share of the streams for itself and leaves
// the rest to those before it, the first of which is the seed. So a variation of a
// variation is a list with one salt more, and has what the shorter one has, but for its
// own share.
package vary

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/sim"
)

// Most is how many salts a variation has at most.
const Most = 16

// Vary is a variation: its salts, in the order in which they take their shares. The zero
// value leaves every choice to the seed.
type Vary []uint64

// share is how many streams a salt takes for itself: one in so many. It is part of what a
// line means.
const share = 4

// Of is the seed of a stream: the last salt that takes it, or seed if none does.
func (v Vary) Of(seed uint64, stream string) uint64 {
	for _, salt := range slices.Backward(v) {
		if sim.NewStream(salt, "vary/"+stream).IntN(share) == 0 {
			return salt
		}
	}
	return seed
}

// With is the variation with one salt more. The result shares nothing with v.
func (v Vary) With(salt uint64) Vary { return append(slices.Clone(v), salt) }

// Last is the last salt, or seed if there is none: a number that tells the variations of
// a seed apart.
func (v Vary) Last(seed uint64) uint64 {
	if len(v) == 0 {
		return seed
	}
	return v[len(v)-1]
}

// String is the salts with dots between them, "12.7"; empty for none.
func (v Vary) String() string {
	var b strings.Builder
	for i, salt := range v {
		if i > 0 {
			b.WriteByte('.')
		}
		b.WriteString(strconv.FormatUint(salt, 10))
	}
	return b.String()
}

// ErrVary: a text is no variation.
var ErrVary = errors.New("want numbers with dots between them")

// Parse reads what String writes, but for the empty text. Error: ErrVary.
func Parse(text string) (v Vary, err error) {
	if strings.Count(text, ".") >= Most {
		return nil, fmt.Errorf("%w, at most %d", ErrVary, Most)
	}
	for item := range strings.SplitSeq(text, ".") {
		salt, err := strconv.ParseUint(item, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("%q: %w, such as 12.7", text, ErrVary)
		}
		v = append(v, salt)
	}
	return v, nil
}
