package scenarios

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Header is what the comments at the head of a script say of the failure that it was made
// of, see package shrink.
type Header struct {
	// Property and Detail are those of the failure. They are for people: ReadHeader leaves
	// them out.
	Property, Detail string
	// Signature is Failure.Signature.
	Signature string
	// Seed failed in that way, in a run with that Hash, with that Mutant planted and at
	// that Profile; no mutant means that the bug was a real one.
	Seed, Hash uint64
	Mutant     string
	Profile    Profile
	// Necessary says which lines the failure needs.
	Necessary string
}

// HeaderOf is the header of a failing run.
func HeaderOf(r Result) Header {
	return Header{
		Property: r.Failure.Property, Detail: r.Failure.Detail, Signature: r.Failure.Signature(),
		Seed: r.Spec.Seed, Hash: r.Hash, Mutant: r.Spec.Mutant, Profile: r.Spec.Profile,
	}
}

// What lines of a header begin with.
const (
	headerSignature = "# fails as: "
	headerSeed      = "# seed "
	headerNecessary = "# necessary: "
)

// String are the comments, a line each.
func (h Header) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n", h.Property)
	for line := range strings.SplitSeq(h.Detail, "\n") {
		fmt.Fprintf(&b, "#   %s\n", line)
	}
	fmt.Fprintf(&b, "%s%s\n%s%d, hash %016x", headerSignature, h.Signature, headerSeed, h.Seed, h.Hash)
	if h.Mutant != "" {
		fmt.Fprintf(&b, ", mutant %s", h.Mutant)
	}
	if h.Profile != "" && h.Profile != ProfileDefault {
		fmt.Fprintf(&b, ", profile %s", h.Profile)
	}
	b.WriteString("\n")
	if h.Necessary != "" {
		fmt.Fprintf(&b, "%s%s\n", headerNecessary, h.Necessary)
	}
	return b.String()
}

// ErrHeader: the head of a script does not say of which failure it is, or not well.
var ErrHeader = errors.New("unusable header")

// ReadHeader finds the header in the text of a script. Errors: ErrHeader, with the line.
func ReadHeader(text string) (h Header, err error) {
	seed := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \r")
		if line != "" && !strings.HasPrefix(line, "#") {
			break
		}
		switch {
		case strings.HasPrefix(line, headerSignature):
			h.Signature = strings.TrimPrefix(line, headerSignature)
		case strings.HasPrefix(line, headerNecessary):
			h.Necessary = strings.TrimPrefix(line, headerNecessary)
		case strings.HasPrefix(line, headerSeed):
			seed = true
			if err := h.readRun(strings.TrimPrefix(line, "# ")); err != nil {
				return Header{}, fmt.Errorf("%w: line %d: %w", ErrHeader, i+1, err)
			}
		}
	}
	if h.Signature == "" || !seed {
		return Header{}, fmt.Errorf("%w: it has no lines %q and %q", ErrHeader, headerSignature+"...", headerSeed+"N, ...")
	}
	return h, nil
}

// readRun reads which run it was: "seed 1, hash 12ab, mutant noFenceWait".
func (h *Header) readRun(text string) error {
	for field := range strings.SplitSeq(text, ", ") {
		key, value, _ := strings.Cut(field, " ")
		var err error
		switch key {
		case "seed":
			h.Seed, err = strconv.ParseUint(value, 10, 64)
		case "hash":
			h.Hash, err = strconv.ParseUint(value, 16, 64)
		case "mutant":
			h.Mutant, err = value, CheckMutant(value)
		case "profile":
			h.Profile, err = Profile(value), CheckProfile(value)
		default:
			err = errors.New("want seed, hash, mutant or profile")
		}
		if err != nil {
			return fmt.Errorf("%q: %w", field, err)
		}
	}
	return nil
}
