package msg

import "github.com/wavetank/wavetank/daemons/wire"

// MonCommand is an operator's command to the monitors. The answer repeats the
// header's tid.
type MonCommand struct {
	Paxos
	FSID wire.UUID
	Cmd  []string // one JSON text
}

// Type is TypeMonCommand.
func (*MonCommand) Type() Type { return TypeMonCommand }

// Version is Pacific's.
func (*MonCommand) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonCommand) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Paxos.encode(e)
	e.UUID(m.FSID)
	e.Strings(m.Cmd)
}

// DecodePayload implements Body.
func (m *MonCommand) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.FSID, m.Cmd = d.UUID(), d.Strings()
	return d.Err()
}

// MonCommandAck answers MonCommand; the output is the message's data section.
// MapVersion of its prefix is the version of the map that the command changed.
type MonCommandAck struct {
	Paxos
	Code   int32 // 0, or a negative errno
	Status string
	Cmd    []string
}

// Type is TypeMonCommandAck.
func (*MonCommandAck) Type() Type { return TypeMonCommandAck }

// Version is Pacific's.
func (*MonCommandAck) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonCommandAck) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Paxos.encode(e)
	e.S32(m.Code)
	e.String(m.Status)
	e.Strings(m.Cmd)
}

// DecodePayload implements Body.
func (m *MonCommandAck) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Paxos.decode(d)
	m.Code, m.Status, m.Cmd = d.S32(), d.String(), d.Strings()
	return d.Err()
}

// Command is a command to one daemon ("ceph tell").
type Command struct {
	FSID wire.UUID
	Cmd  []string // one JSON text
}

// Type is TypeCommand.
func (*Command) Type() Type { return TypeCommand }

// Version is Pacific's.
func (*Command) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *Command) EncodePayload(e *wire.Encoder, _ uint64) {
	e.UUID(m.FSID)
	e.Strings(m.Cmd)
}

// DecodePayload implements Body.
func (m *Command) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.FSID, m.Cmd = d.UUID(), d.Strings()
	return d.Err()
}

// CommandReply answers Command; the output is the message's data section.
type CommandReply struct {
	Code   int32 // 0, or a negative errno
	Status string
}

// NewCommandReply makes a CommandReply.
func NewCommandReply(code int32, status string) *CommandReply {
	return &CommandReply{Code: code, Status: status}
}

// Type is TypeCommandReply.
func (*CommandReply) Type() Type { return TypeCommandReply }

// Version is Pacific's.
func (*CommandReply) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *CommandReply) EncodePayload(e *wire.Encoder, _ uint64) {
	e.S32(m.Code)
	e.String(m.Status)
}

// DecodePayload implements Body.
func (m *CommandReply) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Code, m.Status = d.S32(), d.String()
	return d.Err()
}
