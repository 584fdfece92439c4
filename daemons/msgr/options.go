package msgr

import (
	"errors"
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Config says who a messenger is. It is read once, by [New].
type Config struct {
	// Name is the entity messages come from ("mgr.-1" before it has a global
	// id). See [Messenger.SetName].
	Name msg.EntityName
	// Nonce tells two processes at one address apart. Monitors use 0, as in
	// their map; others their process id or a random number.
	Nonce uint32
	// Label begins the names of the worker loops ("mon.a" gives
	// "mon.a/worker-0") and names the messenger in the log. It must be unique in
	// the process.
	Label string
	// Workers is the number of worker loops (ms_async_op_threads). 0 means 3.
	Workers int
	// Features are the feature bits to announce. 0 means msg.FeaturesAll; less
	// plays an older release.
	Features uint64
	// Auth makes and checks authorizers. nil means [AuthNone] with an empty id.
	Auth Authorizer
	// Options are the tunables. The zero value means [DefaultOptions].
	Options Options
	// Defects are planted bugs; none in a daemon that is to work.
	Defects Defects
}

// Options are a messenger's tunables. A field that is 0 takes its default.
type Options struct {
	// ReadyTimeout bounds the time from dialling or accepting a socket to an
	// open session (ms_connection_ready_timeout, 10 s).
	ReadyTimeout time.Duration
	// IdleTimeout closes an open socket that has received nothing and sent
	// nothing for so long (ms_connection_idle_timeout, 900 s).
	IdleTimeout time.Duration
	// InitialBackoff is the wait before a failed dial is repeated; it doubles
	// per failure (ms_initial_backoff, 0.2 s).
	InitialBackoff time.Duration
	// MaxBackoff is the longest such wait (ms_max_backoff, 15 s).
	MaxBackoff time.Duration
	// MaxFrontBytes, MaxMiddleBytes and MaxDataBytes are the longest sections a
	// received message may have (32 MiB, 1 MiB, 128 MiB). A longer one is a
	// fault of the connection. Ceph has no such limits.
	MaxFrontBytes, MaxMiddleBytes, MaxDataBytes int
	// DispatchThrottleBytes bounds the bytes of messages received and not yet
	// dispatched, over all connections (ms_dispatch_throttle_bytes, 100 MiB).
	DispatchThrottleBytes int64
	// DispatchBatch is how many events and messages are dispatched in one
	// callback of the dispatch loop (16).
	DispatchBatch int
	// ReceiveBufferBytes is the most that a connection's receive buffer grows
	// to (64 KiB). Messages larger than that are read into memory of their own,
	// which grows as their bytes arrive.
	ReceiveBufferBytes int
	// FlushBytes is how much is encoded before it is offered to the socket
	// (64 KiB). One message may exceed it.
	FlushBytes int
	// InjectSocketFailures breaks the socket at one of so many reads and writes,
	// drawn (ms_inject_socket_failures, 0: never).
	InjectSocketFailures int
	// InjectDelayType are the types of peers whose messages may be held back
	// before they are dispatched, or'ed together (ms_inject_delay_type, none).
	InjectDelayType msg.EntityType
	// InjectDelayProbability is the part of their messages that is, 0 to 1
	// (ms_inject_delay_probability, 0). Messages of one connection stay in order.
	InjectDelayProbability float64
	// InjectDelayMax is the longest delay, drawn evenly from 0
	// (ms_inject_delay_max, 1 s).
	InjectDelayMax time.Duration
	// InjectInternalDelays halts each step of a handshake, and the dispatch of
	// each event, for so long (ms_inject_internal_delays, 0).
	InjectInternalDelays time.Duration
}

// DefaultOptions are the values of Ceph 16.2 where it has the option.
func DefaultOptions() Options {
	return Options{
		ReadyTimeout:          10 * time.Second,
		IdleTimeout:           900 * time.Second,
		InitialBackoff:        200 * time.Millisecond,
		MaxBackoff:            15 * time.Second,
		MaxFrontBytes:         32 << 20,
		MaxMiddleBytes:        1 << 20,
		MaxDataBytes:          128 << 20,
		DispatchThrottleBytes: 100 << 20,
		DispatchBatch:         16,
		ReceiveBufferBytes:    64 << 10,
		FlushBytes:            64 << 10,
		InjectDelayMax:        time.Second,
	}
}

// withDefaults fills in what is 0.
func (o Options) withDefaults() Options {
	d := DefaultOptions()
	orDuration(&o.ReadyTimeout, d.ReadyTimeout)
	orDuration(&o.IdleTimeout, d.IdleTimeout)
	orDuration(&o.InitialBackoff, d.InitialBackoff)
	orDuration(&o.MaxBackoff, d.MaxBackoff)
	orInt(&o.MaxFrontBytes, d.MaxFrontBytes)
	orInt(&o.MaxMiddleBytes, d.MaxMiddleBytes)
	orInt(&o.MaxDataBytes, d.MaxDataBytes)
	orInt(&o.DispatchBatch, d.DispatchBatch)
	orInt(&o.ReceiveBufferBytes, d.ReceiveBufferBytes)
	orInt(&o.FlushBytes, d.FlushBytes)
	orDuration(&o.InjectDelayMax, d.InjectDelayMax)
	if o.DispatchThrottleBytes == 0 {
		o.DispatchThrottleBytes = d.DispatchThrottleBytes
	}
	return o
}

func orDuration(v *time.Duration, def time.Duration) {
	if *v == 0 {
		*v = def
	}
}

func orInt(v *int, def int) {
	if *v == 0 {
		*v = def
	}
}

// Validate reports what cannot work, as one error. [Messenger.Start] calls it.
func (c Config) Validate() error {
	o := c.Options.withDefaults()
	var bad []error
	refuse := func(when bool, what string) {
		if when {
			bad = append(bad, errors.New(what))
		}
	}
	refuse(c.Label == "", "Label is empty")
	refuse(c.Workers < 0, "Workers is negative")
	refuse(o.ReadyTimeout < 0 || o.IdleTimeout < 0, "a timeout is negative")
	refuse(o.InitialBackoff < 0 || o.MaxBackoff < o.InitialBackoff, "MaxBackoff is below InitialBackoff")
	refuse(o.MaxFrontBytes < 0 || o.MaxMiddleBytes < 0 || o.MaxDataBytes < 0, "a message limit is negative")
	refuse(o.DispatchThrottleBytes < 0 || o.DispatchBatch < 0, "a dispatch limit is negative")
	refuse(o.ReceiveBufferBytes < minReceiveBuffer, fmt.Sprintf("ReceiveBufferBytes is below %d", minReceiveBuffer))
	refuse(o.FlushBytes < 0, "FlushBytes is negative")
	refuse(o.InjectSocketFailures < 0, "InjectSocketFailures is negative")
	refuse(!(o.InjectDelayProbability >= 0 && o.InjectDelayProbability <= 1), "InjectDelayProbability is not between 0 and 1")
	refuse(o.InjectDelayMax < 0 || o.InjectInternalDelays < 0, "an injected delay is negative")
	if err := errors.Join(bad...); err != nil {
		return fmt.Errorf("messenger %q: %w", c.Label, err)
	}
	return nil
}
