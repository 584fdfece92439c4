package monc_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/option"
)

func TestOptionsSet(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        error
	}{
		{"mon_client_hunt_interval", "0.5", nil}, {"mon_client_hunt_interval_backoff", " 2 ", nil}, {"mon_client_hunt_parallel", "1", nil},
		{"mon_client_log_interval", "2", nil}, {"mon_client_directed_command_retry", "3", nil}, {"mon_client_max_log_entries_per_message", "-1", option.ErrBadValue},
		{"mon_client_hunt_parallel", "1.5", option.ErrBadValue}, {"client_mount_timeout", "x", option.ErrBadValue}, {"client_mount_timeout", "-1", option.ErrBadValue}, {"client_mount_timeout", "Inf", option.ErrBadValue},
		{"client_mount_uid", "5", option.ErrNoSuchOption}, {"", "", option.ErrNoSuchOption},
	} {
		var o monc.Options
		if err := o.Set(tt.name, tt.value); !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%s = %q: %v, want %v", tt.name, tt.value, err, tt.want)
		}
	}
	var o monc.Options
	for _, name := range monc.OptionNames() {
		before := o
		if err := o.Set(name, "17"); err != nil || o == before {
			t.Errorf("%s: %v, nothing has changed: %v", name, err, o == before)
		}
	}
	if o.AuthTimeout != 17*time.Second || o.HuntBackoff != 17 || o.HuntParallel != 17 || o.TellAttempts != 17 || o.LogBatch != 17 {
		t.Errorf("%+v", o)
	}
}
