package peers

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// How much is under way one way: at most windowMessages and, of large messages,
// about windowBytes. The receiver allows the next quarter of a window when it
// has dispatched one.
const (
	windowMessages = 16384
	windowBytes    = 8 << 20
	quarters       = 4
)

var errReset = errors.New("the connection was reset")

// quarter is a quarter of the window, in messages.
func quarter(job Job) int {
	return min(windowMessages, max(quarters, windowBytes/job.Size)) / quarters
}

// receiver is the far end of our messenger, on any host.
type receiver struct {
	msgr.BaseDispatcher
	job   Job
	tally *Tally
	got   int
}

// newReceiver starts a messenger that listens at addr.
func newReceiver(h host.Host, addr netip.AddrPort, job Job, tally *Tally) (netip.AddrPort, error) {
	m := msgr.New(h, h.NewLoop("receiver"), msgr.Config{
		Name: msg.EntityName{Type: msg.EntityMon}, Label: "receiver", Workers: 1,
	})
	m.SetDefaultPolicy(msgr.StatelessServer())
	m.AddDispatcherTail(&receiver{job: job, tally: tally})
	if err := m.Bind(addr); err != nil {
		return netip.AddrPort{}, err
	}
	return m.Addr().IP, m.Start()
}

// Dispatch takes a message and answers it, or allows more.
func (r *receiver) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	r.tally.Add(m.Data)
	r.got++
	if r.job.Echo() {
		m.ReleaseWhenSent()
		c.Send(m)
		return true
	}
	if r.got%quarter(r.job) == 0 {
		c.Send(msg.New(&msg.Ping{}))
	}
	m.Release()
	return true
}

// sender is the near end of our messenger, on any host.
type sender struct {
	msgr.BaseDispatcher
	job     Job
	content Content
	replies *Tally
	loop    host.Loop
	pool    msg.Pool // of that loop
	conn    *msgr.Connection
	sent    int
	opened  func()
	handed  func() // called when all messages were handed over
	failed  func(error)
}

// connect starts a messenger that dials addr.
func (s *sender) connect(h host.Host, addr netip.AddrPort) error {
	s.loop = h.NewLoop("sender")
	m := msgr.New(h, s.loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityClient, Num: 1}, Nonce: h.PID(), Label: "sender", Workers: 1,
	})
	m.SetDefaultPolicy(msgr.LossyClient())
	m.AddDispatcherTail(s)
	if err := m.Start(); err != nil {
		return err
	}
	s.conn = m.ConnectTo(msg.EntityMon, msg.EntityAddr{Type: msg.AddrLegacy, IP: addr})
	return nil
}

// begin sends as many messages as may be under way.
func (s *sender) begin() {
	first := s.job.Inflight
	if !s.job.Echo() {
		first = quarters * quarter(s.job)
	}
	s.loop.Post(func() { s.send(first) })
}

// send sends up to n more messages.
func (s *sender) send(n int) {
	for range min(n, s.job.Count-s.sent) {
		m := s.pool.New(msg.TypePing)
		m.Data = s.content.Message(s.sent)
		s.conn.Send(m)
		if s.sent++; s.sent == s.job.Count {
			s.handed()
		}
	}
}

// Dispatch takes an answer, or the word that there is room.
func (s *sender) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	if !s.job.Echo() {
		s.send(quarter(s.job))
		return true
	}
	s.replies.Add(m.Data)
	m.Release()
	s.send(1)
	return true
}

// HandleConnect notes that the connection is open.
func (s *sender) HandleConnect(*msgr.Connection) { s.opened() }

// HandleReset ends the job.
func (s *sender) HandleReset(c *msgr.Connection) bool {
	s.failed(fmt.Errorf("%v: %w", c, errReset))
	return true
}
