package sqld

import (
	"bufio"
	"errors"
	"net" //wavetank:allow its types only
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/wavetank/wavetank/daemons/host"
)

// rowsPerFrame is about how many bytes of rows go into a frame.
const rowsPerFrame = 32 << 10

// session is a client's connection.
type session struct {
	server *Server
	net    net.Conn
	in     *bufio.Reader
	buf    []byte
	out    encoder
	pinned *connection // while a transaction is open
	writes []entry     // of the open transaction, for the log
	// logging: a transaction of the server's own is open, around one statement.
}

// accept begins a session for each connection.
func (s *Server) accept(_ host.Task, l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			s.log.Error("sqld: no more sessions", "err", err)
			return
		}
		if s.sessions == s.options.Sessions {
			c.Close()
			continue
		}
		s.sessions++
		s.loop.Go("session", func(t host.Task) {
			defer func() { s.sessions-- }()
			defer c.Close()
			(&session{server: s, net: c, in: bufio.NewReaderSize(c, 1024)}).serve(t)
		})
	}
}

// serve answers a client until it goes.
func (s *session) serve(t host.Task) {
	defer func() {
		if s.pinned != nil {
			s.rollBack(t)
		}
	}()
	if err := s.greet(); err != nil {
		return
	}
	for {
		if err := s.one(t); err != nil {
			return
		}
	}
}

// greet reads the client's first frame and answers it.
func (s *session) greet() error {
	kind, body, err := s.read()
	if err != nil {
		return err
	}
	if kind != frameHello || string(body) != magic {
		s.refuse(refuse(Protocol, "not a client of this protocol"))
		return errMalformed
	}
	s.out.begin(frameWelcome)
	s.out.uint(map[bool]uint64{true: 1}[s.server.primary()])
	s.out.uint(s.server.epoch)
	s.out.end()
	return s.flush()
}

func (s *session) read() (kind byte, body []byte, err error) {
	kind, body, s.buf, err = readFrame(s.in, s.buf)
	if cap(s.buf) > rowsPerFrame {
		s.buf = nil
	}
	return kind, body, err
}

func (s *session) flush() error {
	_, err := s.net.Write(s.out.buf)
	if s.out.buf = s.out.buf[:0]; cap(s.out.buf) > 2*rowsPerFrame {
		s.out.buf = nil
	}
	return err
}

// refuse answers with an error.
func (s *session) refuse(e *Error) error {
	s.out.buf = s.out.buf[:0]
	s.out.begin(frameError)
	s.out.uint(uint64(e.Code))
	s.out.text(e.Message)
	s.out.end()
	return s.flush()
}

// one reads a frame and answers it. A client that is silent in a transaction for too
// long is gone.
func (s *session) one(t host.Task) error {
	var until time.Time
	if s.pinned != nil {
		until = s.server.host.Clock().Now().Add(s.server.options.IdleTimeout)
	}
	s.net.SetReadDeadline(until)
	kind, body, err := s.read()
	if err != nil {
		return err
	}
	d := &decoder{body: body}
	switch kind {
	case frameExecute:
		st := s.server.texts.decode(d)
		if err := d.end(); err != nil {
			return errors.Join(err, s.refuse(refusal(err)))
		}
		return s.execute(t, st)
	case framePull:
		position, epoch := d.int(), d.uint()
		if err := d.end(); err != nil {
			return errors.Join(err, s.refuse(refusal(err)))
		}
		return s.servePull(t, position, epoch)
	}
	s.refuse(refuse(Protocol, "no frame %q from clients", kind))
	return errMalformed
}

// execute runs a statement and answers it.
func (s *session) execute(t host.Task, st statement) error {
	s.server.counts.Statements++
	if d := s.server.delay; d > 0 {
		t.Sleep(d)
	}
	a, err := s.try(t, st)
	if err != nil {
		return s.refuse(refusal(err))
	}
	return s.answer(a)
}

// try runs a statement, and again as long as it meets locks. Outside a transaction it
// waits for them without a connection, which others use meanwhile: each one that is opened
// costs megabytes.
func (s *session) try(t host.Task, st statement) (a answer, err error) {
	switch {
	case s.pinned != nil:
		a, err = s.run(t, s.pinned, st)
		s.settle(t, s.pinned, a.open, err)
		return a, err
	case grouped(st):
		return s.server.write(t, st)
	}
	err = s.server.patiently(t, func() error {
		c, err := s.server.take(t)
		if err != nil {
			return err
		}
		a, err = s.run(t, c, st)
		s.settle(t, c, a.open, err)
		return err
	})
	return a, err
}

// settle keeps the connection if a transaction is open now, and gives it back if not. A
// connection of which the disk failed is closed: SQLite looks at its files anew.
func (s *session) settle(t host.Task, c *connection, open bool, err error) {
	switch {
	case codeOf(err) == IO && err != nil:
		s.pinned, s.writes = nil, nil
		s.server.drop(t, c)
	case open:
		s.pinned = c
		s.server.unlocked.open()
	case s.pinned == nil && errors.Is(err, sqlite3.BUSY): // it has unlocked nothing
		s.server.giveIdle(c)
	default:
		s.pinned, s.writes = nil, nil
		s.server.give(c)
	}
}

// rollBack ends the open transaction of a client that has gone.
func (s *session) rollBack(t host.Task) {
	a, err := s.pinned.runOwn(t, "rollback")
	s.settle(t, s.pinned, a.open, err)
	if s.pinned != nil { // it did not help
		s.server.drop(t, s.pinned)
	}
}

// run runs a statement on c, and logs what it writes.
func (s *session) run(t host.Task, c *connection, st statement) (answer, error) {
	p, err := s.server.look(t, c, st.text, s.patiently)
	if err != nil {
		return answer{open: s.pinned != nil}, err
	}
	switch {
	case p.writes && !s.server.primary():
		return answer{open: s.pinned != nil}, refuse(ReadOnly, "this server follows %v", s.server.following)
	case p.control == "COMMIT" && len(s.writes) > 0:
		return s.commit(t, c, st)
	case p.writes && s.pinned == nil && s.server.options.Log > 0:
		w := &write{statement: st}
		err := s.server.together(t, c, []*write{w})
		if err == nil {
			err = w.err
		}
		return w.answer, err
	}
	a, err := s.server.patient(t, c, st, s.patiently)
	if err == nil && p.writes && s.server.options.Log > 0 {
		s.writes = append(s.writes, entry{st, c.impure.values})
	}
	return a, err
}

// patiently calls fn again as long as it meets locks in a transaction; outside of one
// try does that.
func (s *session) patiently(t host.Task, fn func() error) error {
	if s.pinned == nil {
		return fn()
	}
	return s.server.patiently(t, fn)
}

// commit adds the transaction to the log and commits it with that.
func (s *session) commit(t host.Task, c *connection, commit statement) (answer, error) {
	position, err := s.server.append(t, c, s.writes)
	if err != nil {
		return answer{open: true}, err
	}
	a, err := s.server.patient(t, c, commit, s.patiently)
	if err != nil {
		return a, err
	}
	s.server.committed(position)
	return a, nil
}

// answer sends an answer.
func (s *session) answer(a answer) error {
	if len(a.columns) > 0 {
		s.out.begin(frameColumns)
		s.out.uint(uint64(len(a.columns)))
		for _, name := range a.columns {
			s.out.text(name)
		}
		s.out.end()
	}
	for len(a.rows) > 0 {
		n, err := s.rows(a.rows)
		if err != nil {
			return s.refuse(refusal(err))
		}
		if a.rows = a.rows[n:]; len(s.out.buf) >= rowsPerFrame {
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	s.out.begin(frameDone)
	s.out.int(a.affected)
	s.out.int(a.lastID)
	s.out.end()
	return s.flush()
}

// rows puts some rows into a frame and says how many.
func (s *session) rows(all [][]any) (int, error) {
	s.out.begin(frameRows)
	n := 0
	for n < len(all) && (n == 0 || len(s.out.buf)-s.out.start < rowsPerFrame) {
		for _, v := range all[n] {
			if err := s.out.value(v); err != nil {
				return 0, err
			}
		}
		n++
	}
	s.out.end()
	if len(s.out.buf)-s.out.start > maxFrame {
		return 0, refuse(TooBig, "a row of more than %d bytes", maxFrame)
	}
	return n, nil
}
