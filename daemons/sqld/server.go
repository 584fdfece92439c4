package sqld

import (
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
	"github.com/wavetank/wavetank/daemons/host/sqlitevfs"
)

// Options say how a server serves.
type Options struct {
	// Addr is where sessions come; port 0 is a free one. Default: any free one.
	Addr netip.AddrPort
	// Name is the database's file on the machine's disk; default "sqld/main.db".
	Name string
	// Connections is how many statements, and open transactions, there may be at once;
	// others wait. Default 8.
	Connections int
	// Sessions is how many there may be; further ones are turned away. Default 16384.
	Sessions int
	// LockTimeout is how long a statement waits for a lock, or a connection. Default 5 s,
	// as Python's driver of SQLite.
	LockTimeout time.Duration
	// IdleTimeout is how long a session with an open transaction may be silent. Default
	// 60 s.
	IdleTimeout time.Duration
	// Log is how many transactions are kept for replicas; 0 is none, and then there can be
	// no replicas.
	Log int
	// Follow is the primary, at the first start of a replica.
	Follow netip.AddrPort
	// Peers are the other servers. A primary that learns from one of them of a later
	// epoch follows it: it asks when it starts, and every PeerInterval.
	Peers []netip.AddrPort
	// PeerInterval is how often. Default 1 s.
	PeerInterval time.Duration
	// PullInterval is how often a replica that has everything asks for more. Default
	// 100 ms.
	PullInterval time.Duration
	// Defects are planted bugs; the zero value has none.
	Defects Defects
}

// Defects are planted bugs, for tests that must notice them.
type Defects struct {
	// AnswersEarly: statements that are committed together are answered before they are.
	AnswersEarly bool
}

func (o Options) withDefaults() Options {
	if o.Name == "" {
		o.Name = "sqld/main.db"
	}
	if o.Connections == 0 {
		o.Connections = 8
	}
	if o.Sessions == 0 {
		o.Sessions = 16384
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = 5 * time.Second
	}
	if o.IdleTimeout == 0 {
		o.IdleTimeout = 60 * time.Second
	}
	if o.PeerInterval == 0 {
		o.PeerInterval = time.Second
	}
	if o.PullInterval == 0 {
		o.PullInterval = 100 * time.Millisecond
	}
	return o
}

// Server is a database server. It belongs to one loop.
type Server struct {
	host    host.Host
	loop    host.Loop
	log     *slog.Logger
	options Options
	stack   *netconn.Stack
	store   *sqlitevfs.Store
	addr    netip.AddrPort

	sessions int
	idle     []*connection
	open     int  // connections, idle or not
	opening  bool // one of them is being opened
	borrow   gate // for a connection
	unlocked gate // for a lock
	group    group
	texts    texts
	delay    time.Duration
	failure  string // of the operator's last command
	counts   Counts
	replication
}

// Counts are what a server has done since it started.
type Counts struct {
	Statements uint64 // of sessions
	Commits    uint64 // of transactions that wrote
	Grouped    uint64 // statements that were committed with others
	LockWaits  uint64 // times that a statement met a lock
	Timeouts   uint64 // statements that waited for too long
}

// Start starts a server on loop. It opens the database, and brings it in order after a
// crash, in the background; sessions that come before wait. Error: the address.
func Start(h host.Host, loop host.Loop, o Options) (*Server, error) {
	o = o.withDefaults()
	s := &Server{
		host: h, loop: loop, log: h.Log(), options: o,
		stack: netconn.New(h, loop), store: sqlitevfs.New(h, loop),
		borrow: gate{loop: loop}, unlocked: gate{loop: loop}, texts: make(texts),
	}
	s.replication.init(loop)
	address := ":0"
	if o.Addr.IsValid() {
		address = o.Addr.String()
	}
	l, err := s.stack.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("sqld: %w", err)
	}
	s.addr = netip.MustParseAddrPort(l.Addr().String())
	loop.Go("sqld", func(t host.Task) {
		defer l.Close()
		if err := s.prepare(t); err != nil {
			h.Exit(1, fmt.Sprintf("sqld: %v", err))
			return
		}
		s.accept(t, l)
	})
	return s, nil
}

// Addr is where sessions come.
func (s *Server) Addr() netip.AddrPort { return s.addr }

// Counts are what the server has done.
func (s *Server) Counts() Counts { return s.counts }

// SetDelay has each statement of a session take d longer, before it begins.
func (s *Server) SetDelay(d time.Duration) { s.delay = max(d, 0) }

// prepare opens the database.
func (s *Server) prepare(t host.Task) error {
	if err := s.readRole(); err != nil {
		return err
	}
	c, err := s.take(t)
	if err != nil {
		return err
	}
	defer s.give(c)
	if s.options.Log > 0 {
		if _, err := c.runOwn(t, logTable); err != nil {
			return err
		}
		if err := s.readPosition(t, c); err != nil {
			return err
		}
		s.yield(t)
		s.loop.Go("sqld/replica", s.follow)
	}
	s.serveAdmin()
	s.host.Probe(Ready{Addr: s.addr, Primary: s.primary(), Position: s.position})
	return nil
}

// Ready says that a server serves.
type Ready struct {
	Addr     netip.AddrPort
	Primary  bool
	Position int64 // of the last transaction in the log
}

// Kind implements host.Fact.
func (Ready) Kind() string { return "sqld.ready" }

// Attrs implements host.Fact.
func (f Ready) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("addr", f.Addr.String()), slog.Bool("primary", f.Primary), slog.Int64("position", f.Position)}
}

// take is a connection for one session: an idle one, a new one, or the next that is
// given back. Error: Busy.
func (s *Server) take(t host.Task) (*connection, error) {
	until := s.host.Clock().Monotonic() + s.options.LockTimeout
	for {
		if n := len(s.idle); n > 0 && !s.replacing {
			c := s.idle[n-1]
			s.idle = s.idle[:n-1]
			return c, nil
		}
		if s.open < s.options.Connections && !s.opening && !s.replacing {
			return s.openOne(t)
		}
		if !s.borrow.wait(t, until-s.host.Clock().Monotonic(), "a database connection") {
			s.counts.Timeouts++
			return nil, refuse(Busy, "no free connection for %v", s.options.LockTimeout)
		}
	}
}

// openOne opens a connection. Others that want one wait meanwhile: it may meet a lock, and
// when that is gone there is an idle one.
func (s *Server) openOne(t host.Task) (*connection, error) {
	s.open++
	s.opening = true
	defer func() {
		s.opening = false
		s.borrow.openOne()
	}()
	c, err := openConnection(t, s.host, s.store, s.options.Name)
	if err == nil {
		err = s.patiently(t, func() error { return c.set(t) })
	}
	if err != nil {
		if c != nil {
			c.db.Close(t)
		}
		s.open--
		return nil, err
	}
	return c, nil
}

// give takes a connection back.
func (s *Server) give(c *connection) {
	s.giveIdle(c)
	s.unlocked.open()
}

// giveIdle takes a connection back of which nobody waits for a lock.
func (s *Server) giveIdle(c *connection) {
	s.idle = append(s.idle, c)
	s.borrow.openOne()
}

// drop closes a connection instead of giving it back.
func (s *Server) drop(t host.Task, c *connection) {
	c.db.Close(t)
	s.open--
	s.borrow.openOne()
	s.unlocked.open()
}

// patiently calls fn again as long as it meets locks, at most for LockTimeout.
func (s *Server) patiently(t host.Task, fn func() error) error {
	until := s.host.Clock().Monotonic() + s.options.LockTimeout
	for {
		err := fn()
		if !errors.Is(err, sqlite3.BUSY) {
			return err
		}
		s.counts.LockWaits++
		if !s.unlocked.wait(t, until-s.host.Clock().Monotonic(), "a lock of the database") {
			s.counts.Timeouts++
			return err
		}
	}
}
