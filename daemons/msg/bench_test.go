package msg

import (
	"testing"

	"github.com/wavetank/wavetank/daemons/wire"
)

// pipe carries a small message over a header and a front, all of it reused: what
// a messenger does with each message, without the sockets.
type pipe struct {
	header [HeaderLen]byte
	enc    wire.Encoder
	dec    wire.Decoder
	out    MonGetVersionReply
	in     MonGetVersionReply
}

func (p *pipe) encode(seq uint64) {
	p.enc.Reset()
	p.out.Newest = seq
	p.out.EncodePayload(&p.enc, FeaturesAll)
	h := Header{Seq: seq, Type: TypeMonGetVersionReply, Priority: PrioHigh, Version: 2, CompatVersion: 2, FrontLen: uint32(p.enc.Len())}
	h.Put(p.header[:])
}

func (p *pipe) decode() error {
	h, err := ParseHeader(p.header[:])
	if err != nil {
		return err
	}
	p.dec.Reset(p.enc.Bytes())
	return p.in.DecodePayload(&p.dec, h.Version, FeaturesAll)
}

func TestMessage_allocatesNothing(t *testing.T) {
	var p pipe
	p.encode(1)
	allocs := testing.AllocsPerRun(100, func() {
		p.encode(7)
		if err := p.decode(); err != nil || p.in.Newest != 7 {
			t.Errorf("%+v, %v", p.in, err)
		}
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

func BenchmarkMessage_encodeSmall(b *testing.B) {
	var p pipe
	b.ReportAllocs()
	for b.Loop() {
		p.encode(7)
	}
}

func BenchmarkMessage_decodeSmall(b *testing.B) {
	var p pipe
	p.encode(7)
	b.ReportAllocs()
	for b.Loop() {
		if err := p.decode(); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDecode is what a received message costs, whose body is made anew.
func BenchmarkDecode(b *testing.B) {
	for _, name := range []string{"MMonGetVersionReply", "MMgrMap-empty", "MMonMap-3mon", "MMgrBeacon-active-steady"} {
		v := readVector(b, "testdata/"+name+".hex")
		h := parseHeader(v.header)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(v.front)))
			for b.Loop() {
				if _, err := Decode(h, v.front, nil, nil, FeaturesAll); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkEncode is what encoding a front costs.
func BenchmarkEncode(b *testing.B) {
	for _, name := range []string{"MMonGetVersionReply", "MMgrMap-empty", "MMonMap-3mon", "MMgrBeacon-active-steady"} {
		m := decodeVector(b, readVector(b, "testdata/"+name+".hex"))
		b.Run(name, func(b *testing.B) {
			var e wire.Encoder
			b.ReportAllocs()
			for b.Loop() {
				e.Reset()
				m.Body.EncodePayload(&e, FeaturesAll)
			}
			b.SetBytes(int64(e.Len()))
		})
	}
}
