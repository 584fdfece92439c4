package wire_test

import (
	"testing"

	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/daemons/wire/wiretest"
)

// FuzzDecoder drives a decoder over any input with any sequence of calls: it must
// not panic, run past its end, hand out more than there is, or take more memory
// than the input calls for.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, []byte("\x02\x01\x04\x00\x00\x00\x01\x00\x00\x00a"))
	f.Add([]byte{9, 9, 9}, []byte("\x01\x01\xff\xff\xff\xff"))
	f.Add([]byte{12, 13}, []byte("\x01\x00\x00\x000123456789abcdef\x01\x00\x00\x00\x07\x00\x00\x00\x01\x00\x00\x00z\x09\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, calls, in []byte) {
		d := wire.NewDecoder(in)
		wiretest.CheckAllocated(t, 64*(len(in)+len(calls))+64<<10, func() { drive(d, calls) })
		if left := d.Remaining(); left < 0 || left > len(in) {
			t.Fatalf("%d bytes left of %d", left, len(in))
		}
	})
}

func drive(d *wire.Decoder, calls []byte) {
	for i, c := range calls {
		switch c % 14 {
		case 0:
			d.U8()
		case 1:
			d.U16()
		case 2:
			d.U32()
		case 3:
			d.U64()
		case 4:
			d.Bool()
		case 5:
			d.Strings()
		case 6:
			d.StringMap()
		case 7:
			d.Blob()
		case 8:
			d.UUID()
		case 9:
			d.Envelope(c/14, "nested", func(uint8) { drive(d, calls[i+1:]) })
			return
		case 10:
			d.Framed("nested", func() { drive(d, calls[i+1:]) })
			return
		case 11:
			d.Raw(int(c / 14))
		case 12:
			wire.List(d, 16, "list", func() wire.UUID { return d.UUID() })
		case 13:
			wire.Map(d, 12, "map", d.U32, func() int { return len(d.View()) + int(d.S32()) })
		}
	}
}
