package osdmap

import (
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// OSD is what the map says of one OSD.
type OSD struct {
	State  OSDState
	Weight uint32 // share of data; 0: out, WeightIn: all in

	Addrs        msg.AddrVec // for clients
	ClusterAddrs msg.AddrVec
	BackAddrs    msg.AddrVec // of heartbeats
	FrontAddrs   msg.AddrVec

	Info  OSDInfo
	XInfo OSDXInfo
	UUID  wire.UUID
}

// Up reports whether the OSD is up.
func (o *OSD) Up() bool { return o.State&StateUp != 0 }

// In reports whether the OSD is to hold data.
func (o *OSD) In() bool { return o.Weight != 0 }

// OSDState is a set of what holds for an OSD.
type OSDState uint32

// The states. (Ceph: src/include/rados.h.)
const (
	StateExists       OSDState = 1 << 0
	StateUp           OSDState = 1 << 1
	StateAutoOut      OSDState = 1 << 2 // marked out by the monitors
	StateNew          OSDState = 1 << 3
	StateFull         OSDState = 1 << 4
	StateNearfull     OSDState = 1 << 5
	StateBackfillfull OSDState = 1 << 6
	StateDestroyed    OSDState = 1 << 7
	StateNoUp         OSDState = 1 << 8
	StateNoDown       OSDState = 1 << 9
	StateNoIn         OSDState = 1 << 10
	StateNoOut        OSDState = 1 << 11
	StateStop         OSDState = 1 << 12
)

// WeightIn is the weight of an OSD that takes its full share.
const WeightIn uint32 = 0x10000

// AffinityDefault is the primary affinity of an OSD that was given no other.
const AffinityDefault uint32 = 0x10000

// OSDInfo is the history of an OSD, in epochs.
type OSDInfo struct {
	LastCleanBegin, LastCleanEnd uint32
	UpFrom                       uint32 // it has been up since
	UpThru                       uint32 // it is known to have been alive in
	DownAt                       uint32 // it was marked down in
	LostAt                       uint32
}

const osdInfoBytes = 1 + 6*4

func encodeOSDInfo(e *wire.Encoder, i OSDInfo) {
	e.U8(1)
	for _, v := range [...]uint32{i.LastCleanBegin, i.LastCleanEnd, i.UpFrom, i.UpThru, i.DownAt, i.LostAt} {
		e.U32(v)
	}
}

func decodeOSDInfo(d *wire.Decoder) OSDInfo {
	if v := d.U8(); v != 1 && d.Err() == nil {
		d.Fail("osd info version", wire.ErrInvalid)
	}
	return OSDInfo{
		LastCleanBegin: d.U32(), LastCleanEnd: d.U32(), UpFrom: d.U32(), UpThru: d.U32(), DownAt: d.U32(), LostAt: d.U32(),
	}
}

// OSDXInfo is what monitors remember of an OSD beyond its history.
type OSDXInfo struct {
	DownStamp            wire.UTime
	LaggyProbability     uint32 // of 2^32 - 1
	LaggyInterval        uint32 // seconds
	Features             uint64
	OldWeight            uint32 // before it was marked out automatically
	LastPurgedSnapsScrub wire.UTime
	DeadEpoch            uint32
}

const osdXInfoBytes = 6 + 28

func encodeOSDXInfo(e *wire.Encoder, x OSDXInfo) {
	e.Envelope(4, 1, func() {
		e.Time(x.DownStamp)
		e.U32(x.LaggyProbability)
		e.U32(x.LaggyInterval)
		e.U64(x.Features)
		e.U32(x.OldWeight)
		e.Time(x.LastPurgedSnapsScrub)
		e.U32(x.DeadEpoch)
	})
}

func decodeOSDXInfo(d *wire.Decoder) (x OSDXInfo) {
	d.Envelope(4, "osd xinfo", func(version uint8) {
		x.DownStamp, x.LaggyProbability, x.LaggyInterval = d.Time(), d.U32(), d.U32()
		x.Features, x.OldWeight = d.U64(), d.U32()
		if version >= 4 {
			x.LastPurgedSnapsScrub, x.DeadEpoch = d.Time(), d.U32()
		}
	})
	return x
}
