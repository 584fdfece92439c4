package peers

import (
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// wavetank is our messenger, Ceph's protocol, on TCP: a lossy client and a
// stateless server, as daemons are towards monitors. Messages have no front and
// the content as data; the checksums of Ceph's protocol are made and checked.
type wavetank struct{}

func (wavetank) Serve(job Job, tally *Tally) (string, error) {
	h := oshost.New(oshost.Options{Name: "receiver"})
	addr, err := newReceiver(h, netip.MustParseAddrPort("127.0.0.1:0"), job, tally)
	return addr.String(), err
}

func (wavetank) Dial(job Job, addr string, replies *Tally) (Client, error) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil {
		return nil, err
	}
	c := &wavetankClient{
		host:   oshost.New(oshost.Options{Name: "sender"}),
		handed: make(chan struct{}),
		failed: make(chan error, 1),
	}
	opened := make(chan struct{})
	c.sender = &sender{
		job: job, content: NewContent(job.Size), replies: replies,
		opened: func() { close(opened) },
		handed: func() { close(c.handed) },
		failed: func(err error) { c.failed <- err },
	}
	if err := c.sender.connect(c.host, at); err != nil {
		return nil, err
	}
	<-opened
	return c, nil
}

// wavetankClient runs a sender on the real machine.
type wavetankClient struct {
	host   *oshost.Host
	sender *sender
	handed chan struct{}
	failed chan error
}

func (c *wavetankClient) Send() error {
	c.sender.begin()
	done := c.sender.replies.Full()
	if !c.sender.job.Echo() {
		done = c.handed
	}
	select {
	case <-done:
		return nil
	case err := <-c.failed:
		return err
	}
}

func (c *wavetankClient) Close() error {
	c.host.Kill()
	return nil
}
