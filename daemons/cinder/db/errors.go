package db

import (
	"context"
	"database/sql" //wavetank:allow its interface, on drivers and pools that the store chooses
	"database/sql/driver"
	"errors"
	"fmt"
)

// Errors of operations (wrapped, so test with errors.Is).
var (
	// ErrNotFound: there is no such row.
	ErrNotFound = errors.New("not found")
	// ErrDuplicate: a unique key is taken.
	ErrDuplicate = errors.New("already exists")
	// ErrBusy: somebody else holds a lock for too long, or the database ended a
	// deadlock or a conflict at our expense. Nothing changed; trying again may help.
	ErrBusy = errors.New("database is locked")
	// ErrUnavailable: the database cannot be reached, or was lost before anything
	// changed.
	ErrUnavailable = errors.New("database is unavailable")
	// ErrReadOnly: the database answers, but is a replica that takes no writes.
	ErrReadOnly = errors.New("database is read-only")
	// ErrPoolTimeout: all connections of the pool were in use for too long.
	ErrPoolTimeout = errors.New("no free connection in the pool")
	// ErrTimeout: the limit of [Store.Within] has passed. Nothing changed.
	ErrTimeout = errors.New("time limit exceeded")
	// ErrUnknownOutcome: the answer to a write, or to a commit, did not arrive, and
	// nobody here knows whether it was done, or is yet to be.
	ErrUnknownOutcome = errors.New("outcome unknown")
)

// classified is an error of a driver that is one of ours as well.
type classified struct{ kind, cause error }

func (e *classified) Error() string   { return fmt.Sprintf("%v (%v)", e.kind, e.cause) }
func (e *classified) Unwrap() []error { return []error{e.kind, e.cause} }

// connectError is what came of an attempt to connect: nothing was sent.
type connectError struct{ error }

func (e connectError) Unwrap() error { return e.error }

// classify gives an error of a statement its kind. A write is a statement that may
// have changed something when its answer is lost.
func (s *Store) classify(err error, write bool) error {
	var connecting connectError
	kind := s.engine.kind(err)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return ErrNotFound
	case errors.As(err, new(*classified)), kind == errRefused:
		return err
	case kind != nil:
	case errors.As(err, &connecting):
		kind = ErrUnavailable
		if isTimeout(err) {
			kind = ErrTimeout
		}
	case write && !errors.Is(err, driver.ErrBadConn):
		kind = ErrUnknownOutcome
	case isTimeout(err):
		kind = ErrTimeout
	default:
		kind = ErrUnavailable
	}
	return &classified{kind, err}
}

// errRefused is the kind of an error that is the database's answer to a statement.
var errRefused = errors.New("refused")

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || errors.As(err, &t) && t.Timeout()
}
