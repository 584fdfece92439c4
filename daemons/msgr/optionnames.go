package msgr

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Errors of [Options.Set].
var (
	// ErrNoSuchOption: no option has the name.
	ErrNoSuchOption = errors.New("no such option")
	// ErrBadValue: the option cannot have the value.
	ErrBadValue = errors.New("bad value")
)

// setters change an option given as text, by Ceph's names.
func setters() map[string]func(o *Options, value string) error {
	return map[string]func(o *Options, value string) error{
		"ms_connection_ready_timeout": func(o *Options, v string) error { return setSeconds(&o.ReadyTimeout, v) },
		"ms_connection_idle_timeout":  func(o *Options, v string) error { return setSeconds(&o.IdleTimeout, v) },
		"ms_initial_backoff":          func(o *Options, v string) error { return setSeconds(&o.InitialBackoff, v) },
		"ms_max_backoff":              func(o *Options, v string) error { return setSeconds(&o.MaxBackoff, v) },
		"ms_dispatch_throttle_bytes":  func(o *Options, v string) error { return setCount(&o.DispatchThrottleBytes, v) },
		"ms_inject_socket_failures":   func(o *Options, v string) error { return setCount(&o.InjectSocketFailures, v) },
		"ms_inject_delay_type":        func(o *Options, v string) error { return setTypes(&o.InjectDelayType, v) },
		"ms_inject_delay_probability": func(o *Options, v string) error { return setProbability(&o.InjectDelayProbability, v) },
		"ms_inject_delay_max":         func(o *Options, v string) error { return setSeconds(&o.InjectDelayMax, v) },
		"ms_inject_internal_delays":   func(o *Options, v string) error { return setSeconds(&o.InjectInternalDelays, v) },
	}
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string { return slices.Sorted(maps.Keys(setters())) }

// Set changes the option that Ceph calls name, given as Ceph's configuration
// writes it: seconds ("0.2"), a number, a probability, or for
// ms_inject_delay_type types of peers ("osd mds"). As in all of Options a 0
// means the default. Errors, with the option's name: ErrNoSuchOption,
// ErrBadValue.
func (o *Options) Set(name, value string) error {
	set := setters()[name]
	if set == nil {
		return fmt.Errorf("%s: %w; there are %s", name, ErrNoSuchOption, strings.Join(OptionNames(), ", "))
	}
	if err := set(o, strings.TrimSpace(value)); err != nil {
		return fmt.Errorf("%s: %w %q: %w", name, ErrBadValue, value, err)
	}
	return nil
}

func setSeconds(d *time.Duration, text string) error {
	s, err := strconv.ParseFloat(text, 64)
	const most = 1e9 // some 30 years, well inside a Duration
	switch {
	case err != nil:
		return errors.New("not a number of seconds")
	case !(s >= 0 && s <= most):
		return fmt.Errorf("not between 0 and %g seconds", most)
	}
	*d = time.Duration(s * float64(time.Second))
	return nil
}

func setCount[T int | int64](n *T, text string) error {
	v, err := strconv.ParseInt(text, 10, 64)
	if err != nil || v < 0 || int64(T(v)) != v {
		return errors.New("not a number from 0 up")
	}
	*n = T(v)
	return nil
}

func setProbability(p *float64, text string) error {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || !(v >= 0 && v <= 1) {
		return errors.New("not a number between 0 and 1")
	}
	*p = v
	return nil
}

func setTypes(types *msg.EntityType, text string) error {
	known := map[string]msg.EntityType{
		"mon": msg.EntityMon, "mds": msg.EntityMDS, "osd": msg.EntityOSD,
		"client": msg.EntityClient, "mgr": msg.EntityMgr,
	}
	var all msg.EntityType
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		t, ok := known[name]
		if !ok {
			return fmt.Errorf("%q is not mon, mds, osd, client or mgr", name)
		}
		all |= t
	}
	*types = all
	return nil
}
