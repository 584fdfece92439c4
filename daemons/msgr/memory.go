package msgr

import (
	"math/bits"
	"sync"

	"github.com/wavetank/wavetank/daemons/msg"
)

// memory recycles what the middle and data sections of received messages are kept
// in, by size: powers of two. It only has what dispatchers release (see
// [msg.Message.Release]); without that the collector gets everything.
type memory struct {
	recycle func(*msg.Message) // release, made once

	mu      sync.Mutex
	used    bool // something was ever released
	classes [largestClass - smallestClass + 1][][]byte
}

const (
	smallestClass = 9  // 512 bytes; less is not worth the trouble
	largestClass  = 16 // 64 KiB
	keptPerClass  = 2 << 20
)

func (m *memory) init() { m.recycle = m.release }

// get is empty memory with room for n bytes.
func (m *memory) get(n int) []byte {
	class := bits.Len(uint(n - 1))
	if n == 0 || class < smallestClass || class > largestClass {
		return make([]byte, 0, n)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.used {
		return make([]byte, 0, n)
	}
	free := m.classes[class-smallestClass]
	if len(free) == 0 {
		return make([]byte, 0, 1<<class)
	}
	b := free[len(free)-1]
	m.classes[class-smallestClass] = free[:len(free)-1]
	return b
}

func (m *memory) release(message *msg.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.used = true
	m.put(message.Middle)
	m.put(message.Data)
}

// put takes memory back, by the size it is enough for.
func (m *memory) put(b []byte) {
	class := bits.Len(uint(cap(b))) - 1
	if class < smallestClass || class > largestClass {
		return
	}
	free := &m.classes[class-smallestClass]
	if len(*free) < keptPerClass>>class {
		*free = append(*free, b[:0])
	}
}
