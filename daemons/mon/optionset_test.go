package mon_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/option"
)

func TestOptionsSet(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        error
	}{
		{"mon_lease", "0.5", nil}, {"mon_mgr_beacon_grace", " 4 ", nil}, {"mon_max_mgrmap_epochs", "7", nil}, {"mon_lease_ack_timeout_factor", "3.5", nil},
		{"mon_lease", "x", option.ErrBadValue}, {"mon_lease", "-1", option.ErrBadValue}, {"mon_lease", "NaN", option.ErrBadValue}, {"mon_lease", "1e300", option.ErrBadValue},
		{"mon_lease_ack_timeout_factor", "-2", option.ErrBadValue}, {"paxos_min", "1.5", option.ErrBadValue}, {"paxos_min", "99999999999", option.ErrBadValue},
		{"osd_heartbeat_grace", "20", option.ErrNoSuchOption}, {"", "", option.ErrNoSuchOption},
	} {
		o := mon.DefaultOptions()
		if err := o.Set(tt.name, tt.value); !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%s = %q: %v, want %v", tt.name, tt.value, err, tt.want)
		}
	}
	o := mon.DefaultOptions()
	for _, name := range mon.OptionNames() {
		before := o
		value := "17"
		if o.Named().Text(name) == "false" {
			value = "true"
		}
		if err := o.Set(name, value); err != nil || o == before {
			t.Errorf("%s: %v, nothing has changed: %v", name, err, o == before)
		}
	}
	if o.Lease != 17*time.Second || o.LeaseRenewFactor != 17 || o.MaxLogEntries != 17 {
		t.Errorf("%+v", o)
	}
}
