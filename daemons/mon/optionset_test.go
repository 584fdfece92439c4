package mon_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mon"
)

func TestOptionsSet(t *testing.T) {
	for _, tt := range []struct {
		name, value string
		want        error
	}{
		{"mon_lease", "0.5", nil}, {"mon_mgr_beacon_grace", " 4 ", nil}, {"mon_max_mgrmap_epochs", "7", nil}, {"mon_lease_ack_timeout_factor", "3.5", nil},
		{"mon_lease", "x", mon.ErrBadValue}, {"mon_lease", "-1", mon.ErrBadValue}, {"mon_lease", "NaN", mon.ErrBadValue}, {"mon_lease", "1e300", mon.ErrBadValue},
		{"mon_lease_ack_timeout_factor", "-2", mon.ErrBadValue}, {"paxos_min", "1.5", mon.ErrBadValue}, {"paxos_min", "99999999999", mon.ErrBadValue},
		{"osd_heartbeat_grace", "20", mon.ErrNoSuchOption}, {"", "", mon.ErrNoSuchOption},
	} {
		o := mon.DefaultOptions()
		if err := o.Set(tt.name, tt.value); !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.name) {
			t.Errorf("%s = %q: %v, want %v", tt.name, tt.value, err, tt.want)
		}
	}
	o := mon.DefaultOptions()
	for _, name := range mon.OptionNames() {
		before := o
		if err := o.Set(name, "17"); err != nil || o == before {
			t.Errorf("%s: %v, nothing has changed: %v", name, err, o == before)
		}
	}
	if o.Lease != 17*time.Second || o.LeaseRenewFactor != 17 || o.MaxLogEntries != 17 {
		t.Errorf("%+v", o)
	}
}
