package msg

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// MonInfo is what a MonMap says of one monitor.
type MonInfo struct {
	Name     string
	Addrs    AddrVec
	Priority uint16 // lower is preferred by clients
	Weight   uint16
	Location map[string]string // CRUSH location
}

// MonMap names the monitors of a cluster. A monitor's rank is its place in
// Ranks. (Ceph: src/mon/MonMap.h.)
type MonMap struct {
	FSID               wire.UUID
	Epoch              uint32
	Changed, Created   wire.UTime
	PersistentFeatures uint64
	OptionalFeatures   uint64
	Mons               []MonInfo // by name, ascending
	Ranks              []string  // names by rank
	MinRelease         uint8     // 16 is Pacific
	RemovedRanks       []int32   // ascending
	Strategy           uint8     // of elections: 1 classic
	DisallowedLeaders  []string  // ascending
	Stretch            bool
	Tiebreaker         string
	MarkedDown         []string // ascending
}

// What Pacific's monitors write into a new map.
const (
	releasePacific         = 16
	strategyClassic        = 1
	monFeaturesAll  uint64 = 0xff
)

// NewMonMap makes the first map of a cluster, still without monitors.
func NewMonMap(fsid wire.UUID, created wire.UTime) MonMap {
	return MonMap{
		FSID: fsid, Epoch: 1, Changed: created, Created: created,
		PersistentFeatures: monFeaturesAll, MinRelease: releasePacific, Strategy: strategyClassic,
	}
}

// Add adds a monitor, or changes the addresses of one. Ranks follow the order of
// the addresses.
func (m *MonMap) Add(name string, addrs AddrVec) {
	i, found := m.search(name)
	if found {
		m.Mons[i].Addrs = addrs
	} else {
		m.Mons = slices.Insert(m.Mons, i, MonInfo{Name: name, Addrs: addrs})
		m.Ranks = append(m.Ranks, name)
	}
	slices.SortStableFunc(m.Ranks, func(a, b string) int {
		x, _ := m.Get(a)
		y, _ := m.Get(b)
		return cmp.Or(x.Addrs.Legacy().Compare(y.Addrs.Legacy()), cmp.Compare(a, b))
	})
}

// Join adds a monitor to a map that has been in force, as the last of the ranks: the
// others keep theirs (Nautilus and later). The name must be new.
func (m *MonMap) Join(name string, addrs AddrVec) {
	i, _ := m.search(name)
	m.Mons = slices.Insert(m.Mons, i, MonInfo{Name: name, Addrs: addrs})
	m.Ranks = append(m.Ranks, name)
}

// Remove takes a monitor out, and notes its rank as removed. Those behind it move up.
func (m *MonMap) Remove(name string) {
	if i, found := m.search(name); found {
		m.RemovedRanks = append(m.RemovedRanks, int32(m.Rank(name)))
		m.Mons = slices.Delete(m.Mons, i, i+1)
		m.Ranks = slices.DeleteFunc(m.Ranks, func(n string) bool { return n == name })
	}
}

func (m *MonMap) search(name string) (int, bool) {
	return slices.BinarySearchFunc(m.Mons, name, func(i MonInfo, n string) int { return cmp.Compare(i.Name, n) })
}

// Get finds a monitor by name.
func (m *MonMap) Get(name string) (MonInfo, bool) {
	if i, found := m.search(name); found {
		return m.Mons[i], true
	}
	return MonInfo{}, false
}

// Rank is the rank of the named monitor, -1 if there is none of that name.
func (m *MonMap) Rank(name string) int { return slices.Index(m.Ranks, name) }

// RankOf is the rank of the monitor with that endpoint, whatever the nonce; -1
// if there is none.
func (m *MonMap) RankOf(addr EntityAddr) int {
	for rank, name := range m.Ranks {
		info, _ := m.Get(name)
		for _, a := range info.Addrs {
			if a.IP == addr.IP {
				return rank
			}
		}
	}
	return -1
}

// Addr is the msgr v1 address of the monitor with that rank, blank if there is
// none.
func (m *MonMap) Addr(rank int) EntityAddr {
	if rank < 0 || rank >= len(m.Ranks) {
		return EntityAddr{}
	}
	info, _ := m.Get(m.Ranks[rank])
	return info.Addrs.Legacy()
}

// Size is the number of monitors.
func (m *MonMap) Size() int { return len(m.Ranks) }

// Clone is a copy that shares nothing that changes.
func (m *MonMap) Clone() MonMap {
	c := *m
	c.Mons = slices.Clone(m.Mons)
	c.Ranks = slices.Clone(m.Ranks)
	c.RemovedRanks = slices.Clone(m.RemovedRanks)
	c.DisallowedLeaders = slices.Clone(m.DisallowedLeaders)
	c.MarkedDown = slices.Clone(m.MarkedDown)
	return c
}

// Encode appends the map.
func (m *MonMap) Encode(e *wire.Encoder, features uint64) {
	e.Envelope(9, 6, func() {
		e.UUID(m.FSID)
		e.U32(m.Epoch)
		e.Time(m.Changed)
		e.Time(m.Created)
		encodeMonFeature(e, m.PersistentFeatures)
		encodeMonFeature(e, m.OptionalFeatures)
		e.U32(uint32(len(m.Mons)))
		for i := range m.Mons {
			e.String(m.Mons[i].Name)
			m.Mons[i].encode(e, features)
		}
		e.Strings(m.Ranks)
		e.U8(m.MinRelease)
		encodeRanks(e, m.RemovedRanks)
		e.U8(m.Strategy)
		e.Strings(m.DisallowedLeaders)
		e.Bool(m.Stretch)
		e.String(m.Tiebreaker)
		e.Strings(m.MarkedDown)
	})
}

func encodeMonFeature(e *wire.Encoder, bits uint64) {
	e.Envelope(1, 1, func() { e.U64(bits) })
}

func decodeMonFeature(d *wire.Decoder) (bits uint64) {
	d.Envelope(1, "monitor feature", func(uint8) { bits = d.U64() })
	return bits
}

func (i *MonInfo) encode(e *wire.Encoder, features uint64) {
	e.Envelope(5, 1, func() {
		e.String(i.Name)
		i.Addrs.Encode(e, features)
		e.U16(i.Priority)
		e.U16(i.Weight)
		e.StringMap(i.Location)
	})
}

func decodeMonInfo(d *wire.Decoder) (i MonInfo) {
	d.Envelope(5, "monitor info", func(version uint8) {
		i.Name, i.Addrs = d.String(), DecodeAddrVec(d)
		if version >= 2 {
			i.Priority = d.U16()
		}
		if version >= 4 {
			i.Weight = d.U16()
		}
		if version >= 5 {
			i.Location = d.StringMap()
		}
	})
	return i
}

// Decode makes m the map that d holds, as Nautilus and later write it. It keeps
// nothing of d's input. The error is d's: ErrUnsupportedVersion for an older map,
// wire.ErrInvalid for one whose ranks are not exactly its monitors.
func (m *MonMap) Decode(d *wire.Decoder) {
	*m = MonMap{}
	d.Envelope(9, "monmap", func(version uint8) {
		if version < 6 {
			d.Fail(fmt.Sprintf("monmap version %d, oldest known 6", version), ErrUnsupportedVersion)
			return
		}
		m.FSID, m.Epoch = d.UUID(), d.U32()
		m.Changed, m.Created = d.Time(), d.Time()
		m.PersistentFeatures, m.OptionalFeatures = decodeMonFeature(d), decodeMonFeature(d)
		m.decodeMons(d)
		m.Ranks = d.Strings()
		if version >= 7 {
			m.MinRelease = d.U8()
		}
		if version >= 8 {
			m.decodeElection(d)
		}
		if version >= 9 {
			m.Stretch, m.Tiebreaker, m.MarkedDown = d.Bool(), d.String(), d.Strings()
		}
		m.check(d)
	})
}

func (m *MonMap) decodeMons(d *wire.Decoder) {
	first, last := true, ""
	m.Mons = wire.List(d, 10, "monitors", func() MonInfo {
		key := d.String()
		i := decodeMonInfo(d)
		if key != i.Name || !first && key <= last {
			d.Fail("monitor name", wire.ErrInvalid)
		}
		first, last = false, key
		return i
	})
}

func (m *MonMap) decodeElection(d *wire.Decoder) {
	m.RemovedRanks = decodeRanks(d, "removed ranks")
	m.Strategy, m.DisallowedLeaders = d.U8(), d.Strings()
}

func (m *MonMap) check(d *wire.Decoder) {
	names := slices.Clone(m.Ranks)
	slices.Sort(names)
	same := slices.EqualFunc(names, m.Mons, func(n string, i MonInfo) bool { return n == i.Name })
	if !same {
		d.Fail("monmap ranks", wire.ErrInvalid)
	}
}

// MonMapMsg carries a MonMap.
type MonMapMsg struct{ Map MonMap }

// Type is TypeMonMap.
func (*MonMapMsg) Type() Type { return TypeMonMap }

// Version is Pacific's.
func (*MonMapMsg) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonMapMsg) EncodePayload(e *wire.Encoder, features uint64) {
	e.Framed(func() { m.Map.Encode(e, features) })
}

// DecodePayload implements Body.
func (m *MonMapMsg) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	d.Framed("monmap", func() { m.Map.Decode(d) })
	return d.Err()
}
