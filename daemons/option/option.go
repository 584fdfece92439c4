// Package option sets the options of a daemon by the names that Ceph gives them, from
// text as Ceph's configuration writes it.
//
//	func (o *Options) named() option.Set {
//		return option.Set{
//			"mon_lease":   option.Seconds(&o.Lease),
//			"mon_log_max": option.Count(&o.MaxLogEntries),
//		}
//	}
//
// Each of the packages whose options have such names (msgr, monc, mon, mgr) makes a Set
// over one value of its Options. A Set belongs to whoever owns that value.
package option

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Errors of [Set.Put], with the option's name.
var (
	// ErrNoSuchOption: no option has the name.
	ErrNoSuchOption = errors.New("no such option")
	// ErrBadValue: the option cannot have the value.
	ErrBadValue = errors.New("bad value")
)

// Setter takes over what the text says, which has no space around it. An error says what
// it should be, and leaves everything as it was.
type Setter func(text string) error

// Set is options by their names.
type Set map[string]Setter

// Names are the names in ascending order.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s)) }

// Put gives the option of that name the value. Errors: ErrNoSuchOption, ErrBadValue.
func (s Set) Put(name, value string) error {
	put := s[name]
	if put == nil {
		return fmt.Errorf("%s: %w; there are %s", name, ErrNoSuchOption, strings.Join(s.Names(), ", "))
	}
	if err := put(strings.TrimSpace(value)); err != nil {
		return fmt.Errorf("%s: %w %q: %w", name, ErrBadValue, value, err)
	}
	return nil
}

// most bounds seconds and factors: some 30 years, well inside a Duration.
const most = 1e9

// Seconds takes a number of seconds, also with a fraction.
func Seconds(d *time.Duration) Setter { return SecondsFrom(0, d) }

// SecondsFrom is Seconds that are not less than so many.
func SecondsFrom(least float64, d *time.Duration) Setter {
	return func(text string) error {
		s, err := number("number of seconds", least, most, text)
		if err == nil {
			*d = time.Duration(s * float64(time.Second))
		}
		return err
	}
}

// Factor takes a number that is not negative.
func Factor(f *float64) Setter { return upTo(most, f) }

// Probability takes a number from 0 to 1.
func Probability(p *float64) Setter { return upTo(1, p) }

func upTo(most float64, f *float64) Setter {
	return func(text string) error {
		v, err := number("number", 0, most, text)
		if err == nil {
			*f = v
		}
		return err
	}
}

// number reads one from least to most. NaN is neither.
func number(what string, least, most float64, text string) (float64, error) {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= least && v <= most) {
		return 0, fmt.Errorf("not a %s from %g to %g", what, least, most)
	}
	return v, nil
}

// Count takes a whole number from 0 to 2^31-1.
func Count(n *int) Setter {
	return whole(math.MaxInt32, func(v int64) { *n = int(v) })
}

// Bytes takes a whole number from 0 to 2^63-1.
func Bytes(n *int64) Setter {
	return whole(math.MaxInt64, func(v int64) { *n = v })
}

func whole(most int64, put func(int64)) Setter {
	return func(text string) error {
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil || v < 0 || v > most {
			return fmt.Errorf("not a whole number from 0 to %d", most)
		}
		put(v)
		return nil
	}
}

// Bool takes true and false, in any case, and 1 and 0.
func Bool(b *bool) Setter {
	return func(text string) error {
		v, err := strconv.ParseBool(strings.ToLower(text))
		if err != nil {
			return errors.New("neither true nor false")
		}
		*b = v
		return nil
	}
}
