package msg

import "github.com/wavetank/wavetank/daemons/wire"

// GetConfig asks for the options of somebody, who need not be the sender; Config
// answers. (Ceph: src/messages/MGetConfig.h; not among the captured messages.)
type GetConfig struct {
	Name        AuthName
	Host        string
	DeviceClass string // of an OSD
}

// Type is TypeGetConfig.
func (*GetConfig) Type() Type { return TypeGetConfig }

// Version is Pacific's.
func (*GetConfig) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *GetConfig) EncodePayload(e *wire.Encoder, _ uint64) {
	m.Name.Encode(e)
	e.String(m.Host)
	e.String(m.DeviceClass)
}

// DecodePayload implements Body.
func (m *GetConfig) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Name, m.Host, m.DeviceClass = DecodeAuthName(d), d.String(), d.String()
	return d.Err()
}
