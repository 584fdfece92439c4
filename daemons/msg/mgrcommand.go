package msg

import "github.com/wavetank/wavetank/daemons/wire"

// MgrCommand is a command to the active manager, encoded like Command.
type MgrCommand Command

// Type is TypeMgrCommand.
func (*MgrCommand) Type() Type { return TypeMgrCommand }

// Version is Pacific's.
func (*MgrCommand) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MgrCommand) EncodePayload(e *wire.Encoder, features uint64) {
	(*Command)(m).EncodePayload(e, features)
}

// DecodePayload implements Body.
func (m *MgrCommand) DecodePayload(d *wire.Decoder, version uint16, features uint64) error {
	return (*Command)(m).DecodePayload(d, version, features)
}

// MgrCommandReply answers MgrCommand; the output is the message's data section.
// It is encoded like CommandReply.
type MgrCommandReply CommandReply

// NewMgrCommandReply makes a MgrCommandReply.
func NewMgrCommandReply(code int32, status string) *MgrCommandReply {
	return &MgrCommandReply{Code: code, Status: status}
}

// Type is TypeMgrCommandReply.
func (*MgrCommandReply) Type() Type { return TypeMgrCommandReply }

// Version is Pacific's.
func (*MgrCommandReply) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MgrCommandReply) EncodePayload(e *wire.Encoder, features uint64) {
	(*CommandReply)(m).EncodePayload(e, features)
}

// DecodePayload implements Body.
func (m *MgrCommandReply) DecodePayload(d *wire.Decoder, version uint16, features uint64) error {
	return (*CommandReply)(m).DecodePayload(d, version, features)
}
