package hosttest

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/wavetank/wavetank/daemons/host"
)

// end is one end of a connection: a handler that notes its callbacks, holds them
// to the order the seam promises, and by default reads whatever arrives.
type end struct {
	rig     *rig
	process *process
	name    string
	loop    host.Loop
	conn    host.Conn

	// Set before the end is attached, and used on the loop.
	hold       bool // Readable reads nothing
	readSize   func() int
	onReadable func()
	onOpened   func()
	onRoom     func() // all of send was taken, after Writable

	unsent  []byte // what Write has not taken, on the loop
	readBuf []byte

	mu       sync.Mutex
	events   []string
	received []byte
	taken    int   // bytes that Write took
	err      error // how reading ended: io.EOF or a failure
	closed   error // what Closed said
	released bool  // Close or Abort was called
}

func (p *process) newEnd(name string) *end {
	return &end{rig: p.rig, process: p, name: name, loop: p.main, readBuf: make([]byte, 64<<10)}
}

func (e *end) event(name string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	switch {
	case e.released:
		e.rig.Errorf("%s: %s after Close or Abort", e.name, name)
	case e.closed != nil:
		e.rig.Errorf("%s: %s after Closed", e.name, name)
	}
	e.events = append(e.events, name)
}

// Opened implements host.ConnHandler.
func (e *end) Opened() {
	e.event("opened")
	if e.onOpened != nil {
		e.onOpened()
	}
}

// Readable implements host.ConnHandler.
func (e *end) Readable() {
	e.event("readable")
	switch {
	case e.onReadable != nil:
		e.onReadable()
	case !e.hold:
		if _, err := e.read(); errors.Is(err, host.ErrWouldBlock) {
			e.rig.Errorf("%s: Readable, but Read says %v", e.name, err)
		}
		e.drain()
	}
}

// Writable implements host.ConnHandler.
func (e *end) Writable() {
	e.event("writable")
	e.flush()
	if e.onRoom != nil && len(e.unsent) == 0 {
		e.onRoom()
	}
}

// Closed implements host.ConnHandler.
func (e *end) Closed(err error) {
	e.event("closed")
	if err == nil {
		err = errors.New("Closed was called without an error")
		e.rig.Error(err)
	}
	e.mu.Lock()
	e.closed = err
	e.mu.Unlock()
}

// read reads once and keeps what came.
func (e *end) read() (int, error) {
	p := e.readBuf
	if e.readSize != nil {
		p = p[:e.readSize()]
	}
	n, err := e.conn.Read(p)
	if n == 0 && err == nil {
		e.rig.Errorf("%s: Read gave neither bytes nor an error", e.name)
		err = errors.New("nothing from Read")
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.received = append(e.received, p[:n]...)
	clear(p) // whoever still writes or reads there shows
	if err != nil && !errors.Is(err, host.ErrWouldBlock) {
		e.err = err
	}
	return n, err
}

// drain reads until there is nothing more for now.
func (e *end) drain() {
	for {
		if _, err := e.read(); err != nil {
			return
		}
	}
}

// send writes p, now or when there is room. It runs on the loop.
func (e *end) send(p []byte) {
	e.unsent = append(e.unsent, p...)
	e.flush()
}

func (e *end) flush() {
	for len(e.unsent) > 0 {
		n, err := e.conn.Write(e.unsent)
		e.mu.Lock()
		e.taken += n
		e.mu.Unlock()
		short := n < len(e.unsent)
		e.unsent = e.unsent[n:]
		if err != nil || short {
			return
		}
	}
}

// close closes or aborts in order with the callbacks. It runs on the loop.
func (e *end) close(how func()) {
	e.mu.Lock()
	e.released = true
	e.mu.Unlock()
	how()
}

// do runs fn on the end's loop.
func (e *end) do(fn func()) {
	e.rig.Helper()
	e.process.on(e.loop, fn)
}

// got is what was read so far.
func (e *end) got() []byte {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.received)
}

func (e *end) takenBytes() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.taken
}

// seen is which callbacks came so far.
func (e *end) seen() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.events)
}

func (e *end) count(event string) int {
	n := 0
	for _, seen := range e.seen() {
		if seen == event {
			n++
		}
	}
	return n
}

// has is a condition: at least n bytes were read.
func (e *end) has(n int) func() bool {
	return func() bool {
		e.mu.Lock()
		defer e.mu.Unlock()
		return len(e.received) >= n
	}
}

// saw is a condition: the callback came at least n times.
func (e *end) saw(event string, n int) func() bool {
	return func() bool { return e.count(event) >= n }
}

// ended is a condition: reading came to its end, or the connection broke.
func (e *end) ended() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err != nil || e.closed != nil
}

func (e *end) how() (read, closed error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err, e.closed
}

// wantsEOF awaits the end of what was sent.
func (e *end) wantsEOF() {
	e.rig.Helper()
	e.rig.await(e.name+" has read to the end", e.ended)
	if read, closed := e.how(); !errors.Is(read, io.EOF) || closed != nil {
		e.rig.Errorf("%s: Read ended with %v, Closed with %v; want EOF", e.name, read, closed)
	}
}

// wantsClosed awaits Closed and tests its error.
func (e *end) wantsClosed(want error) {
	e.rig.Helper()
	e.rig.await(e.name+" was told that the connection is closed", e.saw("closed", 1))
	if _, closed := e.how(); !errors.Is(closed, want) {
		e.rig.Errorf("%s: Closed said %v, want %v", e.name, closed, want)
	}
}

func (e *end) wantsReceived(want string) {
	e.rig.Helper()
	if got := e.got(); string(got) != want {
		e.rig.Errorf("%s received %q, want %q", e.name, got, want)
	}
}

func (e *end) wantsEvents(want ...string) {
	e.rig.Helper()
	if got := e.seen(); !slices.Equal(got, want) {
		e.rig.Errorf("%s saw %q, want %q", e.name, got, want)
	}
}

// address is the machine's first address with any port.
func (p *process) address() netip.AddrPort {
	var addr netip.Addr
	p.do(func() { addr = p.Network().Addrs()[0] })
	return netip.AddrPortFrom(addr, 0)
}

// listen listens on the main loop.
func (p *process) listen(accept func(host.Conn)) host.Listener {
	p.rig.Helper()
	addr := p.address()
	var ln host.Listener
	var err error
	p.do(func() { ln, err = p.Network().Listen(p.main, addr, accept) })
	if err != nil {
		p.rig.Fatalf("Listen(%v): %v", addr, err)
	}
	return ln
}

// dial begins a connection on the end's loop.
func (e *end) dial(addr netip.AddrPort) {
	e.rig.Helper()
	e.do(func() { e.dialHere(addr) })
}

func (e *end) dialHere(addr netip.AddrPort) {
	e.conn = e.process.Network().Dial(e.loop, addr, e)
}

// link is an open connection between two machines.
type link struct {
	client, server *process
	near, far      *end // the dialled and the accepted end
	listener       host.Listener
}

// link opens a connection. prepare, if not nil, sets the ends up before.
func (r *rig) link(prepare func(near, far *end)) *link {
	r.Helper()
	l := &link{client: r.process("client"), server: r.process("server")}
	l.near, l.far = l.client.newEnd("near"), l.server.newEnd("far")
	if prepare != nil {
		prepare(l.near, l.far)
	}
	var accepted atomic.Int32
	l.listener = l.server.listen(func(c host.Conn) {
		l.far.conn = c
		c.Attach(l.far.loop, l.far)
		accepted.Add(1)
	})
	l.near.dial(l.listener.Addr())
	r.await("the dialled end is open", l.near.saw("opened", 1))
	r.await("the other end was accepted", func() bool { return accepted.Load() == 1 })
	return l
}

// pattern is n bytes from offset off of a stream that no shift, swap or loss
// leaves as it was. salt tells streams apart.
func pattern(off, n int, salt uint32) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = patternAt(off+i, salt)
	}
	return p
}

func patternAt(i int, salt uint32) byte {
	x := (uint32(i) ^ salt) * 2654435761
	x ^= x >> 15
	return byte(x * 2246822519 >> 24)
}

// checkPattern is the first difference between p and the stream, or nil.
func checkPattern(p []byte, off int, salt uint32) error {
	for i, b := range p {
		if want := patternAt(off+i, salt); b != want {
			return fmt.Errorf("byte %d is %#x, was sent as %#x", off+i, b, want)
		}
	}
	return nil
}
