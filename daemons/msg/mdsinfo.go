package msg

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// MDSInfo is what a map says of one mds. (Ceph: src/mds/MDSMap.h.)
type MDSInfo struct {
	GID            uint64
	Name           string
	Rank           int32 // -1: none
	Incarnation    int32 // of the rank
	State          MDSState
	StateSeq       uint64 // of the beacon that announced the state
	Addrs          AddrVec
	LaggySince     wire.UTime // zero: not laggy
	ExportTargets  []int32    // ranks, ascending
	Features       uint64
	JoinFileSystem int32 // the one it prefers, by id; -1 for any
	Flags          uint64
	Compat         CompatSet
}

func (i *MDSInfo) encode(e *wire.Encoder, features uint64) {
	e.Envelope(10, 4, func() {
		e.U64(i.GID)
		e.String(i.Name)
		e.S32(i.Rank)
		e.S32(i.Incarnation)
		e.S32(int32(i.State))
		e.U64(i.StateSeq)
		i.Addrs.Encode(e, features)
		e.Time(i.LaggySince)
		e.S32(noRank)
		e.String("")
		encodeRanks(e, i.ExportTargets)
		e.U64(i.Features)
		e.S32(i.JoinFileSystem)
		e.Bool(false)
		e.U64(i.Flags)
		i.Compat.encode(e)
	})
}

// decodeMDSInfo reads an info as Nautilus and later write it.
func decodeMDSInfo(d *wire.Decoder) (i MDSInfo) {
	d.Envelope(10, "mds info", func(version uint8) {
		if version < 8 {
			d.Fail(fmt.Sprintf("mds info version %d, oldest known 8", version), ErrUnsupportedVersion)
			return
		}
		i.GID, i.Name, i.Rank, i.Incarnation = d.U64(), d.String(), d.S32(), d.S32()
		i.State, i.StateSeq = MDSState(d.S32()), d.U64()
		i.Addrs, i.LaggySince = DecodeAddrVec(d), d.Time()
		_, _ = d.S32(), d.View()
		i.ExportTargets = decodeRanks(d, "export targets")
		i.Features, i.JoinFileSystem, _ = d.U64(), d.S32(), d.Bool()
		if version >= 9 {
			i.Flags = d.U64()
		}
		if version >= 10 {
			i.Compat = decodeCompatSet(d)
		}
	})
	return i
}

func encodeMDSInfos(e *wire.Encoder, infos map[uint64]MDSInfo, features uint64) {
	wire.PutMap(e, infos, e.U64, func(i MDSInfo) { i.encode(e, features) })
}

func decodeMDSInfos(d *wire.Decoder, what string) map[uint64]MDSInfo {
	return wire.Map(d, 8+rawStructBytes, what, d.U64, func() MDSInfo { return decodeMDSInfo(d) })
}
