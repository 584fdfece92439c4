package sqld

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net" //wavetank:allow its types only
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

// Connector connects to a server, for package database/sql. Its connections are for
// tasks of one loop. The zero ConnectTimeout is 10 s.
type Connector struct {
	Host host.Host
	Loop host.Loop
	// Addrs are the servers; that is used which takes writes.
	Addrs []netip.AddrPort
	// Replicas: one that takes no writes will do.
	Replicas bool
	// ConnectTimeout is how long each server may take to answer.
	ConnectTimeout time.Duration

	last int // of Addrs: where the last connection came about
}

// Connect implements driver.Connector: it tries the servers in turn, beginning with the
// one that did last. Error: those of all.
func (c *Connector) Connect(ctx context.Context) (driver.Conn, error) {
	if len(c.Addrs) == 0 {
		return nil, errors.New("sqld: no address")
	}
	var failures []error
	for i := range c.Addrs {
		n := (c.last + i) % len(c.Addrs)
		conn, err := c.dial(ctx, c.Addrs[n])
		if err == nil {
			c.last = n
			return conn, nil
		}
		failures = append(failures, fmt.Errorf("sqld %v: %w", c.Addrs[n], err))
	}
	return nil, errors.Join(failures...)
}

// Driver implements driver.Connector. Connections come from the connector only.
func (c *Connector) Driver() driver.Driver { return noDriver{} }

type noDriver struct{}

func (noDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("sqld: use a Connector")
}

// dial connects to one server.
func (c *Connector) dial(ctx context.Context, addr netip.AddrPort) (driver.Conn, error) {
	clock := c.Host.Clock()
	limit := c.ConnectTimeout
	if limit <= 0 {
		limit = 10 * time.Second
	}
	if until, ok := ctx.Deadline(); ok {
		if limit = min(limit, clock.Until(until)); limit <= 0 {
			return nil, context.DeadlineExceeded
		}
	}
	began := clock.Monotonic()
	stream, err := netconn.New(c.Host, c.Loop).DialTimeout("tcp", addr.String(), limit)
	if err != nil {
		return nil, err
	}
	conn := &clientConn{link: newLink(stream, clock)}
	if err := conn.open(max(limit-(clock.Monotonic()-began), 1), c.Replicas); err != nil {
		stream.Close()
		return nil, err
	}
	return conn, nil
}

// clientConn implements driver.Conn.
type clientConn struct {
	*link
	broken  bool
	columns []string // of the last answer: the next one often has the same
}

var (
	_ driver.ExecerContext   = (*clientConn)(nil)
	_ driver.QueryerContext  = (*clientConn)(nil)
	_ driver.Validator       = (*clientConn)(nil)
	_ driver.SessionResetter = (*clientConn)(nil)
)

// open begins the session.
func (c *clientConn) open(limit time.Duration, replicas bool) error {
	primary, _, err := c.hello(limit)
	if err == nil && !primary && !replicas {
		err = refuse(ReadOnly, "a replica")
	}
	return err
}

// Prepare implements driver.Conn. The server prepares what it is asked often.
func (c *clientConn) Prepare(text string) (driver.Stmt, error) { return &clientStmt{c, text}, nil }

// Begin implements driver.Conn. Transactions of database/sql have goroutines: execute
// "begin" on a sql.Conn.
func (c *clientConn) Begin() (driver.Tx, error) {
	return nil, fmt.Errorf("sqld: execute begin, commit and rollback: %w", errors.ErrUnsupported)
}

// IsValid implements driver.Validator.
func (c *clientConn) IsValid() bool { return !c.broken }

// ResetSession implements driver.SessionResetter: a connection of the pool that its server
// has ended meanwhile is not used, and what is asked does not fail for that.
func (c *clientConn) ResetSession(context.Context) error {
	if idle, ok := c.net.(interface{ Ended() bool }); c.broken || ok && idle.Ended() {
		c.broken = true
		return driver.ErrBadConn
	}
	return nil
}

// Close implements driver.Conn.
func (c *clientConn) Close() error {
	c.broken = true
	return c.net.Close()
}

// ExecContext implements driver.ExecerContext.
func (c *clientConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	a, err := c.execute(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return result{a}, nil
}

// QueryContext implements driver.QueryerContext. All rows are there when it returns.
func (c *clientConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	a, err := c.execute(ctx, text, args)
	if err != nil {
		return nil, err
	}
	return &rows{a}, nil
}

// execute sends a statement and reads the answer.
func (c *clientConn) execute(ctx context.Context, text string, args []driver.NamedValue) (answer, error) {
	if c.broken {
		return answer{}, driver.ErrBadConn
	}
	c.out.begin(frameExecute)
	c.out.text(text)
	c.out.uint(uint64(len(args)))
	for _, a := range args {
		if err := c.out.value(a.Value); err != nil {
			c.out.buf = c.out.buf[:0]
			return answer{}, refuse(Refused, "argument %d: %v", a.Ordinal, err)
		}
	}
	c.out.end()
	if len(c.out.buf) > maxFrame {
		n := len(c.out.buf)
		c.out.buf = nil
		return answer{}, refuse(TooBig, "a statement of %d bytes", n)
	}
	until, _ := ctx.Deadline()
	if err := c.net.SetDeadline(until); err != nil {
		c.broken = true
		return answer{}, driver.ErrBadConn // nothing was sent
	}
	return c.exchange()
}

// exchange sends what was built and reads an answer.
func (c *clientConn) exchange() (answer, error) {
	n, err := c.net.Write(c.out.buf)
	c.out.buf = c.out.buf[:0]
	if err != nil {
		return answer{}, c.lost(n, err)
	}
	a := answer{before: c.columns}
	for {
		kind, body, err := c.receive()
		if err != nil {
			return answer{}, c.lost(1, err)
		}
		done, err := a.decode(kind, body)
		switch {
		case errors.Is(err, errMalformed):
			return answer{}, c.lost(1, err)
		case err != nil:
			return answer{}, c.refused(err)
		case done:
			c.columns = a.columns
			return a, nil
		}
	}
}

// lost ends the connection; sent is how many bytes of the statement went out. If none did,
// and there is time, database/sql tries another connection.
func (c *clientConn) lost(sent int, err error) error {
	c.broken = true
	switch {
	case sent > 0:
		return &lostError{err}
	case isTimeout(err):
		return ErrUnsent
	}
	return driver.ErrBadConn
}

// lostError is ErrLost with what happened.
type lostError struct{ cause error }

func (e *lostError) Error() string   { return fmt.Sprintf("%v: %v", ErrLost, e.cause) }
func (e *lostError) Unwrap() []error { return []error{ErrLost, e.cause} }

// Timeout tells a deadline from a loss.
func (e *lostError) Timeout() bool { return isTimeout(e.cause) }

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// refused is a server's refusal. A server that does not take writes any more is not
// asked again.
func (c *clientConn) refused(err error) error {
	var e *Error
	if errors.As(err, &e) && e.Code == ReadOnly {
		c.broken = true
	}
	return err
}

// decode adds a frame of the server to the answer and says whether it was the last.
func (a *answer) decode(kind byte, body []byte) (done bool, err error) {
	d := &decoder{body: body}
	switch kind {
	case frameColumns:
		if a.columns != nil {
			d.fail("columns twice")
		}
		a.columns = make([]string, 0, d.count(maxColumns))
		for i := range cap(a.columns) {
			name := d.bytes(d.uint())
			if i < len(a.before) && a.before[i] == string(name) {
				a.columns = append(a.columns, a.before[i])
			} else {
				a.columns = append(a.columns, string(name))
			}
		}
	case frameRows:
		if len(a.columns) == 0 {
			d.fail("rows without columns")
		}
		for d.share(); len(d.body) > 0; {
			row := make([]any, len(a.columns))
			for i := range row {
				row[i] = d.value()
			}
			a.rows = append(a.rows, row)
		}
	case frameDone:
		a.affected, a.lastID = d.int(), d.int()
		return true, d.end()
	case frameError:
		return true, decodeError(body)
	default:
		d.fail(fmt.Sprintf("frame %q", kind))
	}
	return false, d.end()
}

// result implements driver.Result.
type result struct{ answer }

func (r result) LastInsertId() (int64, error) { return r.lastID, nil }
func (r result) RowsAffected() (int64, error) { return r.affected, nil }

// rows implements driver.Rows.
type rows struct{ answer }

func (r *rows) Columns() []string { return r.columns }
func (r *rows) Close() error      { r.rows = nil; return nil }

func (r *rows) Next(dest []driver.Value) error {
	if len(r.rows) == 0 {
		return io.EOF
	}
	for i, v := range r.rows[0] {
		dest[i] = v
	}
	r.rows = r.rows[1:]
	return nil
}

// clientStmt implements driver.Stmt.
type clientStmt struct {
	conn *clientConn
	text string
}

func (s *clientStmt) Close() error  { return nil }
func (s *clientStmt) NumInput() int { return -1 }

func (s *clientStmt) Exec(args []driver.Value) (driver.Result, error) {
	return s.conn.ExecContext(context.Background(), s.text, named(args))
}

func (s *clientStmt) Query(args []driver.Value) (driver.Rows, error) {
	return s.conn.QueryContext(context.Background(), s.text, named(args))
}

func named(args []driver.Value) []driver.NamedValue {
	all := make([]driver.NamedValue, len(args))
	for i, v := range args {
		all[i] = driver.NamedValue{Ordinal: i + 1, Value: v}
	}
	return all
}
