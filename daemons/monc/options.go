package monc

import (
	"errors"
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Config is what makes a client this one. New reads it once.
type Config struct {
	// Entity is who authenticates: "mgr.x", "client.admin".
	Entity msg.AuthName
	// MonMap is where to look for monitors at first. Newer maps replace it.
	MonMap msg.MonMap
	// Options are the timings. Fields that are 0 take their defaults.
	Options Options
	// Defects are planted bugs; the zero value has none.
	Defects Defects
}

// Options are a client's tunables, named after Ceph's options. A field that is 0
// takes its default.
type Options struct {
	// HuntInterval is how long a hunt may take before it starts over with other
	// monitors (mon_client_hunt_interval, 3 s).
	HuntInterval time.Duration
	// HuntBackoff multiplies the interval at each hunt after the first session,
	// and divides it at each sign of health
	// (mon_client_hunt_interval_backoff, 1.5).
	HuntBackoff float64
	// HuntMaxMultiple bounds that product
	// (mon_client_hunt_interval_max_multiple, 10).
	HuntMaxMultiple float64
	// HuntParallel is how many monitors are dialled at once
	// (mon_client_hunt_parallel, 3).
	HuntParallel int
	// PingInterval is the time between keepalives (mon_client_ping_interval,
	// 10 s).
	PingInterval time.Duration
	// PingTimeout is how old the last answer to a keepalive may be; it is looked
	// at when the next one is due (mon_client_ping_timeout, 30 s).
	PingTimeout time.Duration
	// AuthTimeout bounds Authenticate (client_mount_timeout, 300 s).
	AuthTimeout time.Duration
	// CommandTimeout fails a command that has no answer by then
	// (rados_mon_op_timeout). 0 means to wait for ever, which is the default.
	CommandTimeout time.Duration
	// TellAttempts is how often a command for one monitor is sent, each time for
	// HuntInterval (mon_client_directed_command_retry, 2).
	TellAttempts int
	// LogInterval is how long lines of the cluster log are gathered before they go
	// out together (mon_client_log_interval, 1 s).
	LogInterval time.Duration
	// LogBatch is how many lines go into a message
	// (mon_client_max_log_entries_per_message, 1000).
	LogBatch int
}

// DefaultOptions are the values of Ceph 16.2.
func DefaultOptions() Options {
	return Options{
		HuntInterval:    3 * time.Second,
		HuntBackoff:     1.5,
		HuntMaxMultiple: 10,
		HuntParallel:    3,
		PingInterval:    10 * time.Second,
		PingTimeout:     30 * time.Second,
		AuthTimeout:     300 * time.Second,
		TellAttempts:    2,
		LogInterval:     time.Second,
		LogBatch:        1000,
	}
}

func (o Options) withDefaults() Options {
	d := DefaultOptions()
	orDefault(&o.HuntInterval, d.HuntInterval)
	orDefault(&o.HuntBackoff, d.HuntBackoff)
	orDefault(&o.HuntMaxMultiple, d.HuntMaxMultiple)
	orDefault(&o.HuntParallel, d.HuntParallel)
	orDefault(&o.PingInterval, d.PingInterval)
	orDefault(&o.PingTimeout, d.PingTimeout)
	orDefault(&o.AuthTimeout, d.AuthTimeout)
	orDefault(&o.TellAttempts, d.TellAttempts)
	orDefault(&o.LogInterval, d.LogInterval)
	orDefault(&o.LogBatch, d.LogBatch)
	return o
}

func orDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Validate reports everything that cannot work, as one error.
func (o Options) Validate() error {
	o = o.withDefaults()
	var bad []error
	refuse := func(when bool, what string) {
		if when {
			bad = append(bad, errors.New(what))
		}
	}
	refuse(o.HuntInterval < 0, "HuntInterval is negative")
	refuse(o.HuntBackoff < 1, "HuntBackoff is below 1")
	refuse(o.HuntMaxMultiple < 1, "HuntMaxMultiple is below 1")
	refuse(o.HuntParallel < 0, "HuntParallel is negative")
	refuse(o.PingInterval < 0, "PingInterval is negative")
	refuse(o.PingTimeout < o.PingInterval, "PingTimeout is below PingInterval: every session would be cut")
	refuse(o.AuthTimeout < 0, "AuthTimeout is negative")
	refuse(o.CommandTimeout < 0, "CommandTimeout is negative")
	refuse(o.TellAttempts < 0, "TellAttempts is negative")
	refuse(o.LogInterval < 0, "LogInterval is negative")
	refuse(o.LogBatch < 0, "LogBatch is negative")
	return errors.Join(bad...)
}

// Validate reports everything that cannot work, as one error.
func (c Config) Validate() error {
	err := c.Options.Validate()
	if len(candidatesOf(&c.MonMap)) == 0 {
		err = errors.Join(err, errors.New("MonMap has no monitor with an address"))
	}
	if err != nil {
		return fmt.Errorf("monitor client: %w", err)
	}
	return nil
}
