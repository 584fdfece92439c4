package monc

import "github.com/wavetank/wavetank/daemons/option"

// Named are the options by Ceph's names.
func (o *Options) Named() option.Set {
	return option.Set{
		"mon_client_hunt_interval":               option.Seconds(&o.HuntInterval),
		"mon_client_hunt_interval_backoff":       option.Factor(&o.HuntBackoff),
		"mon_client_hunt_interval_max_multiple":  option.Factor(&o.HuntMaxMultiple),
		"mon_client_hunt_parallel":               option.Count(&o.HuntParallel),
		"mon_client_ping_interval":               option.Seconds(&o.PingInterval),
		"mon_client_ping_timeout":                option.Seconds(&o.PingTimeout),
		"mon_client_log_interval":                option.Seconds(&o.LogInterval),
		"mon_client_max_log_entries_per_message": option.Count(&o.LogBatch),
		"mon_client_directed_command_retry":      option.Count(&o.TellAttempts),
		"client_mount_timeout":                   option.Seconds(&o.AuthTimeout),
		"rados_mon_op_timeout":                   option.Seconds(&o.CommandTimeout),
	}
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string { return new(Options).Named().Names() }

// Set changes the option that Ceph calls name, given as Ceph's configuration writes it:
// seconds, a factor, a number. As in all of Options a 0 means the default. Errors:
// those of [option.Set.Put].
func (o *Options) Set(name, value string) error { return o.Named().Put(name, value) }
