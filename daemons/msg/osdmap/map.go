package osdmap

import (
	"maps"
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Map is one epoch of the OSD map. One that was handed out is not changed any more:
// Apply makes another.
type Map struct {
	FSID              wire.UUID
	Epoch             uint32
	Created, Modified wire.UTime

	Pools     map[int64]Pool
	PoolNames map[int64]string
	PoolMax   int32 // highest id that a pool has had
	Flags     Flags

	OSDs []OSD // by id; Ceph calls their number max_osd
	// PrimaryAffinity is by OSD, of AffinityDefault; nil if no OSD was ever given
	// another.
	PrimaryAffinity []uint32

	PGTemp        map[PG][]int32
	PrimaryTemp   map[PG]int32
	PGUpmap       map[PG][]int32
	PGUpmapItems  map[PG][]Remap
	ErasureCode   map[string]map[string]string // profiles
	Crush         []byte
	CrushVersion  uint32
	CrushFlags    map[int32]uint32 // flags of CRUSH nodes
	DeviceClasses map[int32]uint32 // flags of device classes

	NewRemovedSnaps   map[int64]Snaps // by the last change
	NewPurgedSnaps    map[int64]Snaps
	RemovedSnapsQueue map[int64]Snaps

	LastUpChange, LastInChange wire.UTime

	Blocklist      Blocklist // instances of clients and daemons
	RangeBlocklist Blocklist // networks; see Network

	SnapshotEpoch uint32
	Snapshot      string

	NearfullRatio, FullRatio, BackfillfullRatio float32
	RequireMinCompatClient, RequireOSDRelease   uint8 // 12 is Luminous, 16 Pacific
	Stretch                                     Stretch
}

// Flags are those of the whole map.
type Flags uint32

// The flags that a new map has, and those an operator sets most. (Ceph:
// src/include/rados.h.)
const (
	FlagPauseRead       Flags = 1 << 2
	FlagPauseWrite      Flags = 1 << 3
	FlagNoUp            Flags = 1 << 5
	FlagNoDown          Flags = 1 << 6
	FlagNoOut           Flags = 1 << 7
	FlagNoIn            Flags = 1 << 8
	FlagNoBackfill      Flags = 1 << 9
	FlagNoRecover       Flags = 1 << 10
	FlagNoScrub         Flags = 1 << 11
	FlagNoDeepScrub     Flags = 1 << 12
	FlagNoTierAgent     Flags = 1 << 13
	FlagNoRebalance     Flags = 1 << 14
	FlagSortBitwise     Flags = 1 << 15
	FlagRecoveryDeletes Flags = 1 << 19
	FlagPurgedSnapdirs  Flags = 1 << 20
	FlagNoSnapTrim      Flags = 1 << 21
	FlagPGLogHardLimit  Flags = 1 << 22
)

// legacyRequireFlags said which release OSDs must have, before maps had a field for
// it: jewel, kraken and luminous.
const legacyRequireFlags Flags = 1<<16 | 1<<17 | 1<<18

// Releases as maps number them.
const (
	releaseLuminous = 12
	releaseNautilus = 14
	releasePacific  = 16
)

// Stretch says whether the cluster spans two sites, and how it is doing.
type Stretch struct {
	Enabled                           bool
	BucketCount, Degraded, Recovering uint32
	Bucket                            int32
}

// Remap moves a placement group's share from one OSD to another.
type Remap struct{ From, To int32 }

// Clone is a copy that shares nothing that Apply changes.
func (m *Map) Clone() *Map {
	c := *m
	c.Pools, c.PoolNames = maps.Clone(m.Pools), maps.Clone(m.PoolNames)
	c.OSDs = slices.Clone(m.OSDs)
	c.PrimaryAffinity = slices.Clone(m.PrimaryAffinity)
	c.PGTemp, c.PrimaryTemp = maps.Clone(m.PGTemp), maps.Clone(m.PrimaryTemp)
	c.PGUpmap, c.PGUpmapItems = maps.Clone(m.PGUpmap), maps.Clone(m.PGUpmapItems)
	c.ErasureCode = maps.Clone(m.ErasureCode)
	c.CrushFlags, c.DeviceClasses = maps.Clone(m.CrushFlags), maps.Clone(m.DeviceClasses)
	c.RemovedSnapsQueue = maps.Clone(m.RemovedSnapsQueue)
	c.Blocklist, c.RangeBlocklist = maps.Clone(m.Blocklist), maps.Clone(m.RangeBlocklist)
	return &c
}

// OSD is the OSD with that id, nil if the map has none.
func (m *Map) OSD(id int32) *OSD {
	if id < 0 || int(id) >= len(m.OSDs) || m.OSDs[id].State&StateExists == 0 {
		return nil
	}
	return &m.OSDs[id]
}

// Count is how many OSDs exist, how many of them are up, and how many are in.
func (m *Map) Count() (exist, up, in int) {
	for i := range m.OSDs {
		o := &m.OSDs[i]
		if o.State&StateExists == 0 {
			continue
		}
		exist++
		if o.Up() {
			up++
		}
		if o.In() {
			in++
		}
	}
	return exist, up, in
}

// Blocked reports whether OSDs refuse the requests of any of the addresses: by the
// instance, by the whole IP address (an entry of port and nonce 0) or by a network.
func (m *Map) Blocked(addrs ...msg.EntityAddr) bool {
	return slices.ContainsFunc(addrs, func(a msg.EntityAddr) bool {
		return m.Blocklist.has(Instance(a)) || m.Blocklist.has(wholeIP(a)) || m.RangeBlocklist.covers(a)
	})
}
