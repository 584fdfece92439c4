package oshost

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
)

// TestNetworkError: callers test for the seam's errors and never see others.
func TestNetworkError(t *testing.T) {
	h := New(Options{Name: "a"})
	defer h.Kill()
	for errno, want := range map[syscall.Errno]error{
		syscall.ETIMEDOUT:     host.ErrTimeout, // also of an open connection: TCP gave up
		syscall.EHOSTUNREACH:  host.ErrTimeout,
		syscall.ECONNRESET:    host.ErrReset,
		syscall.EPIPE:         host.ErrReset,
		syscall.ECONNREFUSED:  host.ErrRefused,
		syscall.EADDRINUSE:    host.ErrAddrInUse,
		syscall.EADDRNOTAVAIL: host.ErrAddrNotAvailable,
	} {
		cause := &net.OpError{Op: "read", Err: os.NewSyscallError("read", errno)}
		err := h.networkError("connection with", netip.MustParseAddrPort("127.0.0.1:1"), cause)
		if !errors.Is(err, want) || !errors.Is(err, errno) {
			t.Errorf("%v: %v, want %v", errno, err, want)
		}
	}
}
