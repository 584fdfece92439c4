package msg

import "github.com/wavetank/wavetank/daemons/wire"

// MgrOpen begins a daemon's reports to the active manager.
type MgrOpen struct {
	DaemonName     string
	ServiceName    string // "mon" for a monitor; empty for mds and osd
	ServiceDaemon  bool
	Metadata       map[string]string // of a service daemon
	Status         map[string]string // of a service daemon
	Config         []byte
	ConfigDefaults []byte
}

// Type is TypeMgrOpen.
func (*MgrOpen) Type() Type { return TypeMgrOpen }

// Version is Pacific's.
func (*MgrOpen) Version() (head, compat uint16) { return 3, 1 }

// EncodePayload implements Body.
func (m *MgrOpen) EncodePayload(e *wire.Encoder, _ uint64) {
	e.String(m.DaemonName)
	e.String(m.ServiceName)
	e.Bool(m.ServiceDaemon)
	if m.ServiceDaemon {
		e.StringMap(m.Metadata)
		e.StringMap(m.Status)
	}
	e.Blob(m.Config)
	e.Blob(m.ConfigDefaults)
}

// DecodePayload implements Body.
func (m *MgrOpen) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.DaemonName = d.String()
	if version >= 2 {
		m.ServiceName, m.ServiceDaemon = d.String(), d.Bool()
		if m.ServiceDaemon {
			m.Metadata, m.Status = d.StringMap(), d.StringMap()
		}
	}
	if version >= 3 {
		m.Config, m.ConfigDefaults = d.Blob(), d.Blob()
	}
	return d.Err()
}

// MgrConfigure tells a daemon how often, and from which priority on, to report.
type MgrConfigure struct {
	Period    uint32 // seconds
	Threshold uint32
	Rest      []byte // queries of metrics, kept as they were read
}

// Type is TypeMgrConfigure.
func (*MgrConfigure) Type() Type { return TypeMgrConfigure }

// Version is Pacific's.
func (*MgrConfigure) Version() (head, compat uint16) { return 4, 1 }

// noQueries is the end of a MgrConfigure that asks for no metrics: an empty map
// and an absent value.
const noQueries = "\x00\x00\x00\x00\x00"

// EncodePayload implements Body.
func (m *MgrConfigure) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U32(m.Period)
	e.U32(m.Threshold)
	if m.Rest == nil {
		e.Raw([]byte(noQueries))
		return
	}
	e.Raw(m.Rest)
}

// DecodePayload implements Body.
func (m *MgrConfigure) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Period, m.Threshold = d.U32(), d.U32()
	m.Rest = append([]byte{}, d.Raw(d.Remaining())...)
	return d.Err()
}

// MgrReport is a daemon's report to the active manager. Counters and everything
// after the daemon's name are kept as they were read.
type MgrReport struct {
	DaemonName string
	Rest       []byte
}

// Type is TypeMgrReport.
func (*MgrReport) Type() Type { return TypeMgrReport }

// Version is Pacific's.
func (*MgrReport) Version() (head, compat uint16) { return 9, 1 }

// EncodePayload implements Body.
func (m *MgrReport) EncodePayload(e *wire.Encoder, _ uint64) {
	e.String(m.DaemonName)
	e.Raw(m.Rest)
}

// DecodePayload implements Body.
func (m *MgrReport) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.DaemonName = d.String()
	m.Rest = append([]byte{}, d.Raw(d.Remaining())...)
	return d.Err()
}

// MgrClose ends a daemon's reports. (Ceph: src/messages/MMgrClose.h; not among the
// captured messages.)
type MgrClose struct{ DaemonName, ServiceName string }

// Type is TypeMgrClose.
func (*MgrClose) Type() Type { return TypeMgrClose }

// Version is Pacific's.
func (*MgrClose) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MgrClose) EncodePayload(e *wire.Encoder, _ uint64) {
	e.String(m.DaemonName)
	e.String(m.ServiceName)
}

// DecodePayload implements Body.
func (m *MgrClose) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.DaemonName, m.ServiceName = d.String(), d.String()
	return d.Err()
}

// MgrDigest is the state of the monitors for the active manager, as JSON.
type MgrDigest struct{ MonStatus, Health []byte }

// Type is TypeMgrDigest.
func (*MgrDigest) Type() Type { return TypeMgrDigest }

// Version is Pacific's.
func (*MgrDigest) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MgrDigest) EncodePayload(e *wire.Encoder, _ uint64) {
	e.Blob(m.MonStatus)
	e.Blob(m.Health)
}

// DecodePayload implements Body.
func (m *MgrDigest) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.MonStatus, m.Health = d.Blob(), d.Blob()
	return d.Err()
}

// ServiceMap is the map of service daemons; the services are kept as they were
// read.
type ServiceMap struct {
	Epoch    uint32
	Modified wire.UTime
	Services []byte // an encoded map; nil is an empty one
}

// Type is TypeServiceMap.
func (*ServiceMap) Type() Type { return TypeServiceMap }

// Version is Pacific's.
func (*ServiceMap) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *ServiceMap) EncodePayload(e *wire.Encoder, _ uint64) {
	e.Envelope(1, 1, func() {
		e.U32(m.Epoch)
		e.Time(m.Modified)
		if m.Services == nil {
			e.U32(0)
			return
		}
		e.Raw(m.Services)
	})
}

// DecodePayload implements Body.
func (m *ServiceMap) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	d.Envelope(1, "service map", func(uint8) {
		m.Epoch, m.Modified = d.U32(), d.Time()
		m.Services = append([]byte{}, d.Raw(d.Remaining())...)
	})
	return d.Err()
}
