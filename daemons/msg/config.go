package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Config is the options that the monitors hold for their receiver.
type Config struct{ Options map[string]string }

// Type is TypeConfig.
func (*Config) Type() Type { return TypeConfig }

// Version is Pacific's.
func (*Config) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *Config) EncodePayload(e *wire.Encoder, _ uint64) { e.StringMap(m.Options) }

// DecodePayload implements Body.
func (m *Config) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Options = d.StringMap()
	return d.Err()
}

// KVData is a part of the monitors' key-value store, for a subscription to
// "kv:PREFIX".
type KVData struct {
	DataVersion uint64
	Prefix      string
	Incremental bool
	Data        map[string][]byte // nil stands for a key that is gone
}

// Type is TypeKVData.
func (*KVData) Type() Type { return TypeKVData }

// Version is Pacific's.
func (*KVData) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *KVData) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U64(m.DataVersion)
	e.String(m.Prefix)
	e.Bool(m.Incremental)
	wire.PutMap(e, m.Data, e.String, func(b []byte) {
		e.Bool(b != nil)
		if b != nil {
			e.Blob(b)
		}
	})
}

// DecodePayload implements Body.
func (m *KVData) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.DataVersion, m.Prefix, m.Incremental = d.U64(), d.String(), d.Bool()
	m.Data = wire.Map(d, 5, "key-value pairs", d.String, func() []byte { return decodeOptionalBlob(d) })
	return d.Err()
}

// decodeOptionalBlob tells an absent blob, nil, from an empty one.
func decodeOptionalBlob(d *wire.Decoder) []byte {
	if !d.Bool() {
		return nil
	}
	return append([]byte{}, d.View()...)
}
