package state

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// MaxCounters bounds how many counters a daemon can declare: an OSD of Ceph's has some
// hundreds.
const MaxCounters = 20_000

// ErrCounters is a report whose counters do not fit together.
var ErrCounters = errors.New("counters do not fit their declarations")

// Counter is a performance counter with its last value.
type Counter struct {
	msg.CounterType
	Value uint64 // of a msg.CounterAverage, the sum
	Count uint64 // of a msg.CounterAverage, of how many
	Was   uint64 // Value in the report before
}

// Counters are a daemon's performance counters. The zero value has none.
type Counters struct {
	list    []Counter     // ascending by path, which is the order on the wire
	at, was time.Duration // of the last two reports; 0 is never
}

// All are all counters, ascending by path. The list must not be changed.
func (c *Counters) All() []Counter { return c.list }

// Get is the counter of that path.
func (c *Counters) Get(path string) (Counter, bool) {
	if i, found := c.search(path); found {
		return c.list[i], true
	}
	return Counter{}, false
}

// Rate is by how much a counter grows in a second, as of the last two reports; 0 if it
// is not known.
func (c *Counters) Rate(path string) float64 {
	k, ok := c.Get(path)
	if !ok || c.was == 0 || c.at <= c.was || k.Value < k.Was {
		return 0
	}
	return float64(k.Value-k.Was) / (c.at - c.was).Seconds()
}

func (c *Counters) search(path string) (int, bool) {
	return slices.BinarySearchFunc(c.list, path, func(k Counter, p string) int { return strings.Compare(k.Path, p) })
}

// Update takes what a report that came at a moment above 0 says: which counters are new, which are gone, and the
// values of all. (Ceph: DaemonPerfCounters::update in src/mgr/DaemonState.cc.) Error:
// ErrCounters; then the values are as before.
func (c *Counters) Update(r *msg.MgrReport, at time.Duration) error {
	for _, t := range r.Declared {
		i, found := c.search(t.Path)
		switch {
		case found:
			c.list[i] = Counter{CounterType: t}
		case len(c.list) == MaxCounters:
			return fmt.Errorf("more than %d of them: %w", MaxCounters, ErrCounters)
		default:
			c.list = slices.Insert(c.list, i, Counter{CounterType: t})
		}
	}
	for _, path := range r.Undeclared {
		if i, found := c.search(path); found {
			c.list = slices.Delete(c.list, i, i+1)
		}
	}
	if len(r.Packed) == 0 {
		return nil
	}
	return c.unpack(r.Packed, at)
}

// unpack reads the values, which come in the order of the paths.
func (c *Counters) unpack(packed []byte, at time.Duration) error {
	values := slices.Clone(c.list)
	d := wire.NewDecoder(packed)
	d.Envelope(1, "counters", func(uint8) {
		for i := range values {
			k := &values[i]
			k.Was, k.Value = k.Value, d.U64()
			if k.Type&msg.CounterAverage != 0 {
				k.Count = d.U64()
				d.U64() // the same once more: Ceph writes it before and after the sum
			}
		}
	})
	if err := d.Err(); err != nil {
		return fmt.Errorf("%d counters: %w: %w", len(values), ErrCounters, err)
	}
	c.list, c.was, c.at = values, c.at, at
	return nil
}
