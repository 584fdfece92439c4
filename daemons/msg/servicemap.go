package msg

import "github.com/wavetank/wavetank/daemons/wire"

// ServiceDaemon is one daemon of a Service. (Ceph: src/mgr/ServiceMap.h.)
type ServiceDaemon struct {
	GID        uint64
	Addr       EntityAddr
	StartEpoch uint32 // of the service map
	StartStamp wire.UTime
	Metadata   map[string]string
	TaskStatus map[string]string
}

func (s *ServiceDaemon) encode(e *wire.Encoder, features uint64) {
	e.Envelope(2, 1, func() {
		e.U64(s.GID)
		s.Addr.Encode(e, features)
		e.U32(s.StartEpoch)
		e.Time(s.StartStamp)
		e.StringMap(s.Metadata)
		e.StringMap(s.TaskStatus)
	})
}

func decodeServiceDaemon(d *wire.Decoder) (s ServiceDaemon) {
	d.Envelope(2, "service daemon", func(version uint8) {
		s.GID, s.Addr, s.StartEpoch, s.StartStamp = d.U64(), DecodeEntityAddr(d), d.U32(), d.Time()
		s.Metadata = d.StringMap()
		if version >= 2 {
			s.TaskStatus = d.StringMap()
		}
	})
	return s
}

// Service is one service of a ServiceMap, such as "rgw".
type Service struct {
	Daemons map[string]ServiceDaemon // by name
	Summary string
}

func (s *Service) encode(e *wire.Encoder, features uint64) {
	e.Envelope(1, 1, func() {
		wire.PutMap(e, s.Daemons, e.String, func(daemon ServiceDaemon) { daemon.encode(e, features) })
		e.String(s.Summary)
	})
}

func decodeService(d *wire.Decoder) (s Service) {
	d.Envelope(1, "service", func(uint8) {
		s.Daemons = wire.Map(d, 4+rawStructBytes, "service daemons", d.String,
			func() ServiceDaemon { return decodeServiceDaemon(d) })
		s.Summary = d.String()
	})
	return s
}

// ServiceMap is the map of service daemons, those that are neither monitor,
// manager, mds nor OSD, and the message that carries it.
type ServiceMap struct {
	Epoch    uint32
	Modified wire.UTime
	Services map[string]Service // by name
}

// Type is TypeServiceMap.
func (*ServiceMap) Type() Type { return TypeServiceMap }

// Version is Pacific's.
func (*ServiceMap) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *ServiceMap) EncodePayload(e *wire.Encoder, features uint64) { m.encode(e, features) }

// DecodePayload implements Body.
func (m *ServiceMap) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.decode(d)
	return d.Err()
}

func (m *ServiceMap) encode(e *wire.Encoder, features uint64) {
	e.Envelope(1, 1, func() {
		e.U32(m.Epoch)
		e.Time(m.Modified)
		wire.PutMap(e, m.Services, e.String, func(s Service) { s.encode(e, features) })
	})
}

func (m *ServiceMap) decode(d *wire.Decoder) {
	d.Envelope(1, "service map", func(uint8) {
		m.Epoch, m.Modified = d.U32(), d.Time()
		m.Services = wire.Map(d, 4+rawStructBytes, "services", d.String, func() Service { return decodeService(d) })
	})
}
