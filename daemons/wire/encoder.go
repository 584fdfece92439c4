package wire

import (
	"cmp"
	"encoding/binary"
	"math"
)

// Encoder appends encoded values to a buffer. The zero value is an empty one. It
// is used by one goroutine.
type Encoder struct {
	buf []byte
}

// NewEncoder makes an Encoder that appends to buf.
func NewEncoder(buf []byte) *Encoder { return &Encoder{buf: buf} }

// Bytes is what was encoded so far. It is valid until the next call that encodes.
func (e *Encoder) Bytes() []byte { return e.buf }

// Len is the number of bytes encoded so far.
func (e *Encoder) Len() int { return len(e.buf) }

// Reset forgets what was encoded and keeps the buffer.
func (e *Encoder) Reset() { e.buf = e.buf[:0] }

// U8 is an unsigned 8-bit number. Wider ones are little-endian.
func (e *Encoder) U8(v uint8) { e.buf = append(e.buf, v) }

// U16 is an unsigned 16-bit number.
func (e *Encoder) U16(v uint16) { e.buf = binary.LittleEndian.AppendUint16(e.buf, v) }

// U32 is an unsigned 32-bit number.
func (e *Encoder) U32(v uint32) { e.buf = binary.LittleEndian.AppendUint32(e.buf, v) }

// U64 is an unsigned 64-bit number.
func (e *Encoder) U64(v uint64) { e.buf = binary.LittleEndian.AppendUint64(e.buf, v) }

// S8 is a signed 8-bit number. Signed numbers are in two's complement.
func (e *Encoder) S8(v int8) { e.U8(uint8(v)) }

// S16 is a signed 16-bit number.
func (e *Encoder) S16(v int16) { e.U16(uint16(v)) }

// S32 is a signed 32-bit number.
func (e *Encoder) S32(v int32) { e.U32(uint32(v)) }

// S64 is a signed 64-bit number.
func (e *Encoder) S64(v int64) { e.U64(uint64(v)) }

// F32 is an IEEE 754 single.
func (e *Encoder) F32(v float32) { e.U32(math.Float32bits(v)) }

// F64 is an IEEE 754 double.
func (e *Encoder) F64(v float64) { e.U64(math.Float64bits(v)) }

// Bool is one byte, 0 or 1.
func (e *Encoder) Bool(v bool) {
	if v {
		e.U8(1)
	} else {
		e.U8(0)
	}
}

// Raw is bytes without a length.
func (e *Encoder) Raw(b []byte) { e.buf = append(e.buf, b...) }

// Blob is a 32-bit length and that many bytes.
func (e *Encoder) Blob(b []byte) {
	e.U32(uint32(len(b)))
	e.buf = append(e.buf, b...)
}

// String is encoded as a Blob.
func (e *Encoder) String(s string) {
	e.U32(uint32(len(s)))
	e.buf = append(e.buf, s...)
}

// Strings is a vector of strings.
func (e *Encoder) Strings(list []string) {
	e.U32(uint32(len(list)))
	for _, s := range list {
		e.String(s)
	}
}

// StringMap is a map of strings, its keys ascending.
func (e *Encoder) StringMap(m map[string]string) {
	// PutMap's functions would be allocated, which is felt in beacons and maps.
	e.U32(uint32(len(m)))
	if len(m) == 0 {
		return
	}
	for _, k := range SortedKeys(m) {
		e.String(k)
		e.String(m[k])
	}
}

// PutMap appends a map to e, its keys ascending; key and value append one of each.
func PutMap[K cmp.Ordered, V any](e *Encoder, m map[K]V, key func(K), value func(V)) {
	e.U32(uint32(len(m)))
	if len(m) == 0 {
		return
	}
	for _, k := range SortedKeys(m) {
		key(k)
		value(m[k])
	}
}

// Time is a utime_t: 32-bit seconds and nanoseconds.
func (e *Encoder) Time(t UTime) {
	e.U32(t.Sec)
	e.U32(t.Nsec)
}

// UUID is 16 raw bytes.
func (e *Encoder) UUID(id UUID) { e.Raw(id[:]) }

// Envelope is a versioned struct: its version, the oldest version whose reader
// understands it, the length of the body, and the body that fill encodes.
func (e *Encoder) Envelope(version, compat uint8, fill func()) {
	e.U8(version)
	e.U8(compat)
	e.Framed(fill)
}

// Framed is a 32-bit length and the body that fill encodes: a Blob that need not
// be built apart.
func (e *Encoder) Framed(fill func()) {
	at := len(e.buf)
	e.U32(0)
	fill()
	binary.LittleEndian.PutUint32(e.buf[at:], uint32(len(e.buf)-at-4))
}
