//go:build unix

package oshost

import (
	"fmt"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// pollDriver is a driver on poll(2), which every unix system has. It goes through
// all armed sockets each time something happens to one of them, and while it
// waits it occupies a thread.
type pollDriver struct {
	mu      sync.Mutex
	armed   map[uint32]pollEntry // by connection
	wakeEnd int                  // write end of the pipe that interrupts poll(2)
	waitEnd int                  // read end
	waiting bool                 // poll(2) may be under way, with what was armed before
	closed  bool

	fds    []unix.PollFd // the pipe and then the sockets of tokens
	tokens []token
	events []event
}

type pollEntry struct {
	fd     int
	arming uint32
	want   interest
}

func newPollDriver() (*pollDriver, error) {
	var ends [2]int
	syscall.ForkLock.RLock()
	err := unix.Pipe(ends[:])
	if err == nil {
		unix.CloseOnExec(ends[0])
		unix.CloseOnExec(ends[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, fmt.Errorf("pipe: %w", err)
	}
	d := &pollDriver{armed: make(map[uint32]pollEntry), waitEnd: ends[0], wakeEnd: ends[1]}
	for _, fd := range ends {
		if err := unix.SetNonblock(fd, true); err != nil {
			d.giveUp()
			return nil, fmt.Errorf("pipe: %w", err)
		}
	}
	return d, nil
}

// arm implements driver.
func (d *pollDriver) arm(t token, fd int, want interest, _ bool) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.armed[t.conn] = pollEntry{fd, t.arming, want}
	d.wake()
	return nil
}

// forget implements driver. As long as poll(2) goes on Linux keeps the socket open.
func (d *pollDriver) forget(conn uint32) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if _, armed := d.armed[conn]; armed {
		delete(d.armed, conn)
		d.wake()
	}
}

// close implements driver.
func (d *pollDriver) close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	d.wake()
}

// wake ends the poll(2) that is under way. The caller holds mu.
func (d *pollDriver) wake() {
	if d.waiting {
		d.waiting = false
		unix.Write(d.wakeEnd, []byte{0}) // there is room: one byte for each poll(2)
	}
}

// run implements driver.
func (d *pollDriver) run(handle func([]event)) error {
	defer d.giveUp()
	for d.collect() {
		if _, err := unix.Poll(d.fds, -1); err != nil && err != unix.EINTR {
			return fmt.Errorf("poll: %w", err)
		}
		d.sort()
		handle(d.events)
	}
	return nil
}

// collect lists what to wait for. It reports false when the driver was closed.
func (d *pollDriver) collect() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.fds = append(d.fds[:0], unix.PollFd{Fd: int32(d.waitEnd), Events: unix.POLLIN})
	d.tokens = d.tokens[:0]
	for conn, e := range d.armed {
		d.fds = append(d.fds, unix.PollFd{Fd: int32(e.fd), Events: pollEvents(e.want)})
		d.tokens = append(d.tokens, token{conn, e.arming})
	}
	d.waiting = !d.closed
	return !d.closed
}

// sort makes events of what poll(2) has reported, and disarms those sockets.
func (d *pollDriver) sort() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = false
	if d.fds[0].Revents != 0 {
		var b [1]byte
		unix.Read(d.waitEnd, b[:])
	}
	d.events = d.events[:0]
	for i, fd := range d.fds[1:] {
		t := d.tokens[i]
		if e, armed := d.armed[t.conn]; fd.Revents != 0 && armed && e.arming == t.arming {
			delete(d.armed, t.conn)
			d.events = append(d.events, event{t, pollInterest(fd.Revents)})
		}
	}
}

// pollEvents is what poll(2) is asked for. POLLERR and POLLHUP need not be.
func pollEvents(want interest) (events int16) {
	if want&input != 0 {
		events |= unix.POLLIN
	}
	if want&output != 0 {
		events |= unix.POLLOUT
	}
	return events
}

func pollInterest(events int16) (ready interest) {
	if events&(unix.POLLERR|unix.POLLHUP|unix.POLLNVAL) != 0 {
		ready |= hangup
	}
	if events&unix.POLLIN != 0 {
		ready |= input
	}
	if events&unix.POLLOUT != 0 {
		ready |= output
	}
	return ready
}

// giveUp closes the pipe.
func (d *pollDriver) giveUp() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = false
	unix.Close(d.waitEnd)
	unix.Close(d.wakeEnd)
}
