package sqld

import (
	"errors"
	"fmt"

	"github.com/ncruces/go-sqlite3"
)

// ErrLost: the connection ended, or its deadline came, before a statement was answered.
var ErrLost = errors.New("connection lost before the answer")

// ErrUnsent: the deadline came before any of a statement was sent.
var ErrUnsent = errors.New("time limit exceeded before the statement was sent")

// Code says why a server refused.
type Code byte

// The codes.
const (
	Refused   Code = iota + 1 // a mistake in the statement, or a constraint
	Duplicate                 // a unique key is taken
	Busy                      // a lock was held for too long; nothing changed
	ReadOnly                  // the server follows another one
	Full                      // the disk is
	IO                        // the disk failed; of a commit nobody knows
	TooBig                    // more rows or bytes than the server gives or takes
	Protocol                  // bytes that are no message
)

// Error is a server's answer to a statement that it did not do.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return e.Message }

// refusal is err as clients see it.
func refusal(err error) *Error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	return &Error{codeOf(err), err.Error()}
}

func codeOf(err error) Code {
	switch {
	case errors.Is(err, sqlite3.CONSTRAINT_UNIQUE), errors.Is(err, sqlite3.CONSTRAINT_PRIMARYKEY):
		return Duplicate
	case errors.Is(err, sqlite3.BUSY):
		return Busy
	case errors.Is(err, sqlite3.FULL):
		return Full
	case errors.Is(err, sqlite3.IOERR), errors.Is(err, sqlite3.CORRUPT), errors.Is(err, sqlite3.CANTOPEN):
		return IO
	case errors.Is(err, errMalformed):
		return Protocol
	}
	return Refused
}

func refuse(code Code, format string, args ...any) *Error {
	return &Error{code, fmt.Sprintf(format, args...)}
}
