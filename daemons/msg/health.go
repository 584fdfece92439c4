package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Severities of a HealthCheck. (Ceph: src/include/health.h.)
const (
	HealthErr  uint8 = 0
	HealthWarn uint8 = 1
	HealthOK   uint8 = 2
)

// HealthCheck is one thing that is wrong with a cluster. (Ceph:
// src/mon/health_check.h.)
type HealthCheck struct {
	Severity uint8 // HealthErr or HealthWarn
	Summary  string
	Detail   []string
	Count    int64 // how many things it concerns
}

// Encode appends the check.
func (c *HealthCheck) Encode(e *wire.Encoder) {
	e.Envelope(2, 1, func() {
		e.U8(c.Severity)
		e.String(c.Summary)
		e.Strings(c.Detail)
		e.S64(c.Count)
	})
}

// DecodeHealthCheck reads what Encode wrote. The error is the decoder's.
func DecodeHealthCheck(d *wire.Decoder) (c HealthCheck) {
	d.Envelope(2, "health check", func(version uint8) {
		c.Severity, c.Summary, c.Detail = d.U8(), d.String(), d.Strings()
		if version >= 2 {
			c.Count = d.S64()
		}
	})
	return c
}

func encodeHealthChecks(e *wire.Encoder, checks map[string]HealthCheck) {
	e.Envelope(1, 1, func() {
		wire.PutMap(e, checks, e.String, func(c HealthCheck) { c.Encode(e) })
	})
}

func decodeHealthChecks(d *wire.Decoder) (checks map[string]HealthCheck) {
	d.Envelope(1, "health checks", func(uint8) {
		checks = wire.Map(d, 4+rawStructBytes, "health checks", d.String,
			func() HealthCheck { return DecodeHealthCheck(d) })
	})
	return checks
}

// MonHealthChecks brings the leader what a peon finds wrong with itself. (Ceph:
// src/messages/MMonHealthChecks.h.)
type MonHealthChecks struct {
	Paxos
	Checks map[string]HealthCheck // by code, "MON_DISK_LOW"
}

// Type is TypeMonHealthChecks.
func (*MonHealthChecks) Type() Type { return TypeMonHealthChecks }

// Version is Pacific's.
func (*MonHealthChecks) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonHealthChecks) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Paxos.encode(e)
	encodeHealthChecks(e, m.Checks)
}

// DecodePayload implements Body.
func (m *MonHealthChecks) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.Checks = decodeHealthChecks(d)
	return d.Err()
}
