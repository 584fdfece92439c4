//go:build linux

package oshost

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

// newDriver is the best driver there is here.
func newDriver(pollOnly bool) (driver, error) {
	if pollOnly {
		return newPollDriver()
	}
	return newEpollDriver()
}

// epollDriver is a driver on epoll(7), each socket with EPOLLONESHOT.
//
// A goroutine in epoll_wait(2) would keep others off its processor until the
// scheduler notices. So the epoll instance, itself a descriptor that becomes
// readable, is one of those that Go's own poller waits for, and is asked only for
// what is there.
type epollDriver struct {
	fd     int
	file   *os.File // owns fd
	closed atomic.Bool
	raw    syscall.RawConn
	found  [128]unix.EpollEvent
	events [128]event
}

func newEpollDriver() (*epollDriver, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // for os.NewFile
		unix.Close(fd)
		return nil, fmt.Errorf("epoll: %w", err)
	}
	d := &epollDriver{fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	if d.raw, err = d.file.SyscallConn(); err != nil {
		d.file.Close()
		return nil, err
	}
	return d, nil
}

// arm implements driver. EPOLLERR and EPOLLHUP need not be asked for.
func (d *epollDriver) arm(t token, fd int, want interest, first bool) error {
	e := unix.EpollEvent{Events: unix.EPOLLONESHOT, Fd: int32(t.conn), Pad: int32(t.arming)}
	if want&input != 0 {
		e.Events |= unix.EPOLLIN
	}
	if want&output != 0 {
		e.Events |= unix.EPOLLOUT
	}
	op := unix.EPOLL_CTL_MOD
	if first {
		op = unix.EPOLL_CTL_ADD
	}
	if err := unix.EpollCtl(d.fd, op, fd, &e); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// forget implements driver. Closing a socket removes it.
func (d *epollDriver) forget(uint32) {}

// run implements driver. It is one Read from beginning to end: a second one would
// forget what Go's poller has reported since the first.
func (d *epollDriver) run(handle func([]event)) error {
	var failed error
	err := d.raw.Read(func(uintptr) bool {
		failed = d.drain(handle)
		return failed != nil
	})
	if d.closed.Load() {
		return nil
	}
	return errors.Join(err, failed)
}

// drain hands over what has happened so far.
func (d *epollDriver) drain(handle func([]event)) error {
	for {
		n, err := unix.EpollWait(d.fd, d.found[:], 0)
		if err == unix.EINTR {
			continue
		}
		if err != nil {
			return fmt.Errorf("epoll_wait: %w", err)
		}
		for i, e := range d.found[:n] {
			d.events[i] = event{token{uint32(e.Fd), uint32(e.Pad)}, epollInterest(e.Events)}
		}
		handle(d.events[:n])
		if n < len(d.found) {
			return nil
		}
	}
}

func epollInterest(events uint32) interest {
	var ready interest
	if events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		ready |= hangup
	}
	if events&unix.EPOLLIN != 0 {
		ready |= input
	}
	if events&unix.EPOLLOUT != 0 {
		ready |= output
	}
	return ready
}

// close implements driver. Go closes the descriptor when run has returned.
func (d *epollDriver) close() {
	d.closed.Store(true)
	d.file.Close()
}
