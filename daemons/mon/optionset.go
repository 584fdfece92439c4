package mon

import (
	"slices"

	"github.com/wavetank/wavetank/daemons/option"
)

// startNamed are the options of o that are read at the start only, by Ceph's names.
func (o *Options) startNamed() option.Set {
	return option.Set{
		"mon_lease":                        option.Seconds(&o.Lease),
		"mon_lease_renew_interval_factor":  option.Factor(&o.LeaseRenewFactor),
		"mon_lease_ack_timeout_factor":     option.Factor(&o.LeaseAckTimeoutFactor),
		"mon_election_timeout":             option.Seconds(&o.ElectionTimeout),
		"mon_mgr_blocklist_interval":       option.Seconds(&o.MgrBlocklistInterval),
		"mon_osd_blocklist_default_expire": option.Seconds(&o.BlocklistExpire),
		"mgr_tick_period":                  option.Seconds(&o.MgrTickPeriod),
		"mon_max_mgrmap_epochs":            option.Count(&o.MaxMgrMapEpochs),
		"mon_log_max":                      option.Count(&o.MaxLogEntries),
		"paxos_min":                        option.Count(&o.SnapshotEvery),
		"paxos_max_join_drift":             option.Count(&o.KeepEntries),
		"mon_monmap_first":                 option.Bool(&o.MonMapFirst),
	}
}

// runtimeNamed are those that a running monitor takes.
func (o *Options) runtimeNamed() option.Set {
	return option.Set{
		"mon_mgr_beacon_grace":          option.Seconds(&o.MgrBeaconGrace),
		"mds_beacon_grace":              option.Seconds(&o.MDSBeaconGrace),
		"mds_beacon_interval":           option.Seconds(&o.MDSBeaconInterval),
		"mds_beacon_mon_down_grace":     option.Seconds(&o.MDSBeaconMonDownGrace),
		"mon_tick_interval":             option.Seconds(&o.TickInterval),
		"mon_session_timeout":           option.Seconds(&o.SessionTimeout),
		"paxos_min_wait":                option.Seconds(&o.ProposeMinWait),
		"paxos_propose_interval":        option.Seconds(&o.ProposeInterval),
		"mon_config_key_max_entry_size": option.Count(&o.MaxConfigKeyEntry),
	}
}

// Named are the options by the names that Ceph gives them.
func (o *Options) Named() option.Set {
	all := o.startNamed()
	for name, set := range o.runtimeNamed() {
		all[name] = set
	}
	return all
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string { return new(Options).Named().Names() }

// Set changes the option that Ceph calls name, given as Ceph's configuration writes it:
// seconds, a factor, a number. Whether the options make sense together is for
// [Options.Validate]. Errors: those of [option.Set.Put].
func (o *Options) Set(name, value string) error { return o.Named().Put(name, value) }

// takesAtRuntime reports whether a running monitor takes the option.
func takesAtRuntime(name string) bool {
	return slices.Contains(new(Options).runtimeNamed().Names(), name)
}
