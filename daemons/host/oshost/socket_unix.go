//go:build unix

package oshost

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"golang.org/x/sys/unix"
)

// The system calls of a connection. Go has made the socket non-blocking.

// errAgain: there is nothing to read, or no room to write.
const errAgain = syscall.EAGAIN

// takeOver takes the socket of nc out of Go's hands and closes nc. If that fails
// the connection is reset.
func takeOver(nc *net.TCPConn) (fd int, err error) {
	defer nc.Close()
	raw, err := nc.SyscallConn()
	if err == nil {
		var failed error
		err = raw.Control(func(own uintptr) { fd, failed = unix.FcntlInt(own, unix.F_DUPFD_CLOEXEC, 0) })
		err = errors.Join(err, failed)
	}
	if err != nil {
		nc.SetLinger(0)
		return noSocket, fmt.Errorf("take the socket over: %w", err)
	}
	return fd, nil
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

// socketError is how the connection broke, nil if it did not or somebody was told.
func socketError(fd int) error {
	errno, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ERROR)
	if err != nil || errno == 0 {
		return err
	}
	return syscall.Errno(errno)
}

// finishSocket sends FIN behind what was written. It fails only if the connection
// is broken.
func finishSocket(fd int) error { return syscall.Shutdown(fd, syscall.SHUT_WR) }

// resetOnClose has closeSocket send RST.
func resetOnClose(fd int) {
	_ = syscall.SetsockoptLinger(fd, syscall.SOL_SOCKET, syscall.SO_LINGER, &syscall.Linger{Onoff: 1})
}

// closeSocket closes the descriptor, which is gone whatever close(2) says.
func closeSocket(fd int) { _ = syscall.Close(fd) }
