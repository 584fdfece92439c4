package oshost

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/wavetank/wavetank/daemons/host"
)

// networkError is a failure as the seam names it together with the operating
// system's own words.
type networkError struct {
	host, doing string
	addr        netip.AddrPort
	kind        error // one of host's errors, or nil
	cause       error
}

func (e *networkError) Error() string {
	if e.kind == nil {
		return fmt.Sprintf("%s: %s %v: %v", e.host, e.doing, e.addr, e.cause)
	}
	return fmt.Sprintf("%s: %s %v: %v (%v)", e.host, e.doing, e.addr, e.kind, e.cause)
}

func (e *networkError) Unwrap() []error {
	if e.kind == nil {
		return []error{e.cause}
	}
	return []error{e.kind, e.cause}
}

// networkError says what went wrong with addr; doing is "listen at", "dial" or
// the like.
func (h *Host) networkError(doing string, addr netip.AddrPort, cause error) error {
	return &networkError{host: h.Name(), doing: doing, addr: addr, kind: h.kindOf(cause), cause: cause}
}

// kindOf is the error of package host that a caller may test for, or nil.
func (h *Host) kindOf(err error) error {
	if h.over.Load() {
		return host.ErrStopped
	}
	var errno syscall.Errno
	if errors.As(err, &errno) {
		return kindOfErrno(errno)
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return host.ErrTimeout
	}
	return nil
}

func kindOfErrno(errno syscall.Errno) error {
	switch errno {
	case syscall.ECONNREFUSED:
		return host.ErrRefused
	case syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, syscall.ENOTCONN:
		return host.ErrReset
	case syscall.ETIMEDOUT, syscall.EHOSTUNREACH, syscall.ENETUNREACH:
		// Unreachable is how a router puts it that nothing came back.
		return host.ErrTimeout
	case syscall.EADDRINUSE:
		return host.ErrAddrInUse
	case syscall.EADDRNOTAVAIL:
		return host.ErrAddrNotAvailable
	}
	return nil
}
