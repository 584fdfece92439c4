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

// Value is the value of one option, as the Value of package flag is.
type Value interface {
	// Set takes over what the text says, which has no space around it. An error says what
	// it should be, and leaves everything as it was.
	Set(text string) error
	// String is the value as Set takes it.
	String() string
}

// Set is options by their names.
type Set map[string]Value

// Names are the names in ascending order.
func (s Set) Names() []string { return slices.Sorted(maps.Keys(s)) }

// Put gives the option of that name the value. Errors: ErrNoSuchOption, ErrBadValue.
func (s Set) Put(name, value string) error {
	option := s[name]
	if option == nil {
		return fmt.Errorf("%s: %w; there are %s", name, ErrNoSuchOption, strings.Join(s.Names(), ", "))
	}
	if err := option.Set(strings.TrimSpace(value)); err != nil {
		return fmt.Errorf("%s: %w %q: %w", name, ErrBadValue, value, err)
	}
	return nil
}

// Text is the option of that name in text, "" if there is none.
func (s Set) Text(name string) string {
	if option := s[name]; option != nil {
		return option.String()
	}
	return ""
}

// most bounds seconds and factors: some 30 years, well inside a Duration.
const most = 1e9

// Seconds takes a number of seconds, also with a fraction.
func Seconds(d *time.Duration) Value { return SecondsFrom(0, d) }

// SecondsFrom is Seconds that are not less than so many.
func SecondsFrom(least float64, d *time.Duration) Value { return &seconds{least: least, d: d} }

type seconds struct {
	least float64
	d     *time.Duration
}

// String has no more digits than it needs: "2", "0.2".
func (v *seconds) String() string { return strconv.FormatFloat(v.d.Seconds(), 'f', -1, 64) }

func (v *seconds) Set(text string) error {
	s, err := number("number of seconds", v.least, most, text)
	if err == nil {
		*v.d = time.Duration(math.Round(s * float64(time.Second)))
	}
	return err
}

// Factor takes a number that is not negative.
func Factor(f *float64) Value { return &factor{most: most, f: f} }

// Probability takes a number from 0 to 1.
func Probability(p *float64) Value { return &factor{most: 1, f: p} }

type factor struct {
	most float64
	f    *float64
}

func (v *factor) String() string { return strconv.FormatFloat(*v.f, 'f', -1, 64) }

func (v *factor) Set(text string) error {
	f, err := number("number", 0, v.most, text)
	if err == nil {
		*v.f = f
	}
	return err
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
func Count(n *int) Value { return &whole[int]{most: math.MaxInt32, n: n} }

// Bytes takes a whole number from 0 to 2^63-1.
func Bytes(n *int64) Value { return &whole[int64]{most: math.MaxInt64, n: n} }

type whole[T int | int64] struct {
	most int64
	n    *T
}

func (v *whole[T]) String() string { return strconv.FormatInt(int64(*v.n), 10) }

func (v *whole[T]) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > v.most {
		return fmt.Errorf("not a whole number from 0 to %d", v.most)
	}
	*v.n = T(n)
	return nil
}

// Bool takes true and false, in any case, and 1 and 0.
func Bool(b *bool) Value { return (*boolean)(b) }

type boolean bool

func (v *boolean) String() string { return strconv.FormatBool(bool(*v)) }

func (v *boolean) Set(text string) error {
	b, err := strconv.ParseBool(strings.ToLower(text))
	if err != nil {
		return errors.New("neither true nor false")
	}
	*v = boolean(b)
	return nil
}

// Text takes any text.
func Text(s *string) Value { return (*text)(s) }

type text string

func (v *text) String() string { return string(*v) }

func (v *text) Set(s string) error {
	*v = text(s)
	return nil
}
