package msgr

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The open stream, read side (Ceph: ProtocolV1::handle_message to
// handle_message_footer). A message that fits the receive buffer is parsed in
// place and passes the section states at once; a larger one gets memory section
// by section, as its bytes arrive.

// Reasons to give up an open socket.
var (
	errBadTag   = errors.New("unknown tag")
	errTooLarge = errors.New("section is too long")
)

// sectionStep is how much memory a section read on its own gets before any of
// its bytes have come. It doubles from there.
const sectionStep = 64 << 10

// keptFront bounds the buffer for large fronts that a socket holds on to.
const keptFront = 1 << 20

// space is where the socket's next bytes go: into the section being read, if
// all that came before it was parsed, else into the receive buffer. If units can
// be parsed where they lie no more is read than the one that is cut in two.
func (p *protocol) space() []byte {
	if p.section != nil && p.in.len() == 0 {
		p.growSection()
		s := *p.section
		return s[len(s):min(cap(s), p.wanted)]
	}
	unit := p.unitLen()
	s := p.in.space(max(unit, 1))
	if p.large && p.section == nil {
		s = s[:min(len(s), aheadOfLarge)]
	}
	if p.direct != nil && unit > p.in.len() {
		p.stuck = 0
		s = s[:min(len(s), unit-p.in.len())]
	}
	return s
}

// aheadOfLarge is how much is read at once while messages are large: what is read
// before a message's header is parsed is copied once more.
const aheadOfLarge = 2 << 10

// growSection makes room in the section being read.
func (p *protocol) growSection() {
	s := *p.section
	if len(s) < cap(s) {
		return
	}
	if s == nil {
		*p.section = p.w.pool.Section(min(p.wanted, sectionStep))
		return
	}
	*p.section = slices.Grow(s, min(p.wanted-len(s), max(sectionStep, len(s))))
}

// arrived notes that n bytes were read into space.
func (p *protocol) arrived(n int) {
	if p.section == nil || p.in.len() > 0 {
		p.in.added(n)
		return
	}
	*p.section = (*p.section)[:len(*p.section)+n]
}

// unitLen is the length of the unit of an open stream that is being waited for, 0
// in a handshake.
func (p *protocol) unitLen() int {
	switch p.state {
	case StateOpen:
		return 1
	case StateOpenKeepalive2, StateOpenKeepalive2Ack:
		return stampLen
	case StateOpenTagAck:
		return seqLen
	case StateOpenMessageHeader:
		return msg.HeaderLen
	case StateOpenMessageReadFront:
		if p.bodyLen() <= p.in.limit {
			return p.bodyLen()
		}
		return 1
	case StateOpenMessageReadFooterAndDispatch:
		return p.footerLen()
	}
	return 0
}

// bodyLen is the length of what follows the header.
func (p *protocol) bodyLen() int {
	h := &p.header
	return int(h.FrontLen) + int(h.MiddleLen) + int(h.DataLen) + p.footerLen()
}

func (p *protocol) footerLen() int {
	if p.features&msg.FeatureMsgAuth != 0 {
		return msg.FooterLen
	}
	return msg.FooterLenOld
}

func (p *protocol) readTag() bool {
	b := p.in.take(1)
	if b == nil {
		return false
	}
	switch t := tag(b[0]); t {
	case tagMsg:
		p.state = StateOpenMessageHeader
	case tagKeepalive2:
		p.state = StateOpenKeepalive2
	case tagKeepalive2Ack:
		p.state = StateOpenKeepalive2Ack
	case tagAck:
		p.state = StateOpenTagAck
	case tagKeepalive:
		p.c.lastKeepalive.Store(int64(p.lastActive))
	case tagClose:
		p.streamEnded(errPeerClosed)
		return false
	default:
		p.fault(fmt.Errorf("%w %d", errBadTag, t))
		return false
	}
	return true
}

// readKeepalive2 notes what to echo. An unanswered earlier one is forgotten, so
// a peer that asks and never reads costs nothing.
func (p *protocol) readKeepalive2() bool {
	b := p.in.take(stampLen)
	if b == nil {
		return false
	}
	if p.keepaliveAck && !p.blocked {
		p.out = p.appendKeepaliveAck(p.out)
	}
	p.stamp = wire.UTime{Sec: binary.LittleEndian.Uint32(b), Nsec: binary.LittleEndian.Uint32(b[4:])}
	p.keepaliveAck = true
	p.c.lastKeepalive.Store(int64(p.lastActive))
	p.state = StateOpen
	return !p.struck(PointKeepalive)
}

func (p *protocol) readKeepalive2Ack() bool {
	if p.in.take(stampLen) == nil {
		return false
	}
	p.c.lastAck.Store(int64(p.lastActive))
	p.state = StateOpen
	return true
}

func (p *protocol) readAck() bool {
	b := p.in.take(seqLen)
	if b == nil {
		return false
	}
	seq := binary.LittleEndian.Uint64(b)
	if err := checkSeq("peer acknowledges", seq); err != nil {
		p.fault(err)
		return false
	}
	p.state = StateOpen
	if p.struck(PointAck) {
		return false
	}
	return p.c.change(p, func(s *session) { s.acked(seq) })
}

// readHeader checks a message's header before anything is taken or allocated
// for it.
func (p *protocol) readHeader() bool {
	b := p.in.take(msg.HeaderLen)
	if b == nil {
		return false
	}
	h, err := msg.ParseHeader(b)
	if err == nil {
		err = cmp.Or(p.checkLengths(&h), checkSeq("message", h.Seq))
	}
	if err != nil {
		p.fault(fmt.Errorf("message header: %w", err))
		return false
	}
	p.header = h
	p.state = StateOpenMessageThrottleMessage
	return !p.struck(PointHeader)
}

func (p *protocol) checkLengths(h *msg.Header) error {
	o := &p.m.opt
	switch {
	case int64(h.FrontLen) > int64(o.MaxFrontBytes):
		return fmt.Errorf("%w: front of %d bytes", errTooLarge, h.FrontLen)
	case int64(h.MiddleLen) > int64(o.MaxMiddleBytes):
		return fmt.Errorf("%w: middle of %d bytes", errTooLarge, h.MiddleLen)
	case int64(h.DataLen) > int64(o.MaxDataBytes):
		return fmt.Errorf("%w: data of %d bytes", errTooLarge, h.DataLen)
	}
	return nil
}

// readFront reads a whole message in place, or begins to read a large one.
func (p *protocol) readFront() bool {
	p.large = p.bodyLen() > p.in.limit
	if !p.large {
		return p.readInPlace()
	}
	if !p.readSection(&p.front, p.header.FrontLen) {
		return false
	}
	p.state = StateOpenMessageReadMiddle
	return true
}

// readInPlace handles a message that the receive buffer holds in full.
func (p *protocol) readInPlace() bool {
	b := p.in.take(p.bodyLen())
	if b == nil {
		return false
	}
	h := &p.header
	front, b := b[:h.FrontLen], b[h.FrontLen:]
	middle, b := b[:h.MiddleLen], b[h.MiddleLen:]
	data, b := b[:h.DataLen], b[h.DataLen:]
	return p.finishMessage(front, middle, data, b, true)
}

// own is a copy for the message to keep, nil if there is nothing to copy.
func (p *protocol) own(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return append(p.w.pool.Section(len(b)), b...)
}

func (p *protocol) readMiddle() bool {
	if !p.readSection(&p.middle, p.header.MiddleLen) {
		return false
	}
	p.state = StateOpenMessageReadData
	return true
}

func (p *protocol) readData() bool {
	if !p.readSection(&p.data, p.header.DataLen) {
		if len(p.data) > 0 {
			p.struck(PointData)
		}
		return false
	}
	p.state = StateOpenMessageReadFooterAndDispatch
	return true
}

// readSection collects n bytes in *dst and reports whether it has them all.
func (p *protocol) readSection(dst *[]byte, n uint32) bool {
	p.section, p.wanted = dst, int(n)
	for p.in.len() > 0 && len(*dst) < p.wanted {
		p.growSection()
		room := min(cap(*dst), p.wanted) - len(*dst)
		*dst = append(*dst, p.in.take(min(room, p.in.len()))...)
	}
	if len(*dst) < p.wanted {
		return false
	}
	p.section = nil
	return true
}

// readFooter ends a large message.
func (p *protocol) readFooter() bool {
	b := p.in.take(p.footerLen())
	if b == nil {
		return false
	}
	ok := p.finishMessage(p.front, p.middle, p.data, b, false)
	p.middle, p.data = nil, nil
	if p.front = p.front[:0]; cap(p.front) > keptFront {
		p.front = nil
	}
	return ok
}

// finishMessage checks and decodes a message and puts it on the batch. front
// is only valid during the call, and with inPlace so are middle and data.
func (p *protocol) finishMessage(front, middle, data, footer []byte, inPlace bool) bool {
	f := parseFooter(footer)
	if err := checkSections(&f, front, middle, data); err != nil {
		p.fault(fmt.Errorf("message %v: %w", p.header.Type, err))
		return false
	}
	if p.struck(PointMessage) {
		return false
	}
	if f.Flags&msg.FooterComplete == 0 || p.header.Seq <= p.inSeq {
		p.state = StateOpen
		p.releaseHeld()
		return true
	}
	if inPlace {
		middle, data = p.own(middle), p.own(data)
	}
	p.w.decoder.Reset(front)
	m, err := p.w.pool.Decode(&p.w.decoder, p.header, middle, data, p.features)
	if err != nil {
		p.fault(fmt.Errorf("message %v: %w", p.header.Type, err))
		return false
	}
	p.state, p.inSeq = StateOpen, p.header.Seq
	return p.hand(m)
}

// checkSections compares the checksums. A sender may leave out that of the
// data.
func checkSections(f *msg.Footer, front, middle, data []byte) error {
	switch {
	case wire.CRC32C(front) != f.FrontCRC:
		return fmt.Errorf("front: %w", msg.ErrBadCRC)
	case wire.CRC32C(middle) != f.MiddleCRC:
		return fmt.Errorf("middle: %w", msg.ErrBadCRC)
	case f.Flags&msg.FooterNoCRC == 0 && wire.CRC32C(data) != f.DataCRC:
		return fmt.Errorf("data: %w", msg.ErrBadCRC)
	}
	return nil
}
