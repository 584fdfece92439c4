package msg

import (
	"math/bits"
	"sync/atomic"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Pool makes messages from what was received, or to be sent, and uses those again
// that were released: the message, its body, and the memory of its middle and data
// if that came from the pool. It only has what is released (see [Message.Release]);
// the collector gets everything else. The zero value is ready to use.
//
// A pool belongs to one goroutine or loop, that of the socket that it decodes for.
// Only Release may be called by others.
type Pool struct {
	released atomic.Pointer[Message] // a stack, linked by next, that the owner takes as a whole
	kinds    []recycled
	sections [largestClass - smallestClass + 1][][]byte
	used     bool // something was ever released
}

// recycled are the messages of one type that can be used again.
type recycled struct {
	t    Type
	wipe func(*Message) bool
	free []*Message
}

// Sections are kept by size, in powers of two.
const (
	smallestClass = 6  // 64 bytes
	largestClass  = 16 // 64 KiB
)

// What a pool keeps at most: bytes of sections of each class, messages of each
// type, and types.
const (
	keptPerClass = 2 << 20
	keptPerKind  = 16 << 10
	keptKinds    = 16
)

// Section is empty memory with room for n bytes, for a message that this pool will
// decode.
func (p *Pool) Section(n int) []byte {
	class := max(bits.Len(uint(max(n, 1)-1)), smallestClass)
	if class > largestClass {
		return make([]byte, 0, n)
	}
	free := &p.sections[class-smallestClass]
	if len(*free) == 0 {
		p.collect()
	}
	if !p.used {
		return make([]byte, 0, n)
	}
	if len(*free) == 0 {
		return make([]byte, 0, 1<<class)
	}
	b := (*free)[len(*free)-1]
	*free = (*free)[:len(*free)-1]
	return b
}

// Decode is [DecodeFrom] with a message of the pool's, which its receiver may
// release. Errors: those of Decode.
func (p *Pool) Decode(front *wire.Decoder, h Header, middle, data []byte, features uint64) (*Message, error) {
	m := p.message(&h)
	if err := m.decode(front, h, middle, data, features); err != nil {
		return nil, err
	}
	m.pool = p
	return m, nil
}

// New makes a message with a zero body, to be filled in and sent: the messenger
// releases it (see [Message.ReleaseWhenSent]). Its middle and data are the caller's,
// and not used again. The priority is the default.
func (p *Pool) New(t Type) *Message {
	m := p.message(&Header{Type: t})
	head, compat := m.Body.Version()
	m.Header = Header{Type: t, Version: head, CompatVersion: compat, Priority: PrioDefault}
	m.pool, m.foreign, m.passing = p, true, true
	return m
}

// message is one with a zero body of the header's type.
func (p *Pool) message(h *Header) *Message {
	k := p.kind(h.Type)
	if (k == nil || len(k.free) == 0) && p.collect() {
		k = p.kind(h.Type)
	}
	if k == nil || len(k.free) == 0 {
		return newMessage(h)
	}
	m := k.free[len(k.free)-1]
	k.free = k.free[:len(k.free)-1]
	return m
}

// kind has the messages of that type, nil if none was ever released.
func (p *Pool) kind(t Type) *recycled {
	for i := range p.kinds {
		if p.kinds[i].t == t {
			return &p.kinds[i]
		}
	}
	return nil
}

// release puts a message on the stack. It may be called on any goroutine.
func (p *Pool) release(m *Message) {
	for {
		m.next = p.released.Load()
		if p.released.CompareAndSwap(m.next, m) {
			return
		}
	}
}

// collect takes over what was released, and reports whether that was anything.
func (p *Pool) collect() bool {
	if p.released.Load() == nil {
		return false
	}
	p.used = true
	for m := p.released.Swap(nil); m != nil; {
		next := m.next
		if !m.foreign {
			p.keepSection(m.Middle)
			p.keepSection(m.Data)
		}
		p.keepMessage(m)
		m = next
	}
	return true
}

// keepSection keeps memory by the size that it is enough for.
func (p *Pool) keepSection(b []byte) {
	class := bits.Len(uint(cap(b))) - 1
	if class < smallestClass || class > largestClass {
		return
	}
	free := &p.sections[class-smallestClass]
	if len(*free) < keptPerClass>>class {
		*free = append(*free, b[:0])
	}
}

// keepMessage keeps a message with its body, both as new.
func (p *Pool) keepMessage(m *Message) {
	k := p.kind(m.Header.Type)
	if k == nil {
		wipe := kindOf(m.Header.Type).wipe
		if wipe == nil || len(p.kinds) == keptKinds {
			return
		}
		p.kinds = append(p.kinds, recycled{t: m.Header.Type, wipe: wipe})
		k = &p.kinds[len(p.kinds)-1]
	}
	if len(k.free) < keptPerKind && k.wipe(m) {
		k.free = append(k.free, m)
	}
}
