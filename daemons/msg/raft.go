package msg

import "github.com/wavetank/wavetank/daemons/wire"

// MonRaft carries the messages of the monitors' quorum, where Ceph's monitors
// exchange MMonElection and MMonPaxos. It is private to this project.
type MonRaft struct {
	FSID  wire.UUID
	Epoch uint64   // of the monmap that the sender has applied
	From  uint64   // the sender's number in the quorum
	To    uint64   // the receiver's
	Name  string   // the receiver's name, "a"; empty if the sender does not know it
	Msgs  [][]byte // marshalled raft messages, oldest first; none asks to be told of a removal
}

// Type is TypeMonRaft.
func (*MonRaft) Type() Type { return TypeMonRaft }

// Version is 1.
func (*MonRaft) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonRaft) EncodePayload(e *wire.Encoder, _ uint64) {
	e.UUID(m.FSID)
	e.U64(m.Epoch)
	e.U64(m.From)
	e.U64(m.To)
	e.String(m.Name)
	e.U32(uint32(len(m.Msgs)))
	for _, b := range m.Msgs {
		e.Blob(b)
	}
}

// DecodePayload implements Body.
func (m *MonRaft) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.FSID, m.Epoch, m.From, m.To, m.Name = d.UUID(), d.U64(), d.U64(), d.U64(), d.String()
	m.Msgs = wire.List(d, 4, "raft messages", d.Blob)
	return d.Err()
}

// MonRemoved tells a monitor that it is no member of the quorum any more, where
// Ceph's learn that from the monmap in an answer to their probes. It is private to
// this project.
type MonRemoved struct {
	FSID  wire.UUID
	Epoch uint64 // of the monmap that the sender has applied
	From  uint64 // the sender's number in the quorum
	To    uint64 // the number that is removed
	Mons  uint32 // how many monitors that monmap has
}

// Type is TypeMonRemoved.
func (*MonRemoved) Type() Type { return TypeMonRemoved }

// Version is 1.
func (*MonRemoved) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonRemoved) EncodePayload(e *wire.Encoder, _ uint64) {
	e.UUID(m.FSID)
	e.U64(m.Epoch)
	e.U64(m.From)
	e.U64(m.To)
	e.U32(m.Mons)
}

// DecodePayload implements Body.
func (m *MonRemoved) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.FSID, m.Epoch, m.From, m.To, m.Mons = d.UUID(), d.U64(), d.U64(), d.U64(), d.U32()
	return d.Err()
}

// Ping is the smallest message: it has no front.
type Ping struct{}

// Type is TypePing.
func (*Ping) Type() Type { return TypePing }

// Version is Pacific's.
func (*Ping) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (*Ping) EncodePayload(*wire.Encoder, uint64) {}

// DecodePayload implements Body.
func (*Ping) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error { return d.Err() }
