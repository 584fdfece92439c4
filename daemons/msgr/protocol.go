package msgr

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Rounds bound the work of one callback; what is left is posted again, so that
// the worker's other sockets get their turn.
const (
	readRounds  = 16
	flushRounds = 16
)

// throttleRetry is how long a socket whose messages find a throttle full is
// left unread (Ceph: 1 ms, ProtocolV1::throttle_message).
const throttleRetry = time.Millisecond

// Reasons to give up a socket.
var (
	errReadyTimeout = errors.New("not ready in time")
	errIdleTimeout  = errors.New("idle for too long")
	errPeerClosed   = errors.New("peer closed the connection")
)

// protocol is one socket's worth of the messenger protocol: Ceph's ProtocolV1.
// It lives on one worker for life and its fields are touched there only. It
// serves one session, and an accepted socket that turns out to continue an
// older session changes over to that.
type protocol struct {
	c      *Connection
	m      *Messenger
	w      *worker
	conn   host.Conn // nil until dialled
	state  State
	direct host.DirectConn // conn, if its memory can be used, else nil
	stuck  int             // bytes of that which are no whole unit

	stalled State // the handshake was halted on purpose in this one, last

	in      receiveBuffer
	out     []byte // encoded
	kept    []byte // memory for out where the connection lends none
	lent    bool   // out is the connection's memory
	written int    // out[:written] was taken by the socket
	blocked bool   // the socket is full; Writable will come

	deadline   host.Timer // the end of: back-off, then handshake, then idleness
	retry      host.Timer // of a throttle
	paused     bool       // reading waits for a throttle, or for the end
	lastActive time.Duration
	ending     error // why the stream ends, once what came before is dispatched

	globalSeq uint32 // of this attempt
	features  uint64 // of both sides
	connect   connectFrame
	connects  int // how many were sent or received
	reply     replyFrame

	header  msg.Header // of the message being read
	front   []byte
	middle  []byte
	data    []byte
	large   bool    // the message being read, or the last one, exceeds the receive buffer
	section *[]byte // the section being read on its own, nil if none
	wanted  int     // its length
	held    draws
	inSeq   uint64 // of the last message read
	lossy   bool

	keepaliveAck bool // an answer is to be sent
	stamp        wire.UTime
	ackDue       bool // an ACK is to be sent

	flushQueued bool // guarded by c.mu: flush is posted, or waits for Writable

	flushFn, pumpFn, dropFn, endFn func()
}

// draws is what the message being read has drawn from the throttles.
type draws struct {
	message  bool
	bytes    int64
	dispatch int64
}

func newProtocol(c *Connection, w *worker) *protocol {
	p := &protocol{c: c, m: c.m, w: w}
	p.flushFn, p.pumpFn, p.dropFn = p.flush, p.pump, p.drop
	p.endFn = func() { p.fault(p.ending) }
	p.in.limit = c.m.opt.ReceiveBufferBytes
	return p
}

// startAfter begins a connector's life with a wait. It may be called from any
// loop, once.
func (p *protocol) startAfter(d time.Duration) {
	p.state = StateStartConnect
	p.w.loop.Post(func() {
		if p.state != StateStartConnect {
			return
		}
		p.deadline = p.w.loop.NewTimer(p.expired)
		if d == 0 {
			p.dial()
			return
		}
		p.deadline.Reset(d)
	})
}

// dial opens the socket.
func (p *protocol) dial() {
	p.state = StateConnecting
	if p.struck(PointConnectDial) {
		return
	}
	p.globalSeq = p.m.nextGlobalSeq(0)
	p.deadline.Reset(p.m.opt.ReadyTimeout)
	p.setConn(p.m.host.Network().Dial(p.w.loop, p.c.peerAddr.IP, p))
}

func (p *protocol) setConn(conn host.Conn) {
	p.conn = conn
	p.direct, _ = conn.(host.DirectConn)
}

// accept begins an acceptor's life. It may be called from any loop, once.
func (p *protocol) accept(conn host.Conn) {
	p.state = StateAccepting
	p.setConn(conn)
	conn.Attach(p.w.loop, p)
	p.w.loop.Post(p.greet)
}

// expired is the end of whatever the deadline was set for.
func (p *protocol) expired() {
	switch {
	case p.state == StateClosed:
	case p.state == StateStartConnect:
		p.dial()
	case !p.state.open() && p.m.cfg.Defects.NoReadyTimeout:
	case !p.state.open():
		p.fault(errReadyTimeout)
	default:
		p.checkIdle()
	}
}

// checkIdle faults a socket without traffic, or looks again when the time since
// the last traffic could be up.
func (p *protocol) checkIdle() {
	idle := p.m.host.Clock().Monotonic() - p.lastActive
	if left := p.m.opt.IdleTimeout - idle; left > 0 {
		p.deadline.Reset(left)
		return
	}
	p.fault(errIdleTimeout)
}

func (p *protocol) active() { p.lastActive = p.m.host.Clock().Monotonic() }

// Opened: TCP has let us in.
func (p *protocol) Opened() {
	if p.state != StateConnecting {
		return
	}
	if p.struck(PointConnectLetIn) {
		return
	}
	p.state = StateConnectingWaitBannerAndIdentify
	p.out = append(p.out, banner...)
	if p.push() {
		p.struck(PointConnectBannerSent)
	}
}

// Readable: bytes have come.
func (p *protocol) Readable() {
	p.greet()
	p.pump()
}

// Writable: the socket takes bytes again.
func (p *protocol) Writable() {
	p.blocked = false
	if p.state.open() {
		p.flush()
		return
	}
	p.push()
}

// Closed: the socket broke, or never came to be.
func (p *protocol) Closed(err error) { p.fault(err) }

// pump reads and handles bytes until there are none, for a bounded while.
func (p *protocol) pump() {
	if p.state == StateClosed || p.paused {
		return
	}
	p.active()
	more := true
	for range readRounds {
		for p.step() {
		}
		p.giveBack()
		if more = p.read(); !more {
			break
		}
	}
	p.settle()
	if more && p.state != StateClosed {
		p.w.loop.Post(p.pumpFn)
	}
}

// step handles the next unit if it has arrived in full, and reports whether it
// is worth trying the one after it.
func (p *protocol) step() bool {
	switch p.state {
	case StateOpen:
		return p.readTag()
	case StateOpenMessageHeader:
		return p.readHeader()
	case StateOpenMessageThrottleMessage:
		return p.throttleMessage()
	case StateOpenMessageThrottleBytes:
		return p.throttleBytes()
	case StateOpenMessageThrottleDispatchQueue:
		return p.throttleDispatchQueue()
	case StateOpenMessageReadFront:
		return p.readFront()
	case StateOpenMessageReadMiddle:
		return p.readMiddle()
	case StateOpenMessageReadData:
		return p.readData()
	case StateOpenMessageReadFooterAndDispatch:
		return p.readFooter()
	case StateOpenKeepalive2:
		return p.readKeepalive2()
	case StateOpenKeepalive2Ack:
		return p.readKeepalive2Ack()
	case StateOpenTagAck:
		return p.readAck()
	}
	return p.stepHandshake()
}

func (p *protocol) stepHandshake() bool {
	if p.in.len() > 0 && p.stalls() {
		return false
	}
	switch p.state {
	case StateConnectingWaitBannerAndIdentify:
		return p.readBannerAndIdentify()
	case StateConnectingWaitConnectReply:
		return p.readReply()
	case StateConnectingWaitConnectReplyAuth:
		return p.readReplyAuth()
	case StateConnectingWaitAckSeq:
		return p.readAckSeq()
	case StateAcceptingWaitBannerAddr:
		return p.readBannerAddr()
	case StateAcceptingWaitConnectMsg:
		return p.readConnect()
	case StateAcceptingWaitConnectMsgAuth:
		return p.readConnectAuth()
	case StateAcceptingWaitSeq:
		return p.readSeq()
	}
	return false
}

// read moves bytes from the socket to where they are wanted, and reports
// whether there may be more.
func (p *protocol) read() bool {
	if p.state == StateClosed || p.paused {
		return false
	}
	if p.w.breaks() {
		p.streamEnded(errInjected)
		return false
	}
	if p.borrow() {
		return true
	}
	n, err := p.conn.Read(p.space())
	switch {
	case err == nil:
		p.arrived(n)
		return true
	case err == host.ErrWouldBlock || errors.Is(err, host.ErrWouldBlock):
		return false
	case errors.Is(err, io.EOF):
		err = errPeerClosed
	}
	p.streamEnded(err)
	return false
}

// borrow lets units be parsed in the connection's own memory, and reports whether
// there are any.
func (p *protocol) borrow() bool {
	if p.direct == nil || p.section != nil || p.in.len() > 0 || !p.state.open() {
		return false
	}
	b := p.direct.Buffered()
	if len(b) <= p.stuck {
		return false
	}
	p.in.lend(b)
	return true
}

// giveBack ends borrow. What is left is part of a unit, whose other part does not
// lie in the same piece: it is read into our own buffer, as much as the unit is
// long, unless more of it has come.
func (p *protocol) giveBack() {
	if !p.in.lent {
		return
	}
	parsed, rest := p.in.giveBack()
	p.direct.Discard(parsed)
	if p.stuck = rest; p.paused {
		p.stuck = 0
	}
}

// streamEnded faults the socket. If messages were read just now the fault waits
// for a callback of its own, as a second wake-up of an event loop would: a
// lossy fault voids messages that wait for dispatch, and a peer's last words
// must not always be lost because its FIN came in the same packet.
func (p *protocol) streamEnded(err error) {
	if len(p.w.batch) == 0 {
		p.fault(err)
		return
	}
	p.commit()
	p.paused, p.ending = true, err
	p.w.loop.Post(p.endFn)
}

// settle hands over what was read, and sends what it calls for.
func (p *protocol) settle() {
	p.commit()
	if p.ackDue && p.struck(PointBeforeAck) {
		return
	}
	answer := p.keepaliveAck && !p.m.cfg.Defects.AckWithoutWake
	if p.state.open() && (p.ackDue || answer) {
		p.flush()
	}
}

// fault gives up the socket and leaves the rest to the session.
func (p *protocol) fault(err error) { p.giveUp(err, false) }

func (p *protocol) giveUp(err error, waitLong bool) {
	if p.state == StateClosed {
		return
	}
	was := p.state
	p.m.log.Info("connection fault", "peer", p.c.String(), "state", was.String(), "reason", err)
	p.drop()
	if was == StateConnecting && errors.Is(err, host.ErrRefused) {
		p.c.refused(p)
	}
	p.c.lost(p, was, waitLong)
}

// drop closes the socket without a word. What was read and not committed is
// void: the session has another socket, or none.
func (p *protocol) drop() {
	if p.state == StateClosed {
		return
	}
	p.state = StateClosed
	if !p.m.cfg.Defects.KeepHeldOnFault {
		p.releaseHeld()
	}
	if p.deadline != nil {
		p.deadline.Stop()
	}
	if p.retry != nil {
		p.retry.Stop()
	}
	if p.conn != nil {
		p.conn.Close()
	}
	p.in, p.out, p.front, p.middle, p.data, p.section = receiveBuffer{}, nil, nil, nil, nil, nil
}

// becomeOpen ends the handshake.
func (p *protocol) becomeOpen(e event) bool {
	p.state = StateOpen
	p.deadline.Reset(p.m.opt.IdleTimeout)
	if !p.c.opened(p, e) {
		p.drop()
		return false
	}
	p.m.dispatchers.Load().opened(e, p.c)
	p.flush()
	if p.state == StateClosed {
		return false
	}
	if e == eventConnect {
		return !p.struck(PointConnectOpen)
	}
	return !p.struck(PointAcceptOpen)
}

// mustSpeak faults unless the bytes that have come so far can be the banner.
func (p *protocol) mustSpeak() bool {
	got := p.in.peek(min(p.in.len(), len(banner)))
	if string(got) == banner[:len(got)] {
		return true
	}
	p.fault(fmt.Errorf("%w: %q", errBadBanner, got))
	return false
}
