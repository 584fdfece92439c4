package msg

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// FileSystem is one file system of an FSMap.
type FileSystem struct {
	ID          int32
	Map         MDSMap
	Mirrored    bool
	MirrorPeers []RawStruct
}

func (f *FileSystem) encode(e *wire.Encoder, features uint64) {
	e.Envelope(2, 1, func() {
		e.S32(f.ID)
		e.Framed(func() { f.Map.Encode(e, features) })
		e.Envelope(1, 1, func() {
			e.Bool(f.Mirrored)
			encodeRawStructs(e, f.MirrorPeers)
		})
	})
}

func decodeFileSystem(d *wire.Decoder) (f FileSystem) {
	d.Envelope(2, "file system", func(version uint8) {
		f.ID = d.S32()
		d.Framed("mdsmap", func() { f.Map.Decode(d) })
		if version < 2 {
			return
		}
		d.Envelope(1, "mirroring", func(uint8) {
			f.Mirrored, f.MirrorPeers = d.Bool(), decodeRawStructs(d, "mirror peers")
		})
	})
	return f
}

// FSMap is every file system of a cluster and every mds. (Ceph:
// src/mds/FSMap.h.)
type FSMap struct {
	Epoch               uint32
	NextFileSystemID    uint64
	LegacyFileSystem    int32 // the one of clients that name none, by id; -1 for none
	DefaultCompat       CompatSet
	EnableMultiple      bool
	FileSystems         []FileSystem       // by id, ascending
	Roles               map[uint64]int32   // file system by gid; -1 for a standby
	Standbys            map[uint64]MDSInfo // by gid
	StandbyEpochs       map[uint64]uint32  // by gid: of the map that made it a standby
	EverEnabledMultiple bool
}

// Clone is a copy whose standbys and file systems may be added to and taken away
// from. What one of them is remains shared.
func (m *FSMap) Clone() FSMap {
	c := *m
	c.FileSystems = slices.Clone(m.FileSystems)
	c.Roles, c.Standbys, c.StandbyEpochs = maps.Clone(m.Roles), maps.Clone(m.Standbys), maps.Clone(m.StandbyEpochs)
	return c
}

// AddStandby enters an mds, of a gid that the map does not hold, as a standby from
// the map's epoch on.
func (m *FSMap) AddStandby(i MDSInfo) {
	if m.Roles == nil {
		m.Roles = map[uint64]int32{}
	}
	if m.Standbys == nil {
		m.Standbys = map[uint64]MDSInfo{}
	}
	if m.StandbyEpochs == nil {
		m.StandbyEpochs = map[uint64]uint32{}
	}
	m.Roles[i.GID], m.Standbys[i.GID], m.StandbyEpochs[i.GID] = noFileSystem, i, m.Epoch
}

// RemoveStandby forgets a standby, if there is one of that gid.
func (m *FSMap) RemoveStandby(gid uint64) {
	if _, ok := m.Standbys[gid]; !ok {
		return
	}
	delete(m.Roles, gid)
	delete(m.Standbys, gid)
	delete(m.StandbyEpochs, gid)
}

// Encode appends the map.
func (m *FSMap) Encode(e *wire.Encoder, features uint64) {
	e.Envelope(7, 6, func() {
		e.U32(m.Epoch)
		e.U64(m.NextFileSystemID)
		e.S32(m.LegacyFileSystem)
		m.DefaultCompat.encode(e)
		e.Bool(m.EnableMultiple)
		e.U32(uint32(len(m.FileSystems)))
		for i := range m.FileSystems {
			m.FileSystems[i].encode(e, features)
		}
		wire.PutMap(e, m.Roles, e.U64, e.S32)
		encodeMDSInfos(e, m.Standbys, features)
		wire.PutMap(e, m.StandbyEpochs, e.U64, e.U32)
		e.Bool(m.EverEnabledMultiple)
	})
}

// Decode makes m the map that d holds, as Octopus and later write it. It keeps
// nothing of d's input. The error is d's: ErrUnsupportedVersion for an older map.
func (m *FSMap) Decode(d *wire.Decoder) {
	*m = FSMap{}
	d.Envelope(7, "fsmap", func(version uint8) {
		if version < 6 {
			d.Fail(fmt.Sprintf("fsmap version %d, oldest known 6", version), ErrUnsupportedVersion)
			return
		}
		m.Epoch, m.NextFileSystemID, m.LegacyFileSystem = d.U32(), d.U64(), d.S32()
		m.DefaultCompat, m.EnableMultiple = decodeCompatSet(d), d.Bool()
		m.FileSystems = wire.List(d, rawStructBytes, "file systems", func() FileSystem { return decodeFileSystem(d) })
		m.Roles = wire.Map(d, 12, "mds roles", d.U64, d.S32)
		m.Standbys = decodeMDSInfos(d, "mds standbys")
		m.StandbyEpochs = wire.Map(d, 12, "standby epochs", d.U64, d.U32)
		if version >= 7 {
			m.EverEnabledMultiple = d.Bool()
		}
	})
}

// FSMapMsg carries an FSMap to a manager or client. (Ceph:
// src/messages/MFSMap.h.)
type FSMapMsg struct {
	Epoch uint32
	Map   FSMap
}

// Type is TypeFSMap.
func (*FSMapMsg) Type() Type { return TypeFSMap }

// Version is Pacific's.
func (*FSMapMsg) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *FSMapMsg) EncodePayload(e *wire.Encoder, features uint64) {
	e.U32(m.Epoch)
	m.Map.Encode(e, features)
}

// DecodePayload implements Body.
func (m *FSMapMsg) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Epoch = d.U32()
	m.Map.Decode(d)
	return d.Err()
}
