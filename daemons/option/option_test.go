package option_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/option"
)

type options struct {
	wait, tick time.Duration
	factor     float64
	chance     float64
	count      int
	bytes      int64
	on         bool
}

func (o *options) named() option.Set {
	return option.Set{
		"wait": option.Seconds(&o.wait), "tick": option.SecondsFrom(0.001, &o.tick),
		"factor": option.Factor(&o.factor), "chance": option.Probability(&o.chance),
		"count": option.Count(&o.count), "bytes": option.Bytes(&o.bytes), "on": option.Bool(&o.on),
	}
}

func TestSet_takes(t *testing.T) {
	var o options
	s := o.named()
	for name, value := range map[string]string{
		"wait": " 0.5 ", "tick": "0.001", "factor": "1e9", "chance": "1", "count": "2147483647", "bytes": "9223372036854775807", "on": "True",
	} {
		if err := s.Put(name, value); err != nil {
			t.Error(err)
		}
	}
	for name, want := range map[string]string{
		"wait": "0.5", "tick": "0.001", "factor": "1000000000", "chance": "1", "count": "2147483647", "bytes": "9223372036854775807", "on": "true", "none": "",
	} {
		if got := s.Text(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if want := (options{500 * time.Millisecond, time.Millisecond, 1e9, 1, 1<<31 - 1, 1<<63 - 1, true}); o != want {
		t.Errorf("%+v, want %+v", o, want)
	}
}

// What cannot be is refused with the option, the value and what it should be, and
// changes nothing.
func TestSet_refuses(t *testing.T) {
	for name, values := range map[string][]string{
		"wait":   {"", "x", "-1", "1s", "NaN", "Inf", "1.1e9"},
		"tick":   {"0", "0.0009"},
		"factor": {"-0.1", "NaN", "1.1e9"},
		"chance": {"1.1", "-1"},
		"count":  {"1.5", "-1", "2147483648", "many"},
		"bytes":  {"9223372036854775808", "-1", "4k"},
		"on":     {"", "perhaps", "2"},
	} {
		for _, value := range values {
			was := options{7, 7, 7, 7, 7, 7, true}
			o := was
			err := o.named().Put(name, value)
			if !errors.Is(err, option.ErrBadValue) || !strings.HasPrefix(err.Error(), name+": ") || !strings.Contains(err.Error(), `"`+value+`"`) {
				t.Errorf("%s = %q: %v", name, value, err)
			}
			if o != was {
				t.Errorf("%s = %q: %+v", name, value, o)
			}
		}
	}
}

func TestSet_names(t *testing.T) {
	var o options
	want := []string{"bytes", "chance", "count", "factor", "on", "tick", "wait"}
	if got := o.named().Names(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if err := o.named().Put("Wait", "1"); !errors.Is(err, option.ErrNoSuchOption) || !strings.Contains(err.Error(), "there are bytes, chance") {
		t.Error(err)
	}
}

// What an option says of itself it takes over again.
func TestSet_textIsTaken(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := options{
			wait: time.Duration(rapid.Int64Range(0, 1e15).Draw(t, "wait")), tick: time.Duration(rapid.Int64Range(1e6, 1e15).Draw(t, "tick")),
			factor: rapid.Float64Range(0, 1e9).Draw(t, "factor"), chance: rapid.Float64Range(0, 1).Draw(t, "chance"),
			count: rapid.IntRange(0, 1<<31-1).Draw(t, "count"), bytes: rapid.Int64Min(0).Draw(t, "bytes"), on: rapid.Bool().Draw(t, "on"),
		}
		var again options
		for _, name := range o.named().Names() {
			if err := again.named().Put(name, o.named().Text(name)); err != nil {
				t.Error(err)
			}
		}
		if again != o {
			t.Errorf("%+v became %+v", o, again)
		}
	})
}
