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
func (m *Config) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) { m.Options = d.StringMap() }

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
	e.U32(uint32(len(m.Data)))
	for _, k := range wire.SortedKeys(m.Data) {
		e.String(k)
		e.Bool(m.Data[k] != nil)
		if m.Data[k] != nil {
			e.Blob(m.Data[k])
		}
	}
}

// DecodePayload implements Body.
func (m *KVData) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) {
	m.DataVersion, m.Prefix, m.Incremental = d.U64(), d.String(), d.Bool()
	n := d.Count(5, "key-value pairs")
	m.Data = make(map[string][]byte, n)
	for range n {
		k := d.String()
		m.Data[k] = nil
		if d.Bool() {
			m.Data[k] = append([]byte{}, d.View()...)
		}
	}
}
