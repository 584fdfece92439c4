package db

import (
	"context"
	"database/sql" //wavetank:allow its interface, on drivers and pools that the store chooses
	"database/sql/driver"
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// session is what runs statements: the pool of database/sql, or one connection of it.
type session interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// Within is the same operations with a limit on the time that each may take, or a
// transaction as a whole, the wait for a connection included. Within a transaction it changes
// nothing.
func (o Operations) Within(limit time.Duration) Operations {
	o.limit = limit
	return o
}

// query runs a statement and calls row for each row of the answer.
func (o Operations) query(t host.Task, st statement, row func(*sql.Rows) error) error {
	return o.run(t, false, func(ctx context.Context, s session) error {
		rows, err := s.QueryContext(ctx, o.store.engine.text(st.text), o.store.engine.bind(st.args)...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := row(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	})
}

// exec runs a statement that changes something and tells how many rows it found.
func (o Operations) exec(t host.Task, st statement) (n int, err error) {
	err = o.run(t, true, func(ctx context.Context, s session) error {
		result, err := s.ExecContext(ctx, o.store.engine.text(st.text), o.store.engine.bind(st.args)...)
		if err != nil {
			return err
		}
		affected, err := result.RowsAffected()
		n = int(affected)
		return err
	})
	return n, err
}

// insertStatement runs an insertion and tells the id of the row.
func (o Operations) insertStatement(t host.Task, st statement) (id int64, err error) {
	e := o.store.engine
	err = o.run(t, true, func(ctx context.Context, s session) error {
		if e.returning {
			return insertReturning(ctx, s, e.text(st.text)+" returning id", e.bind(st.args), &id)
		}
		result, err := s.ExecContext(ctx, e.text(st.text), e.bind(st.args)...)
		if err != nil {
			return err
		}
		id, err = result.LastInsertId()
		return err
	})
	return id, err
}

func insertReturning(ctx context.Context, s session, text string, args []any, id *int64) error {
	rows, err := s.QueryContext(ctx, text, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(id); err != nil {
			return err
		}
	}
	return rows.Err()
}

// run lets fn use a session, within the limit.
func (o Operations) run(t host.Task, write bool, fn func(context.Context, session) error) error {
	if o.tx != nil {
		return o.tx.run(t, fn)
	}
	s := o.store
	return s.borrow(t, o.limit, write, func(ctx context.Context) error { return fn(ctx, s.db) })
}

// borrow calls fn while a connection of the pool is reserved for it.
func (s *Store) borrow(t host.Task, limit time.Duration, write bool, fn func(context.Context) error) error {
	ctx, cancel := s.within(limit)
	defer cancel()
	wait := s.options.PoolTimeout
	if limit > 0 {
		wait = min(wait, limit)
	}
	if err := s.pool.acquire(t, wait); err != nil {
		return err
	}
	defer s.pool.release()
	return s.classify(s.call(t, func() error { return fn(ctx) }), write)
}

// call runs fn where it may wait.
func (s *Store) call(t host.Task, fn func() error) (err error) {
	if !s.engine.blocks {
		return fn()
	}
	host.Block(s.loop, t, func() { err = fn() })
	return err
}

// within is a context that ends after limit; 0 is ReadTimeout. It must be cancelled.
func (s *Store) within(limit time.Duration) (context.Context, context.CancelFunc) {
	if limit <= 0 {
		limit = s.options.ReadTimeout
	}
	switch {
	case s.engine.blocks && limit > 0:
		return s.clock.WithTimeout(context.Background(), limit)
	case s.engine.blocks:
		return context.WithCancel(context.Background())
	case limit > 0:
		clock := s.host.Clock()
		return deadline{context.Background(), clock, clock.Monotonic() + limit}, func() {}
	}
	return context.Background(), func() {}
}

// deadline is a context that only says when it ends: its driver knows what to do about
// that, and package database/sql, which would wait for Done with a goroutine, does not.
type deadline struct {
	context.Context
	clock host.Clock
	at    time.Duration // monotonic
}

// left is how much time is left. Steps of the wall clock do not change it.
func (d deadline) left() time.Duration { return d.at - d.clock.Monotonic() }

// Deadline implements context.Context.
func (d deadline) Deadline() (time.Time, bool) { return d.clock.Now().Add(d.left()), true }

// transaction is a connection between BEGIN and COMMIT.
type transaction struct {
	store  *Store
	conn   *sql.Conn
	inside bool  // a call of the connection is under way
	lost   error // the first error after which nothing can be committed

	limited bool
	until   time.Duration // by the host's clock, if limited
}

// Transaction runs fn and commits what it did with its Operations, all or nothing. If fn
// returns an error, or one of its operations failed, it rolls back and returns that.
// Error: ErrUnknownOutcome if the commit was not answered.
func (s *Store) Transaction(t host.Task, fn func(Operations) error) error {
	return s.Within(0).Transaction(t, fn)
}

// Transaction is [Store.Transaction] with o's limit for all of it: nothing is committed
// after that. Error: ErrTimeout.
func (o Operations) Transaction(t host.Task, fn func(Operations) error) error {
	if o.tx != nil {
		return fn(o)
	}
	s := o.store
	tx := &transaction{store: s, limited: o.limit > 0, until: s.host.Clock().Monotonic() + o.limit}
	wait := s.options.PoolTimeout
	if tx.limited {
		wait = min(wait, o.limit)
	}
	if err := s.pool.acquire(t, wait); err != nil {
		return err
	}
	defer s.pool.release()
	if err := tx.begin(t); err != nil {
		return err
	}
	committed := false
	defer func() {
		// The task is being unwound: the database rolls back. Inside of a query, package
		// database/sql holds the connection's lock, and never gives it back: closing it
		// would wait for ever. Then it ends with its process.
		if !committed && !tx.inside {
			discard(tx.conn)
		}
	}()
	o.tx = tx
	err := fn(o)
	if err == nil {
		err = tx.lost
	}
	if err == nil {
		err = tx.expired()
	}
	err = tx.end(t, err)
	committed = true
	return err
}

// left is how much time is left, 0 if that is not limited.
func (tx *transaction) left() time.Duration {
	if !tx.limited {
		return 0
	}
	if left := tx.until - tx.store.host.Clock().Monotonic(); left > 0 {
		return left
	}
	return -1
}

// expired is an error if no time is left.
func (tx *transaction) expired() error {
	if tx.left() < 0 {
		return fmt.Errorf("transaction: %w", ErrTimeout)
	}
	return nil
}

// within is a context that ends with the transaction's time, at once if that has passed.
func (tx *transaction) within() (context.Context, context.CancelFunc) {
	left := tx.left()
	if left < 0 {
		left = 1
	}
	return tx.store.within(left)
}

func (tx *transaction) begin(t host.Task) error {
	if err := tx.expired(); err != nil {
		return err
	}
	s := tx.store
	ctx, cancel := tx.within()
	defer cancel()
	err := s.call(t, func() (err error) {
		if tx.conn, err = s.db.Conn(ctx); err != nil {
			return err
		}
		if _, err = tx.conn.ExecContext(ctx, s.engine.begin); err != nil {
			discard(tx.conn)
		}
		return err
	})
	return s.classify(err, false)
}

// run lets fn use the connection.
func (tx *transaction) run(t host.Task, fn func(context.Context, session) error) error {
	if tx.lost == nil {
		tx.lost = tx.expired()
	}
	if tx.lost != nil {
		return tx.lost
	}
	ctx, cancel := tx.within()
	defer cancel()
	err := tx.store.call(t, func() error {
		tx.inside = true
		err := fn(ctx, tx.conn)
		tx.inside = false
		return err
	})
	tx.lost = tx.store.classify(err, false) // without COMMIT nothing has changed
	return tx.lost
}

// end commits, or rolls back if there was an error, which it returns.
func (tx *transaction) end(t host.Task, failure error) error {
	s := tx.store
	ctx, cancel := tx.within()
	defer cancel()
	text := "commit"
	if failure != nil {
		text = "rollback"
	}
	err := s.call(t, func() error {
		_, err := tx.conn.ExecContext(ctx, text)
		if err != nil {
			discard(tx.conn)
			return err
		}
		return tx.conn.Close()
	})
	if failure != nil {
		return failure
	}
	return s.classify(err, true)
}

// discard closes a connection of which nobody knows the state, instead of giving it
// back.
func discard(conn *sql.Conn) {
	conn.Raw(func(any) error { return driver.ErrBadConn })
	conn.Close()
}

// Exec runs any statement without arguments: an operator's, or a test's.
func (o Operations) Exec(t host.Task, text string) error {
	_, err := o.exec(t, statement{text: text})
	return err
}

// Hold runs fn while a connection of the pool is taken for it, which it cannot use: a
// way to see what a drained pool does.
func (s *Store) Hold(t host.Task, fn func() error) error {
	if err := s.pool.acquire(t, s.options.PoolTimeout); err != nil {
		return err
	}
	defer s.pool.release()
	return fn()
}
