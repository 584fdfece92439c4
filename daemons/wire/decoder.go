package wire

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Errors of decoding, wrapped in *Error.
var (
	// ErrTruncated: the input ends before the value does.
	ErrTruncated = errors.New("input ends early")
	// ErrTooLong: a length or count is larger than what the rest of the input can
	// hold.
	ErrTooLong = errors.New("length exceeds the input")
	// ErrIncompatible: the writer says that this reader is too old.
	ErrIncompatible = errors.New("written for newer readers only")
	// ErrInvalid: a value is not one that the format allows.
	ErrInvalid = errors.New("invalid value")
)

// Error says where and in what decoding failed. Offset counts bytes from the
// beginning of the input.
type Error struct {
	Offset int
	What   string
	Err    error
}

// Error is "u32 at offset 17: input ends early".
func (e *Error) Error() string { return fmt.Sprintf("%s at offset %d: %v", e.What, e.Offset, e.Err) }

// Unwrap is the cause, one of the errors above.
func (e *Error) Unwrap() error { return e.Err }

// Decoder reads encoded values from a byte slice. After its first error it
// answers zero values; see Err. It is used by one goroutine.
type Decoder struct {
	in  []byte // the whole input
	pos int
	end int // of the innermost envelope
	err error
}

// NewDecoder makes a Decoder of b, which it does not change and whose parts it
// hands out only where a method says so.
func NewDecoder(b []byte) *Decoder { return &Decoder{in: b, end: len(b)} }

// Reset makes d a Decoder of b, as NewDecoder does, without allocating one.
func (d *Decoder) Reset(b []byte) { *d = Decoder{in: b, end: len(b)} }

// Err is the first error, nil if there was none.
func (d *Decoder) Err() error { return d.err }

// Remaining is how many bytes are left, in the innermost envelope.
func (d *Decoder) Remaining() int { return d.end - d.pos }

// Fail makes err, wrapped in an *Error that says what was being read, the error of
// the decoder, unless it has one.
func (d *Decoder) Fail(what string, err error) {
	if d.err == nil {
		d.err = &Error{Offset: d.pos, What: what, Err: err}
	}
	d.pos = d.end
}

// take returns the next n bytes, nil after an error.
func (d *Decoder) take(n int, what string) []byte {
	if d.err != nil || n < 0 || n > d.end-d.pos {
		d.Fail(what, ErrTruncated)
		return nil
	}
	b := d.in[d.pos : d.pos+n : d.pos+n]
	d.pos += n
	return b
}

// U8 is an unsigned 8-bit number.
func (d *Decoder) U8() uint8 {
	if b := d.take(1, "u8"); b != nil {
		return b[0]
	}
	return 0
}

// U16 is an unsigned 16-bit number.
func (d *Decoder) U16() uint16 {
	if b := d.take(2, "u16"); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 is an unsigned 32-bit number.
func (d *Decoder) U32() uint32 {
	if b := d.take(4, "u32"); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 is an unsigned 64-bit number.
func (d *Decoder) U64() uint64 {
	if b := d.take(8, "u64"); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// S8 is a signed 8-bit number.
func (d *Decoder) S8() int8 { return int8(d.U8()) }

// S16 is a signed 16-bit number.
func (d *Decoder) S16() int16 { return int16(d.U16()) }

// S32 is a signed 32-bit number.
func (d *Decoder) S32() int32 { return int32(d.U32()) }

// S64 is a signed 64-bit number.
func (d *Decoder) S64() int64 { return int64(d.U64()) }

// F32 is an IEEE 754 single.
func (d *Decoder) F32() float32 { return math.Float32frombits(d.U32()) }

// F64 is an IEEE 754 double.
func (d *Decoder) F64() float64 { return math.Float64frombits(d.U64()) }

// Bool is one byte; anything but 0 and 1 is ErrInvalid.
func (d *Decoder) Bool() bool {
	v := d.U8()
	if v > 1 {
		d.Fail("bool", ErrInvalid)
	}
	return v == 1
}

// Raw is the next n bytes, a part of the input; nil after an error.
func (d *Decoder) Raw(n int) []byte { return d.take(n, "bytes") }

// View is a Blob as a part of the input: it is valid as long as that is.
func (d *Decoder) View() []byte {
	n := d.U32()
	if int64(n) > int64(d.Remaining()) {
		d.Fail("blob", ErrTooLong)
		return nil
	}
	return d.take(int(n), "blob")
}

// Blob is a 32-bit length and that many bytes, copied. An empty one is nil.
func (d *Decoder) Blob() []byte {
	if b := d.View(); len(b) > 0 {
		return append([]byte(nil), b...)
	}
	return nil
}

// String is a Blob as a string.
func (d *Decoder) String() string { return string(d.View()) }

// Count is the count of a vector, set or map whose items take at least
// itemBytes each: a count that the rest of the input cannot hold is ErrTooLong.
func (d *Decoder) Count(itemBytes int, what string) int {
	n := d.U32()
	if int64(n)*int64(max(itemBytes, 1)) > int64(d.Remaining()) {
		d.Fail(what, ErrTooLong)
		return 0
	}
	return int(n)
}

// Strings is a vector of strings; an empty one is nil.
func (d *Decoder) Strings() []string {
	// List's function would be allocated, which is felt in beacons and maps.
	n := d.Count(4, "strings")
	if n == 0 {
		return nil
	}
	list := make([]string, 0, min(n, capMax))
	for range n {
		list = append(list, d.String())
		if d.err != nil {
			return nil
		}
	}
	return list
}

// capMax bounds what is allocated for a list on the word of its count alone: the
// items in memory may be many times larger than the bytes that they are decoded
// from, and a list that is longer grows as its items turn out to be there.
const capMax = 256

// List is a vector whose items take at least itemBytes each and are read by
// item; an empty one is nil. It stops at the first error.
func List[T any](d *Decoder, itemBytes int, what string, item func() T) []T {
	n := d.Count(itemBytes, what)
	if n == 0 {
		return nil
	}
	list := make([]T, 0, min(n, capMax))
	for range n {
		v := item()
		if d.err != nil {
			return nil
		}
		list = append(list, v)
	}
	return list
}

// Map is a map whose pairs take at least pairBytes each and are read by key and
// value; an empty one is nil. Keys that do not ascend are ErrInvalid: no writer
// makes them, and they would not encode back to the same bytes. It stops at the
// first error.
func Map[K cmp.Ordered, V any](d *Decoder, pairBytes int, what string, key func() K, value func() V) map[K]V {
	n := d.Count(pairBytes, what)
	if n == 0 {
		return nil
	}
	m := make(map[K]V, min(n, capMax))
	var last K
	for i := range n {
		k := key()
		if i > 0 && cmp.Compare(k, last) <= 0 {
			d.Fail(what+" key", ErrInvalid)
		}
		v := value()
		if d.err != nil {
			return nil
		}
		last, m[k] = k, v
	}
	return m
}

// StringMap is a Map of strings. They share one copy of the input, which stays as long as
// any of them does.
func (d *Decoder) StringMap() map[string]string {
	n := d.Count(8, "map")
	if n == 0 {
		return nil
	}
	all := d.upcoming(2 * n)
	m := make(map[string]string, min(n, capMax))
	last := ""
	for i := range n {
		k := d.cut(&all)
		if i > 0 && k <= last {
			d.Fail("map key", ErrInvalid)
		}
		v := d.cut(&all)
		if d.err != nil {
			return nil
		}
		last, m[k] = k, v
	}
	return m
}

// upcoming is a copy of the next n Blobs with their lengths, or of those that are whole.
func (d *Decoder) upcoming(n int) string {
	ahead := *d
	whole := d.pos
	for i := 0; i < n && ahead.View() != nil; i++ {
		whole = ahead.pos
	}
	return string(d.in[d.pos:whole])
}

// cut is String, out of a copy of what comes, which it shortens by that.
func (d *Decoder) cut(all *string) string {
	b := d.View()
	if d.err != nil {
		return ""
	}
	rest := (*all)[4:]
	*all = rest[len(b):]
	return rest[:len(b)]
}

// Time is a utime_t.
func (d *Decoder) Time() UTime { return UTime{Sec: d.U32(), Nsec: d.U32()} }

// UUID is 16 raw bytes.
func (d *Decoder) UUID() (id UUID) {
	copy(id[:], d.take(len(id), "uuid"))
	return id
}

// Envelope reads a versioned struct: fill decodes the body, whose version it is
// told, and what it leaves unread is skipped. A struct that says readers must
// know a version above known is ErrIncompatible. It returns the version.
func (d *Decoder) Envelope(known uint8, what string, fill func(version uint8)) uint8 {
	version, compat := d.U8(), d.U8()
	if d.err == nil && compat > known {
		d.Fail(fmt.Sprintf("%s version %d, readable since %d, known %d", what, version, compat, known), ErrIncompatible)
		return version
	}
	d.Framed(what, func() { fill(version) })
	return version
}

// Framed reads a Blob in place: fill decodes it, and what it leaves unread is
// skipped.
func (d *Decoder) Framed(what string, fill func()) {
	n := d.U32()
	if int64(n) > int64(d.Remaining()) {
		d.Fail(what, ErrTooLong)
	}
	if d.err != nil {
		return
	}
	outer := d.end
	d.end = d.pos + int(n)
	fill()
	d.pos, d.end = d.end, outer
}
