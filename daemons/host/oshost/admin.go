package oshost

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

const (
	// maxAdminClients is how many operators are served at once; more wait in the
	// kernel's backlog.
	maxAdminClients = 16
	// adminPatience is how long an operator may take to ask, and how long to take the
	// answer.
	adminPatience = 5 * time.Second
)

// adminSocket is Ceph's admin socket: a Unix socket where a question is a text that
// ends with a zero byte or a newline, an answer a 32-bit big-endian length and as many
// bytes, and a connection good for one of each.
type adminSocket struct {
	host   *Host
	loop   host.Loop
	ln     *net.UnixListener
	answer func([]byte) []byte
	slots  chan struct{} // one for each operator who is served

	open context.Context // done when the socket is closed
	shut context.CancelFunc
}

// ServeAdmin implements [host.AdminHost] at Options.AdminSocket; without that nobody
// can ask.
func (h *Host) ServeAdmin(loop host.Loop, answer func(request []byte) []byte) error {
	path := h.options.AdminSocket
	if path == "" {
		return nil
	}
	if isOver(loop) {
		return fmt.Errorf("%s: admin socket %s: loop %s: %w", h.Name(), path, loop.Name(), host.ErrClosed)
	}
	ln, err := listenUnix(path)
	if err != nil {
		return fmt.Errorf("%s: admin socket: %w", h.Name(), err)
	}
	s := &adminSocket{host: h, loop: loop, ln: ln, answer: answer, slots: make(chan struct{}, maxAdminClients)}
	s.open, s.shut = context.WithCancel(h.stopping)
	if !h.adopt(s) || !h.spawn(s.run) {
		s.die()
		return fmt.Errorf("%s: admin socket %s: %w", h.Name(), path, host.ErrStopped)
	}
	if isOver(loop) { // closed meanwhile, perhaps without seeing the socket
		s.Close()
	}
	return nil
}

// listenUnix listens at path, and takes the place of a process that died and left its
// socket there. Two that do so at the same moment can take it from each other: who
// starts daemons sees to it that one does.
func listenUnix(path string) (*net.UnixListener, error) {
	addr := &net.UnixAddr{Name: path, Net: "unix"}
	ln, err := net.ListenUnix("unix", addr)
	if !errors.Is(err, syscall.EADDRINUSE) {
		return ln, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	return net.ListenUnix("unix", addr)
}

// removeStale removes a socket at which nobody listens. Error: host.ErrAddrInUse if
// somebody does, or if it is no socket.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("%s is not a socket: %w", path, host.ErrAddrInUse)
	}
	c, err := net.DialTimeout("unix", path, adminPatience)
	if err == nil {
		c.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: another process serves there: %w", path, host.ErrAddrInUse)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// die implements resource: the file goes with the socket.
func (s *adminSocket) die() {
	s.shut()
	s.ln.Close()
}

// Close implements socket.
func (s *adminSocket) Close() {
	s.die()
	s.host.release(s)
}

func (s *adminSocket) servedBy(l *loop) bool { return s.loop == l }

// run accepts operators until the socket is closed.
func (s *adminSocket) run() {
	for {
		select {
		case s.slots <- struct{}{}:
		case <-s.open.Done():
			return
		}
		c, err := s.ln.AcceptUnix()
		switch {
		case s.open.Err() != nil:
			if err == nil {
				c.Close()
			}
			return
		case err != nil:
			<-s.slots
			s.rest()
			continue
		}
		if !s.host.spawn(func() { s.serve(c); <-s.slots }) {
			c.Close()
		}
	}
}

// rest waits a little after accept(2) failed for want of something.
func (s *adminSocket) rest() {
	select {
	case <-time.After(acceptPause):
	case <-s.open.Done():
	}
}

// serve answers one question, or closes the connection without a word as Ceph does if
// there is none.
func (s *adminSocket) serve(c *net.UnixConn) {
	defer c.Close()
	defer context.AfterFunc(s.open, func() { c.Close() })()
	_ = c.SetReadDeadline(time.Now().Add(s.host.options.adminPatience))
	request, err := readAdminRequest(c)
	if err != nil {
		return
	}
	reply, ok := s.ask(request)
	if !ok {
		return
	}
	_ = c.SetWriteDeadline(time.Now().Add(s.host.options.adminPatience))
	head := binary.BigEndian.AppendUint32(nil, uint32(len(reply)))
	_, _ = (&net.Buffers{head, reply}).WriteTo(c)
}

// ask has the loop answer, and waits for as long as it takes: a loop that is stuck
// has at most maxAdminClients questions in its queue. It reports false when the socket
// is closed.
func (s *adminSocket) ask(request []byte) (reply []byte, ok bool) {
	answered := make(chan []byte, 1)
	s.loop.Post(func() { answered <- s.answer(request) })
	select {
	case reply := <-answered:
		return reply, true
	case <-s.open.Done():
		return nil, false
	}
}

var errAdminRequest = errors.New("not a question")

// readAdminRequest reads a question without the byte that ends it. One that begins with
// a zero byte is of the oldest form, four bytes that are a number (do_accept in
// src/common/admin_socket.cc).
func readAdminRequest(r io.Reader) ([]byte, error) {
	buf := make([]byte, host.MaxAdminRequest+1)
	for n := 0; n < len(buf); {
		more, err := r.Read(buf[n:])
		n += more
		if request, done := adminRequest(buf[:n]); done {
			return request, nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: more than %d bytes", errAdminRequest, host.MaxAdminRequest)
}

// adminRequest is the question that the bytes begin with, if it is there as a whole.
func adminRequest(b []byte) (request []byte, done bool) {
	if len(b) == 0 || b[0] == 0 && len(b) < 4 {
		return nil, false
	}
	if b[0] == 0 {
		return oldAdminRequest(b[3]), true
	}
	end := bytes.IndexAny(b, "\x00\n")
	if end < 0 {
		return nil, false
	}
	return b[:end], true
}

// oldAdminRequest is what a question of the oldest form is called today.
func oldAdminRequest(number byte) []byte {
	switch number {
	case 0:
		return []byte(`{"prefix": "0"}`)
	case 1:
		return []byte(`{"prefix": "perf dump"}`)
	}
	return []byte(`{"prefix": "foo"}`) // that is what Ceph asks then
}
