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
	Period     uint32 // seconds
	Threshold  uint32
	OSDQueries []OSDMetricQuery
	Metric     *MetricPayload // a query of metrics, nil for none
}

// Type is TypeMgrConfigure.
func (*MgrConfigure) Type() Type { return TypeMgrConfigure }

// Version is Pacific's.
func (*MgrConfigure) Version() (head, compat uint16) { return 4, 1 }

// EncodePayload implements Body.
func (m *MgrConfigure) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U32(m.Period)
	e.U32(m.Threshold)
	encodeOSDMetricQueries(e, m.OSDQueries)
	encodeOptionalMetric(e, m.Metric)
}

// DecodePayload implements Body.
func (m *MgrConfigure) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.Period = d.U32()
	if version >= 2 {
		m.Threshold = d.U32()
	}
	if version >= 3 {
		m.OSDQueries = decodeOSDMetricQueries(d)
	}
	if version >= 4 {
		m.Metric = decodeOptionalMetric(d)
	}
	return d.Err()
}

// What a counter is, as bits of its type (perfcounter_type_d in
// src/common/perf_counters.h).
const (
	CounterTime      uint8 = 1  // nanoseconds
	CounterU64       uint8 = 2  // a number
	CounterAverage   uint8 = 4  // a sum, and of how many
	CounterGrows     uint8 = 8  // it only grows; otherwise it is a gauge
	CounterHistogram uint8 = 16 // reported by other means
)

// What a counter counts (unit_t, in the same place).
const (
	CounterBytes uint8 = 0
	CounterNone  uint8 = 1 // a number of something else
)

// How much a counter matters (PRIO_USEFUL and its like, in the same place). Managers
// want to hear of those from CounterUseful on.
const (
	CounterDebugOnly   uint8 = 0
	CounterUseful      uint8 = 5
	CounterInteresting uint8 = 8
)

// CounterType declares a performance counter. (Ceph: src/messages/MMgrReport.h.)
type CounterType struct {
	Path, Description, Nick string
	Type, Priority, Unit    uint8
}

func (c *CounterType) encode(e *wire.Encoder) {
	e.Envelope(3, 1, func() {
		e.String(c.Path)
		e.String(c.Description)
		e.String(c.Nick)
		e.U8(c.Type)
		e.U8(c.Priority)
		e.U8(c.Unit)
	})
}

func decodeCounterType(d *wire.Decoder) (c CounterType) {
	d.Envelope(3, "counter type", func(version uint8) {
		c.Path, c.Description, c.Nick, c.Type = d.String(), d.String(), d.String(), d.U8()
		c.Priority = CounterUseful // it was declared without one
		if version >= 2 {
			c.Priority = d.U8()
		}
		if version >= 3 {
			c.Unit = d.U8()
		}
	})
	return c
}

// What a DaemonHealthMetric is about (daemon_metric in src/mgr/DaemonHealthMetric.h): the
// first half of the value counts, the second is seconds.
const (
	MetricSlowOps    uint8 = 0
	MetricPendingPGs uint8 = 1
)

// DaemonHealthMetric is a number that tells how a daemon fares. (Ceph:
// src/mgr/DaemonHealthMetric.h.)
type DaemonHealthMetric struct {
	Type  uint8
	Value uint64
}

func (h *DaemonHealthMetric) encode(e *wire.Encoder) {
	e.Envelope(1, 1, func() {
		e.U8(h.Type)
		e.U64(h.Value)
	})
}

func decodeDaemonHealthMetric(d *wire.Decoder) (h DaemonHealthMetric) {
	d.Envelope(1, "daemon health metric", func(uint8) { h.Type, h.Value = d.U8(), d.U64() })
	return h
}

// MgrReport is a daemon's report to the active manager.
type MgrReport struct {
	DaemonName  string
	Declared    []CounterType     // not reported before
	Packed      []byte            // the values of all declared counters, in order
	Undeclared  []string          // counters that are gone, by path
	ServiceName string            // "mon" for a monitor; empty for mds and osd
	Status      map[string]string // nil: absent
	Health      []DaemonHealthMetric
	Config      []byte // encoded
	OSDMetrics  []OSDMetricReport
	TaskStatus  map[string]string // nil: absent
	Metric      *MetricPayload    // nil: absent
}

// Type is TypeMgrReport.
func (*MgrReport) Type() Type { return TypeMgrReport }

// Version is Pacific's.
func (*MgrReport) Version() (head, compat uint16) { return 9, 1 }

// EncodePayload implements Body.
func (m *MgrReport) EncodePayload(e *wire.Encoder, _ uint64) {
	e.String(m.DaemonName)
	e.U32(uint32(len(m.Declared)))
	for i := range m.Declared {
		m.Declared[i].encode(e)
	}
	e.Blob(m.Packed)
	e.Strings(m.Undeclared)
	e.String(m.ServiceName)
	encodeOptionalMap(e, m.Status)
	e.U32(uint32(len(m.Health)))
	for i := range m.Health {
		m.Health[i].encode(e)
	}
	e.Blob(m.Config)
	encodeOSDMetricReports(e, m.OSDMetrics)
	encodeOptionalMap(e, m.TaskStatus)
	encodeOptionalMetric(e, m.Metric)
}

// DecodePayload implements Body.
func (m *MgrReport) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.DaemonName = d.String()
	m.Declared = wire.List(d, rawStructBytes, "counter types", func() CounterType { return decodeCounterType(d) })
	m.Packed = d.Blob()
	if version >= 2 {
		m.Undeclared = d.Strings()
	}
	if version >= 3 {
		m.ServiceName, m.Status = d.String(), decodeOptionalMap(d)
	}
	m.decodeLater(d, version)
	return d.Err()
}

// decodeLater reads what versions after 3 have added.
func (m *MgrReport) decodeLater(d *wire.Decoder, version uint16) {
	if version >= 5 {
		m.Health = wire.List(d, rawStructBytes, "daemon health metrics",
			func() DaemonHealthMetric { return decodeDaemonHealthMetric(d) })
	}
	if version >= 6 {
		m.Config = d.Blob()
	}
	if version >= 7 {
		m.OSDMetrics = decodeOSDMetricReports(d)
	}
	if version >= 8 {
		m.TaskStatus = decodeOptionalMap(d)
	}
	if version >= 9 {
		m.Metric = decodeOptionalMetric(d)
	}
}

// encodeOptionalMap tells an absent map, nil, from an empty one.
func encodeOptionalMap(e *wire.Encoder, m map[string]string) {
	e.Bool(m != nil)
	if m != nil {
		e.StringMap(m)
	}
}

func decodeOptionalMap(d *wire.Decoder) map[string]string {
	if !d.Bool() {
		return nil
	}
	if m := d.StringMap(); m != nil {
		return m
	}
	return map[string]string{}
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
