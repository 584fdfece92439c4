//go:build unix

package oshost

import (
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// The system calls of a connection. Go has made the descriptor non-blocking.

// errAgain: there is nothing to read, or no room to write.
const errAgain = syscall.EAGAIN

// descriptor is the socket's file descriptor.
func descriptor(nc *net.TCPConn) int {
	fd := -1
	if raw, err := nc.SyscallConn(); err == nil {
		_ = raw.Control(func(open uintptr) { fd = int(open) }) // else system calls fail
	}
	return fd
}

// readSocket reads once; 0 without an error is the end of what was sent.
func readSocket(fd int, p []byte) (int, error) {
	for {
		n, err := syscall.Read(fd, p)
		if err != syscall.EINTR {
			return max(n, 0), err
		}
	}
}

// writeSocket writes as much as the kernel takes.
func writeSocket(fd int, p []byte) (written int, err error) {
	for written < len(p) {
		n, err := syscall.Write(fd, p[written:])
		written += max(n, 0)
		if err != nil && err != syscall.EINTR {
			return written, err
		}
	}
	return written, nil
}

// peekSocket is nil if there is something to read, the end included.
func peekSocket(fd int) error {
	var b [1]byte
	for {
		_, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK)
		if err != syscall.EINTR {
			return err
		}
	}
}

// hasRoom reports whether a write would take something, or fail.
func hasRoom(fd int) bool {
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	for {
		n, err := unix.Poll(fds, 0)
		if err != unix.EINTR {
			return n > 0 || err != nil
		}
	}
}

// socketError is how the connection broke, nil if it did not or somebody was told.
func socketError(fd int) error {
	errno, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err != nil || errno == 0 {
		return err
	}
	return syscall.Errno(errno)
}
