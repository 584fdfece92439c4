package msgr

import (
	"encoding/binary"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The write side: what is queued is encoded, many messages at a time, into one
// buffer, and that is offered to the socket.

// takeMessages is how many messages are taken from the queue at a time.
const takeMessages = 64

// keptOut bounds the encode buffer that a socket holds on to.
const keptOut = 1 << 20

// flush encodes and writes what is queued, for a bounded while and until the
// socket is full. It runs on the worker.
func (p *protocol) flush() {
	if !p.state.open() || p.blocked {
		return
	}
	for range flushRounds {
		before := len(p.out)
		more := p.encodeQueued()
		if len(p.out) > before && p.struck(PointEncoded) {
			return
		}
		p.encodeReplies()
		if !p.push() {
			return
		}
		if !more {
			p.struck(PointWritten)
			return
		}
	}
	p.w.loop.Post(p.flushFn)
}

// push offers what is encoded to the socket and reports whether it took all.
// If not, Writable or the end of the socket follows.
func (p *protocol) push() bool {
	if p.state == StateClosed || p.blocked {
		return false
	}
	if p.written == len(p.out) {
		return true
	}
	n, err := p.conn.Write(p.out[p.written:])
	p.written += n
	if err == nil && p.w.breaks() {
		err = errInjected
	}
	if err != nil {
		p.fault(err)
		return false
	}
	p.active()
	if p.written < len(p.out) {
		p.blocked = true
		return false
	}
	p.out, p.written = p.out[:0], 0
	if cap(p.out) > keptOut {
		p.out = nil
	}
	return true
}

// encodeReplies encodes the answers to what was read.
func (p *protocol) encodeReplies() {
	if p.keepaliveAck {
		p.out = p.appendKeepaliveAck(p.out)
		p.keepaliveAck = false
	}
	if p.ackDue {
		p.out = append(p.out, byte(tagAck))
		p.out = binary.LittleEndian.AppendUint64(p.out, p.inSeq)
		p.ackDue = false
	}
}

func (p *protocol) appendKeepaliveAck(b []byte) []byte {
	return appendStamp(append(b, byte(tagKeepalive2Ack)), p.stamp)
}

// encodeQueued encodes from the queues until there is enough for one write, and
// reports whether there is more. If not, the next Send posts flush again.
func (p *protocol) encodeQueued() (more bool) {
	src := p.m.Name()
	for more = true; more && len(p.out) < p.m.opt.FlushBytes; {
		var keepalive bool
		w := p.w
		p.c.mu.Lock()
		s := &p.c.session
		if s.proto != p {
			p.c.mu.Unlock()
			return false
		}
		keepalive, s.keepalive = s.keepalive, false
		w.taken = s.take(w.taken[:0], takeMessages, p.m.opt.FlushBytes)
		more = s.out.len()+s.resend.len() > 0
		p.flushQueued = more
		p.c.mu.Unlock()

		if keepalive {
			p.out = p.appendKeepalive(p.out)
		}
		for _, m := range w.taken {
			m.Header.Src = src
			p.appendMessage(m)
		}
		clear(w.taken)
	}
	return more
}

// appendKeepalive encodes a request for a sign of life, in the form the peer
// knows.
func (p *protocol) appendKeepalive(b []byte) []byte {
	if p.features&msg.FeatureMsgrKeepalive2 == 0 {
		return append(b, byte(tagKeepalive))
	}
	now := wire.UTimeOf(p.m.host.Clock().Now())
	return appendStamp(append(b, byte(tagKeepalive2)), now)
}

// appendMessage encodes one message.
func (p *protocol) appendMessage(m *msg.Message) {
	w := p.w
	start := len(p.out)
	w.encoder = *wire.NewEncoder(p.out)
	w.encoder.U8(byte(tagMsg))
	w.encoder.Raw(w.blank[:msg.HeaderLen])
	m.Body.EncodePayload(&w.encoder, p.features)
	b := w.encoder.Bytes()
	w.encoder = wire.Encoder{}

	front := b[start+1+msg.HeaderLen:]
	m.Header.FrontLen = uint32(len(front))
	m.Header.MiddleLen = uint32(len(m.Middle))
	m.Header.DataLen = uint32(len(m.Data))
	m.Header.Put(b[start+1 : start+1+msg.HeaderLen])
	f := msg.Footer{
		FrontCRC:  wire.CRC32C(front),
		MiddleCRC: wire.CRC32C(m.Middle),
		DataCRC:   wire.CRC32C(m.Data),
		Flags:     msg.FooterComplete,
	}
	b = append(b, m.Middle...)
	b = append(b, m.Data...)
	p.out = appendFooter(b, &f, p.footerLen())
}
