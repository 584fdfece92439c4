package msg

import "github.com/wavetank/wavetank/daemons/wire"

// SnapInterval is a run of snapshot ids.
type SnapInterval struct{ Start, Length uint64 }

// OSDMap brings OSD maps, which stay encoded: they have a checksum inside, so only
// their maker can write them. (Ceph: src/messages/MOSDMap.h.)
type OSDMap struct {
	FSID        wire.UUID
	Incremental map[uint32][]byte // by the epoch that it leads to
	Full        map[uint32][]byte // by epoch
	Oldest      uint32            // epochs that the sender has
	Newest      uint32
	// GapRemovedSnaps is by pool, and empty since Octopus.
	GapRemovedSnaps map[int64][]SnapInterval
}

// Type is TypeOSDMap.
func (*OSDMap) Type() Type { return TypeOSDMap }

// Version is Pacific's.
func (*OSDMap) Version() (head, compat uint16) { return 4, 3 }

// EncodePayload implements Body.
func (m *OSDMap) EncodePayload(e *wire.Encoder, _ uint64) {
	e.UUID(m.FSID)
	wire.PutMap(e, m.Incremental, e.U32, e.Blob)
	wire.PutMap(e, m.Full, e.U32, e.Blob)
	e.U32(m.Oldest)
	e.U32(m.Newest)
	wire.PutMap(e, m.GapRemovedSnaps, e.S64, func(list []SnapInterval) {
		e.U32(uint32(len(list)))
		for _, s := range list {
			e.U64(s.Start)
			e.U64(s.Length)
		}
	})
}

// DecodePayload implements Body.
func (m *OSDMap) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.FSID = d.UUID()
	m.Incremental = wire.Map(d, 8, "incremental maps", d.U32, d.Blob)
	m.Full = wire.Map(d, 8, "full maps", d.U32, d.Blob)
	if version >= 2 {
		m.Oldest, m.Newest = d.U32(), d.U32()
	}
	if version >= 4 {
		m.GapRemovedSnaps = wire.Map(d, 12, "removed snaps", d.S64, func() []SnapInterval {
			return wire.List(d, 16, "snap intervals", func() SnapInterval { return SnapInterval{d.U64(), d.U64()} })
		})
	}
	return d.Err()
}
