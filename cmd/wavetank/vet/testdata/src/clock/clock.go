package clock

import (
	"context"
	"time"

	clockwork "time"
)

func bad(ctx context.Context) {
	_ = time.Now()                               // want `time\.Now: it reads this machine's clock, which no seed controls; ask host\.Clock\.Now`
	_ = time.Since(time.Time{})                  // want `time\.Since: .*host\.Clock\.Since`
	_ = time.Until(time.Time{})                  // want `time\.Until: .*host\.Clock\.Until`
	time.Sleep(1)                                // want `time\.Sleep: it waits in real time; use host\.Task\.Sleep`
	_ = time.After                               // want `time\.After: it waits in real time; use host\.Loop\.NewTimer`
	time.AfterFunc(1, nil)                       // want `time\.AfterFunc: `
	_ = time.NewTimer(1)                         // want `time\.NewTimer: `
	_ = time.NewTicker(1)                        // want `time\.NewTicker: `
	_ = time.Tick(1)                             // want `time\.Tick: `
	_ = clockwork.Now()                          // want `time\.Now: `
	_ = time.Unix(0, 0).UTC().Local()            // want `time\.Time\.Local: .*use Time\.UTC`
	_ = time.Unix(0, 0).In(time.Local)           // want `time\.Local: `
	_, _ = context.WithTimeout(ctx, time.Second) // want `context\.WithTimeout: its deadline is in real time`
	now := time.Now                              // want `time\.Now: `
	_ = now
}

// The host's clock has the same method names.
type hostClock struct{}

func (hostClock) Now() time.Time                  { return time.Time{} }
func (hostClock) Since(t time.Time) time.Duration { return 0 }

func good(ctx context.Context, c hostClock) {
	_ = c.Now()
	_ = c.Since(time.Unix(1, 0).UTC())
	_ = 3 * time.Second
	_, cancel := context.WithCancel(ctx)
	cancel()
	var t time.Time
	_ = t.Add(time.Minute).Before(t)
}

func zones(sec int64, t time.Time) {
	_ = time.Unix(sec, 0)                        // want `time\.Unix: its result is in the time zone of this machine; write time\.Unix\(\.\.\.\)\.UTC\(\)`
	_ = time.UnixMilli(sec).Month()              // want `time\.UnixMilli: `
	_ = time.UnixMicro(sec).Format(time.RFC3339) // want `time\.UnixMicro: `
	_ = time.Unix(sec, 0).UTC()
	_ = time.Unix(sec, 0).Sub(t)
	_ = t.Before(time.Unix(sec, 0))
	_ = time.UnixMilli(sec).UnixNano()
}
