package msgr

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/option"
)

// named are the options by Ceph's names.
func (o *Options) named() option.Set {
	return option.Set{
		"ms_connection_ready_timeout": option.Seconds(&o.ReadyTimeout),
		"ms_connection_idle_timeout":  option.Seconds(&o.IdleTimeout),
		"ms_initial_backoff":          option.Seconds(&o.InitialBackoff),
		"ms_max_backoff":              option.Seconds(&o.MaxBackoff),
		"ms_dispatch_throttle_bytes":  option.Bytes(&o.DispatchThrottleBytes),
		"ms_inject_socket_failures":   option.Count(&o.InjectSocketFailures),
		"ms_inject_delay_type":        func(text string) error { return setTypes(&o.InjectDelayType, text) },
		"ms_inject_delay_probability": option.Probability(&o.InjectDelayProbability),
		"ms_inject_delay_max":         option.Seconds(&o.InjectDelayMax),
		"ms_inject_internal_delays":   option.Seconds(&o.InjectInternalDelays),
	}
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string { return new(Options).named().Names() }

// Set changes the option that Ceph calls name, given as Ceph's configuration
// writes it: seconds ("0.2"), a number, a probability, or for
// ms_inject_delay_type types of peers ("osd mds"). As in all of Options a 0
// means the default. Errors: those of [option.Set.Put].
func (o *Options) Set(name, value string) error { return o.named().Put(name, value) }

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
