package host

import (
	"errors"
	"net/netip"
)

// Errors of sockets (wrapped, so test with errors.Is).
var (
	// ErrWouldBlock: nothing can be read or written now. It is the ordinary
	// answer of a non-blocking connection, not a failure.
	ErrWouldBlock = errors.New("operation would block")
	// ErrReset: the peer's machine answered with RST.
	ErrReset = errors.New("connection reset by peer")
	// ErrRefused: nobody listens at the address dialled.
	ErrRefused = errors.New("connection refused")
	// ErrTimeout: the network gave up on the connection attempt or the
	// connection because nothing came back.
	ErrTimeout = errors.New("connection timed out")
	// ErrAddrInUse: another listener of the machine has the port.
	ErrAddrInUse = errors.New("address already in use")
	// ErrAddrNotAvailable: the address is not one of the machine's.
	ErrAddrNotAvailable = errors.New("cannot assign requested address")
)

// Network is the machine's TCP stack: ordered, reliable byte streams that can
// stall, be reset, or hang for ever without a word. It promises what TCP
// promises and nothing more; messages, acknowledgements, reconnects and
// liveness are the caller's business.
type Network interface {
	// Addrs are the machine's own addresses, never empty: one for each network that
	// it is on. The first one is used when nothing else is asked for.
	Addrs() []netip.Addr

	// Listen accepts connections to addr. A port of 0 picks a free one. accept
	// runs on loop, once per connection, with a connection that is open but not
	// yet attached (see [Conn.Attach]); nothing is lost while it waits for that.
	// Errors: ErrAddrInUse, ErrAddrNotAvailable, ErrClosed if loop is.
	Listen(loop Loop, addr netip.AddrPort, accept func(Conn)) (Listener, error)

	// Dial begins a connection to addr and returns at once, attached to loop and
	// h. It comes from the machine's address on the network that addr is reached
	// over, as routes have it. Either h.Opened or h.Closed follows, on loop, never inside Dial: Closed
	// with ErrRefused when nobody listens there, with ErrTimeout when nothing
	// answers for as long as the machine is willing to wait (minutes). A caller
	// that will not wait so long closes the connection.
	Dial(loop Loop, addr netip.AddrPort, h ConnHandler) Conn
}

// Listener is a listening socket.
type Listener interface {
	// Addr is the address listened at, with the real port.
	Addr() netip.AddrPort
	// Close stops listening. When it has returned accept is not called again;
	// connections that were never handed to accept are reset. It may be called
	// from any loop, more than once.
	Close()
}

// Conn is one end of an open TCP connection, or of one being dialled. All its
// methods must be called on the loop it is attached to.
type Conn interface {
	// LocalAddr and RemoteAddr are the two ends. LocalAddr is the zero AddrPort
	// until a dialled connection is open.
	LocalAddr() netip.AddrPort
	RemoteAddr() netip.AddrPort

	// Attach gives an accepted connection its loop and handler. It must be
	// called exactly once, from any loop, before any other method. Readable is
	// called soon after if there is something to read.
	Attach(loop Loop, h ConnHandler)

	// Read copies received bytes into p, at least one unless it fails. p belongs
	// to the caller again when Read returns. It fails with ErrWouldBlock when
	// nothing has arrived (Readable follows when something does), io.EOF when the
	// peer has closed its sending side and everything was read, ErrReset or
	// ErrTimeout when the connection broke, ErrClosed after Close or Abort.
	Read(p []byte) (int, error)

	// Write copies bytes of p into the send buffer and reports how many it took:
	// fewer than len(p), possibly none, when the buffer is full. That is no
	// error; Writable follows once there is room. p belongs to the caller again
	// when Write returns. Bytes that were taken may still never arrive. Errors:
	// those of Read except io.EOF and ErrWouldBlock.
	Write(p []byte) (int, error)

	// Close ends the connection in order: what was taken by Write is still
	// delivered, if the network lets it, and then the peer reads io.EOF. No
	// callback follows. A peer that goes on writing gets ErrReset.
	Close()

	// Abort ends the connection with RST: bytes in flight are lost and the peer
	// gets ErrReset. No callback follows.
	Abort()
}

// DirectConn is a Conn whose own memory can be used, which saves a copy of each
// byte either way. A simulated connection is one. One of the operating system has
// no memory of its own, and one that only decorates another need not be, so ask
// with a type assertion. Nothing of Read and Write changes.
type DirectConn interface {
	Conn

	// Buffered is the next bytes that Read would return, as many as lie in one
	// piece; it is empty if Read would fail or must be asked why there are none.
	// They stay valid, and may not be changed, until Discard, Read, Close or Abort,
	// or until Closed is called.
	Buffered() []byte

	// Discard does to the first n bytes of Buffered what Read does to those it
	// copies. Where there are not so many it has no effect.
	Discard(n int)

	// AvailableBuffer is empty memory with room for at least n bytes, to be
	// appended to and passed to Write as a whole, which then need not copy. It is
	// nil if the connection has none to give. It belongs to the caller until the
	// next Write or AvailableBuffer; what Write does not take of it, until the one
	// after that.
	AvailableBuffer(n int) []byte
}

// HalfCloser is a Conn whose sending side can be closed by itself, as shutdown(2)
// does with SHUT_WR. Connections of this repository's hosts are, and decorators may
// be, so ask with a type assertion.
type HalfCloser interface {
	Conn

	// CloseWrite says that nothing more will be written: what was taken by Write is
	// still delivered, and then the peer reads io.EOF. Reading goes on as before,
	// and Close is still to be called. No Writable follows. Write fails with
	// ErrClosed from now on, and so does another CloseWrite. Errors: those of Write,
	// and ErrWouldBlock while the connection is being dialled.
	CloseWrite() error
}

// ConnHandler is told what happens to one connection. All its methods run on the
// connection's loop, one after another, and none after Close or Abort was
// called.
type ConnHandler interface {
	// Opened: the dialled connection is open. It is the first callback of such a
	// connection, and not called for an accepted one.
	Opened()
	// Readable: Read will not answer ErrWouldBlock. It is called when that
	// becomes true, not repeatedly while it stays true: read until ErrWouldBlock.
	Readable()
	// Writable: there is room again after a Write that took less than it was
	// given.
	Writable()
	// Closed: the connection broke, or could never be opened; err says how. It
	// is the last callback. Bytes that arrived before can no longer be read. A
	// peer that closes in order does not cause it: Read answers io.EOF then.
	Closed(err error)
}
