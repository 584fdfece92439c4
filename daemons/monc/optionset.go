package monc

import (
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
	// ErrNoSuchOption: a client has no option of the name.
	ErrNoSuchOption = errors.New("no such option")
	// ErrBadValue: the option cannot have the value.
	ErrBadValue = errors.New("bad value")
)

// durations are the options in seconds, by Ceph's names.
func durations(o *Options) map[string]*time.Duration {
	return map[string]*time.Duration{
		"mon_client_hunt_interval": &o.HuntInterval,
		"mon_client_ping_interval": &o.PingInterval,
		"mon_client_log_interval":  &o.LogInterval,
		"mon_client_ping_timeout":  &o.PingTimeout,
		"client_mount_timeout":     &o.AuthTimeout,
		"rados_mon_op_timeout":     &o.CommandTimeout,
	}
}

func factors(o *Options) map[string]*float64 {
	return map[string]*float64{
		"mon_client_hunt_interval_backoff":      &o.HuntBackoff,
		"mon_client_hunt_interval_max_multiple": &o.HuntMaxMultiple,
	}
}

func counts(o *Options) map[string]*int {
	return map[string]*int{
		"mon_client_directed_command_retry":      &o.TellAttempts,
		"mon_client_hunt_parallel":               &o.HuntParallel,
		"mon_client_max_log_entries_per_message": &o.LogBatch,
	}
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string {
	var o Options
	names := slices.Concat(wire.SortedKeys(durations(&o)), wire.SortedKeys(factors(&o)), wire.SortedKeys(counts(&o)))
	slices.Sort(names)
	return names
}

// Set changes the option that Ceph calls name, given as Ceph's configuration writes it:
// seconds, a factor, a number. As in all of Options a 0 means the default. Errors:
// ErrNoSuchOption, ErrBadValue.
func (o *Options) Set(name, value string) error {
	number, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil || !(number >= 0 && number <= 1e9) {
		err = fmt.Errorf("%s: %w %q: not a number from 0 to 1e9", name, ErrBadValue, value)
	}
	switch d, f, n := durations(o)[name], factors(o)[name], counts(o)[name]; {
	case d == nil && f == nil && n == nil:
		return fmt.Errorf("%s: %w", name, ErrNoSuchOption)
	case err != nil:
		return err
	case d != nil:
		*d = time.Duration(number * float64(time.Second))
	case f != nil:
		*f = number
	default:
		*n = int(number)
	}
	return nil
}
