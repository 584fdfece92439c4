package msg

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// OSDSuperblock is what an OSD's store says of itself. (Ceph:
// src/osd/osd_types.h.)
type OSDSuperblock struct {
	ClusterFSID           wire.UUID
	ID                    int32
	CurrentEpoch          uint32
	OldestMap, NewestMap  uint32 // epochs that it has
	Weight                float64
	Compat                CompatSet
	CleanThru, Mounted    uint32 // epochs
	OSDFSID               wire.UUID
	LastMapMarkedFull     uint32
	PoolLastMapMarkedFull map[int64]uint32 // epoch by pool
	PurgedSnapsLast       uint32
	LastPurgedSnapsScrub  wire.UTime
	OSDMapTrimLowerBound  uint32 // epoch below which the cluster has trimmed maps
}

func (s *OSDSuperblock) encode(e *wire.Encoder) {
	e.Envelope(10, 5, func() {
		e.UUID(s.ClusterFSID)
		e.S32(s.ID)
		e.U32(s.CurrentEpoch)
		e.U32(s.OldestMap)
		e.U32(s.NewestMap)
		e.F64(s.Weight)
		s.Compat.encode(e)
		e.U32(s.CleanThru)
		e.U32(s.Mounted)
		e.UUID(s.OSDFSID)
		e.U32(s.LastMapMarkedFull)
		wire.PutMap(e, s.PoolLastMapMarkedFull, e.S64, e.U32)
		e.U32(s.PurgedSnapsLast)
		e.Time(s.LastPurgedSnapsScrub)
		e.U32(s.OSDMapTrimLowerBound)
	})
}

func decodeOSDSuperblock(d *wire.Decoder) (s OSDSuperblock) {
	d.Envelope(10, "superblock", func(version uint8) {
		if version < 5 {
			d.Fail(fmt.Sprintf("superblock version %d, oldest known 5", version), ErrUnsupportedVersion)
			return
		}
		s.ClusterFSID, s.ID = d.UUID(), d.S32()
		s.CurrentEpoch, s.OldestMap, s.NewestMap = d.U32(), d.U32(), d.U32()
		s.Weight, s.Compat = d.F64(), decodeCompatSet(d)
		s.CleanThru, s.Mounted, s.OSDFSID = d.U32(), d.U32(), d.UUID()
		s.decodeLater(d, version)
	})
	return s
}

// decodeLater reads what versions after 5 have added.
func (s *OSDSuperblock) decodeLater(d *wire.Decoder, version uint8) {
	if version >= 6 {
		s.LastMapMarkedFull = d.U32()
	}
	if version >= 7 {
		s.PoolLastMapMarkedFull = wire.Map(d, 12, "full pools", d.S64, d.U32)
	}
	if version >= 9 {
		s.PurgedSnapsLast, s.LastPurgedSnapsScrub = d.U32(), d.Time()
	}
	if version >= 10 {
		s.OSDMapTrimLowerBound = d.U32()
	}
}

// OSDBoot asks the monitors to mark an OSD up. Its public address is that of the
// session. (Ceph: src/messages/MOSDBoot.h.)
type OSDBoot struct {
	Paxos
	Superblock          OSDSuperblock
	HeartbeatBackAddrs  AddrVec
	ClusterAddrs        AddrVec
	BootEpoch           uint32 // of an earlier boot of this process, 0 for none
	HeartbeatFrontAddrs AddrVec
	Metadata            map[string]string
	Features            uint64
}

// Type is TypeOSDBoot.
func (*OSDBoot) Type() Type { return TypeOSDBoot }

// Version is Pacific's.
func (*OSDBoot) Version() (head, compat uint16) { return 7, 7 }

// EncodePayload implements Body.
func (m *OSDBoot) EncodePayload(e *wire.Encoder, features uint64) {
	m.Paxos.encode(e)
	m.Superblock.encode(e)
	m.HeartbeatBackAddrs.Encode(e, features)
	m.ClusterAddrs.Encode(e, features)
	e.U32(m.BootEpoch)
	m.HeartbeatFrontAddrs.Encode(e, features)
	e.StringMap(m.Metadata)
	e.U64(m.Features)
}

// DecodePayload implements Body.
func (m *OSDBoot) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 7 {
		d.Fail("osd boot version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.Paxos.decode(d)
	m.Superblock = decodeOSDSuperblock(d)
	m.HeartbeatBackAddrs, m.ClusterAddrs, m.BootEpoch = DecodeAddrVec(d), DecodeAddrVec(d), d.U32()
	m.HeartbeatFrontAddrs, m.Metadata, m.Features = DecodeAddrVec(d), d.StringMap(), d.U64()
	return d.Err()
}

// OSDAlive asks the monitors to record that an OSD was up through an epoch.
type OSDAlive struct {
	Paxos
	Want uint32 // epoch
}

// Type is TypeOSDAlive.
func (*OSDAlive) Type() Type { return TypeOSDAlive }

// Version is Pacific's.
func (*OSDAlive) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *OSDAlive) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Paxos.encode(e)
	e.U32(m.Want)
}

// DecodePayload implements Body.
func (m *OSDAlive) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.Want = d.U32()
	return d.Err()
}
