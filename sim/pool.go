package sim

import "math/bits"

// bufferPool recycles the bytes of segments, by size class: powers of two from
// 256 bytes to maxSegment. It belongs to one simulation, so what it hands out
// never depends on other runs.
type bufferPool struct {
	classes [9][][]byte
	lent    int // buffers that were taken and not given back
}

const (
	smallestClass  = 8       // 1<<8 = 256 bytes
	bytesPerSize   = 1 << 20 // of small buffers this much is kept,
	buffersPerSize = 64      // of large ones this many; the garbage collector gets the rest
)

func sizeClass(n int) int { return max(bits.Len(uint(n-1)), smallestClass) - smallestClass }

// get returns an empty buffer with room for n bytes, 0 < n <= maxSegment.
func (p *bufferPool) get(n int) []byte {
	p.lent++
	k := sizeClass(n)
	free := p.classes[k]
	if len(free) == 0 {
		return make([]byte, 0, 1<<(k+smallestClass))
	}
	buf := free[len(free)-1]
	p.classes[k] = free[:len(free)-1]
	return buf[:0]
}

func (p *bufferPool) put(buf []byte) {
	if cap(buf) < 1<<smallestClass {
		return
	}
	p.lent--
	k := sizeClass(cap(buf))
	if len(p.classes[k]) < max(buffersPerSize, bytesPerSize>>(k+smallestClass)) {
		p.classes[k] = append(p.classes[k], buf)
	}
}
