package msg

import "github.com/wavetank/wavetank/daemons/wire"

// ProgressEvent is something that takes its time. (Ceph: src/mon/mon_types.h.)
type ProgressEvent struct {
	Message     string
	Progress    float32 // 0 to 1
	AddToStatus bool    // shown by "ceph -s"
}

func (p *ProgressEvent) encode(e *wire.Encoder) {
	e.Envelope(2, 1, func() {
		e.String(p.Message)
		e.F32(p.Progress)
		e.Bool(p.AddToStatus)
	})
}

func decodeProgressEvent(d *wire.Decoder) (p ProgressEvent) {
	d.Envelope(2, "progress event", func(version uint8) {
		p.Message, p.Progress = d.String(), d.F32()
		p.AddToStatus = p.Message != ""
		if version >= 2 {
			p.AddToStatus = d.Bool()
		}
	})
	return p
}

// MonMgrReport is the active manager's report to the monitors. The message's data
// is a digest of the placement groups, which stays encoded. (Ceph:
// src/messages/MMonMgrReport.h.)
type MonMgrReport struct {
	Paxos
	Checks   map[string]HealthCheck   // by code, "TOO_FEW_OSDS"
	Services *ServiceMap              // nil if it has not changed
	Progress map[string]ProgressEvent // by id
	GID      uint64                   // the manager's
}

// Type is TypeMonMgrReport.
func (*MonMgrReport) Type() Type { return TypeMonMgrReport }

// Version is Pacific's.
func (*MonMgrReport) Version() (head, compat uint16) { return 3, 1 }

// EncodePayload implements Body.
func (m *MonMgrReport) EncodePayload(e *wire.Encoder, features uint64) {
	m.Paxos.encode(e)
	encodeHealthChecks(e, m.Checks)
	e.Framed(func() {
		if m.Services != nil {
			m.Services.encode(e, features)
		}
	})
	wire.PutMap(e, m.Progress, e.String, func(p ProgressEvent) { p.encode(e) })
	e.U64(m.GID)
}

// DecodePayload implements Body.
func (m *MonMgrReport) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.Checks = decodeHealthChecks(d)
	d.Framed("service map", func() {
		if d.Remaining() > 0 {
			m.Services = &ServiceMap{}
			m.Services.decode(d)
		}
	})
	if version >= 2 {
		m.Progress = wire.Map(d, 4+rawStructBytes, "progress events", d.String,
			func() ProgressEvent { return decodeProgressEvent(d) })
	}
	if version >= 3 {
		m.GID = d.U64()
	}
	return d.Err()
}
