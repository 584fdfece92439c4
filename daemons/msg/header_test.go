package msg

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/wire"
)

func anyHeader(t *rapid.T) Header {
	u16, u32 := rapid.Uint16(), rapid.Uint32()
	return Header{
		Seq: rapid.Uint64().Draw(t, "seq"), Tid: rapid.Uint64().Draw(t, "tid"),
		Type: Type(u16.Draw(t, "type")), Priority: u16.Draw(t, "priority"), Version: u16.Draw(t, "version"),
		FrontLen: u32.Draw(t, "front"), MiddleLen: u32.Draw(t, "middle"), DataLen: u32.Draw(t, "data"),
		DataOff: u16.Draw(t, "offset"),
		Src:     EntityName{EntityType(rapid.Uint8().Draw(t, "src")), rapid.Int64().Draw(t, "num")},

		CompatVersion: u16.Draw(t, "compat"), Reserved: u16.Draw(t, "reserved"),
	}
}

func TestHeader_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyHeader(t)
		var b [HeaderLen]byte
		want.Put(b[:])
		got, err := ParseHeader(b[:])
		want.CRC = got.CRC
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("error %v, (-want +got):\n%s", err, diff)
		}
	})
}

// TestParseHeader_anyBitFlipped: one wrong bit, in the fields or in the checksum,
// is noticed.
func TestParseHeader_anyBitFlipped(t *testing.T) {
	b := readVector(t, "testdata/MMonGetVersion.hex").header
	for bit := range 8 * HeaderLen {
		b[bit/8] ^= 1 << (bit % 8)
		if _, err := ParseHeader(b); !errors.Is(err, ErrBadCRC) {
			t.Errorf("bit %d: %v", bit, err)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
	if _, err := ParseHeader(b); err != nil {
		t.Error(err)
	}
	if _, err := ParseHeader(b[:HeaderLen-1]); !errors.Is(err, wire.ErrTruncated) {
		t.Errorf("short: %v", err)
	}
}

func TestFooter_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u32 := rapid.Uint32()
		want := Footer{
			FrontCRC: u32.Draw(t, "front"), MiddleCRC: u32.Draw(t, "middle"), DataCRC: u32.Draw(t, "data"),
			Sig: rapid.Uint64().Draw(t, "sig"), Flags: rapid.Uint8().Draw(t, "flags"),
		}
		var b [FooterLen]byte
		if want.Put(b[:]); ParseFooter(b[:]) != want {
			t.Fatalf("%+v, want %+v", ParseFooter(b[:]), want)
		}
		var old [FooterLenOld]byte
		want.PutOld(old[:])
		if want.Sig = 0; ParseOldFooter(old[:]) != want {
			t.Fatalf("old: %+v, want %+v", ParseOldFooter(old[:]), want)
		}
	})
}

// FuzzHeader: what parses is put back to the same bytes.
func FuzzHeader(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.header)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseHeader(b)
		if err != nil {
			if len(b) < HeaderLen {
				return
			}
			h = parseHeader(b) // the fuzzer seldom finds a checksum
		}
		var again [HeaderLen]byte
		h.Put(again[:])
		same(t, "header", again[:headerCRCAt], b[:headerCRCAt])
		if back, err := ParseHeader(again[:]); err != nil || back.Src != h.Src || back.Type != h.Type {
			t.Fatalf("%+v, then %+v, %v", h, back, err)
		}
	})
}
