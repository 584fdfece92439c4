package osdmap

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// ErrChecksum: a map does not have the checksum that it carries.
var ErrChecksum = errors.New("checksum of the map does not match")

// Both kinds of maps are an envelope around one section for clients, one for OSDs,
// and checksums. Each section has a version of its own.
const (
	outerVersion, outerCompat = 8, 7

	fullClientVersion = 9 // since Nautilus
	fullOSDVersion    = 9
	incClientVersion  = 8
	incOSDVersion     = 9

	// Either section for OSDs gets a higher version only if it needs it.
	stretchVersion = 10
	rangeVersion   = 11

	outerHeaderBytes = 6
)

// checksumInit is what the checksum of a map starts from.
const checksumInit = ^uint32(0)

// emptyMapBytes is room for a map without OSDs, of which a new one has 646 bytes.
const emptyMapBytes = 1 << 10

// seal writes the checksum of b, a map of which 4 bytes at at are free for it.
func seal(b []byte, at int) (crc uint32) {
	crc = checksum(b, at)
	binary.LittleEndian.PutUint32(b[at:], crc)
	return crc
}

// checksum is that of all of b but the 4 bytes at at.
func checksum(b []byte, at int) uint32 {
	return wire.UpdateCRC32C(wire.UpdateCRC32C(checksumInit, b[:at]), b[at+4:])
}

// decodeOuter reads the envelope: sections reads what is before the checksum, and
// tail what is behind it.
func decodeOuter(b []byte, what string, sections, tail func(d *wire.Decoder)) error {
	d := wire.NewDecoder(b)
	var at, end int
	d.Envelope(outerVersion, what, func(version uint8) {
		if version < outerVersion {
			tooOld(d, what, version, outerVersion)
			return
		}
		end = outerHeaderBytes + d.Remaining()
		sections(d)
		at = end - d.Remaining()
		d.U32()
		tail(d)
	})
	if err := d.Err(); err != nil {
		return err
	}
	if want, got := binary.LittleEndian.Uint32(b[at:]), checksum(b[:end], at); want != got {
		return fmt.Errorf("%s: %w: %#x, it says %#x", what, ErrChecksum, got, want)
	}
	return nil
}

func tooOld(d *wire.Decoder, what string, version, oldest uint8) {
	if d.Err() == nil {
		d.Fail(fmt.Sprintf("%s version %d, oldest known %d", what, version, oldest), msg.ErrUnsupportedVersion)
	}
}

// section reads a section that must have at least the version oldest.
func section(d *wire.Decoder, what string, oldest, known uint8, fill func(version uint8)) {
	d.Envelope(known, what, func(version uint8) {
		if version < oldest {
			tooOld(d, what, version, oldest)
			return
		}
		fill(version)
	})
}

// Encode is the map as a blob of its own, and the checksum that it carries.
func (m *Map) Encode() (b []byte, crc uint32) {
	e := wire.NewEncoder(make([]byte, 0, emptyMapBytes))
	at := 0
	e.Envelope(outerVersion, outerCompat, func() {
		e.Envelope(fullClientVersion, 1, func() { m.encodeClient(e) })
		m.encodeOSD(e)
		at = e.Len()
		e.U32(0)
	})
	return e.Bytes(), seal(e.Bytes(), at)
}

func (m *Map) encodeClient(e *wire.Encoder) {
	e.UUID(m.FSID)
	e.U32(m.Epoch)
	e.Time(m.Created)
	e.Time(m.Modified)
	wire.PutMap(e, m.Pools, e.S64, func(p Pool) { encodePool(e, p) })
	wire.PutMap(e, m.PoolNames, e.S64, e.String)
	e.S32(m.PoolMax)
	e.U32(uint32(m.Flags))
	e.S32(int32(len(m.OSDs)))
	perOSD(e, m.OSDs, func(o *OSD) { e.U32(uint32(o.State)) })
	perOSD(e, m.OSDs, func(o *OSD) { e.U32(o.Weight) })
	perOSD(e, m.OSDs, func(o *OSD) { o.Addrs.Encode(e, msg.FeaturesAll) })
	encodePGMap(e, m.PGTemp, func(ids []int32) { encodeOSDIDs(e, ids) })
	encodePGMap(e, m.PrimaryTemp, e.S32)
	e.U32(uint32(len(m.PrimaryAffinity)))
	for _, a := range m.PrimaryAffinity {
		e.U32(a)
	}
	e.Blob(m.Crush)
	wire.PutMap(e, m.ErasureCode, e.String, e.StringMap)
	encodePGMap(e, m.PGUpmap, func(ids []int32) { encodeOSDIDs(e, ids) })
	encodePGMap(e, m.PGUpmapItems, func(list []Remap) { encodeRemaps(e, list) })
	e.U32(m.CrushVersion)
	encodeSnapsByPool(e, m.NewRemovedSnaps)
	encodeSnapsByPool(e, m.NewPurgedSnaps)
	e.Time(m.LastUpChange)
	e.Time(m.LastInChange)
}

func (m *Map) encodeOSD(e *wire.Encoder) {
	version := uint8(fullOSDVersion)
	if m.Stretch.Enabled {
		version = stretchVersion
	}
	if len(m.RangeBlocklist) > 0 {
		version = rangeVersion
	}
	e.Envelope(version, 1, func() {
		m.encodeOSDs(e)
		for _, ratio := range [...]float32{m.NearfullRatio, m.FullRatio, m.BackfillfullRatio} {
			e.F32(ratio)
		}
		e.U8(m.RequireMinCompatClient)
		e.U8(m.RequireOSDRelease)
		encodeSnapsByPool(e, m.RemovedSnapsQueue)
		wire.PutMap(e, m.CrushFlags, e.S32, e.U32)
		wire.PutMap(e, m.DeviceClasses, e.S32, e.U32)
		if version >= stretchVersion {
			e.Bool(m.Stretch.Enabled)
			m.Stretch.encodeState(e)
		}
		if version >= rangeVersion {
			encodeBlocklist(e, m.RangeBlocklist)
		}
	})
}

func (m *Map) encodeOSDs(e *wire.Encoder) {
	perOSD(e, m.OSDs, func(o *OSD) { o.BackAddrs.Encode(e, msg.FeaturesAll) })
	perOSD(e, m.OSDs, func(o *OSD) { encodeOSDInfo(e, o.Info) })
	encodeBlocklist(e, m.Blocklist)
	perOSD(e, m.OSDs, func(o *OSD) { o.ClusterAddrs.Encode(e, msg.FeaturesAll) })
	e.U32(m.SnapshotEpoch)
	e.String(m.Snapshot)
	perOSD(e, m.OSDs, func(o *OSD) { e.UUID(o.UUID) })
	perOSD(e, m.OSDs, func(o *OSD) { encodeOSDXInfo(e, o.XInfo) })
	perOSD(e, m.OSDs, func(o *OSD) { o.FrontAddrs.Encode(e, msg.FeaturesAll) })
}

// encodeState is all but whether it is enabled.
func (s *Stretch) encodeState(e *wire.Encoder) {
	e.U32(s.BucketCount)
	e.U32(s.Degraded)
	e.U32(s.Recovering)
	e.S32(s.Bucket)
}

func (s *Stretch) decodeState(d *wire.Decoder) {
	s.BucketCount, s.Degraded, s.Recovering, s.Bucket = d.U32(), d.U32(), d.U32(), d.S32()
}

func perOSD(e *wire.Encoder, list []OSD, put func(*OSD)) {
	e.U32(uint32(len(list)))
	for i := range list {
		put(&list[i])
	}
}

func encodeSnapsByPool(e *wire.Encoder, m map[int64]Snaps) {
	wire.PutMap(e, m, e.S64, func(s Snaps) { encodeSnaps(e, s) })
}

func decodeSnapsByPool(d *wire.Decoder, what string) map[int64]Snaps {
	return wire.Map(d, 12, what, d.S64, func() Snaps { return decodeSnaps(d) })
}

// Decode reads a blob that Nautilus or later has written. It keeps nothing of b.
// Errors: ErrChecksum, msg.ErrUnsupportedVersion for an older map, and those of
// package wire: wire.ErrInvalid for a map whose lists of OSDs differ in length.
func Decode(b []byte) (*Map, error) {
	m := &Map{}
	var columns osdColumns
	err := decodeOuter(b, "osdmap", func(d *wire.Decoder) {
		section(d, "osdmap for clients", fullClientVersion, fullClientVersion, func(uint8) { m.decodeClient(d, &columns) })
		section(d, "osdmap for osds", fullOSDVersion, rangeVersion, func(version uint8) {
			m.decodeOSD(d, &columns)
			m.decodeOptional(d, version)
		})
	}, func(*wire.Decoder) {})
	if err != nil {
		return nil, err
	}
	m.OSDs = columns.rows()
	return m, nil
}

func (m *Map) decodeClient(d *wire.Decoder, c *osdColumns) {
	m.FSID, m.Epoch, m.Created, m.Modified = d.UUID(), d.U32(), d.Time(), d.Time()
	m.Pools = wire.Map(d, 8+poolBytes, "pools", d.S64, func() Pool { return decodePool(d) })
	m.PoolNames = wire.Map(d, 12, "pool names", d.S64, d.String)
	m.PoolMax, m.Flags = d.S32(), Flags(d.U32())
	c.count = d.S32()
	c.states = column(d, c, 4, "osd states", d.U32)
	c.weights = column(d, c, 4, "osd weights", d.U32)
	c.addrs = addrColumn(d, c, "osd addresses")
	m.PGTemp = decodePGMap(d, 4, "pg temps", func() []int32 { return decodeOSDIDs(d) })
	m.PrimaryTemp = decodePGMap(d, 4, "primary temps", d.S32)
	m.PrimaryAffinity = wire.List(d, 4, "primary affinities", d.U32)
	if n := len(m.PrimaryAffinity); n != 0 && n != int(c.count) {
		d.Fail("primary affinities", wire.ErrInvalid)
	}
	m.Crush = d.Blob()
	m.ErasureCode = wire.Map(d, 8, "erasure code profiles", d.String, d.StringMap)
	m.PGUpmap = decodePGMap(d, 4, "pg upmaps", func() []int32 { return decodeOSDIDs(d) })
	m.PGUpmapItems = decodePGMap(d, 4, "pg upmap items", func() []Remap { return decodeRemaps(d) })
	m.CrushVersion = d.U32()
	m.NewRemovedSnaps = decodeSnapsByPool(d, "new removed snaps")
	m.NewPurgedSnaps = decodeSnapsByPool(d, "new purged snaps")
	m.LastUpChange, m.LastInChange = d.Time(), d.Time()
}

func (m *Map) decodeOSD(d *wire.Decoder, c *osdColumns) {
	c.back = addrColumn(d, c, "osd back addresses")
	c.infos = column(d, c, osdInfoBytes, "osd infos", func() OSDInfo { return decodeOSDInfo(d) })
	m.Blocklist = decodeBlocklist(d)
	c.cluster = addrColumn(d, c, "osd cluster addresses")
	m.SnapshotEpoch, m.Snapshot = d.U32(), d.String()
	c.uuids = column(d, c, 16, "osd uuids", d.UUID)
	c.xinfos = column(d, c, osdXInfoBytes, "osd xinfos", func() OSDXInfo { return decodeOSDXInfo(d) })
	c.front = addrColumn(d, c, "osd front addresses")
	m.NearfullRatio, m.FullRatio, m.BackfillfullRatio = d.F32(), d.F32(), d.F32()
	m.RequireMinCompatClient, m.RequireOSDRelease = d.U8(), d.U8()
	m.RemovedSnapsQueue = decodeSnapsByPool(d, "removed snaps queue")
	m.CrushFlags = wire.Map(d, 8, "crush node flags", d.S32, d.U32)
	m.DeviceClasses = wire.Map(d, 8, "device class flags", d.S32, d.U32)
}

func (m *Map) decodeOptional(d *wire.Decoder, version uint8) {
	if version >= stretchVersion {
		m.Stretch.Enabled = d.Bool()
		m.Stretch.decodeState(d)
	}
	if version >= rangeVersion {
		m.RangeBlocklist = decodeBlocklist(d)
	}
}

// osdColumns is the OSDs as they are encoded: a list for each of their fields, all
// of the same length.
type osdColumns struct {
	count                       int32
	states, weights             []uint32
	addrs, cluster, back, front []msg.AddrVec
	infos                       []OSDInfo
	uuids                       []wire.UUID
	xinfos                      []OSDXInfo
}

func column[T any](d *wire.Decoder, c *osdColumns, itemBytes int, what string, item func() T) []T {
	list := wire.List(d, itemBytes, what, item)
	if d.Err() == nil && len(list) != int(c.count) {
		d.Fail(what, wire.ErrInvalid)
	}
	return list
}

func addrColumn(d *wire.Decoder, c *osdColumns, what string) []msg.AddrVec {
	return column(d, c, 5, what, func() msg.AddrVec { return msg.DecodeAddrVec(d) })
}

// rows are the OSDs, after all columns were read without an error.
func (c *osdColumns) rows() []OSD {
	if c.count == 0 {
		return nil
	}
	list := make([]OSD, c.count)
	for i := range list {
		list[i] = OSD{
			State: OSDState(c.states[i]), Weight: c.weights[i],
			Addrs: c.addrs[i], ClusterAddrs: c.cluster[i], BackAddrs: c.back[i], FrontAddrs: c.front[i],
			Info: c.infos[i], XInfo: c.xinfos[i], UUID: c.uuids[i],
		}
	}
	return list
}
