package msg

import "github.com/wavetank/wavetank/daemons/wire"

// RawStruct is a versioned struct whose body is not understood here: it is kept as
// it was read and encodes back to the same bytes.
type RawStruct struct {
	Version, Compat uint8
	Body            []byte
}

// rawStructBytes is the least that one takes: versions and length.
const rawStructBytes = 6

func (s *RawStruct) encode(e *wire.Encoder) {
	e.U8(s.Version)
	e.U8(s.Compat)
	e.Blob(s.Body)
}

func decodeRawStruct(d *wire.Decoder) RawStruct {
	return RawStruct{Version: d.U8(), Compat: d.U8(), Body: d.Blob()}
}

func encodeRawStructs(e *wire.Encoder, list []RawStruct) {
	e.U32(uint32(len(list)))
	for i := range list {
		list[i].encode(e)
	}
}

func decodeRawStructs(d *wire.Decoder, what string) []RawStruct {
	return wire.List(d, rawStructBytes, what, func() RawStruct { return decodeRawStruct(d) })
}
