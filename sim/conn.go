package sim

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
)

// conn is one end of a simulated TCP connection. It implements host.Conn.
type conn struct {
	id            uint32
	proc          *Process
	index         int // in proc.conns
	loop          *loop
	handler       host.ConnHandler
	local, remote netip.AddrPort
	peer          *conn // nil until the attempt has reached the far end
	out, in       *pipe

	received [][]byte // received[first][offset:] is the next byte to read
	first    int
	offset   int

	raised   signal // callbacks that are due
	posted   bool   // notifyFn waits in the loop's queue
	notifyFn func()

	dialled  instant // when Dial was called
	dialling bool
	starving bool // Read has answered ErrWouldBlock, or nothing was ever there
	choking  bool // Write has taken less than it was given
	eof      bool // the peer has closed its sending side
	closed   bool // by its owner, or with its process
	finished bool // the owner has closed the sending side
	gone     bool // its process has forgotten it
	vanished bool // its machine lost power: this end answers nothing any more
	err      error
}

// signal is a set of callbacks that a conn owes its handler.
type signal uint8

const (
	signalOpened signal = 1 << iota
	signalReadable
	signalWritable
	signalClosed
)

func newConn(p *Process, remote netip.AddrPort) *conn {
	c := &conn{id: p.sim().nextActor(), proc: p, remote: remote, index: len(p.conns), starving: true}
	c.notifyFn = c.notifyPosted
	p.conns = append(p.conns, c)
	return c
}

func (c *conn) LocalAddr() netip.AddrPort {
	if c.dialling {
		return netip.AddrPort{}
	}
	return c.local
}

func (c *conn) RemoteAddr() netip.AddrPort { return c.remote }

func (c *conn) Attach(l host.Loop, h host.ConnHandler) {
	c.loop, c.handler = l.(*loop), h
	if c.loop.closed {
		c.Close()
		return
	}
	if c.raised != 0 || c.eof || c.first < len(c.received) {
		c.raised |= signalReadable
		c.postNotify()
	}
}

func (c *conn) Read(p []byte) (int, error) {
	if err := c.failure(); err != nil {
		return 0, err
	}
	if c.first == len(c.received) {
		if c.eof {
			return 0, io.EOF
		}
		c.starving = true
		return 0, host.ErrWouldBlock
	}
	n := c.copyOut(p)
	c.in.consumed(n)
	return n, nil
}

func (c *conn) copyOut(p []byte) int {
	total := 0
	for total < len(p) && c.first < len(c.received) {
		n := copy(p[total:], c.received[c.first][c.offset:])
		total += n
		c.advance(n)
	}
	return total
}

// Buffered implements host.DirectConn.
func (c *conn) Buffered() []byte {
	if c.failure() != nil || c.first == len(c.received) {
		return nil
	}
	return c.received[c.first][c.offset:]
}

// Discard implements host.DirectConn.
func (c *conn) Discard(n int) {
	if n <= 0 || n > len(c.Buffered()) {
		return
	}
	c.advance(n)
	c.in.consumed(n)
}

// advance goes on by n bytes of the first segment.
func (c *conn) advance(n int) {
	c.offset += n
	if buf := c.received[c.first]; c.offset == len(buf) {
		c.proc.sim().pool.put(buf)
		c.received[c.first] = nil
		c.first++
		c.offset = 0
	}
	if c.first == len(c.received) {
		c.received, c.first = c.received[:0], 0
	}
}

// AvailableBuffer implements host.DirectConn.
func (c *conn) AvailableBuffer(n int) []byte {
	if c.failure() != nil || c.dialling || c.finished {
		return nil
	}
	return c.out.available(n)
}

func (c *conn) Write(p []byte) (int, error) {
	if err := c.failure(); err != nil {
		return 0, err
	}
	if c.finished {
		return 0, host.ErrClosed
	}
	if c.dialling {
		c.choking = true
		return 0, nil
	}
	c.sawWrite(p)
	n := c.out.write(p)
	if c.out.inspection != nil {
		c.out.inspection.wrote(p[:n])
	}
	if n < len(p) {
		c.choking = true
	}
	return n, nil
}

func (c *conn) failure() error {
	switch {
	case c.proc.ended:
		return host.ErrStopped
	case c.closed:
		return host.ErrClosed
	}
	return c.err
}

// CloseWrite implements host.HalfCloser.
func (c *conn) CloseWrite() error {
	switch err := c.failure(); {
	case err != nil:
		return err
	case c.finished:
		return host.ErrClosed
	case c.dialling:
		return host.ErrWouldBlock
	}
	c.finished, c.choking = true, false
	c.out.dropSpare()
	c.out.control(segmentFIN)
	return nil
}

func (c *conn) Close() {
	if c.closed {
		return
	}
	c.closed = true
	c.leave()
	if c.peer != nil && c.err == nil {
		c.tellClosed()
	}
}

// tellClosed sends FIN. Where CloseWrite has, and it has arrived, the peer learns by
// its window that nobody reads any more.
func (c *conn) tellClosed() {
	c.out.control(segmentFIN)
	if c.finished && c.out.head == len(c.out.segments) && c.in.stuck() {
		c.in.owed = c.in.used
		c.in.consumed(0)
	}
}

func (c *conn) Abort() {
	if c.closed {
		return
	}
	c.closed = true
	c.leave()
	if c.peer != nil && c.err == nil {
		c.out.abort()
	}
}

// endWithProcess is what becomes of the connection when its process ends.
func (c *conn) endWithProcess(how ending) {
	switch {
	case how == endedByExit && c.first < len(c.received): // as Linux does
		c.Abort()
		return
	case how == endedByExit:
		c.Close()
		return
	}
	c.closed = true
	c.leave()
	c.vanished = true
	if c.out != nil { // nobody is left to send again what has not arrived
		c.out.drop()
		c.out.ended = true
	}
	if c.peer != nil && c.peer.dialling && c.peer.err == nil && !c.peer.closed {
		c.peer.attemptAgain()
	}
}

// leave forgets everything this end still held, and its process forgets it.
func (c *conn) leave() {
	if c.gone {
		return
	}
	c.gone = true
	c.dropReceived()
	if c.out != nil {
		c.out.dropSpare()
	}
	conns := c.proc.conns
	last := len(conns) - 1
	conns[c.index] = conns[last]
	conns[c.index].index = c.index
	conns[last] = nil
	c.proc.conns = conns[:last]
}

func (c *conn) dropReceived() {
	for ; c.first < len(c.received); c.first++ {
		c.proc.sim().pool.put(c.received[c.first])
		c.received[c.first] = nil
	}
	c.received, c.first, c.offset = c.received[:0], 0, 0
}

// receive takes bytes that have arrived.
func (c *conn) receive(buf []byte) {
	switch {
	case c.dark():
		c.proc.sim().pool.put(buf)
		c.oweReset()
	case c.closed || c.err != nil:
		c.proc.sim().pool.put(buf)
		c.answerReset()
	default:
		c.received = append(c.received, buf)
		c.raiseReadable()
	}
}

// answerReset: the machine knows no such connection any more, and says so if
// anybody is left to hear it.
func (c *conn) answerReset() {
	if c.peer != nil && c.peer.err == nil && !c.peer.closed {
		c.out.abort()
	}
}

// dark reports whether this end was on a machine that lost its power and has none.
func (c *conn) dark() bool { return c.vanished && c.proc.host.down }

// oweReset notes that the peer gets RST once this machine has power again. Until
// then nothing answers it.
func (c *conn) oweReset() {
	h := c.proc.host
	c.in.unanswered(h.sim.kernel.now())
	for _, other := range h.waiting {
		if other == c {
			return
		}
	}
	h.waiting = append(h.waiting, c)
}

// ended: the peer has sent FIN.
func (c *conn) ended() {
	switch {
	case c.dark():
		c.oweReset()
	case c.vanished || c.err != nil:
		c.answerReset()
	default:
		c.eof = true
		c.raiseReadable()
		if c.peer.closed && c.out.stuck() {
			c.out.reopen()
		}
	}
}

// breakOff: RST has arrived, or a middlebox broke the connection.
func (c *conn) breakOff() {
	if c.closed && c.out != nil && c.out.patience.tried {
		c.out.acknowledged()
	}
	c.fail(host.ErrReset)
}

func (c *conn) fail(cause error) {
	if c.closed || c.err != nil {
		return
	}
	c.err = fmt.Errorf("%v to %v: %w", c.local, c.remote, cause)
	if c.out != nil {
		c.out.drop()
		c.out.ended = true
	}
	if cause == host.ErrReset {
		c.proc.sim().counts.Resets++
	}
	c.proc.sim().trace.conn(c, "closed", cause)
	c.raise(signalClosed)
}

// roomy: the window has opened.
func (c *conn) roomy() {
	if c.choking && !c.closed && c.err == nil {
		c.choking = false
		c.raise(signalWritable)
	}
}

func (c *conn) opened() {
	if c.closed || !c.dialling {
		return
	}
	c.dialling = false
	c.proc.sim().counts.Connected++
	c.proc.sim().trace.conn(c, "opened", nil)
	bits := signalOpened
	if c.choking {
		c.choking = false
		bits |= signalWritable
	}
	c.raise(bits)
}

func (c *conn) raiseReadable() {
	if c.starving && !c.closed && c.err == nil {
		c.starving = false
		c.raise(signalReadable)
	}
}

// raise owes the handler callbacks. They run in this very event, which is the
// loop's turn, unless the process is paused, the loop busy or a callback under way:
// then they wait in the loop's queue.
func (c *conn) raise(bits signal) {
	c.raised |= bits
	switch {
	case c.loop == nil || c.posted:
	case c.proc.paused() || c.proc.sim().running != nil || c.loop.waits():
		c.postNotify()
	default:
		c.loop.charge()
		c.notify()
	}
}

func (c *conn) postNotify() {
	if !c.posted {
		c.posted = true
		c.loop.Post(c.notifyFn)
	}
}

func (c *conn) notifyPosted() {
	c.posted = false
	c.notify()
}

func (c *conn) notify() {
	if c.loop.closed {
		return
	}
	bits := c.raised
	c.raised = 0
	s := c.proc.sim()
	s.running = c.loop
	c.tell(bits)
	s.running = nil
}

// tell calls the handler.
func (c *conn) tell(bits signal) {
	if bits&signalClosed != 0 {
		if c.closed {
			return
		}
		err := c.err
		c.leave()
		c.loop.sawCall(c.handler, "Closed", false)
		c.handler.Closed(err)
		return
	}
	if bits&signalOpened != 0 && !c.closed {
		c.loop.sawCall(c.handler, "Opened", false)
		c.handler.Opened()
	}
	if bits&signalReadable != 0 && !c.closed {
		if c.first == len(c.received) && !c.eof { // another callback has read it meanwhile
			c.starving = true
		} else {
			c.loop.sawCall(c.handler, "Readable", false)
			c.handler.Readable()
		}
	}
	if bits&signalWritable != 0 && !c.closed && !c.finished {
		if c.out.full() { // another callback has filled it meanwhile
			c.choking = true
			return
		}
		c.loop.sawCall(c.handler, "Writable", false)
		c.handler.Writable()
	}
}
