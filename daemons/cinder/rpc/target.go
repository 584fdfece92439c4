package rpc

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
)

// Target is whom a message is for.
type Target struct {
	// Topic is what the servers do: "cinder-volume", "cinder-scheduler", or one
	// service's own, "cinder-volume.ctl@lvm".
	Topic string
	// Server is one of them; empty means any.
	Server string
}

// String is the target as the name of its queue.
func (t Target) String() string {
	if t.Server == "" {
		return t.Topic
	}
	return t.Topic + "." + t.Server
}

// Request is a message that a server has taken.
type Request struct {
	Method string
	args   json.RawMessage
	// Cast says that nobody waits for an answer.
	Cast bool
}

// Decode reads the arguments into v, a pointer.
func (r Request) Decode(v any) error {
	if len(r.args) == 0 {
		return nil
	}
	if err := json.Unmarshal(r.args, v); err != nil {
		return fmt.Errorf("arguments of %s: %w", r.Method, err)
	}
	return nil
}

// Handler answers requests, each on a task of its own. The answer must be something that
// package encoding/json can write; nobody sees that of a cast.
type Handler func(t host.Task, r Request) (any, error)

// Errors of calls and casts.
var (
	// ErrTimeout: no answer came within the time-out, or the broker could not be
	// reached. Whether the message was handled is not known.
	ErrTimeout = errors.New("messaging timeout")
	// ErrRejected: the broker has refused the message, for its queue is full.
	ErrRejected = errors.New("message rejected by the broker")
	// ErrTooLarge: the message is larger than a frame may be.
	ErrTooLarge = errors.New("message too large")
	// ErrClosed: the client was closed.
	ErrClosed = errors.New("client is closed")
)

// NoSuchMethod is the Type of a RemoteError of a server that has no such method.
const NoSuchMethod = "UnsupportedMethod"

// RemoteError is what a handler failed with, as its caller sees it.
type RemoteError struct {
	// Type names the kind of error, for code ("ServiceUnavailable"). It is "Exception"
	// for an error of no kind.
	Type string
	// Message is for people.
	Message string
}

func (e *RemoteError) Error() string { return e.Type + ": " + e.Message }

// failure is an error on its way to the caller.
func failure(err error) *RemoteError {
	if remote := (*RemoteError)(nil); errors.As(err, &remote) {
		return remote
	}
	return &RemoteError{Type: "Exception", Message: err.Error()}
}
