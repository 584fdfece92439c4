package cinder

import (
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/option"
)

// Options are a service's tunables, by Cinder's names. Begin with [DefaultOptions].
type Options struct {
	// ReportInterval is the time between heartbeats (report_interval, 10 s); 0 is none.
	ReportInterval time.Duration
	// ServiceDownTime is how old a heartbeat may be (service_down_time, 60 s).
	ServiceDownTime time.Duration
	// PeriodicInterval is the time between rounds of periodic tasks (periodic_interval,
	// 60 s); 0 is none. The first round comes after a random time of up to
	// PeriodicFuzzyDelay (periodic_fuzzy_delay, 60 s).
	PeriodicInterval, PeriodicFuzzyDelay time.Duration
	// EnableNewServices is whether a new row is enabled (enable_new_services, true).
	EnableNewServices bool
	// AvailabilityZone is written into the row (storage_availability_zone, "nova").
	AvailabilityZone string
	// Cluster is that of a volume service, without its backend (cluster, none).
	Cluster string
	// BackendStatsInterval is the time between reports of a volume service to schedulers
	// (backend_stats_polling_interval, 60 s).
	BackendStatsInterval time.Duration
	// SchedulerInitWait bounds how long a scheduler that starts waits for those reports
	// (scheduler_driver_init_wait_time, 60 s).
	SchedulerInitWait time.Duration
	// ReinitDriverCount is how often the set-up of a volume driver is tried again
	// (reinit_driver_count, 3).
	ReinitDriverCount int
	// DBMaxRetries and DBRetryInterval are for the first statement of a process
	// (max_retries, 10; retry_interval, 10 s).
	DBMaxRetries    int
	DBRetryInterval time.Duration
	// RPC are the tunables of messaging.
	RPC rpc.Options
}

// DefaultOptions are Cinder's defaults.
func DefaultOptions() Options {
	return Options{
		ReportInterval: 10 * time.Second, ServiceDownTime: 60 * time.Second,
		PeriodicInterval: 60 * time.Second, PeriodicFuzzyDelay: 60 * time.Second,
		EnableNewServices: true, AvailabilityZone: "nova",
		BackendStatsInterval: 60 * time.Second, SchedulerInitWait: 60 * time.Second,
		ReinitDriverCount: 3, DBMaxRetries: 10, DBRetryInterval: 10 * time.Second,
		RPC: rpc.DefaultOptions(),
	}
}

// Named are the options by their names, those of messaging among them.
func (o *Options) Named() option.Set {
	all := o.RPC.Named()
	for name, put := range (option.Set{
		"report_interval":                 option.Seconds(&o.ReportInterval),
		"service_down_time":               option.Seconds(&o.ServiceDownTime),
		"periodic_interval":               option.Seconds(&o.PeriodicInterval),
		"periodic_fuzzy_delay":            option.Seconds(&o.PeriodicFuzzyDelay),
		"enable_new_services":             option.Bool(&o.EnableNewServices),
		"storage_availability_zone":       option.Text(&o.AvailabilityZone),
		"cluster":                         option.Text(&o.Cluster),
		"backend_stats_polling_interval":  option.Seconds(&o.BackendStatsInterval),
		"scheduler_driver_init_wait_time": option.Seconds(&o.SchedulerInitWait),
		"reinit_driver_count":             option.Count(&o.ReinitDriverCount),
		"max_retries":                     option.Count(&o.DBMaxRetries),
		"retry_interval":                  option.Seconds(&o.DBRetryInterval),
	}) {
		all[name] = put
	}
	return all
}

// sane is Options with a service_down_time that heartbeats can keep: one that is not
// longer than report_interval is set to 2.5 times that, in whole seconds where those are
// longer than the interval. It counts in this process only.
func (o Options) sane(d Defects) Options {
	if o.ReportInterval == 0 || o.ServiceDownTime > o.ReportInterval || d.NoIntervalCheck {
		return o
	}
	o.ServiceDownTime = o.ReportInterval * 5 / 2
	if whole := o.ServiceDownTime.Truncate(time.Second); whole > o.ReportInterval {
		o.ServiceDownTime = whole
	}
	return o
}
