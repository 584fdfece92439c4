package osdmap

import (
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Incremental is what changes from one epoch of the map to the next.
type Incremental struct {
	FSID     wire.UUID
	Epoch    uint32 // that it leads to
	Modified wire.UTime

	NewPoolMax int64  // -1: as before
	NewFlags   int32  // -1: as before
	FullMap    []byte // not empty: the next map, and nothing else counts
	Crush      []byte // empty: as before
	NewMaxOSD  int32  // -1: as before

	NewPools     map[int64]Pool
	NewPoolNames map[int64]string
	OldPools     []int64 // ascending

	NewUp       map[int32]msg.AddrVec // OSDs that come up, with their addresses
	NewState    map[int32]OSDState    // what turns to its opposite; 0 stands for StateUp
	NewWeight   map[int32]uint32
	NewAffinity map[int32]uint32

	NewPGTemp      map[PG][]int32 // none: remove it
	NewPrimaryTemp map[PG]int32   // -1: remove it

	NewErasureCode map[string]map[string]string
	OldErasureCode []string

	NewPGUpmap      map[PG][]int32
	OldPGUpmap      []PG // ascending
	NewPGUpmapItems map[PG][]Remap
	OldPGUpmapItems []PG // ascending

	NewRemovedSnaps map[int64]Snaps
	NewPurgedSnaps  map[int64]Snaps

	NewLastUpChange, NewLastInChange wire.UTime // 0: as before

	NewBack, NewFront, NewCluster map[int32]msg.AddrVec // of OSDs in NewUp
	NewUpThru                     map[int32]uint32
	NewLastClean                  map[int32]Interval
	NewLost                       map[int32]uint32
	NewXInfo                      map[int32]OSDXInfo
	NewUUID                       map[int32]wire.UUID

	// An address that is blocked already keeps its time.
	NewBlocklist      Blocklist
	OldBlocklist      []msg.EntityAddr
	NewRangeBlocklist Blocklist
	OldRangeBlocklist []msg.EntityAddr

	Snapshot       string
	EncodeFeatures uint64 // what peers must know to have the same checksums

	NewNearfullRatio, NewFullRatio, NewBackfillfullRatio float32 // below 0: as before
	NewRequireMinCompatClient, NewRequireOSDRelease      uint8   // Unchanged: as before

	NewCrushFlags    map[int32]uint32 // 0: none any more
	NewDeviceClasses map[int32]uint32 // 0: none any more

	ChangeStretch bool
	NewStretch    Stretch

	FullCRC uint32 // checksum of the next map
}

// Unchanged is the release of an Incremental that leaves it as it was.
const Unchanged uint8 = 0xff

// Interval is a run of epochs.
type Interval struct{ Begin, End uint32 }

// NewIncremental is an incremental from m to the next epoch that changes nothing
// yet.
func NewIncremental(m *Map) *Incremental {
	return &Incremental{
		FSID: m.FSID, Epoch: m.Epoch + 1,
		NewPoolMax: -1, NewFlags: -1, NewMaxOSD: -1,
		NewUp: map[int32]msg.AddrVec{}, NewState: map[int32]OSDState{}, NewWeight: map[int32]uint32{},
		NewBlocklist: Blocklist{}, NewRangeBlocklist: Blocklist{},
		EncodeFeatures:   msg.FeaturesAll,
		NewNearfullRatio: -1, NewFullRatio: -1, NewBackfillfullRatio: -1,
		NewRequireMinCompatClient: Unchanged, NewRequireOSDRelease: Unchanged,
	}
}

// Encode is the incremental as a blob of its own, with its checksum.
func (inc *Incremental) Encode() []byte {
	var e wire.Encoder
	at := 0
	e.Envelope(outerVersion, outerCompat, func() {
		e.Envelope(incClientVersion, 1, func() { inc.encodeClient(&e) })
		inc.encodeOSD(&e)
		at = e.Len()
		e.U32(0)
		e.U32(inc.FullCRC)
	})
	seal(e.Bytes(), at)
	return e.Bytes()
}

func (inc *Incremental) encodeClient(e *wire.Encoder) {
	e.UUID(inc.FSID)
	e.U32(inc.Epoch)
	e.Time(inc.Modified)
	e.S64(inc.NewPoolMax)
	e.S32(inc.NewFlags)
	e.Blob(inc.FullMap)
	e.Blob(inc.Crush)
	e.S32(inc.NewMaxOSD)
	wire.PutMap(e, inc.NewPools, e.S64, func(p Pool) { encodePool(e, p) })
	wire.PutMap(e, inc.NewPoolNames, e.S64, e.String)
	e.U32(uint32(len(inc.OldPools)))
	for _, id := range inc.OldPools {
		e.S64(id)
	}
	encodeAddrsByOSD(e, inc.NewUp)
	wire.PutMap(e, inc.NewState, e.S32, func(s OSDState) { e.U32(uint32(s)) })
	wire.PutMap(e, inc.NewWeight, e.S32, e.U32)
	encodePGMap(e, inc.NewPGTemp, func(ids []int32) { encodeOSDIDs(e, ids) })
	encodePGMap(e, inc.NewPrimaryTemp, e.S32)
	wire.PutMap(e, inc.NewAffinity, e.S32, e.U32)
	wire.PutMap(e, inc.NewErasureCode, e.String, e.StringMap)
	e.Strings(inc.OldErasureCode)
	encodePGMap(e, inc.NewPGUpmap, func(ids []int32) { encodeOSDIDs(e, ids) })
	encodePGs(e, inc.OldPGUpmap)
	encodePGMap(e, inc.NewPGUpmapItems, func(list []Remap) { encodeRemaps(e, list) })
	encodePGs(e, inc.OldPGUpmapItems)
	encodeSnapsByPool(e, inc.NewRemovedSnaps)
	encodeSnapsByPool(e, inc.NewPurgedSnaps)
	e.Time(inc.NewLastUpChange)
	e.Time(inc.NewLastInChange)
}

func (inc *Incremental) encodeOSD(e *wire.Encoder) {
	version := uint8(incOSDVersion)
	if inc.ChangeStretch {
		version = stretchVersion
	}
	if len(inc.NewRangeBlocklist)+len(inc.OldRangeBlocklist) > 0 {
		version = rangeVersion
	}
	e.Envelope(version, 1, func() {
		inc.encodeOSDs(e)
		for _, ratio := range [...]float32{inc.NewNearfullRatio, inc.NewFullRatio, inc.NewBackfillfullRatio} {
			e.F32(ratio)
		}
		e.U8(inc.NewRequireMinCompatClient)
		e.U8(inc.NewRequireOSDRelease)
		wire.PutMap(e, inc.NewCrushFlags, e.S32, e.U32)
		wire.PutMap(e, inc.NewDeviceClasses, e.S32, e.U32)
		if version >= stretchVersion {
			e.Bool(inc.ChangeStretch)
			inc.NewStretch.encodeState(e)
			e.Bool(inc.NewStretch.Enabled)
		}
		if version >= rangeVersion {
			encodeBlocklist(e, inc.NewRangeBlocklist)
			encodeAddrs(e, inc.OldRangeBlocklist)
		}
	})
}

func (inc *Incremental) encodeOSDs(e *wire.Encoder) {
	encodeAddrsByOSD(e, inc.NewBack)
	wire.PutMap(e, inc.NewUpThru, e.S32, e.U32)
	wire.PutMap(e, inc.NewLastClean, e.S32, func(i Interval) { e.U32(i.Begin); e.U32(i.End) })
	wire.PutMap(e, inc.NewLost, e.S32, e.U32)
	encodeBlocklist(e, inc.NewBlocklist)
	encodeAddrs(e, inc.OldBlocklist)
	encodeAddrsByOSD(e, inc.NewCluster)
	e.String(inc.Snapshot)
	wire.PutMap(e, inc.NewUUID, e.S32, e.UUID)
	wire.PutMap(e, inc.NewXInfo, e.S32, func(x OSDXInfo) { encodeOSDXInfo(e, x) })
	encodeAddrsByOSD(e, inc.NewFront)
	e.U64(inc.EncodeFeatures)
}

func encodeAddrsByOSD(e *wire.Encoder, m map[int32]msg.AddrVec) {
	wire.PutMap(e, m, e.S32, func(v msg.AddrVec) { v.Encode(e, msg.FeaturesAll) })
}

func decodeAddrsByOSD(d *wire.Decoder, what string) map[int32]msg.AddrVec {
	return wire.Map(d, 9, what, d.S32, func() msg.AddrVec { return msg.DecodeAddrVec(d) })
}

// DecodeIncremental reads a blob that Nautilus or later has written. It keeps
// nothing of b. Errors are those of Decode.
func DecodeIncremental(b []byte) (*Incremental, error) {
	inc := &Incremental{}
	err := decodeOuter(b, "osdmap incremental", func(d *wire.Decoder) {
		section(d, "incremental for clients", incClientVersion, incClientVersion, func(uint8) { inc.decodeClient(d) })
		section(d, "incremental for osds", incOSDVersion, rangeVersion, func(version uint8) {
			inc.decodeOSD(d)
			inc.decodeOptional(d, version)
		})
	}, func(d *wire.Decoder) { inc.FullCRC = d.U32() })
	if err != nil {
		return nil, err
	}
	return inc, nil
}

func (inc *Incremental) decodeClient(d *wire.Decoder) {
	inc.FSID, inc.Epoch, inc.Modified = d.UUID(), d.U32(), d.Time()
	inc.NewPoolMax, inc.NewFlags = d.S64(), d.S32()
	inc.FullMap, inc.Crush, inc.NewMaxOSD = d.Blob(), d.Blob(), d.S32()
	inc.NewPools = wire.Map(d, 8+poolBytes, "new pools", d.S64, func() Pool { return decodePool(d) })
	inc.NewPoolNames = wire.Map(d, 12, "new pool names", d.S64, d.String)
	inc.OldPools = wire.List(d, 8, "old pools", d.S64)
	inc.NewUp = decodeAddrsByOSD(d, "new up osds")
	inc.NewState = wire.Map(d, 8, "new states", d.S32, func() OSDState { return OSDState(d.U32()) })
	inc.NewWeight = wire.Map(d, 8, "new weights", d.S32, d.U32)
	inc.NewPGTemp = decodePGMap(d, 4, "new pg temps", func() []int32 { return decodeOSDIDs(d) })
	inc.NewPrimaryTemp = decodePGMap(d, 4, "new primary temps", d.S32)
	inc.NewAffinity = wire.Map(d, 8, "new primary affinities", d.S32, d.U32)
	inc.NewErasureCode = wire.Map(d, 8, "new erasure code profiles", d.String, d.StringMap)
	inc.OldErasureCode = d.Strings()
	inc.NewPGUpmap = decodePGMap(d, 4, "new pg upmaps", func() []int32 { return decodeOSDIDs(d) })
	inc.OldPGUpmap = decodePGs(d)
	inc.NewPGUpmapItems = decodePGMap(d, 4, "new pg upmap items", func() []Remap { return decodeRemaps(d) })
	inc.OldPGUpmapItems = decodePGs(d)
	inc.NewRemovedSnaps = decodeSnapsByPool(d, "new removed snaps")
	inc.NewPurgedSnaps = decodeSnapsByPool(d, "new purged snaps")
	inc.NewLastUpChange, inc.NewLastInChange = d.Time(), d.Time()
}

func (inc *Incremental) decodeOSD(d *wire.Decoder) {
	inc.NewBack = decodeAddrsByOSD(d, "new back addresses")
	inc.NewUpThru = wire.Map(d, 8, "new up thru", d.S32, d.U32)
	inc.NewLastClean = wire.Map(d, 12, "new clean intervals", d.S32, func() Interval { return Interval{d.U32(), d.U32()} })
	inc.NewLost = wire.Map(d, 8, "new lost", d.S32, d.U32)
	inc.NewBlocklist = decodeBlocklist(d)
	inc.OldBlocklist = decodeAddrs(d)
	inc.NewCluster = decodeAddrsByOSD(d, "new cluster addresses")
	inc.Snapshot = d.String()
	inc.NewUUID = wire.Map(d, 20, "new uuids", d.S32, d.UUID)
	inc.NewXInfo = wire.Map(d, 4+osdXInfoBytes, "new xinfos", d.S32, func() OSDXInfo { return decodeOSDXInfo(d) })
	inc.NewFront = decodeAddrsByOSD(d, "new front addresses")
	inc.EncodeFeatures = d.U64()
	inc.NewNearfullRatio, inc.NewFullRatio, inc.NewBackfillfullRatio = d.F32(), d.F32(), d.F32()
	inc.NewRequireMinCompatClient, inc.NewRequireOSDRelease = d.U8(), d.U8()
	inc.NewCrushFlags = wire.Map(d, 8, "new crush node flags", d.S32, d.U32)
	inc.NewDeviceClasses = wire.Map(d, 8, "new device class flags", d.S32, d.U32)
}

func (inc *Incremental) decodeOptional(d *wire.Decoder, version uint8) {
	if version >= stretchVersion {
		inc.ChangeStretch = d.Bool()
		inc.NewStretch.decodeState(d)
		inc.NewStretch.Enabled = d.Bool()
	}
	if version >= rangeVersion {
		inc.NewRangeBlocklist = decodeBlocklist(d)
		inc.OldRangeBlocklist = decodeAddrs(d)
	}
}
