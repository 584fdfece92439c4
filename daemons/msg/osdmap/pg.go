package osdmap

import (
	"cmp"

	"github.com/wavetank/wavetank/daemons/wire"
)

// PG names a placement group.
type PG struct {
	Pool int64
	Seed uint32
}

// Compare orders placement groups by pool and seed.
func (p PG) Compare(q PG) int {
	return cmp.Or(cmp.Compare(uint64(p.Pool), uint64(q.Pool)), cmp.Compare(p.Seed, q.Seed))
}

const pgBytes = 1 + 8 + 4 + 4

func encodePG(e *wire.Encoder, p PG) {
	e.U8(1)
	e.S64(p.Pool)
	e.U32(p.Seed)
	e.S32(-1) // a preferred OSD, which there was once
}

func decodePG(d *wire.Decoder) PG {
	if v := d.U8(); v != 1 && d.Err() == nil {
		d.Fail("pg version", wire.ErrInvalid)
	}
	p := PG{Pool: d.S64(), Seed: d.U32()}
	d.S32()
	return p
}

func encodePGs(e *wire.Encoder, list []PG) {
	e.U32(uint32(len(list)))
	for _, p := range list {
		encodePG(e, p)
	}
}

func decodePGs(d *wire.Decoder) []PG {
	return wire.List(d, pgBytes, "pgs", func() PG { return decodePG(d) })
}

func encodePGMap[V any](e *wire.Encoder, m map[PG]V, value func(V)) {
	putMap(e, m, PG.Compare, func(p PG) { encodePG(e, p) }, value)
}

func decodePGMap[V any](d *wire.Decoder, valueBytes int, what string, value func() V) map[PG]V {
	return readMap(d, pgBytes+valueBytes, what, PG.Compare, func() PG { return decodePG(d) }, value)
}

func encodeOSDIDs(e *wire.Encoder, list []int32) {
	e.U32(uint32(len(list)))
	for _, id := range list {
		e.S32(id)
	}
}

func decodeOSDIDs(d *wire.Decoder) []int32 { return wire.List(d, 4, "osds", d.S32) }

func encodeRemaps(e *wire.Encoder, list []Remap) {
	e.U32(uint32(len(list)))
	for _, r := range list {
		e.S32(r.From)
		e.S32(r.To)
	}
}

func decodeRemaps(d *wire.Decoder) []Remap {
	return wire.List(d, 8, "upmap items", func() Remap { return Remap{d.S32(), d.S32()} })
}
