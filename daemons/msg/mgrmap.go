package msg

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// MgrStandby is a standby in a MgrMap.
type MgrStandby struct {
	GID         uint64
	Name        string
	ModuleNames []string // ascending
	Modules     []ModuleInfo
	Features    uint64
}

func (s *MgrStandby) encode(e *wire.Encoder) {
	e.Envelope(4, 1, func() {
		e.U64(s.GID)
		e.String(s.Name)
		e.Strings(s.ModuleNames)
		encodeModules(e, s.Modules)
		e.U64(s.Features)
	})
}

func decodeMgrStandby(d *wire.Decoder) (s MgrStandby) {
	d.Envelope(4, "standby", func(version uint8) {
		s.GID, s.Name = d.U64(), d.String()
		if version >= 2 {
			s.ModuleNames = d.Strings()
		}
		if version >= 3 {
			s.Modules = decodeModules(d)
		}
		if version >= 4 {
			s.Features = d.U64()
		}
	})
	return s
}

// MgrMap says which manager is active, and who stands by. (Ceph:
// src/mon/MgrMap.h.)
type MgrMap struct {
	Epoch               uint32
	ActiveAddrs         AddrVec // empty until the active is available
	ActiveGID           uint64  // 0: nobody is active
	Available           bool    // the active is ready to serve
	ActiveName          string
	Standbys            []MgrStandby      // by gid, ascending
	EnabledModules      []string          // ascending
	Services            map[string]string // service to URI
	AvailableModules    []ModuleInfo
	ActiveChange        wire.UTime
	AlwaysOn            map[uint32][]string // by release
	ActiveFeatures      uint64
	LastFailureOSDEpoch uint32
	ClientAddrs         []AddrVec // of the active's own RADOS clients
	ClientNames         []string
}

// Standby finds a standby by gid; nil if there is none.
func (m *MgrMap) Standby(gid uint64) *MgrStandby {
	if i, found := m.search(gid); found {
		return &m.Standbys[i]
	}
	return nil
}

// StandbyNamed finds a standby by name; nil if there is none.
func (m *MgrMap) StandbyNamed(name string) *MgrStandby {
	for i := range m.Standbys {
		if m.Standbys[i].Name == name {
			return &m.Standbys[i]
		}
	}
	return nil
}

// AddStandby adds a standby, or replaces the one with its gid.
func (m *MgrMap) AddStandby(s MgrStandby) {
	i, found := m.search(s.GID)
	if found {
		m.Standbys[i] = s
		return
	}
	m.Standbys = slices.Insert(m.Standbys, i, s)
}

// RemoveStandby removes a standby and reports whether it was there.
func (m *MgrMap) RemoveStandby(gid uint64) bool {
	i, found := m.search(gid)
	if found {
		m.Standbys = slices.Delete(m.Standbys, i, i+1)
	}
	return found
}

func (m *MgrMap) search(gid uint64) (int, bool) {
	return slices.BinarySearchFunc(m.Standbys, gid, func(s MgrStandby, g uint64) int { return cmp.Compare(s.GID, g) })
}

// HasGID reports whether the gid is in the map, active or standing by.
func (m *MgrMap) HasGID(gid uint64) bool {
	_, found := m.search(gid)
	return found || gid != 0 && gid == m.ActiveGID
}

// Clone is a copy whose fields may be replaced, and whose lists may grow and
// shrink, without changing m. The items of lists of modules are shared.
func (m *MgrMap) Clone() MgrMap {
	c := *m
	c.ActiveAddrs = slices.Clone(m.ActiveAddrs)
	c.Standbys = slices.Clone(m.Standbys)
	c.EnabledModules = slices.Clone(m.EnabledModules)
	c.Services = maps.Clone(m.Services)
	c.AvailableModules = slices.Clone(m.AvailableModules)
	c.AlwaysOn = maps.Clone(m.AlwaysOn)
	c.ClientAddrs = slices.Clone(m.ClientAddrs)
	c.ClientNames = slices.Clone(m.ClientNames)
	return c
}

// Encode appends the map.
func (m *MgrMap) Encode(e *wire.Encoder, features uint64) {
	e.Envelope(12, 6, func() {
		e.U32(m.Epoch)
		m.ActiveAddrs.Encode(e, features)
		e.U64(m.ActiveGID)
		e.Bool(m.Available)
		e.String(m.ActiveName)
		e.U32(uint32(len(m.Standbys)))
		for i := range m.Standbys {
			e.U64(m.Standbys[i].GID)
			m.Standbys[i].encode(e)
		}
		e.Strings(m.EnabledModules)
		e.StringMap(m.Services)
		encodeModules(e, m.AvailableModules)
		e.Time(m.ActiveChange)
		wire.PutMap(e, m.AlwaysOn, e.U32, e.Strings)
		e.U64(m.ActiveFeatures)
		e.U32(m.LastFailureOSDEpoch)
		encodeAddrVecs(e, m.ClientAddrs, features)
		e.Strings(m.ClientNames)
	})
}

// Decode makes m the map that d holds, as Nautilus and later write it. It keeps
// nothing of d's input. The error is d's: ErrUnsupportedVersion for an older map,
// wire.ErrInvalid for one whose standbys do not ascend.
func (m *MgrMap) Decode(d *wire.Decoder) {
	*m = MgrMap{}
	d.Envelope(12, "mgrmap", func(version uint8) {
		if version < 6 {
			d.Fail(fmt.Sprintf("mgrmap version %d, oldest known 6", version), ErrUnsupportedVersion)
			return
		}
		m.Epoch, m.ActiveAddrs, m.ActiveGID = d.U32(), DecodeAddrVec(d), d.U64()
		m.Available, m.ActiveName = d.Bool(), d.String()
		m.decodeStandbys(d)
		m.EnabledModules, m.Services, m.AvailableModules = d.Strings(), d.StringMap(), decodeModules(d)
		m.decodeLater(d, version)
	})
}

func (m *MgrMap) decodeStandbys(d *wire.Decoder) {
	first, last := true, uint64(0)
	m.Standbys = wire.List(d, 14, "standbys", func() MgrStandby {
		gid := d.U64()
		s := decodeMgrStandby(d)
		if s.GID != gid || !first && gid <= last {
			d.Fail("standby gid", wire.ErrInvalid)
		}
		first, last = false, gid
		return s
	})
}

// decodeLater reads what versions after 6 have added.
func (m *MgrMap) decodeLater(d *wire.Decoder, version uint8) {
	if version >= 7 {
		m.ActiveChange = d.Time()
	}
	if version >= 8 {
		m.AlwaysOn = wire.Map(d, 8, "always-on modules", d.U32, d.Strings)
	}
	if version >= 9 {
		m.ActiveFeatures = d.U64()
	}
	if version >= 10 {
		m.LastFailureOSDEpoch = d.U32()
	}
	if version >= 11 {
		m.ClientAddrs = decodeAddrVecs(d)
	}
	if version >= 12 {
		m.ClientNames = d.Strings()
	}
}

// MgrMapMsg carries a MgrMap.
type MgrMapMsg struct {
	Map MgrMap

	// Encoded, if not nil, is the map as bytes for a peer with FeaturesAll: a
	// sender with many receivers encodes once. It must not be changed.
	Encoded []byte
}

// Type is TypeMgrMap.
func (*MgrMapMsg) Type() Type { return TypeMgrMap }

// Version is Pacific's.
func (*MgrMapMsg) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MgrMapMsg) EncodePayload(e *wire.Encoder, features uint64) {
	if m.Encoded != nil && features == FeaturesAll {
		e.Raw(m.Encoded)
		return
	}
	m.Map.Encode(e, features)
}

// DecodePayload implements Body.
func (m *MgrMapMsg) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Map.Decode(d)
	return d.Err()
}
