package web

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"      //wavetank:allow its types only
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"net/netip"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

// Config says how to serve.
type Config struct {
	Host    host.Host
	Loop    host.Loop // of Host
	Handler http.Handler

	// Go starts a task; nil is Loop.Go. The server's tasks are "accept" and "client".
	Go func(name string, fn func(host.Task))
	// Methods are those that are understood, others are answered with status 405; none
	// named is all.
	Methods []string
	// MaxBody is how many bytes the body of a request may have. A longer one is
	// answered with status 413.
	MaxBody int64
	// MaxConns is how many connections may be open at once, further ones are closed;
	// 0 is 64.
	MaxConns int
	// Patience is how long a request may take to come, and how long an answer may
	// take to go; 0 is 30 s. How long the handler takes is its own business.
	Patience time.Duration
}

// What counts where a Config is silent.
const (
	defaultConns    = 64
	defaultPatience = 30 * time.Second
)

// Server answers the requests at one address. Its methods may be called from callbacks
// and tasks of its loop.
type Server struct {
	config   Config
	listener net.Listener
	conns    []net.Conn
	closed   bool
	spare    []*pipes
}

// pipes are what a connection is read and written through, for one after the other.
type pipes struct {
	in  *reader
	out *bufio.Writer
}

// Listen begins to answer at an address; port 0 takes a free one. Errors: those of
// [netconn.Stack.Listen].
func Listen(at netip.AddrPort, config Config) (*Server, error) {
	if config.Go == nil {
		config.Go = config.Loop.Go
	}
	if config.MaxConns == 0 {
		config.MaxConns = defaultConns
	}
	if config.Patience == 0 {
		config.Patience = defaultPatience
	}
	l, err := netconn.New(config.Host, config.Loop).Listen("tcp", at.String())
	if err != nil {
		return nil, err
	}
	s := &Server{config: config, listener: l}
	config.Go("accept", s.accept)
	return s, nil
}

// Addr is where the server listens, with the real port.
func (s *Server) Addr() netip.AddrPort { return s.listener.Addr().(*net.TCPAddr).AddrPort() }

// Close ends everything that the server does: it listens no more, and its connections
// are closed. What handlers that wait still write goes nowhere.
func (s *Server) Close() {
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

func (s *Server) accept(host.Task) {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		if len(s.conns) == s.config.MaxConns {
			_ = c.Close()
			continue
		}
		s.conns = append(s.conns, c)
		s.config.Go("client", func(t host.Task) {
			defer s.drop(c)
			s.serve(t, c)
		})
	}
}

func (s *Server) drop(c net.Conn) {
	s.conns = slices.DeleteFunc(s.conns, func(x net.Conn) bool { return x == c })
	_ = c.Close()
}

// pipe is pipes for a connection.
func (s *Server) pipe(c net.Conn) *pipes {
	n := len(s.spare) - 1
	if n < 0 {
		return &pipes{newReader(c, s.config), bufio.NewWriter(c)}
	}
	p := s.spare[n]
	s.spare = s.spare[:n]
	p.in.reset(c)
	p.out.Reset(c)
	return p
}

// serve answers the requests of one connection.
func (s *Server) serve(t host.Task, c net.Conn) {
	p := s.pipe(c)
	s.answer(t, c, p)
	p.in.reset(nil)
	p.out.Reset(nil)
	s.spare = append(s.spare, p)
}

func (s *Server) answer(t host.Task, c net.Conn, p *pipes) {
	for !s.closed && s.patiently(c) == nil {
		request, err := p.in.next()
		var refused *refusal
		if errors.As(err, &refused) {
			s.refuse(c, p.out, refused)
		}
		if err != nil {
			return
		}
		request.RemoteAddr = c.RemoteAddr().String()
		answer := newRecorder()
		s.config.Handler.ServeHTTP(answer, request.WithContext(context.WithValue(request.Context(), taskKey{}, t)))
		if s.patiently(c) != nil || s.write(p.out, request, answer) != nil || request.Close {
			return
		}
	}
}

// patiently gives a connection some time for what comes next.
func (s *Server) patiently(c net.Conn) error {
	return c.SetDeadline(s.config.Host.Clock().Now().Add(s.config.Patience))
}

// taskKey is under which a request's context has its task.
type taskKey struct{}

// Task is the task that a handler runs in, by the request that it was given.
func Task(r *http.Request) host.Task {
	t, _ := r.Context().Value(taskKey{}).(host.Task)
	return t
}

// Bounds of what is still read from a client that was refused.
const (
	lingerBytes = 256 << 10
	lingerTime  = time.Second
)

// refuse answers what is not passed to the handler, and is the last answer. A client
// may be writing yet: a connection that is closed before everything was read is reset,
// and the client might never see the answer.
func (s *Server) refuse(c net.Conn, out *bufio.Writer, why *refusal) {
	answer := newRecorder()
	for name, value := range why.header {
		answer.header[name] = value
	}
	http.Error(answer, http.StatusText(why.status), why.status)
	if s.write(out, &http.Request{Method: http.MethodGet, Close: true}, answer) != nil {
		return
	}
	if half, ok := c.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		return
	}
	if c.SetDeadline(s.config.Host.Clock().Now().Add(lingerTime)) == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c, lingerBytes))
	}
}

func (s *Server) write(out *bufio.Writer, request *http.Request, answer *recorder) error {
	answer.header.Set("Date", s.config.Host.Clock().Now().UTC().Format(http.TimeFormat))
	response := &http.Response{
		StatusCode: answer.code, ProtoMajor: 1, ProtoMinor: 1, Request: request, Header: answer.header,
		ContentLength: int64(answer.body.Len()), Body: io.NopCloser(&answer.body), Close: request.Close,
	}
	if err := response.Write(out); err != nil {
		return err
	}
	return out.Flush()
}
