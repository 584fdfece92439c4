package db

import (
	"database/sql" //wavetank:allow its interface, on drivers and pools that the store chooses
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/loopclock"
)

// Options say where the database is and how it is used. Names and defaults are those of
// Cinder's section [database].
type Options struct {
	// URL is the option connection, as Cinder has it:
	//
	//	sqlite:////var/lib/cinder.db (three slashes before a relative name)
	//	postgresql://user:password@127.0.0.1:5432/cinder
	//	mysql://user:password@127.0.0.1:3306/cinder
	//	sqld://10.0.0.1:7070,10.0.0.2:7070
	//
	// A driver's name for Python, as in "mysql+pymysql", is allowed and means nothing.
	// Of several addresses of sqld that is used which takes writes.
	URL string
	// MaxPoolSize is how many connections are kept; 0 is 5.
	MaxPoolSize int
	// MaxOverflow is how many there may be for a while beyond those; 0 is 50, -1 none.
	MaxOverflow int
	// PoolTimeout is how long an operation waits for a connection of the pool; 0 is 30 s.
	PoolTimeout time.Duration
	// ReadTimeout is how long an answer of the database is waited for where nothing else
	// limits that: longer than a slow statement takes. Without it a service would wait for
	// ever for a server whose machine has lost its power. 0 is 3 min, less is for ever.
	// Cinder has no such option; TCP's keepalive is in its place there, or a proxy.
	ReadTimeout time.Duration
	// Defects are mistakes of the past, for tests that must notice them.
	Defects Defects
}

// Defects are mistakes that Cinder made once.
type Defects struct {
	// StampAsVersion: a claim of work compares the time of the last update, in whole
	// seconds, and not a counter, so that two in one second both succeed (Cinder's commit
	// c24bab6b7f mended that).
	StampAsVersion bool
	// OldestMember: a cluster was last heard of when that member was which is silent the
	// longest.
	OldestMember bool
	// RacingClusters: nothing keeps two clusters of one name apart.
	RacingClusters bool
}

func (o Options) withDefaults() Options {
	if o.MaxPoolSize == 0 {
		o.MaxPoolSize = 5
	}
	switch {
	case o.MaxOverflow == 0:
		o.MaxOverflow = 50
	case o.MaxOverflow < 0:
		o.MaxOverflow = 0
	}
	if o.PoolTimeout == 0 {
		o.PoolTimeout = 30 * time.Second
	}
	if o.ReadTimeout == 0 {
		o.ReadTimeout = 3 * time.Minute
	}
	return o
}

// recycleTime is how old connections become: Cinder's connection_recycle_time. It is
// kept by a goroutine, so only where drivers block.
const recycleTime = time.Hour

// Store is a database as the tasks of one loop see it. Its connections close with the
// process or [Store.Close].
type Store struct {
	Operations // each by itself, without a limit

	host    host.Host
	loop    host.Loop
	clock   *loopclock.Clock
	options Options
	engine  engine
	db      *sql.DB
	pool    pool
	uuids   host.Rand
}

// Open makes a store for tasks of loop. It does not connect: whether the database is
// there shows with the first operation. Error: the URL, or that this machine cannot wait
// for such a database.
func Open(h host.Host, loop host.Loop, o Options) (*Store, error) {
	o = o.withDefaults()
	e, connector, err := dial(h, loop, o.URL)
	if err != nil {
		return nil, fmt.Errorf("database %s: %w", redacted(o.URL), err)
	}
	s := &Store{
		host: h, loop: loop, clock: loopclock.New(h.Clock(), loop), options: o, engine: e,
		db:    sql.OpenDB(connecting{connector}),
		pool:  pool{loop: loop, free: o.MaxPoolSize + o.MaxOverflow},
		uuids: h.Rand("cinder.db.uuid"),
	}
	s.Operations.store = s
	s.db.SetMaxIdleConns(o.MaxPoolSize)
	if e.blocks {
		s.db.SetConnMaxLifetime(recycleTime)
	}
	loop.Go("database", s.closeWithProcess)
	return s, nil
}

// closeWithProcess waits for the end of the process, which unwinds it.
func (s *Store) closeWithProcess(t host.Task) {
	defer s.Close()
	for {
		t.ParkFor("the end of the process")
	}
}

// Close closes the connections that are not in use, and the others when they are given
// back. Operations that begin later fail.
func (s *Store) Close() { s.db.Close() }

// InUse is how many connections are in use, or promised to operations that have just
// begun.
func (s *Store) InUse() int { return s.options.MaxPoolSize + s.options.MaxOverflow - s.pool.free }

// Engine is what the database is: "sqlite", "postgresql", "mysql" or "sqld".
func (s *Store) Engine() string { return s.engine.name }
