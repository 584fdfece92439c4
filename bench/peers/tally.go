package peers

import (
	"fmt"
	"hash/crc32"
	"sync/atomic"
)

// Tally counts messages and adds up the CRC32C of their contents, in whatever
// order they come. Its methods may be called from any goroutine.
type Tally struct {
	table *crc32.Table
	want  int64
	count atomic.Int64
	sum   atomic.Uint64
	full  chan struct{}
}

// NewTally is a tally that is full after want messages.
func NewTally(want int) *Tally {
	return &Tally{table: crc32.MakeTable(crc32.Castagnoli), want: int64(want), full: make(chan struct{})}
}

// Expected is the tally of the first n messages of content.
func Expected(content Content, n int) *Tally {
	t := NewTally(n)
	for i := range n {
		t.Add(content.Message(i))
	}
	return t
}

// Add counts one message.
func (t *Tally) Add(content []byte) {
	t.sum.Add(uint64(crc32.Checksum(content, t.table)))
	if t.count.Add(1) == t.want {
		close(t.full)
	}
}

// Full is closed when as many messages were added as are wanted.
func (t *Tally) Full() <-chan struct{} { return t.full }

// String is count and sum, for comparison.
func (t *Tally) String() string {
	return fmt.Sprintf("%d messages, sum %x", t.count.Load(), t.sum.Load())
}
