package oshost

import (
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// eachDriver runs a test with the best driver there is, and with poll(2).
func eachDriver(t *testing.T, test func(t *testing.T, d *drivenPair)) {
	for name, pollOnly := range map[string]bool{"default": false, "poll": true} {
		t.Run(name, func(t *testing.T) {
			d, err := newDriver(pollOnly)
			if err != nil {
				t.Fatal(err)
			}
			test(t, drive(t, d))
		})
	}
}

// drivenPair is a driver that waits for near, one end of a connected pair.
type drivenPair struct {
	driver
	t         *testing.T
	near, far int
	arming    uint32
	events    chan event
}

func drive(t *testing.T, d driver) *drivenPair {
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range ends {
		unix.SetNonblock(fd, true)
	}
	p := &drivenPair{driver: d, t: t, near: ends[0], far: ends[1], events: make(chan event, 16)}
	ended, enough := make(chan error), make(chan struct{})
	go func() {
		ended <- d.run(func(events []event) {
			for _, e := range events {
				select {
				case p.events <- e:
				case <-enough:
				}
			}
		})
	}()
	t.Cleanup(func() {
		close(enough)
		d.close()
		if err := <-ended; err != nil {
			t.Errorf("run ended with %v", err)
		}
		unix.Close(p.near)
		unix.Close(p.far)
	})
	return p
}

func (p *drivenPair) waitFor(want interest) {
	p.t.Helper()
	p.arming++
	if err := p.arm(token{7, p.arming}, p.near, want, p.arming == 1); err != nil {
		p.t.Fatal(err)
	}
}

func (p *drivenPair) send() { unix.Write(p.far, []byte("x")) }

// fill writes until near takes no more.
func (p *drivenPair) fill() {
	for err := error(nil); err == nil; {
		_, err = unix.Write(p.near, make([]byte, 4096))
	}
}

// wants awaits one event, for the last arming, with all of ready.
func (p *drivenPair) wants(ready interest) {
	p.t.Helper()
	select {
	case e := <-p.events:
		if e.token != (token{7, p.arming}) || e.ready&ready != ready {
			p.t.Fatalf("event %+v, want %b for arming %d", e, ready, p.arming)
		}
	case <-time.After(20 * time.Second):
		p.t.Fatalf("waited in vain for %b", ready)
	}
}

// wantsNothing looks for a while for an event that must not come.
func (p *drivenPair) wantsNothing() {
	p.t.Helper()
	select {
	case e := <-p.events:
		p.t.Fatalf("event %+v", e)
	case <-time.After(20 * time.Millisecond): // of the operating system's time
	}
}

func TestDriver_oneEventPerArming(t *testing.T) {
	eachDriver(t, func(t *testing.T, p *drivenPair) {
		p.waitFor(input)
		p.wantsNothing()
		p.send()
		p.wants(input)
		p.send()
		p.wantsNothing() // though there is input
		p.waitFor(input)
		p.wants(input) // at once
		p.wantsNothing()
	})
}

func TestDriver_reportsWhatIsWantedOnly(t *testing.T) {
	eachDriver(t, func(t *testing.T, p *drivenPair) {
		p.send()
		p.waitFor(hangup)
		p.wantsNothing()
		p.waitFor(output)
		p.wants(output)
		p.fill()
		p.waitFor(output)
		p.wantsNothing()
		p.waitFor(input | output) // in place of that
		p.wants(input)
		p.wantsNothing()
	})
}

func TestDriver_hangupNeedNotBeWanted(t *testing.T) {
	for _, want := range []interest{hangup, input, output} {
		eachDriver(t, func(t *testing.T, p *drivenPair) {
			p.fill()
			p.waitFor(want)
			p.wantsNothing()
			unix.Shutdown(p.near, unix.SHUT_RDWR)
			p.wants(hangup)
			p.wantsNothing()
		})
	}
}

func TestDriver_manyAtOnce(t *testing.T) {
	eachDriver(t, func(t *testing.T, p *drivenPair) {
		const n = 400 // more than fit in a few batches
		var got []uint32
		p.send()
		for i := range uint32(n) {
			fd, err := unix.Dup(p.near)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			if err := p.arm(token{i, 1}, fd, input, true); err != nil {
				t.Fatal(err)
			}
		}
		for range n {
			select {
			case e := <-p.events:
				got = append(got, e.conn)
			case <-time.After(20 * time.Second):
				t.Fatalf("%d events came", len(got))
			}
		}
		slices.Sort(got)
		if got = slices.Compact(got); len(got) != n {
			t.Errorf("%d of %d connections were reported", len(got), n)
		}
	})
}

// What poll(2) has found out must not cost a connection that was armed again
// meanwhile its arming.
func TestPollDriver_armedAgainStaysArmed(t *testing.T) {
	d, err := newPollDriver()
	if err != nil {
		t.Fatal(err)
	}
	defer d.giveUp()
	d.arm(token{7, 1}, 0, input, true)
	d.collect()
	d.fds[1].Revents = unix.POLLIN
	d.arm(token{7, 2}, 0, output, false)
	d.sort()
	if d.collect(); len(d.events) != 0 || !slices.Equal(d.tokens, []token{{7, 2}}) {
		t.Errorf("events %v, armed %v", d.events, d.tokens)
	}
}

func TestDriver_forgottenIsNotWaitedFor(t *testing.T) {
	eachDriver(t, func(t *testing.T, p *drivenPair) {
		p.waitFor(input)
		p.forget(7)
		unix.Close(p.near)
		again, err := unix.Dup(p.far) // likely under the same number
		if err != nil {
			t.Fatal(err)
		}
		p.near = again
		p.wantsNothing()
		p.arming = 0
		p.waitFor(output)
		p.wants(output)
	})
}
