package wire_test

import (
	"testing"

	"github.com/wavetank/wavetank/daemons/wire"
)

func encodeSmall(e *wire.Encoder) {
	e.Envelope(2, 1, func() {
		e.U64(4103)
		e.String("x")
		e.Bool(true)
		e.Time(wire.UTime{Sec: 12})
	})
}

func decodeSmall(d *wire.Decoder) (sum uint64) {
	d.Envelope(2, "small", func(uint8) {
		sum = d.U64() + uint64(len(d.View()))
		if d.Bool() {
			sum += uint64(d.Time().Sec)
		}
	})
	return sum
}

// TestEncoding_allocatesNothing holds what the benchmarks below show.
func TestEncoding_allocatesNothing(t *testing.T) {
	e, d := wire.NewEncoder(make([]byte, 0, 64)), wire.NewDecoder(nil)
	allocs := testing.AllocsPerRun(100, func() {
		e.Reset()
		encodeSmall(e)
		d.Reset(e.Bytes())
		if decodeSmall(d) != 4103+1+12 || d.Err() != nil {
			t.Error(d.Err())
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkEncoder_small(b *testing.B) {
	e := wire.NewEncoder(make([]byte, 0, 64))
	b.ReportAllocs()
	for b.Loop() {
		e.Reset()
		encodeSmall(e)
	}
}

func BenchmarkDecoder_small(b *testing.B) {
	var e wire.Encoder
	encodeSmall(&e)
	d := wire.NewDecoder(nil)
	b.ReportAllocs()
	for b.Loop() {
		d.Reset(e.Bytes())
		decodeSmall(d)
	}
}

func BenchmarkCRC32C_64(b *testing.B) {
	in := make([]byte, 64)
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		wire.CRC32C(in)
	}
}
