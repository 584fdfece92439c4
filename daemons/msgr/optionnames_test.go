package msgr_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/option"
)

func TestOptionsSet_takesWhatCephsConfigurationWrites(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        msgr.Options
	}{
		{"ms_connection_ready_timeout", "10", msgr.Options{ReadyTimeout: 10 * time.Second}},
		{"ms_connection_idle_timeout", "900", msgr.Options{IdleTimeout: 15 * time.Minute}},
		{"ms_initial_backoff", "0.2", msgr.Options{InitialBackoff: 200 * time.Millisecond}},
		{"ms_initial_backoff", ".200000", msgr.Options{InitialBackoff: 200 * time.Millisecond}},
		{"ms_max_backoff", "15.000000", msgr.Options{MaxBackoff: 15 * time.Second}},
		{"ms_max_backoff", "1e9", msgr.Options{MaxBackoff: 1e9 * time.Second}},
		{"ms_dispatch_throttle_bytes", "104857600", msgr.Options{DispatchThrottleBytes: 100 << 20}},
		{"ms_inject_socket_failures", "500", msgr.Options{InjectSocketFailures: 500}},
		{"ms_inject_socket_failures", "0", msgr.Options{}},
		{"ms_inject_delay_type", "osd", msgr.Options{InjectDelayType: msg.EntityOSD}},
		{"ms_inject_delay_type", "osd mds", msgr.Options{InjectDelayType: msg.EntityOSD | msg.EntityMDS}},
		{"ms_inject_delay_type", " mon,mgr, client ", msgr.Options{InjectDelayType: msg.EntityMon | msg.EntityMgr | msg.EntityClient}},
		{"ms_inject_delay_type", "", msgr.Options{}},
		{"ms_inject_delay_probability", "0", msgr.Options{}},
		{"ms_inject_delay_probability", ".005", msgr.Options{InjectDelayProbability: 0.005}},
		{"ms_inject_delay_probability", "1", msgr.Options{InjectDelayProbability: 1}},
		{"ms_inject_delay_max", "1", msgr.Options{InjectDelayMax: time.Second}},
		{"ms_inject_internal_delays", " .002\n", msgr.Options{InjectInternalDelays: 2 * time.Millisecond}},
	} {
		var o msgr.Options
		if err := o.Set(tt.name, tt.value); err != nil || o != tt.want {
			t.Errorf("%s = %q: %+v, %v", tt.name, tt.value, o, err)
		}
	}
}

// TestOptionsSet_refuses with an error that says what, and changes nothing.
func TestOptionsSet_refuses(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        error
		says        string
	}{
		{"ms_inject_socket_failure", "1", option.ErrNoSuchOption, "ms_inject_socket_failures"},
		{"", "1", option.ErrNoSuchOption, "ms_max_backoff"},
		{"MS_MAX_BACKOFF", "1", option.ErrNoSuchOption, ""},
		{"ms_max_backoff", "", option.ErrBadValue, "ms_max_backoff"},
		{"ms_max_backoff", "-1", option.ErrBadValue, `"-1"`},
		{"ms_max_backoff", "15s", option.ErrBadValue, "seconds"},
		{"ms_max_backoff", "NaN", option.ErrBadValue, ""},
		{"ms_max_backoff", "Inf", option.ErrBadValue, ""},
		{"ms_max_backoff", "1.1e9", option.ErrBadValue, ""},
		{"ms_inject_socket_failures", "-1", option.ErrBadValue, ""},
		{"ms_inject_socket_failures", "0.5", option.ErrBadValue, "number"},
		{"ms_dispatch_throttle_bytes", "9223372036854775808", option.ErrBadValue, ""},
		{"ms_dispatch_throttle_bytes", "100M", option.ErrBadValue, ""},
		{"ms_inject_delay_probability", "1.01", option.ErrBadValue, "from 0 to 1"},
		{"ms_inject_delay_probability", "-0.1", option.ErrBadValue, ""},
		{"ms_inject_delay_probability", "NaN", option.ErrBadValue, ""},
		{"ms_inject_delay_type", "osd mars", option.ErrBadValue, `"mars"`},
	} {
		o := msgr.DefaultOptions()
		err := o.Set(tt.name, tt.value)
		if !errors.Is(err, tt.want) || !strings.HasPrefix(err.Error(), tt.name+": ") || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s = %q: %v, want %v that says %q", tt.name, tt.value, err, tt.want, tt.says)
		}
		if o != msgr.DefaultOptions() {
			t.Errorf("%s = %q changed the options to %+v", tt.name, tt.value, o)
		}
	}
}

// TestOptionNames_areAllThatCanBeSet: each changes a field of its own, and they
// are in order.
func TestOptionNames_areAllThatCanBeSet(t *testing.T) {
	names := msgr.OptionNames()
	if !slices.IsSorted(names) || len(names) == 0 {
		t.Errorf("the names are %q", names)
	}
	seen := map[msgr.Options]string{}
	for _, name := range names {
		var o msgr.Options
		if o.Set(name, "1") != nil && o.Set(name, "osd") != nil {
			t.Errorf("%s takes neither 1 nor osd", name)
		}
		if other, ok := seen[o]; ok || o == (msgr.Options{}) {
			t.Errorf("%s changes what %q does", name, other)
		}
		seen[o] = name
	}
}

// TestOptionsSet_leavesNothingThatStartRefuses: what Set accepts works, backoffs
// that are the wrong way round excepted.
func TestOptionsSet_leavesNothingThatStartRefuses(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var o msgr.Options
		name := rapid.SampledFrom(msgr.OptionNames()).Draw(rt, "name")
		value := rapid.OneOf(rapid.StringMatching(`-?[0-9]{0,20}(\.[0-9]{0,10})?(e[0-9]{1,2})?`), rapid.String()).Draw(rt, "value")
		err := o.Set(name, value)
		if err != nil {
			if !errors.Is(err, option.ErrBadValue) || o != (msgr.Options{}) {
				rt.Errorf("%v, and the options are %+v", err, o)
			}
			return
		}
		o.InitialBackoff, o.MaxBackoff = min(o.InitialBackoff, time.Second), max(o.MaxBackoff, time.Second)
		if err := (msgr.Config{Label: "x", Options: o}).Validate(); err != nil {
			rt.Errorf("%s = %q: %v", name, value, err)
		}
	})
}
