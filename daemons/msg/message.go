package msg

import (
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Body is the front section of one type of message.
type Body interface {
	// Type is the message's number.
	Type() Type
	// Version is the version in which EncodePayload writes, and the oldest one
	// whose reader understands it.
	Version() (head, compat uint16)
	// EncodePayload appends the front for a peer with the given features.
	EncodePayload(e *wire.Encoder, features uint64)
	// DecodePayload reads a front that was written in the given version, the
	// header's, into a body that is still zero. It copies what it keeps. Errors:
	// ErrUnsupportedVersion, or the decoder's, both as *wire.Error.
	DecodePayload(d *wire.Decoder, version uint16, features uint64) error
}

// ErrUnsupportedVersion: a message is too new, or too old, for this reader.
var ErrUnsupportedVersion = errors.New("unsupported message version")

// Message is one message. Seq and Src of its header, and the lengths, are filled
// in by the messenger that sends it.
type Message struct {
	Header Header
	Body   Body
	Middle []byte
	Data   []byte

	pool    *Pool    // that Release gives the message to
	next    *Message // among those released
	foreign bool     // middle and data are not the pool's
	passing bool     // Sent releases it
}

// Release tells that nobody uses the message any more, nor its body, middle and
// data, so that their memory can serve again. Who was handed a message by a
// messenger may call it, once, on any goroutine, and touches nothing of it
// afterwards; nobody has to. It does nothing with a message that is of no pool, as
// those of [New] are.
func (m *Message) Release() {
	if p := m.pool; p != nil {
		m.pool = nil
		p.release(m)
	}
}

// ReleaseWhenSent leaves Release to the messenger that the message is given to
// next. It is given to one, once, and nobody touches it from then on.
func (m *Message) ReleaseWhenSent() { m.passing = true }

// Sent is called by a messenger that has encoded the message and will not do so
// again.
func (m *Message) Sent() {
	if m.passing {
		m.Release()
	}
}

// New makes a message of the body, with the default priority.
func New(b Body) *Message {
	head, compat := b.Version()
	return &Message{Header: Header{Type: b.Type(), Version: head, CompatVersion: compat, Priority: PrioDefault}, Body: b}
}

// NewFromMon is New with the priority that monitors give everything.
func NewFromMon(b Body) *Message {
	m := New(b)
	m.Header.Priority = PrioHigh
	return m
}

// String names the message: its type and tid.
func (m *Message) String() string {
	return fmt.Sprintf("%v(tid %d)", m.Header.Type, m.Header.Tid)
}

// Decode makes a message of its sections. It keeps middle and data, and nothing
// of front. A type that is not known here becomes Unknown, which encodes back to
// the same bytes. Errors: ErrUnsupportedVersion, *wire.Error.
func Decode(h Header, front, middle, data []byte, features uint64) (*Message, error) {
	return DecodeFrom(wire.NewDecoder(front), h, middle, data, features)
}

// DecodeFrom is Decode with a decoder of the front, for callers that have one to
// use again.
func DecodeFrom(front *wire.Decoder, h Header, middle, data []byte, features uint64) (*Message, error) {
	m := newMessage(&h)
	if err := m.decode(front, h, middle, data, features); err != nil {
		return nil, err
	}
	return m, nil
}

// decode fills in a message whose body is zero.
func (m *Message) decode(front *wire.Decoder, h Header, middle, data []byte, features uint64) error {
	m.Header, m.Middle, m.Data = h, middle, data
	_, unknown := m.Body.(*Unknown)
	if head, _ := m.Body.Version(); !unknown && h.CompatVersion > head {
		return fmt.Errorf("%v version %d, readable since %d, known %d: %w",
			h.Type, h.Version, h.CompatVersion, head, ErrUnsupportedVersion)
	}
	if err := m.Body.DecodePayload(front, h.Version, features); err != nil {
		return fmt.Errorf("decode %v: %w", h.Type, err)
	}
	return nil
}

// newMessage is a message with a zero body of the header's type.
func newMessage(h *Header) *Message {
	if k := kindOf(h.Type); k.make != nil {
		return k.make()
	}
	return &Message{Body: &Unknown{T: h.Type, Head: h.Version, Compat: h.CompatVersion}}
}

// Unknown is the body of a message whose type is not known here.
type Unknown struct {
	T            Type
	Head, Compat uint16
	Front        []byte
}

// Type is the message's number.
func (u *Unknown) Type() Type { return u.T }

// Version is what the header said.
func (u *Unknown) Version() (head, compat uint16) { return u.Head, u.Compat }

// EncodePayload appends the front as it was read.
func (u *Unknown) EncodePayload(e *wire.Encoder, _ uint64) { e.Raw(u.Front) }

// DecodePayload keeps the front.
func (u *Unknown) DecodePayload(d *wire.Decoder, _ uint16, _ uint64) error {
	u.Front = append([]byte(nil), d.Raw(d.Remaining())...)
	return d.Err()
}

// Paxos is what precedes the front of messages to and from a monitor's services:
// the map version that the sender has seen, and two fields that nobody has used
// since messages are forwarded whole. (Ceph: src/messages/PaxosServiceMessage.h.)
type Paxos struct {
	MapVersion uint64
	SessionMon int16 // -1
	SessionTid uint64
}

// PaxosAt is the prefix of a sender that has seen the given map version.
func PaxosAt(version uint64) Paxos { return Paxos{MapVersion: version, SessionMon: -1} }

func (p Paxos) encode(e *wire.Encoder) {
	e.U64(p.MapVersion)
	e.S16(p.SessionMon)
	e.U64(p.SessionTid)
}

func (p *Paxos) decode(d *wire.Decoder) {
	p.MapVersion, p.SessionMon, p.SessionTid = d.U64(), d.S16(), d.U64()
}
