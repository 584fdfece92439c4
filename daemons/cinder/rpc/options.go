package rpc

import (
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/option"
)

// Options are what clients and brokers can be told, by the names of oslo.messaging's
// options. What is 0 takes its default.
type Options struct {
	// ResponseTimeout bounds a call or cast, reconnecting included
	// (rpc_response_timeout, 60 s).
	ResponseTimeout time.Duration
	// RetryInterval is the wait before the first attempt to connect again, RetryBackoff
	// what is added with each further one, and IntervalMax the longest wait
	// (rabbit_retry_interval, rabbit_retry_backoff, rabbit_interval_max; 1 s, 2 s, 30 s).
	RetryInterval, RetryBackoff, IntervalMax time.Duration
	// HeartbeatTimeout is how long nothing may come over a connection
	// (heartbeat_timeout_threshold, 60 s). Each side sends something HeartbeatRate times
	// within it (heartbeat_rate, 3).
	HeartbeatTimeout time.Duration
	HeartbeatRate    int
	// PoolSize is how many requests a server works on at once
	// (executor_thread_pool_size, 64).
	PoolSize int
	// TransientTTL is how long the broker keeps a reply or fanout queue that nobody
	// consumes (rabbit_transient_queues_ttl, 1800 s).
	TransientTTL time.Duration
	// MaxQueue is how many messages wait in a queue at most; more are rejected (10,000).
	// RabbitMQ has no such limit unless a policy sets one.
	MaxQueue int
}

// DefaultOptions are the defaults of oslo.messaging, and a bound for queues.
func DefaultOptions() Options {
	return Options{
		ResponseTimeout: 60 * time.Second,
		RetryInterval:   time.Second, RetryBackoff: 2 * time.Second, IntervalMax: 30 * time.Second,
		HeartbeatTimeout: 60 * time.Second, HeartbeatRate: 3,
		PoolSize: 64, TransientTTL: 1800 * time.Second, MaxQueue: 10_000,
	}
}

// Named are the options by their names.
func (o *Options) Named() option.Set {
	return option.Set{
		"rpc_response_timeout":        option.Seconds(&o.ResponseTimeout),
		"rabbit_retry_interval":       option.Seconds(&o.RetryInterval),
		"rabbit_retry_backoff":        option.Seconds(&o.RetryBackoff),
		"rabbit_interval_max":         option.Seconds(&o.IntervalMax),
		"heartbeat_timeout_threshold": option.Seconds(&o.HeartbeatTimeout),
		"heartbeat_rate":              option.Count(&o.HeartbeatRate),
		"executor_thread_pool_size":   option.Count(&o.PoolSize),
		"rabbit_transient_queues_ttl": option.Seconds(&o.TransientTTL),
	}
}

func (o Options) withDefaults() Options {
	d := DefaultOptions()
	set(&o.ResponseTimeout, d.ResponseTimeout)
	set(&o.RetryInterval, d.RetryInterval)
	set(&o.RetryBackoff, d.RetryBackoff)
	set(&o.IntervalMax, d.IntervalMax)
	set(&o.HeartbeatTimeout, d.HeartbeatTimeout)
	set(&o.HeartbeatRate, d.HeartbeatRate)
	set(&o.PoolSize, d.PoolSize)
	set(&o.TransientTTL, d.TransientTTL)
	set(&o.MaxQueue, d.MaxQueue)
	return o
}

func set[T int | time.Duration](v *T, standard T) {
	if *v <= 0 {
		*v = standard
	}
}

// beatEvery is how often a side that has nothing else to send sends a heartbeat.
func (o Options) beatEvery() time.Duration {
	return o.HeartbeatTimeout / time.Duration(o.HeartbeatRate)
}

// Port is where brokers listen unless they are told otherwise, AMQP's.
const Port = 5672

// Config is what makes a client this one.
type Config struct {
	// Brokers are where to connect, tried in turn. There must be one.
	Brokers []netip.AddrPort
	Options Options
}

// BrokerConfig is what makes a broker this one.
type BrokerConfig struct {
	// Bind is where it listens. Without an address that is the machine's first one;
	// port 0 is [Port].
	Bind    netip.AddrPort
	Options Options
}
