package web

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"      //wavetank:allow its types only
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"net/netip"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
	"github.com/wavetank/wavetank/daemons/mgr/module"
)

// Bounds of what a client may ask for.
const (
	maxConns   = 64               // open at once; further ones are closed
	maxRequest = 64 << 10         // bytes of a request, all of it
	patience   = 30 * time.Second // for a request to come, and for a response to go
)

// server answers the requests at one address.
type server struct {
	m        *module.Manager
	handler  http.Handler
	listener net.Listener
	conns    []net.Conn
	closed   bool
}

// listen begins to answer at an address; port 0 takes a free one. Errors: those of
// [netconn.Stack.Listen].
func listen(m *module.Manager, at netip.AddrPort, handler http.Handler) (*server, error) {
	l, err := netconn.New(m.Host(), m.Loop()).Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	s := &server{m: m, handler: handler, listener: l}
	m.Go("accept", s.accept)
	return s, nil
}

func (s *server) addr() string { return s.listener.Addr().String() }

// close ends everything that the server does.
func (s *server) close() {
	if s.closed {
		return
	}
	s.closed = true
	_ = s.listener.Close() // fails only if it is closed
	for _, c := range s.conns {
		_ = c.Close()
	}
	s.conns = nil
}

func (s *server) accept(host.Task) {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		if len(s.conns) == maxConns {
			_ = c.Close()
			continue
		}
		s.conns = append(s.conns, c)
		s.m.Go("client", func(host.Task) {
			defer s.drop(c)
			s.serve(c)
		})
	}
}

func (s *server) drop(c net.Conn) {
	s.conns = slices.DeleteFunc(s.conns, func(x net.Conn) bool { return x == c })
	_ = c.Close()
}

// serve answers the requests of one connection.
func (s *server) serve(c net.Conn) {
	limited := &io.LimitedReader{R: c}
	in := bufio.NewReader(limited)
	for !s.closed {
		limited.N = maxRequest
		if c.SetDeadline(s.m.Host().Clock().Now().Add(patience)) != nil {
			return
		}
		request, err := http.ReadRequest(in)
		if err != nil {
			if !errors.Is(err, io.EOF) && !isNetError(err) {
				s.refuse(c, http.StatusBadRequest)
			}
			return
		}
		if request.Method != http.MethodGet && request.Method != http.MethodHead {
			s.refuse(c, http.StatusMethodNotAllowed)
			return
		}
		if request.ContentLength != 0 {
			s.refuse(c, http.StatusRequestEntityTooLarge)
			return
		}
		request.RemoteAddr = c.RemoteAddr().String()
		answer := &recorder{header: http.Header{}, code: http.StatusOK}
		s.handler.ServeHTTP(answer, request)
		if s.write(c, request, answer) != nil || request.Close {
			return
		}
	}
}

// isNetError reports whether the connection has failed, so that there is nobody to
// answer.
func isNetError(err error) bool {
	var ne net.Error
	return errors.As(err, &ne)
}

// refuse answers a request that is none, and is the last one.
func (s *server) refuse(c net.Conn, code int) {
	answer := &recorder{header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, code: code}
	fmt.Fprintln(&answer.body, http.StatusText(code))
	_ = s.write(c, &http.Request{Method: http.MethodGet, Close: true}, answer)
}

func (s *server) write(c net.Conn, request *http.Request, answer *recorder) error {
	answer.header.Set("Date", s.m.Host().Clock().Now().UTC().Format(http.TimeFormat))
	response := &http.Response{
		StatusCode: answer.code, ProtoMajor: 1, ProtoMinor: 1, Request: request, Header: answer.header,
		ContentLength: int64(answer.body.Len()), Body: io.NopCloser(&answer.body), Close: request.Close,
	}
	out := bufio.NewWriter(c)
	if err := response.Write(out); err != nil {
		return err
	}
	return out.Flush()
}

// recorder is the http.ResponseWriter that handlers write to.
type recorder struct {
	header http.Header
	code   int
	wrote  bool
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(code int) {
	if !r.wrote {
		r.code, r.wrote = code, true
	}
}

// Write implements http.ResponseWriter.
func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	if r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", http.DetectContentType(p))
	}
	return r.body.Write(p)
}
