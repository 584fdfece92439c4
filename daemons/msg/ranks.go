package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Ranks, of monitors or of mdss, are a set on the wire: ascending.

func encodeRanks(e *wire.Encoder, ranks []int32) {
	e.U32(uint32(len(ranks)))
	for _, r := range ranks {
		e.S32(r)
	}
}

func decodeRanks(d *wire.Decoder, what string) []int32 { return wire.List(d, 4, what, d.S32) }
