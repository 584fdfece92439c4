package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Subscription is what somebody wants of one map or stream.
type Subscription struct {
	Start   uint64 // the first version wanted; 0 is the latest
	OneTime bool   // one delivery, then forget
}

// MonSubscribe tells a monitor what its sender wants to be told.
type MonSubscribe struct {
	What     map[string]Subscription // "mgrmap", "monmap", "config", ...
	Hostname string
}

// Type is TypeMonSubscribe.
func (*MonSubscribe) Type() Type { return TypeMonSubscribe }

// Version is Pacific's.
func (*MonSubscribe) Version() (head, compat uint16) { return 3, 1 }

const subscribeOneTime = 1

// EncodePayload implements Body.
func (m *MonSubscribe) EncodePayload(e *wire.Encoder, _ uint64) {
	wire.PutMap(e, m.What, e.String, func(s Subscription) {
		e.U64(s.Start)
		if s.OneTime {
			e.U8(subscribeOneTime)
		} else {
			e.U8(0)
		}
	})
	e.String(m.Hostname)
}

// DecodePayload implements Body.
func (m *MonSubscribe) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.What = wire.Map(d, 13, "subscriptions", d.String, func() Subscription {
		return Subscription{Start: d.U64(), OneTime: d.U8()&subscribeOneTime != 0}
	})
	if version >= 3 {
		m.Hostname = d.String()
	}
	return d.Err()
}

// MonGetVersion asks for the newest and oldest version of a map.
type MonGetVersion struct {
	Handle uint64 // repeated in the reply
	What   string // "osdmap", "fsmap", ...
}

// Type is TypeMonGetVersion.
func (*MonGetVersion) Type() Type { return TypeMonGetVersion }

// Version is Pacific's.
func (*MonGetVersion) Version() (head, compat uint16) { return 1, 1 }

// EncodePayload implements Body.
func (m *MonGetVersion) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U64(m.Handle)
	e.String(m.What)
}

// DecodePayload implements Body.
func (m *MonGetVersion) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	m.Handle, m.What = d.U64(), d.String()
	return d.Err()
}

// MonGetVersionReply answers MonGetVersion.
type MonGetVersionReply struct {
	Handle, Newest, Oldest uint64
}

// Type is TypeMonGetVersionReply.
func (*MonGetVersionReply) Type() Type { return TypeMonGetVersionReply }

// Version is Pacific's.
func (*MonGetVersionReply) Version() (head, compat uint16) { return 2, 2 }

// EncodePayload implements Body.
func (m *MonGetVersionReply) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U64(m.Handle)
	e.U64(m.Newest)
	e.U64(m.Oldest)
}

// DecodePayload implements Body.
func (m *MonGetVersionReply) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	m.Handle, m.Newest = d.U64(), d.U64()
	if version >= 2 {
		m.Oldest = d.U64()
	}
	return d.Err()
}
