package sim

import (
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// told is a handler that can be told of two things.
type told struct{ opened, closed func() }

func (t *told) Opened()      { t.call(t.opened) }
func (t *told) Closed(error) { t.call(t.closed) }
func (*told) Readable()      {}
func (*told) Writable()      {}

func (*told) call(fn func()) {
	if fn != nil {
		fn()
	}
}

// serve listens at port 100 of a new machine.
func serve(s *Sim, accept func(host.Loop, host.Conn)) *Host {
	b := s.AddHost("b")
	b.Start(func(h host.Host) {
		l := h.NewLoop("l")
		h.Network().Listen(l, netip.AddrPortFrom(netip.Addr{}, 100), func(c host.Conn) { accept(l, c) })
	})
	return b
}

// A connection that broke before its owner closed it tells nobody afterwards.
func TestConn_nothingIsToldAfterClose(t *testing.T) {
	t.Run("reset inside a callback", func(t *testing.T) {
		s := New(Config{Seed: 1})
		defer s.Close()
		a, b := s.AddHost("a"), serve(s, func(l host.Loop, c host.Conn) { c.Attach(l, &told{}) })
		a.Start(func(h host.Host) {
			l := h.NewLoop("l")
			var c host.Conn
			c = h.Network().Dial(l, netip.AddrPortFrom(b.Addr(), 100), &told{
				opened: func() { s.Reset(a, b); c.Close() },
				closed: func() { t.Error("Closed was called after Close") },
			})
		})
		s.Run(time.Second)
	})
	t.Run("reset before accept", func(t *testing.T) {
		s := New(Config{Seed: 1})
		defer s.Close()
		b := serve(s, func(l host.Loop, c host.Conn) {
			c.Attach(l, &told{closed: func() { t.Error("Closed was called after Close") }})
			c.Close()
		})
		dialOnce(s, b, func(c host.Conn) { c.Abort() })
		s.RunUntil(time.Second, func() bool { return b.process != nil && len(b.process.conns) > 0 })
		b.Pause()
		s.Run(time.Second)
		b.Resume()
		s.Run(time.Second)
	})
}

func dialOnce(s *Sim, to *Host, opened func(host.Conn)) {
	s.AddHost("a").Start(func(h host.Host) {
		var c host.Conn
		handler := &told{opened: func() { opened(c) }}
		c = h.Network().Dial(h.NewLoop("l"), netip.AddrPortFrom(to.Addr(), 100), handler)
	})
}

// A process that leaks its sockets may do so while one of them waits for accept.
func TestRespawn_leaksWhatWaitsForAccept(t *testing.T) {
	s := New(Config{Seed: 1, LeakSockets: true})
	defer s.Close()
	b := serve(s, func(host.Loop, host.Conn) {})
	dialOnce(s, b, func(host.Conn) {})
	s.RunUntil(time.Second, func() bool { return b.process != nil && len(b.process.conns) > 0 })
	b.process.Respawn("test")
	s.Run(time.Second)
	if b.Process() == nil {
		t.Error("no process came after the respawn")
	}
}
