package osdmap

import (
	"encoding/binary"
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Pool is what the map says of a pool: a versioned struct whose body is kept as it
// was read.
type Pool struct {
	Version, Compat uint8
	Body            []byte
}

const poolBytes = 6

func encodePool(e *wire.Encoder, p Pool) {
	e.U8(p.Version)
	e.U8(p.Compat)
	e.Blob(p.Body)
}

func decodePool(d *wire.Decoder) Pool {
	return Pool{Version: d.U8(), Compat: d.U8(), Body: d.Blob()}
}

// lastChangeAt is where the body has the epoch of the pool's last change: behind
// type, size, rule and hash of a byte each, and four numbers of placement groups.
const lastChangeAt = 4 + 4*4

// LastChange is the epoch in which the pool was changed last, 0 if the body is too
// short to say.
func (p Pool) LastChange() uint32 {
	if len(p.Body) < lastChangeAt+4 {
		return 0
	}
	return binary.LittleEndian.Uint32(p.Body[lastChangeAt:])
}

// changedIn is the pool with another epoch of its last change.
func (p Pool) changedIn(epoch uint32) Pool {
	if p.LastChange() == epoch || len(p.Body) < lastChangeAt+4 {
		return p
	}
	p.Body = slices.Clone(p.Body)
	binary.LittleEndian.PutUint32(p.Body[lastChangeAt:], epoch)
	return p
}
