package oshost

import (
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/wavetank/wavetank/daemons/host"
)

// script plays the poller and the loop of one connection, step by step.
type script struct {
	t    *testing.T
	conn *conn
	far  *net.TCPConn

	posted []func()
	armed  []interest // what the driver was asked to wait for
	fails  error      // what the driver answers
	tokens []token
	told   []string

	onReadable, onWritable func()
}

// newScript is a connection that has just been attached. Its interest is armed
// once: in input.
func newScript(t *testing.T) *script {
	h := New(Options{Name: "a"})
	t.Cleanup(h.Kill)
	s := &script{t: t}
	h.poller.driver = scriptedDriver{s}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	far, err := net.Dial("tcp4", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { far.Close() })
	s.far = far.(*net.TCPConn)
	near, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if s.conn, err = newAccepted(h, near.(*net.TCPConn)); err != nil {
		t.Fatal(err)
	}
	s.conn.Attach(scriptedLoop{script: s}, s)
	s.wantsArmed(hangup | input)
	return s
}

type scriptedDriver struct{ *script }

func (d scriptedDriver) arm(t token, _ int, want interest, first bool) error {
	if first != (len(d.tokens) == 0) {
		d.t.Errorf("arming %d: first is %v", len(d.tokens), first)
	}
	d.script.armed = append(d.script.armed, want)
	d.script.tokens = append(d.script.tokens, t)
	return d.fails
}
func (scriptedDriver) forget(uint32)           {}
func (scriptedDriver) run(func([]event)) error { return nil }
func (scriptedDriver) close()                  {}

type scriptedLoop struct {
	host.Loop
	*script
}

func (l scriptedLoop) Post(fn func()) { l.script.posted = append(l.script.posted, fn) }

func (s *script) Opened() {}
func (s *script) Readable() {
	s.told = append(s.told, "readable")
	if s.onReadable != nil {
		s.onReadable()
	}
}
func (s *script) Writable() {
	s.told = append(s.told, "writable")
	if s.onWritable != nil {
		s.onWritable()
	}
}
func (s *script) Closed(err error) {
	s.told = append(s.told, "closed")
	if !errors.Is(err, host.ErrReset) {
		s.t.Errorf("Closed said %v", err)
	}
}

// send has bytes arrive.
func (s *script) send(what string) {
	s.t.Helper()
	if _, err := io.WriteString(s.far, what); err != nil {
		s.t.Fatal(err)
	}
	s.arrives(func() bool { return peekSocket(s.conn.fd) == nil })
}

// arrives waits for the kernel.
func (s *script) arrives(cond func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !cond(); time.Sleep(100 * time.Microsecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("waited in vain")
		}
	}
}

// resets has the other end reset the connection.
func (s *script) resets() {
	s.far.SetLinger(0)
	s.far.Close()
	s.arrives(func() bool { return broke(s.conn.fd) })
}

// broke reports whether the connection has broken, and leaves the error there.
func broke(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd)}}
	n, err := unix.Poll(fds, 0)
	return n == 1 && err == nil && fds[0].Revents&unix.POLLERR != 0
}

// event reports what happened to the last arming.
func (s *script) event(ready interest) { s.conn.happened(s.tokens[len(s.tokens)-1].arming, ready) }

// run runs what is queued on the loop.
func (s *script) run() {
	for len(s.posted) > 0 {
		fn := s.posted[0]
		s.posted = s.posted[1:]
		fn()
	}
}

// read reads n bytes; with 0, all there are.
func (s *script) read(n int) (got int) {
	for p := make([]byte, 1); n == 0 || got < n; got++ {
		if _, err := s.conn.Read(p); err != nil {
			return got
		}
	}
	return got
}

// fill writes until the socket takes no more.
func (s *script) fill() {
	for n := 1; n > 0; {
		n, _ = s.conn.Write(make([]byte, 1<<16))
	}
}

// wantsArmed tests what was armed since the last time.
func (s *script) wantsArmed(want ...interest) {
	s.t.Helper()
	if !slices.Equal(s.armed, want) {
		s.t.Errorf("armed %03b, want %03b", s.armed, want)
	}
	s.armed = nil
}

// wantsTold tests what the handler was told since the last time.
func (s *script) wantsTold(want ...string) {
	s.t.Helper()
	if !slices.Equal(s.told, want) {
		s.t.Errorf("told %q, want %q", s.told, want)
	}
	s.told = nil
}

// A loop that reads and writes along costs the poller nothing.
func TestConn_armsNothingWhileTheLoopKeepsUp(t *testing.T) {
	s := newScript(t)
	s.onReadable = func() {
		for range 100 {
			s.read(1)
			s.send("x")
			s.conn.Write([]byte("y"))
		}
		s.wantsArmed()
		s.read(0)
	}
	s.send("x")
	s.event(input)
	s.run()
	s.wantsTold("readable")
	s.wantsArmed(hangup | input)
	for range 10 {
		s.read(0) // asks again for what is armed
	}
	s.wantsArmed()
}

func TestConn_waitsForRoomOnlyWhenAWriteWasShort(t *testing.T) {
	s := newScript(t)
	s.conn.Write([]byte("x"))
	s.wantsArmed()
	s.fill()
	s.wantsArmed(hangup | input | output)
	s.fill()
	s.wantsArmed()
	s.event(output)
	s.wantsArmed() // the callback comes first
	s.run()
	s.wantsTold("writable")
	s.wantsArmed(hangup | input)
}

// One event may be about both directions.
func TestConn_armsOnceForBothDirections(t *testing.T) {
	s := newScript(t)
	s.onReadable = func() { s.read(0) }
	s.onWritable = s.fill
	s.fill()
	s.wantsArmed(hangup | input | output)
	s.send("x")
	s.event(input | output)
	s.run()
	s.wantsTold("readable", "writable")
	s.wantsArmed(hangup | input | output)
}

// What is left unread is not told again, but the end of the connection is.
func TestConn_waitsForTheEndWhenBytesAreLeft(t *testing.T) {
	s := newScript(t)
	s.onReadable = func() { s.read(1) }
	s.send("xyz")
	s.event(input)
	s.run()
	s.wantsTold("readable")
	s.wantsArmed(hangup)
	s.resets()
	s.event(hangup | input | output)
	s.run()
	s.wantsTold("closed")
	s.wantsArmed()
}

// The loop has read by itself what the poller was armed for.
func TestConn_bytesReadMeanwhileAreNotTold(t *testing.T) {
	s := newScript(t)
	s.send("xyz")
	s.read(1)
	s.event(input)
	s.run()
	s.wantsTold()
	s.wantsArmed(hangup)
	s.read(0)
	s.wantsArmed(hangup | input)
}

// The end of the stream is there for ever too.
func TestConn_endReadMeanwhileIsNotTold(t *testing.T) {
	s := newScript(t)
	s.far.CloseWrite()
	s.arrives(func() bool { return peekSocket(s.conn.fd) == nil })
	s.read(0)
	s.event(input)
	s.run()
	s.wantsTold()
	s.wantsArmed(hangup)
}

// The poller may have seen bytes that the loop reads before it is told so.
func TestConn_readableIsTrue(t *testing.T) {
	for name, race := range map[string]func(s *script){
		"read before the event": func(s *script) { s.read(0); s.event(input) },
		"read after the event":  func(s *script) { s.event(input); s.read(0) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.onReadable = func() { s.read(0) }
			s.send("x")
			race(s)
			s.run()
			s.wantsTold()
			s.wantsArmed(hangup | input)
			s.send("x")
			s.event(input)
			s.run()
			s.wantsTold("readable")
			s.wantsArmed(hangup | input)
			s.send("x")
			s.event(input)
			s.run()
			s.wantsTold("readable")
		})
	}
}

// An event that was under way when the socket was armed anew is of the past.
func TestConn_eventOfAnEarlierArmingIsIgnored(t *testing.T) {
	s := newScript(t)
	s.onReadable = func() { s.read(0) }
	s.send("x")
	s.fill() // arms again
	s.conn.happened(s.tokens[0].arming, input)
	s.run()
	s.wantsTold()
	s.event(input)
	s.run()
	s.wantsTold("readable")
}

func TestConn_bytesBeforeAResetAreToldFirst(t *testing.T) {
	s := newScript(t)
	s.onReadable = func() {
		if got := s.read(0); got != 3 {
			t.Errorf("read %d bytes", got)
		}
	}
	s.send("xyz")
	s.resets()
	s.event(hangup | input | output)
	s.run()
	s.wantsTold("readable", "closed")
}

func TestConn_resetWithoutBytesIsToldAtOnce(t *testing.T) {
	for name, ready := range map[string]interest{"as a hang-up": hangup, "with all else": hangup | input | output} {
		t.Run(name, func(t *testing.T) {
			s := newScript(t)
			s.resets()
			s.event(ready)
			s.run()
			s.wantsTold("closed")
		})
	}
}

// A connection whose both directions have ended hangs up for ever.
func TestConn_hangUpWithoutErrorIsLookedAtOnce(t *testing.T) {
	s := newScript(t)
	s.onReadable = func() { s.read(0) }
	finishSocket(s.conn.fd)
	s.far.Close()
	s.arrives(func() bool { return peekSocket(s.conn.fd) == nil })
	s.event(hangup | input)
	s.run()
	s.wantsTold("readable")
	s.wantsArmed(hangup)
	s.event(hangup)
	s.run()
	s.wantsTold()
	s.wantsArmed()
}

// What comes after Close is thrown away until the end of it.
func TestConn_closedGoesOnReading(t *testing.T) {
	s := newScript(t)
	s.far.SetReadBuffer(4 << 10)
	s.onReadable = func() {
		s.fill() // so that not all is acknowledged at once
		s.conn.Close()
	}
	s.send("xyz")
	s.event(input)
	s.run()
	s.wantsTold("readable")
	s.wantsArmed(hangup | input)
	s.send("late")
	s.event(input)
	if err := peekSocket(s.conn.fd); err != errAgain {
		t.Errorf("after the event peek says %v", err)
	}
	s.wantsArmed(hangup | input)
	s.far.CloseWrite()
	s.arrives(func() bool { return peekSocket(s.conn.fd) == nil })
	s.event(input)
	s.wantsArmed()
	s.run()
	s.wantsTold()
	s.conn.Abort()
	if n := len(s.conn.host.poller.conns); n != 0 {
		t.Errorf("the poller knows %d connections", n)
	}
}

// So does one that was closed when it waited for something else.
func TestConn_closedBetweenCallbacksGoesOnReading(t *testing.T) {
	s := newScript(t)
	s.far.SetReadBuffer(4 << 10)
	s.onReadable = func() { s.read(1) }
	s.send("xyz")
	s.event(input)
	s.run()
	s.fill()
	s.wantsArmed(hangup, hangup|output)
	s.conn.Close()
	s.wantsArmed(hangup | input)
}

// Bytes that nobody has read when the last acknowledgement comes would make the
// kernel send RST behind FIN.
func TestConn_closeReadsWhatWasLeftUnread(t *testing.T) {
	for range 5 {
		s := newScript(t)
		s.send(strings.Repeat("x", 400<<10)) // more than is thrown away at a time
		s.conn.Close()
		s.arrives(func() bool {
			s.conn.mu.Lock()
			defer s.conn.mu.Unlock()
			return s.conn.over
		})
		raw, err := s.far.SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		raw.Control(func(fd uintptr) {
			if broke(int(fd)) {
				t.Error("the peer was reset")
			}
		})
	}
}

func TestConn_isToldWhenNobodyCanWait(t *testing.T) {
	s := newScript(t)
	s.fails = host.ErrReset
	s.fill()
	s.run()
	s.wantsTold("closed")
}
