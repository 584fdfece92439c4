package wire_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/wire"
)

// TestEncoder_bytes holds the layout of each primitive, in both directions.
func TestEncoder_bytes(t *testing.T) {
	id := wire.UUID{0x11, 0x11, 0x11, 0x11, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x01}
	for _, c := range []struct {
		name, want string
		put        func(*wire.Encoder)
		get        func(*wire.Decoder) any
		value      any
	}{
		{"u8", "fe", func(e *wire.Encoder) { e.U8(0xfe) }, func(d *wire.Decoder) any { return d.U8() }, uint8(0xfe)},
		{"u16", "0201", func(e *wire.Encoder) { e.U16(0x102) }, func(d *wire.Decoder) any { return d.U16() }, uint16(0x102)},
		{"u32", "04030201", func(e *wire.Encoder) { e.U32(0x1020304) }, func(d *wire.Decoder) any { return d.U32() }, uint32(0x1020304)},
		{"u64", "ffffdfffbdcf013f", func(e *wire.Encoder) { e.U64(0x3f01cfbdffdfffff) },
			func(d *wire.Decoder) any { return d.U64() }, uint64(0x3f01cfbdffdfffff)},
		{"s8", "ff", func(e *wire.Encoder) { e.S8(-1) }, func(d *wire.Decoder) any { return d.S8() }, int8(-1)},
		{"s16", "feff", func(e *wire.Encoder) { e.S16(-2) }, func(d *wire.Decoder) any { return d.S16() }, int16(-2)},
		{"s32", "fdffffff", func(e *wire.Encoder) { e.S32(-3) }, func(d *wire.Decoder) any { return d.S32() }, int32(-3)},
		{"s64", "fcffffffffffffff", func(e *wire.Encoder) { e.S64(-4) }, func(d *wire.Decoder) any { return d.S64() }, int64(-4)},
		{"bool", "01", func(e *wire.Encoder) { e.Bool(true) }, func(d *wire.Decoder) any { return d.Bool() }, true},
		{"f32", "0000803f", func(e *wire.Encoder) { e.F32(1) }, func(d *wire.Decoder) any { return d.F32() }, float32(1)},
		{"f64", "000000000000f03f", func(e *wire.Encoder) { e.F64(1) }, func(d *wire.Decoder) any { return d.F64() }, 1.0},
		{"string", "0200000061c3", func(e *wire.Encoder) { e.String("a\xc3") }, func(d *wire.Decoder) any { return d.String() }, "a\xc3"},
		{"blob", "0200000061c3", func(e *wire.Encoder) { e.Blob([]byte("a\xc3")) }, func(d *wire.Decoder) any { return d.Blob() }, []byte("a\xc3")},
		{"empty blob", "00000000", func(e *wire.Encoder) { e.Blob(nil) }, func(d *wire.Decoder) any { return d.Blob() }, []byte(nil)},
		{"strings", "02000000010000006200000000", func(e *wire.Encoder) { e.Strings([]string{"b", ""}) },
			func(d *wire.Decoder) any { return d.Strings() }, []string{"b", ""}},
		{"map", "02000000010000006100000000010000006201000000" + "63",
			func(e *wire.Encoder) { e.StringMap(map[string]string{"b": "c", "a": ""}) },
			func(d *wire.Decoder) any { return d.StringMap() }, map[string]string{"a": "", "b": "c"}},
		{"time", "0c00000059010000", func(e *wire.Encoder) { e.Time(wire.UTime{Sec: 12, Nsec: 345}) },
			func(d *wire.Decoder) any { return d.Time() }, wire.UTime{Sec: 12, Nsec: 345}},
		{"uuid", "11111111222233334444555555555501", func(e *wire.Encoder) { e.UUID(id) },
			func(d *wire.Decoder) any { return d.UUID() }, id},
		{"envelope", "020101000000" + "07", func(e *wire.Encoder) { e.Envelope(2, 1, func() { e.U8(7) }) },
			func(d *wire.Decoder) (v any) {
				d.Envelope(2, "envelope", func(version uint8) { v = [2]uint8{version, d.U8()} })
				return v
			}, [2]uint8{2, 7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var e wire.Encoder
			c.put(&e)
			if got := hex.EncodeToString(e.Bytes()); got != c.want {
				t.Fatalf("encoded %s, want %s", got, c.want)
			}
			d := wire.NewDecoder(e.Bytes())
			if diff := cmp.Diff(c.value, c.get(d)); diff != "" || d.Err() != nil || d.Remaining() != 0 {
				t.Errorf("decoded (-want +got):\n%s\nerror %v, %d bytes left", diff, d.Err(), d.Remaining())
			}
			for n := range e.Len() {
				short := wire.NewDecoder(e.Bytes()[:n])
				c.get(short)
				if err := short.Err(); !errors.Is(err, wire.ErrTruncated) && !errors.Is(err, wire.ErrTooLong) {
					t.Errorf("of %d bytes: error %v", n, err)
				}
			}
		})
	}
}

func TestDecoder_envelope(t *testing.T) {
	for _, c := range []struct {
		name, in string
		err      error
		rest     uint8 // what follows the envelope
	}{
		{name: "newer with more fields", in: "09010300000007aabb" + "42", rest: 0x42},
		{name: "readable by newer only", in: "09030300000007aabb" + "42", err: wire.ErrIncompatible},
		{name: "longer than the input", in: "02010900000007", err: wire.ErrTooLong},
		{name: "shorter than its fields", in: "020100000000" + "42", err: wire.ErrTruncated},
		{name: "without length", in: "0201", err: wire.ErrTruncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := hex.DecodeString(c.in)
			d := wire.NewDecoder(b)
			d.Envelope(2, "thing", func(uint8) { d.U8() })
			if rest := d.U8(); rest != c.rest || !errors.Is(d.Err(), c.err) {
				t.Errorf("then %#x, error %v; want %#x, %v", rest, d.Err(), c.rest, c.err)
			}
		})
	}
}

// TestDecoder_firstErrorStays: where it failed is what the operator wants to know.
func TestDecoder_firstErrorStays(t *testing.T) {
	d := wire.NewDecoder([]byte{1, 2, 3, 4, 5})
	d.U32()
	d.U16()
	d.U8()
	d.Envelope(1, "thing", func(uint8) { t.Error("read a body after an error") })
	var e *wire.Error
	if !errors.As(d.Err(), &e) || e.Offset != 4 || e.What != "u16" {
		t.Errorf("error %v", d.Err())
	}
	if d.Reset([]byte{9}); d.U8() != 9 || d.Err() != nil {
		t.Errorf("after Reset: %v", d.Err())
	}
}

func TestDecoder_refuses(t *testing.T) {
	for _, c := range []struct {
		name, in string
		get      func(*wire.Decoder)
		err      error
	}{
		{"a bool of 2", "02", func(d *wire.Decoder) { d.Bool() }, wire.ErrInvalid},
		{"a count that cannot be", "ffffffff00", func(d *wire.Decoder) { d.Strings() }, wire.ErrTooLong},
		{"a blob that cannot be", "ffffffff00", func(d *wire.Decoder) { d.Blob() }, wire.ErrTooLong},
		{"a negative length", "00", func(d *wire.Decoder) { d.Raw(-1) }, wire.ErrTruncated},
		{"keys that descend", "02000000" + "0100000062" + "00000000" + "0100000061" + "00000000",
			func(d *wire.Decoder) { d.StringMap() }, wire.ErrInvalid},
		{"keys that repeat", "02000000" + "0100000062" + "00000000" + "0100000062" + "00000000",
			func(d *wire.Decoder) { d.StringMap() }, wire.ErrInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			b, _ := hex.DecodeString(c.in)
			d := wire.NewDecoder(b)
			if c.get(d); !errors.Is(d.Err(), c.err) {
				t.Errorf("error %v, want %v", d.Err(), c.err)
			}
		})
	}
}

// TestDecoder_allocatesLittle: a count that the input could just hold, of items
// that are large in memory, must not be believed before the items are there.
func TestDecoder_allocatesLittle(t *testing.T) {
	type large [1 << 10]byte
	in := append([]byte{0, 0, 1, 0}, bytes.Repeat([]byte{2}, 1<<16)...) // 65536 items of one byte
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d := wire.NewDecoder(in)
	list := wire.List(d, 1, "large", func() (v large) { d.Bool(); return v })
	runtime.ReadMemStats(&after)
	if list != nil || !errors.Is(d.Err(), wire.ErrInvalid) {
		t.Errorf("%d items, error %v", len(list), d.Err())
	}
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes allocated for an input of %d", n, len(in))
	}
}

func TestDecoder_viewAndBlob(t *testing.T) {
	in := []byte{1, 0, 0, 0, 'a', 'z'}
	view, blob := wire.NewDecoder(in).View(), wire.NewDecoder(in).Blob()
	in[4] = 'b'
	if string(view) != "b" || string(blob) != "a" {
		t.Errorf("view %q, blob %q: want a part of the input and a copy", view, blob)
	}
	if _ = append(view, 'c'); in[5] != 'z' {
		t.Error("a view grew into what follows it")
	}
}

func TestCRC32C_ceph(t *testing.T) {
	for _, c := range []struct {
		in   string
		want uint32
	}{
		{"", 0},
		{"\x00\x00\x00\x00", 0},
		{"123456789", 0x58e3fa20}, // by the definition, bit by bit
	} {
		if got := wire.CRC32C([]byte(c.in)); got != c.want || got != bitwise([]byte(c.in)) {
			t.Errorf("CRC32C(%q) = %#08x, want %#08x, bit by bit %#08x", c.in, got, c.want, bitwise([]byte(c.in)))
		}
	}
}

// bitwise is the checksum by its definition.
func bitwise(b []byte) (crc uint32) {
	for _, v := range b {
		crc ^= uint32(v)
		for range 8 {
			crc = crc>>1 ^ 0x82f63b78*(crc&1)
		}
	}
	return crc
}

func TestUUID_text(t *testing.T) {
	const text = "11111111-2222-3333-4444-555555555501"
	u, err := wire.ParseUUID(text)
	if err != nil || u.String() != text || u.IsZero() || !(wire.UUID{}).IsZero() {
		t.Errorf("%v, %v", u, err)
	}
	for _, bad := range []string{"", text[1:], text + "0", "1111-11112222-3333-4444-555555555501", "g" + text[1:]} {
		if _, err := wire.ParseUUID(bad); !errors.Is(err, wire.ErrInvalid) {
			t.Errorf("ParseUUID(%q): %v", bad, err)
		}
	}
}

func TestUTime_time(t *testing.T) {
	at := time.Date(2026, 11, 21, 4, 53, 32, 457666208, time.UTC)
	u := wire.UTimeOf(at)
	if !u.Time().Equal(at) || u.String() != "1795236812.457666208" {
		t.Errorf("%v is %v, %v", at, u, u.Time())
	}
	if u := wire.UTimeOf(time.Time{}); u != (wire.UTime{}) || u.Time().Unix() != 0 {
		t.Errorf("the zero time is %v, and back %v", u, u.Time())
	}
}

func TestEncoding_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "map")
		s := rapid.SliceOf(rapid.String()).Draw(t, "strings")
		f := rapid.Float64().Draw(t, "float")
		var e wire.Encoder
		e.Envelope(3, 1, func() {
			e.StringMap(m)
			e.Framed(func() { e.Strings(s) })
			e.F64(f)
		})
		e.U8(0x42)
		d := wire.NewDecoder(e.Bytes())
		d.Envelope(3, "all", func(uint8) {
			if got := d.StringMap(); len(m) > 0 && !cmp.Equal(got, m) {
				t.Fatalf("map %v, want %v", got, m)
			}
			d.Framed("strings", func() {
				if got := d.Strings(); len(s) > 0 && !cmp.Equal(got, s) {
					t.Fatalf("strings %q, want %q", got, s)
				}
			})
			if got := d.F64(); math.Float64bits(got) != math.Float64bits(f) {
				t.Fatalf("float %v, want %v", got, f)
			}
		})
		if d.U8() != 0x42 || d.Err() != nil || d.Remaining() != 0 {
			t.Fatalf("error %v, %d bytes left", d.Err(), d.Remaining())
		}
	})
}
