package mon

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Errors of [Options.Set].
var (
	// ErrNoSuchOption: a monitor has no option of the name.
	ErrNoSuchOption = errors.New("no such option")
	// ErrBadValue: the option cannot have the value.
	ErrBadValue = errors.New("bad value")
)

// startDurations are the options in seconds that are read at the start only.
func startDurations(o *Options) map[string]*time.Duration {
	return map[string]*time.Duration{
		"mon_lease":                        &o.Lease,
		"mon_election_timeout":             &o.ElectionTimeout,
		"mon_mgr_blocklist_interval":       &o.MgrBlocklistInterval,
		"mon_osd_blocklist_default_expire": &o.BlocklistExpire,
		"mgr_tick_period":                  &o.MgrTickPeriod,
	}
}

func startFactors(o *Options) map[string]*float64 {
	return map[string]*float64{
		"mon_lease_renew_interval_factor": &o.LeaseRenewFactor,
		"mon_lease_ack_timeout_factor":    &o.LeaseAckTimeoutFactor,
	}
}

func counts(o *Options) map[string]*int {
	return map[string]*int{
		"mon_max_mgrmap_epochs": &o.MaxMgrMapEpochs,
		"mon_log_max":           &o.MaxLogEntries,
		"paxos_min":             &o.SnapshotEvery,
		runtimeMaxEntry:         &o.MaxConfigKeyEntry,
	}
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string {
	var o Options
	names := slices.Concat(wire.SortedKeys(runtimeDurations(&o)), wire.SortedKeys(startDurations(&o)),
		wire.SortedKeys(startFactors(&o)), wire.SortedKeys(counts(&o)))
	slices.Sort(names)
	return names
}

// Set changes the option that Ceph calls name, given as Ceph's configuration writes it:
// seconds, a factor, a number. Whether the options make sense together is for
// [Options.Validate]. Errors: ErrNoSuchOption, ErrBadValue.
func (o *Options) Set(name, value string) error {
	value = strings.TrimSpace(value)
	bad := func(err error) error { return fmt.Errorf("%s: %w %q: %w", name, ErrBadValue, value, err) }
	if d := cmp.Or(runtimeDurations(o)[name], startDurations(o)[name]); d != nil {
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || !(seconds >= 0 && seconds <= 1e9) {
			return bad(errors.New("not a number of seconds from 0 to 1e9"))
		}
		*d = time.Duration(seconds * float64(time.Second))
		return nil
	}
	if f := startFactors(o)[name]; f != nil {
		factor, err := strconv.ParseFloat(value, 64)
		if err != nil || !(factor >= 0 && factor <= 1e9) {
			return bad(errors.New("not a number from 0 to 1e9"))
		}
		*f = factor
		return nil
	}
	if n := counts(o)[name]; n != nil {
		count, err := strconv.ParseInt(value, 10, 32)
		if err != nil || count < 0 {
			return bad(errors.New("not a number from 0 up"))
		}
		*n = int(count)
		return nil
	}
	return fmt.Errorf("%s: %w", name, ErrNoSuchOption)
}
