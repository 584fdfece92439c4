package sqld

import (
	"bufio"
	"fmt"

	"net" //wavetank:allow its types only
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// pullTimeout is how long a replica waits for its primary.
const pullTimeout = 10 * time.Second

// servePull sends a replica the entries after a position, or the whole database if the
// entry there is not that epoch's.
func (s *session) servePull(t host.Task, position int64, epoch uint64) error {
	c, err := s.server.take(t)
	if err != nil {
		return s.refuse(refusal(err))
	}
	known := position == 0
	if !known {
		a, err := c.runOwn(t, "select 1 from sqld_log where position = ? and epoch = ?", position, int64(epoch))
		if err != nil {
			s.server.drop(t, c)
			return s.refuse(refusal(err))
		}
		known = len(a.rows) == 1
	}
	a, err := c.runOwn(t, "select position, epoch, entry from sqld_log where position > ? order by position limit 1000", position)
	if err != nil {
		s.server.drop(t, c)
		return s.refuse(refusal(err))
	}
	if !known || len(a.rows) > 0 && a.rows[0][0].(int64) != position+1 {
		return s.sendImage(t, c)
	}
	s.server.give(c)
	s.out.begin(frameEntries)
	for i, row := range a.rows {
		if i > 0 && len(s.out.buf) > pullSize {
			break
		}
		s.out.int(row[0].(int64))
		s.out.uint(uint64(row[1].(int64)))
		s.out.text(string(row[2].([]byte)))
	}
	s.out.end()
	return s.flush()
}

// sendImage sends the database's file, while a read transaction keeps it as it is.
func (s *session) sendImage(t host.Task, c *connection) error {
	image, err := s.server.image(t, c)
	if err != nil {
		s.server.drop(t, c)
		return s.refuse(refusal(err))
	}
	s.server.give(c)
	for len(image) > 0 {
		n := min(len(image), rowsPerFrame)
		s.out.begin(frameImage)
		s.out.buf = append(s.out.buf, image[:n]...)
		s.out.end()
		if err := s.flush(); err != nil {
			return err
		}
		image = image[n:]
	}
	s.out.begin(frameImage)
	s.out.end()
	return s.flush()
}

// image is the content of the database's file.
func (s *Server) image(t host.Task, c *connection) (content []byte, err error) {
	if _, err := c.runOwn(t, "begin"); err != nil {
		return nil, err
	}
	err = s.patiently(t, func() error {
		_, err := c.runOwn(t, "select count(*) from sqlite_schema") // takes the lock
		return err
	})
	if err == nil {
		content, err = s.host.Disk().ReadFile(s.options.Name)
	}
	if _, end := c.runOwn(t, "rollback"); err == nil {
		err = end
	}
	return content, err
}

// pullFrom asks the primary again and again, until something is wrong, it has nothing
// new, or the role changes.
func (s *Server) pullFrom(t host.Task, primary netip.AddrPort) error {
	c, err := s.stack.DialTimeout("tcp", primary.String(), pullTimeout)
	if err != nil {
		return err
	}
	defer c.Close()
	l := newLink(c, s.host.Clock())
	if _, _, err := l.hello(pullTimeout); err != nil {
		return err
	}
	for s.following == primary {
		more, err := s.pull(t, l)
		if err != nil {
			return err
		}
		if !more {
			s.roleGate.wait(t, s.options.PullInterval, "more to replicate")
		}
	}
	return nil
}

// pull asks once and does what the answer says.
func (s *Server) pull(t host.Task, l *link) (more bool, err error) {
	l.out.begin(framePull)
	l.out.int(s.position)
	l.out.uint(s.last)
	l.out.end()
	if err := l.send(pullTimeout); err != nil {
		return false, err
	}
	var image []byte
	for {
		kind, body, err := l.receive()
		switch {
		case err != nil:
			return false, err
		case kind == frameEntries:
			return len(body) > 0, s.applyAll(t, &decoder{body: body})
		case kind == frameImage && len(body) == 0:
			return true, s.replaceDatabase(t, image)
		case kind == frameImage:
			image = append(image, body...)
		case kind == frameError:
			return false, decodeError(body)
		default:
			return false, fmt.Errorf("%w: frame %q", errMalformed, kind)
		}
	}
}

// applyAll does the transactions of other servers.
func (s *Server) applyAll(t host.Task, d *decoder) error {
	following := s.following
	for len(d.body) > 0 {
		position, epoch, body := d.int(), d.uint(), []byte(d.text())
		if d.err != nil {
			return d.err
		}
		if s.following != following {
			return nil
		}
		if err := s.apply(t, position, epoch, body); err != nil {
			return fmt.Errorf("transaction %d: %w", position, err)
		}
		s.position, s.last = position, epoch
	}
	return nil
}

// apply does one transaction and adds it to the log.
func (s *Server) apply(t host.Task, position int64, epoch uint64, body []byte) error {
	all, err := decodeEntries(body)
	if err != nil {
		return err
	}
	c, err := s.take(t)
	if err != nil {
		return err
	}
	err = s.patiently(t, func() error { _, err := c.runOwn(t, "begin immediate"); return err })
	for i := 0; err == nil && i < len(all); i++ {
		c.impure = impure{values: all[i].impure, again: true}
		_, err = c.run(t, all[i].statement)
		c.impure = impure{}
	}
	if err == nil {
		_, err = c.runOwn(t, "insert into sqld_log values (?, ?, ?)", position, int64(epoch), body)
	}
	if err == nil {
		_, err = c.runOwn(t, "delete from sqld_log where position <= ?", position-int64(s.options.Log))
	}
	if err == nil {
		err = s.patiently(t, func() error { _, err := c.runOwn(t, "commit"); return err })
	}
	if err != nil {
		s.drop(t, c) // and with it the transaction
		return err
	}
	s.give(c)
	return nil
}

// replaceDatabase puts another database in the place of this one.
func (s *Server) replaceDatabase(t host.Task, content []byte) error {
	if s.replacing {
		return refuse(Busy, "the database is being replaced already")
	}
	s.replacing = true
	defer func() {
		s.replacing = false
		s.borrow.open()
	}()
	for s.open > len(s.idle) { // sessions in transactions come to an end, or time out
		if !s.unlocked.wait(t, s.options.IdleTimeout+s.options.LockTimeout, "sessions to end their transactions") {
			return refuse(Busy, "a transaction does not end")
		}
	}
	for _, c := range s.idle {
		c.db.Close(t)
	}
	s.open, s.idle = 0, nil
	if err := s.replaceFile(t, s.options.Name, content); err != nil {
		return err
	}
	c, err := s.openOne(t)
	if err != nil {
		return err
	}
	s.idle = append(s.idle, c)
	if s.options.Log == 0 {
		return nil
	}
	return s.readPosition(t, c)
}

// replaceFile writes a file anew, so that a crash leaves the old one or the new one.
func (s *Server) replaceFile(t host.Task, name string, content []byte) error {
	disk := s.host.Disk()
	fresh := name + ".new"
	f, err := disk.Open(fresh)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(0); err != nil {
		return err
	}
	if _, err := f.WriteAt(content, 0); err != nil {
		return err
	}
	if err := s.sync(t, func(done func(error)) { f.Sync(s.loop, done) }); err != nil {
		return err
	}
	if err := disk.Rename(fresh, name); err != nil {
		return err
	}
	folder := name[:max(0, lastSlash(name))]
	return s.sync(t, func(done func(error)) { disk.SyncDir(s.loop, folder, done) })
}

func lastSlash(name string) int {
	for i := len(name) - 1; i >= 0; i-- {
		if name[i] == '/' {
			return i
		}
	}
	return -1
}

// sync begins something and waits until it is done.
func (s *Server) sync(t host.Task, begin func(done func(error))) (err error) {
	finished := false
	begin(func(result error) {
		err, finished = result, true
		t.Wake()
	})
	for !finished {
		t.ParkFor("the disk")
	}
	return err
}

// link is the client's side of a session.
type link struct {
	net   net.Conn
	in    *bufio.Reader
	buf   []byte
	out   encoder
	clock host.Clock
}

// send sends what was built; the answer must come within limit, if that is not 0.
func (l *link) send(limit time.Duration) error {
	var until time.Time
	if limit > 0 {
		until = l.clock.Now().Add(limit)
	}
	if err := l.net.SetDeadline(until); err != nil {
		return err
	}
	_, err := l.net.Write(l.out.buf)
	l.out.buf = l.out.buf[:0]
	return err
}

func (l *link) receive() (kind byte, body []byte, err error) {
	kind, body, l.buf, err = readFrame(l.in, l.buf)
	return kind, body, err
}

func newLink(c net.Conn, clock host.Clock) *link {
	return &link{net: c, in: bufio.NewReaderSize(c, 1024), clock: clock}
}

// hello begins a session and says whether the server takes writes, and of which epoch
// these are.
func (l *link) hello(limit time.Duration) (primary bool, epoch uint64, err error) {
	l.out.begin(frameHello)
	l.out.buf = append(l.out.buf, magic...)
	l.out.end()
	if err := l.send(limit); err != nil {
		return false, 0, err
	}
	kind, body, err := l.receive()
	switch {
	case err != nil:
		return false, 0, err
	case kind == frameError:
		return false, 0, decodeError(body)
	case kind != frameWelcome:
		return false, 0, fmt.Errorf("%w: frame %q in place of a welcome", errMalformed, kind)
	}
	d := &decoder{body: body}
	primary, epoch = d.uint() == 1, d.uint()
	return primary, epoch, d.end()
}

func decodeError(body []byte) error {
	d := &decoder{body: body}
	e := &Error{Code: Code(d.uint()), Message: d.text()}
	if err := d.end(); err != nil {
		return err
	}
	return e
}
