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
func (m *MonCommand) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) {
	m.Paxos.decode(d)
	m.FSID, m.Cmd = d.UUID(), d.Strings()
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
func (m *MonCommandAck) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) {
	m.Paxos.decode(d)
	m.Code, m.Status, m.Cmd = d.S32(), d.String(), d.Strings()
}

// commandPayload is what the commands to other daemons share.
type commandPayload struct {
	FSID wire.UUID
	Cmd  []string
}

// EncodePayload implements Body.
func (m *commandPayload) EncodePayload(e *wire.Encoder, _ uint64) {
	e.UUID(m.FSID)
	e.Strings(m.Cmd)
}

// DecodePayload implements Body.
func (m *commandPayload) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) {
	m.FSID, m.Cmd = d.UUID(), d.Strings()
}

// Version is Pacific's.
func (*commandPayload) Version() (head, compat uint16) { return 1, 1 }

// replyPayload is what their answers share; the output is the data section.
type replyPayload struct {
	Code   int32
	Status string
}

// EncodePayload implements Body.
func (m *replyPayload) EncodePayload(e *wire.Encoder, _ uint64) {
	e.S32(m.Code)
	e.String(m.Status)
}

// DecodePayload implements Body.
func (m *replyPayload) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) {
	m.Code, m.Status = d.S32(), d.String()
}

// Version is Pacific's.
func (*replyPayload) Version() (head, compat uint16) { return 1, 1 }

// Command is a command to one daemon ("ceph tell").
type Command struct{ commandPayload }

// NewCommand makes a Command.
func NewCommand(fsid wire.UUID, cmd ...string) *Command {
	return &Command{commandPayload{FSID: fsid, Cmd: cmd}}
}

// Type is TypeCommand.
func (*Command) Type() Type { return TypeCommand }

// CommandReply answers Command.
type CommandReply struct{ replyPayload }

// NewCommandReply makes a CommandReply.
func NewCommandReply(code int32, status string) *CommandReply {
	return &CommandReply{replyPayload{Code: code, Status: status}}
}

// Type is TypeCommandReply.
func (*CommandReply) Type() Type { return TypeCommandReply }

// MgrCommand is a command to the active manager.
type MgrCommand struct{ commandPayload }

// Type is TypeMgrCommand.
func (*MgrCommand) Type() Type { return TypeMgrCommand }

// MgrCommandReply answers MgrCommand.
type MgrCommandReply struct{ replyPayload }

// NewMgrCommandReply makes a MgrCommandReply.
func NewMgrCommandReply(code int32, status string) *MgrCommandReply {
	return &MgrCommandReply{replyPayload{Code: code, Status: status}}
}

// Type is TypeMgrCommandReply.
func (*MgrCommandReply) Type() Type { return TypeMgrCommandReply }
