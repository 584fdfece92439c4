package msg

import "github.com/wavetank/wavetank/daemons/wire"

// MonRaft carries the messages of the monitors' quorum, where Ceph's monitors
// exchange MMonElection and MMonPaxos. It is private to this project.
type MonRaft struct {
	Epoch uint64   // of the sender's monmap
	Msgs  [][]byte // marshalled raft messages, oldest first
}

// Type is TypeMonRaft.
func (*MonRaft) Type() Type { return TypeMonRaft }

// Version is 1.
func (*MonRaft) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonRaft) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U64(m.Epoch)
	e.U32(uint32(len(m.Msgs)))
	for _, b := range m.Msgs {
		e.Blob(b)
	}
}

// DecodePayload implements Body.
func (m *MonRaft) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Epoch = d.U64()
	m.Msgs = wire.List(d, 4, "raft messages", d.Blob)
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
