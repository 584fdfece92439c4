package cephconf

import (
	"errors"
	"fmt"
	"strings"
)

// ErrLoop: values name each other in a circle.
var ErrLoop = errors.New("values that name each other")

// ErrTooLong: a value is more than 64 KiB, or names more than 1000, with all that it
// names.
var ErrTooLong = errors.New("value is too long")

const (
	maxExpanded = 64 << 10
	maxNamed    = 1000
)

// Expand is a value with what it names in its place: "$name" and "${name}", where a name
// is of letters, digits and underscores. lookup knows the values by name; what it does
// not know stays as it is. Errors: ErrLoop, ErrTooLong.
func Expand(value string, lookup func(name string) (string, bool)) (string, error) {
	e := expansion{lookup: lookup, under: map[string]bool{}}
	if err := e.add(value); err != nil {
		return "", err
	}
	return e.out.String(), nil
}

type expansion struct {
	lookup func(string) (string, bool)
	under  map[string]bool // names being expanded
	named  int             // values so far
	out    strings.Builder
}

func (e *expansion) add(value string) error {
	for value != "" {
		plain, rest, found := strings.Cut(value, "$")
		if e.out.WriteString(plain); e.out.Len() > maxExpanded {
			return ErrTooLong
		}
		if !found {
			return nil
		}
		name, after := reference(rest)
		text, known := "", false
		if name != "" {
			text, known = e.lookup(name)
		}
		if !known {
			e.out.WriteByte('$')
			value = rest
			continue
		}
		if err := e.addNamed(name, text); err != nil {
			return err
		}
		value = after
	}
	return nil
}

func (e *expansion) addNamed(name, text string) error {
	if e.under[name] {
		return fmt.Errorf("%w: $%s", ErrLoop, name)
	}
	if e.named++; e.named > maxNamed {
		return ErrTooLong
	}
	e.under[name] = true
	defer delete(e.under, name)
	return e.add(text)
}

// reference is the name that a text begins with, and what is after it; "" if none.
func reference(text string) (name, after string) {
	inner, braces := strings.CutPrefix(text, "{")
	n := strings.IndexFunc(inner, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if n < 0 {
		n = len(inner)
	}
	name, after = inner[:n], inner[n:]
	if braces {
		rest, closed := strings.CutPrefix(after, "}")
		if !closed {
			return "", ""
		}
		after = rest
	}
	return name, after
}
