package msgr

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/option"
)

// Named are the options by Ceph's names.
func (o *Options) Named() option.Set {
	return option.Set{
		"ms_connection_ready_timeout": option.Seconds(&o.ReadyTimeout),
		"ms_connection_idle_timeout":  option.Seconds(&o.IdleTimeout),
		"ms_initial_backoff":          option.Seconds(&o.InitialBackoff),
		"ms_max_backoff":              option.Seconds(&o.MaxBackoff),
		"ms_dispatch_throttle_bytes":  option.Bytes(&o.DispatchThrottleBytes),
		"ms_inject_socket_failures":   option.Count(&o.InjectSocketFailures),
		"ms_inject_delay_type":        (*peerTypes)(&o.InjectDelayType),
		"ms_inject_delay_probability": option.Probability(&o.InjectDelayProbability),
		"ms_inject_delay_max":         option.Seconds(&o.InjectDelayMax),
		"ms_inject_internal_delays":   option.Seconds(&o.InjectInternalDelays),
	}
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string { return new(Options).Named().Names() }

// Set changes the option that Ceph calls name, given as Ceph's configuration
// writes it: seconds ("0.2"), a number, a probability, or for
// ms_inject_delay_type types of peers ("osd mds"). As in all of Options a 0
// means the default. Errors: those of [option.Set.Put].
func (o *Options) Set(name, value string) error { return o.Named().Put(name, value) }

// peerTypes are types of peers by their names: "osd mds".
type peerTypes msg.EntityType

type peerType struct {
	name string
	t    peerTypes
}

func allPeerTypes() []peerType {
	return []peerType{
		{"mon", peerTypes(msg.EntityMon)}, {"mds", peerTypes(msg.EntityMDS)}, {"osd", peerTypes(msg.EntityOSD)},
		{"client", peerTypes(msg.EntityClient)}, {"mgr", peerTypes(msg.EntityMgr)},
	}
}

// String are the names, in the order of the types.
func (v *peerTypes) String() string {
	var names []string
	for _, p := range allPeerTypes() {
		if *v&p.t != 0 {
			names = append(names, p.name)
		}
	}
	return strings.Join(names, " ")
}

// Set takes names with blanks or commas between them.
func (v *peerTypes) Set(text string) error {
	known := allPeerTypes()
	var all peerTypes
	for _, name := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		i := slices.IndexFunc(known, func(p peerType) bool { return p.name == name })
		if i < 0 {
			return fmt.Errorf("%q is not mon, mds, osd, client or mgr", name)
		}
		all |= known[i].t
	}
	*v = all
	return nil
}
