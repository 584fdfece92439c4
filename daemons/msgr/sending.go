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
	p.returnOut()
	p.out, p.written = p.out[:0], 0
	if cap(p.out) > keptOut {
		p.out = nil
	}
	return true
}

// returnOut goes back to memory of our own: what was lent is the connection's.
func (p *protocol) returnOut() {
	if p.lent {
		p.out, p.kept, p.lent = p.kept, nil, false
	}
}

// borrowOut encodes into the connection's own memory, if it has enough for size
// bytes and there is nothing else to be written first.
func (p *protocol) borrowOut(size int) {
	if p.direct == nil || len(p.out) > 0 {
		return
	}
	p.returnOut()
	if b := p.direct.AvailableBuffer(size); b != nil {
		p.kept, p.out, p.lent = p.out, b, true
	}
}

// room is how much may still be encoded before it is offered to the socket.
func (p *protocol) room() int {
	if p.lent {
		return cap(p.out) - len(p.out)
	}
	return p.m.opt.FlushBytes - len(p.out)
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
	for more = true; more; {
		var keepalive bool
		w := p.w
		p.c.mu.Lock()
		s := &p.c.session
		if s.proto != p {
			p.c.mu.Unlock()
			return false
		}
		keepalive, s.keepalive = s.keepalive, false
		w.taken = s.take(w.taken[:0], takeMessages, p.room()-perMessage, len(p.out) == 0)
		more = s.out.len()+s.resend.len() > 0
		p.flushQueued = more
		p.c.mu.Unlock()

		if len(w.taken) > 0 {
			p.borrowOut(sizeOf(w.taken))
		} else if len(p.out) > 0 && !keepalive {
			return more
		}
		if keepalive {
			p.out = p.appendKeepalive(p.out)
		}
		for i := range w.taken {
			next := &w.taken[i]
			next.header.Src = src
			p.appendMessage(next.message, &next.header)
			if !next.kept {
				next.message.Sent()
			}
		}
		clear(w.taken)
	}
	return more
}

// sizeOf is how much a batch takes on the wire, roughly.
func sizeOf(batch []outgoing) int {
	n := perMessage // a keepalive, an ack
	for i := range batch {
		n += len(batch[i].message.Data) + len(batch[i].message.Middle) + perMessage
	}
	return n
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

// appendMessage encodes one message under that header.
func (p *protocol) appendMessage(m *msg.Message, h *msg.Header) {
	w := p.w
	start := len(p.out)
	w.encoder = *wire.NewEncoder(p.out)
	w.encoder.U8(byte(tagMsg))
	w.encoder.Raw(w.blank[:msg.HeaderLen])
	m.Body.EncodePayload(&w.encoder, p.features)
	b := w.encoder.Bytes()
	w.encoder = wire.Encoder{}

	front := b[start+1+msg.HeaderLen:]
	h.FrontLen = uint32(len(front))
	h.MiddleLen = uint32(len(m.Middle))
	h.DataLen = uint32(len(m.Data))
	h.Put(b[start+1 : start+1+msg.HeaderLen])
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
