package netconn

import (
	"errors"
	"io"
	"net"     //wavetank:allow its types and errors only
	"syscall" //wavetank:allow its error numbers only

	"github.com/wavetank/wavetank/daemons/host"
)

// ErrNoTask is the error of a call that may have to wait and does not come from a
// task of the loop.
var ErrNoTask = errors.New("not called from a task of the loop, and nothing else may wait")

// opError is err as package net reports it; nil and io.EOF stay what they are.
func opError(op string, source, addr net.Addr, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if also := counterpart(err); also != nil {
		err = &failure{seam: err, also: also}
	}
	return &net.OpError{Op: op, Net: "tcp", Source: source, Addr: addr, Err: err}
}

// failure is an error of the seam that is one of another package's as well.
type failure struct{ seam, also error }

func (f *failure) Error() string   { return f.seam.Error() }
func (f *failure) Unwrap() []error { return []error{f.seam, f.also} }

// Timeout tells [net.OpError] whether the network gave up.
func (f *failure) Timeout() bool { return f.also == error(syscall.ETIMEDOUT) }

// counterpart is what users of package net know an error of the seam as, or nil.
func counterpart(err error) error {
	switch {
	case errors.Is(err, host.ErrClosed), errors.Is(err, host.ErrStopped):
		return net.ErrClosed
	case errors.Is(err, host.ErrReset):
		return syscall.ECONNRESET
	case errors.Is(err, host.ErrRefused):
		return syscall.ECONNREFUSED
	case errors.Is(err, host.ErrTimeout):
		return syscall.ETIMEDOUT
	case errors.Is(err, host.ErrAddrInUse):
		return syscall.EADDRINUSE
	case errors.Is(err, host.ErrAddrNotAvailable):
		return syscall.EADDRNOTAVAIL
	}
	return nil
}
