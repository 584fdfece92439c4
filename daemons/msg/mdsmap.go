package msg

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// MDSMap is one file system and its metadata servers. (Ceph: src/mds/MDSMap.h.)
type MDSMap struct {
	Epoch                     uint32
	Flags                     uint32
	LastFailure               uint32 // epoch
	Root                      int32  // rank
	SessionTimeout            uint32 // seconds
	SessionAutoclose          uint32 // seconds
	MaxFileSize               uint64 // bytes
	MaxMDS                    int32
	Info                      map[uint64]MDSInfo // by gid
	DataPools                 []int64
	Compat                    CompatSet
	MetadataPool              int64
	Created, Modified         wire.UTime
	TableServer               int32            // rank
	In                        []int32          // ranks, ascending
	Inc                       map[int32]int32  // by rank; Pacific writes Epoch for each of In
	Up                        map[int32]uint64 // gid by rank
	Failed, Stopped           []int32          // ranks, ascending
	LastFailureOSDEpoch       uint32
	EverAllowedFeatures       uint8
	ExplicitlyAllowedFeatures uint8
	InlineData                bool
	Enabled                   bool
	Name                      string
	Damaged                   []int32 // ranks, ascending
	Balancer                  string
	StandbyCountWanted        int32 // -1: the default
	OldMaxMDS                 int32
	MinCompatClient           int8   // release
	RequiredClientFeatures    []byte // bits, the lowest byte first
}

// Constants that Pacific writes into a map.
const (
	noPool           int64  = -1
	mdsMapExtra      uint16 = 16 // second version, of what the kernel's client does not read
	mdsMapExtraLeast        = 10 // from which on the allowed features are bits
)

// Encode appends the map.
func (m *MDSMap) Encode(e *wire.Encoder, features uint64) {
	e.Envelope(5, 4, func() {
		m.encodeLimits(e)
		encodeMDSInfos(e, m.Info, features)
		e.U32(uint32(len(m.DataPools)))
		for _, p := range m.DataPools {
			e.S64(p)
		}
		e.S64(noPool)
		e.U16(mdsMapExtra)
		m.Compat.encode(e)
		e.S64(m.MetadataPool)
		e.Time(m.Created)
		e.Time(m.Modified)
		e.S32(m.TableServer)
		m.encodeRanks(e)
		m.encodeLater(e)
	})
}

func (m *MDSMap) encodeLimits(e *wire.Encoder) {
	e.U32(m.Epoch)
	e.U32(m.Flags)
	e.U32(m.LastFailure)
	e.S32(m.Root)
	e.U32(m.SessionTimeout)
	e.U32(m.SessionAutoclose)
	e.U64(m.MaxFileSize)
	e.S32(m.MaxMDS)
}

func (m *MDSMap) encodeRanks(e *wire.Encoder) {
	encodeRanks(e, m.In)
	wire.PutMap(e, m.Inc, e.S32, e.S32)
	wire.PutMap(e, m.Up, e.S32, e.U64)
	encodeRanks(e, m.Failed)
	encodeRanks(e, m.Stopped)
}

func (m *MDSMap) encodeLater(e *wire.Encoder) {
	e.U32(m.LastFailureOSDEpoch)
	e.U8(m.EverAllowedFeatures)
	e.U8(m.ExplicitlyAllowedFeatures)
	e.Bool(m.InlineData)
	e.Bool(m.Enabled)
	e.String(m.Name)
	encodeRanks(e, m.Damaged)
	e.String(m.Balancer)
	e.S32(m.StandbyCountWanted)
	e.S32(m.OldMaxMDS)
	e.S8(m.MinCompatClient)
	e.Blob(m.RequiredClientFeatures)
}

// Decode makes m the map that d holds, as Nautilus and later write it. It keeps
// nothing of d's input. The error is d's: ErrUnsupportedVersion for an older map.
func (m *MDSMap) Decode(d *wire.Decoder) {
	*m = MDSMap{}
	d.Envelope(5, "mdsmap", func(version uint8) {
		if version < 4 {
			d.Fail(fmt.Sprintf("mdsmap version %d, oldest known 4", version), ErrUnsupportedVersion)
			return
		}
		m.decodeLimits(d)
		m.Info = decodeMDSInfos(d, "mds infos")
		m.DataPools = wire.List(d, 8, "data pools", d.S64)
		d.S64()
		extra := d.U16()
		if d.Err() == nil && extra < mdsMapExtraLeast {
			d.Fail(fmt.Sprintf("mdsmap extra version %d, oldest known %d", extra, mdsMapExtraLeast), ErrUnsupportedVersion)
			return
		}
		m.Compat, m.MetadataPool = decodeCompatSet(d), d.S64()
		m.Created, m.Modified, m.TableServer = d.Time(), d.Time(), d.S32()
		m.decodeRanks(d)
		m.decodeLater(d, extra)
	})
}

func (m *MDSMap) decodeLimits(d *wire.Decoder) {
	m.Epoch, m.Flags, m.LastFailure, m.Root = d.U32(), d.U32(), d.U32(), d.S32()
	m.SessionTimeout, m.SessionAutoclose = d.U32(), d.U32()
	m.MaxFileSize, m.MaxMDS = d.U64(), d.S32()
}

func (m *MDSMap) decodeRanks(d *wire.Decoder) {
	m.In = decodeRanks(d, "ranks in")
	m.Inc = wire.Map(d, 8, "incarnations", d.S32, d.S32)
	m.Up = wire.Map(d, 12, "ranks up", d.S32, d.U64)
	m.Failed, m.Stopped = decodeRanks(d, "failed ranks"), decodeRanks(d, "stopped ranks")
}

// decodeLater reads what the second version has added over time.
func (m *MDSMap) decodeLater(d *wire.Decoder, extra uint16) {
	m.LastFailureOSDEpoch = d.U32()
	m.EverAllowedFeatures, m.ExplicitlyAllowedFeatures = d.U8(), d.U8()
	m.InlineData, m.Enabled, m.Name = d.Bool(), d.Bool(), d.String()
	m.Damaged = decodeRanks(d, "damaged ranks")
	if extra >= 11 {
		m.Balancer = d.String()
	}
	if extra >= 12 {
		m.StandbyCountWanted = d.S32()
	}
	if extra >= 13 {
		m.OldMaxMDS = d.S32()
	}
	if extra >= 14 {
		m.MinCompatClient = d.S8()
	}
	if extra >= 16 {
		m.RequiredClientFeatures = d.Blob()
	}
}

// MDSMapMsg carries an MDSMap to an mds. Each mds gets a map with its own role; one
// that serves no file system gets a map of itself alone, with rank -1. (Ceph:
// src/messages/MMDSMap.h.)
type MDSMapMsg struct {
	FSID           wire.UUID
	Epoch          uint32
	Map            MDSMap
	FileSystemName string
}

// Type is TypeMDSMap.
func (*MDSMapMsg) Type() Type { return TypeMDSMap }

// Version is Pacific's.
func (*MDSMapMsg) Version() (head, compat uint16) { return 2, 1 }

// EncodePayload implements Body.
func (m *MDSMapMsg) EncodePayload(e *wire.Encoder, features uint64) {
	e.UUID(m.FSID)
	e.U32(m.Epoch)
	e.Framed(func() { m.Map.Encode(e, features) })
	e.String(m.FileSystemName)
}

// DecodePayload implements Body.
func (m *MDSMapMsg) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.FSID, m.Epoch = d.UUID(), d.U32()
	d.Framed("mdsmap", func() { m.Map.Decode(d) })
	if version >= 2 {
		m.FileSystemName = d.String()
	}
	return d.Err()
}
