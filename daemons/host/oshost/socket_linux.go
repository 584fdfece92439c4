package oshost

import (
	"context"
	"syscall"

	"golang.org/x/sys/unix"
)

// bindLate has the kernel choose a dialled socket's port when it connects, not
// when it binds its address (IP_BIND_ADDRESS_NO_PORT, ip(7)). Otherwise each
// connection, and each one in TIME_WAIT, takes a port from all destinations at
// once, and a test that reconnects a lot runs out of them.
func bindLate(_ context.Context, network, _ string, raw syscall.RawConn) error {
	if network != "tcp4" {
		return nil
	}
	return raw.Control(func(fd uintptr) {
		// If the kernel does not know the option, early binding works as well.
		_ = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
}

// unacknowledged is how many bytes, FIN included, were sent and not yet
// acknowledged by the peer (SIOCOUTQ, tcp(7)).
func unacknowledged(fd int) (int, error) { return unix.IoctlGetInt(fd, unix.SIOCOUTQ) }
