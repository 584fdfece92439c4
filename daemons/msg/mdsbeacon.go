package msg

import "github.com/wavetank/wavetank/daemons/wire"

// MDSHealthMetric is something that an mds complains of.
type MDSHealthMetric struct {
	Type     uint16
	Severity uint8 // as in HealthCheck
	Message  string
	Metadata map[string]string
}

func (h *MDSHealthMetric) encode(e *wire.Encoder) {
	e.Envelope(1, 1, func() {
		e.U16(h.Type)
		e.U8(h.Severity)
		e.String(h.Message)
		e.StringMap(h.Metadata)
	})
}

func decodeMDSHealthMetric(d *wire.Decoder) (h MDSHealthMetric) {
	d.Envelope(1, "mds health metric", func(uint8) {
		h.Type, h.Severity, h.Message, h.Metadata = d.U16(), d.U8(), d.String(), d.StringMap()
	})
	return h
}

// What is written where a beacon, and an MDSInfo, had a preference of a rank or
// file system to stand by for. Nobody reads it any more.
const (
	noRank       int32 = -1
	noFileSystem int32 = -1
)

// MDSBeacon is an mds's sign of life, in which it asks for a state, and the
// monitors' answer with the same State and Seq once that is committed. (Ceph:
// src/messages/MMDSBeacon.h.)
type MDSBeacon struct {
	Paxos
	FSID       wire.UUID
	GID        uint64
	State      MDSState
	Seq        uint64 // rises with each beacon
	Name       string
	Compat     CompatSet // empty in an answer
	Health     []MDSHealthMetric
	SysInfo    map[string]string // sent if State is MDSBoot, and only then
	Features   uint64
	FileSystem string // the one that the mds wants to serve, "" for any
}

// Type is TypeMDSBeacon.
func (*MDSBeacon) Type() Type { return TypeMDSBeacon }

// Version is Pacific's.
func (*MDSBeacon) Version() (head, compat uint16) { return 8, 6 }

// EncodePayload implements Body.
func (m *MDSBeacon) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Paxos.encode(e)
	e.UUID(m.FSID)
	e.U64(m.GID)
	e.S32(int32(m.State))
	e.U64(m.Seq)
	e.String(m.Name)
	e.S32(noRank)
	e.String("")
	m.Compat.encode(e)
	e.Envelope(1, 1, func() {
		e.U32(uint32(len(m.Health)))
		for i := range m.Health {
			m.Health[i].encode(e)
		}
	})
	if m.State == MDSBoot {
		e.StringMap(m.SysInfo)
	}
	e.U64(m.Features)
	e.S32(noFileSystem)
	e.Bool(false)
	e.String(m.FileSystem)
}

// DecodePayload implements Body.
func (m *MDSBeacon) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 6 {
		d.Fail("mds beacon version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.Paxos.decode(d)
	m.FSID, m.GID, m.State = d.UUID(), d.U64(), MDSState(d.S32())
	m.Seq, m.Name = d.U64(), d.String()
	_, _ = d.S32(), d.View()
	m.Compat = decodeCompatSet(d)
	d.Envelope(1, "mds health", func(uint8) {
		m.Health = wire.List(d, rawStructBytes, "mds health metrics",
			func() MDSHealthMetric { return decodeMDSHealthMetric(d) })
	})
	if m.State == MDSBoot {
		m.SysInfo = d.StringMap()
	}
	m.Features, _ = d.U64(), d.S32()
	if version >= 7 {
		d.Bool()
	}
	if version >= 8 {
		m.FileSystem = d.String()
	}
	return d.Err()
}
