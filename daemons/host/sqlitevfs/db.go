package sqlitevfs

import (
	"errors"
	"fmt"
	"slices"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wavetank/wavetank/daemons/host"
)

// ErrBusy is answered by a connection that another task is using.
var ErrBusy = errors.New("database connection is in use by another task")

// DB is a connection to a database. Its methods are called from tasks of the
// store's loop.
type DB struct {
	conn       *sqlite3.Conn
	fs         *fileSystem
	registered string // name of fs in the library
}

// Do runs fn with the connection, on behalf of task t, which waits whenever
// SQLite waits for the disk; fn must not keep the connection. It returns the
// error of fn, together with that of the disk if there was one, or ErrBusy if
// another task's Do is under way.
//
// If the process ends meanwhile, whatever fn still asks of the database fails
// with sqlite3.IOERR; once fn has returned the connection is closed and the task
// unwound, so that Do does not return.
func (db *DB) Do(t host.Task, fn func(*sqlite3.Conn) error) error {
	if db.conn == nil {
		return host.ErrClosed
	}
	return db.during(t, func() error { return fn(db.conn) })
}

// during lets t do the waiting while fn runs.
func (db *DB) during(t host.Task, fn func() error) error {
	if db.fs.task != nil {
		return ErrBusy
	}
	db.fs.task, db.fs.failed = t, nil
	defer func() { db.fs.task = nil }()
	err := fn()
	if db.fs.unwinding != nil {
		db.release()
		panic(db.fs.unwinding)
	}
	if failed := db.fs.failed; err != nil && failed != nil && !errors.Is(err, failed) {
		return fmt.Errorf("%w (%w)", err, failed)
	}
	return err
}

// Close closes the connection: an open transaction is rolled back, open
// statements are finalised. A closed DB stays closed.
func (db *DB) Close(t host.Task) error {
	if db.fs.task != nil {
		return ErrBusy
	}
	db.fs.task = t
	defer func() { db.fs.task = nil }()
	return db.release()
}

func (db *DB) release() error {
	var err error
	if db.conn != nil {
		var open []*sqlite3.Stmt
		for s := range db.conn.Stmts() {
			open = append(open, s)
		}
		for _, s := range open {
			s.Close() // what the statement failed with is known already
		}
		err = db.conn.Close()
		db.conn = nil
	}
	vfs.Unregister(db.registered)
	db.fs.store.open = slices.DeleteFunc(db.fs.store.open, func(other *DB) bool { return other == db })
	return err
}
