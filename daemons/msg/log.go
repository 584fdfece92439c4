package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Levels of a LogEntry.
const (
	LogDebug    uint16 = 0
	LogInfo     uint16 = 1
	LogSecurity uint16 = 2
	LogWarning  uint16 = 3
	LogError    uint16 = 4
)

// LogEntry is one line of the cluster log.
type LogEntry struct {
	Name    AuthName
	Rank    EntityName
	Addrs   AddrVec
	Stamp   wire.UTime
	Seq     uint64
	Level   uint16
	Text    string
	Channel string // "cluster", "audit"
}

// Encode appends the entry.
func (l *LogEntry) Encode(e *wire.Encoder, features uint64) {
	e.Envelope(5, 5, func() {
		l.Name.Encode(e)
		l.Rank.encode(e)
		l.Addrs.Encode(e, features)
		e.Time(l.Stamp)
		e.U64(l.Seq)
		e.U16(l.Level)
		e.String(l.Text)
		e.String(l.Channel)
	})
}

// DecodeLogEntry reads what Encode wrote. The error is the decoder's.
func DecodeLogEntry(d *wire.Decoder) (l LogEntry) {
	d.Envelope(5, "log entry", func(uint8) {
		l.Name = DecodeAuthName(d)
		l.Rank = decodeEntityName(d)
		l.Addrs = DecodeAddrVec(d)
		l.Stamp, l.Seq, l.Level = d.Time(), d.U64(), d.U16()
		l.Text, l.Channel = d.String(), d.String()
	})
	return l
}

// Log brings lines for the cluster log to a monitor. A daemon repeats those that
// were not acknowledged.
type Log struct {
	Paxos
	FSID    wire.UUID
	Entries []LogEntry
}

// Type is TypeLog.
func (*Log) Type() Type { return TypeLog }

// Version is Pacific's.
func (*Log) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *Log) EncodePayload(e *wire.Encoder, features uint64) {
	m.Paxos.encode(e)
	e.UUID(m.FSID)
	e.U32(uint32(len(m.Entries)))
	for i := range m.Entries {
		m.Entries[i].Encode(e, features)
	}
}

// DecodePayload implements Body.
func (m *Log) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.FSID = d.UUID()
	m.Entries = wire.List(d, 6, "log entries", func() LogEntry { return DecodeLogEntry(d) })
	return d.Err()
}

// LogAck acknowledges log lines up to Last.
type LogAck struct {
	FSID    wire.UUID
	Last    uint64
	Channel string
}

// Type is TypeLogAck.
func (*LogAck) Type() Type { return TypeLogAck }

// Version is Pacific's.
func (*LogAck) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *LogAck) EncodePayload(e *wire.Encoder, _ uint64) {
	e.UUID(m.FSID)
	e.U64(m.Last)
	e.String(m.Channel)
}

// DecodePayload implements Body.
func (m *LogAck) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.FSID, m.Last, m.Channel = d.UUID(), d.U64(), d.String()
	return d.Err()
}
