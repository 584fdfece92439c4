package peers

import (
	"fmt"
	"hash/crc32"
	"sync/atomic"
)

// Tally counts messages and adds up their lengths and the CRC32C of their contents,
// in whatever order they come. Its methods may be called from any goroutine.
type Tally struct {
	table  *crc32.Table
	glance int // how much of each content is looked at
	want   int64
	count  atomic.Int64
	sum    atomic.Uint64
	full   chan struct{}
}

// glance is how much of a content a tally looks at where time is taken: more than
// tells contents apart, and the same few nanoseconds whatever its length.
const glance = 64

// NewTally is a tally that is full after the job's messages. Unless the job says
// that all is to be checked it looks at the beginning of each content only.
func NewTally(job Job) *Tally {
	t := &Tally{table: crc32.MakeTable(crc32.Castagnoli), glance: glance, want: int64(job.Count), full: make(chan struct{})}
	if job.CheckAll {
		t.glance = job.Size
	}
	return t
}

// Expected is the tally of all messages of a job.
func Expected(job Job) *Tally {
	t, content := NewTally(job), NewContent(job.Size)
	for i := range job.Count {
		t.Add(content.Message(i))
	}
	return t
}

// Add counts one message.
func (t *Tally) Add(content []byte) {
	seen := content[:min(len(content), t.glance)]
	t.sum.Add(uint64(crc32.Checksum(seen, t.table)) + uint64(len(content)))
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
