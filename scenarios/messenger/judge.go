package messenger

import (
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// HandleConnect notes an open session.
func (p *party) HandleConnect(c *msgr.Connection) {
	p.opened(c)
	p.leave(c)
}

// HandleAccept notes an open session; a server sends on the latest, and what it
// sent on another one to a client that is gone went nowhere. The last words of
// such a client may open its session only now.
func (p *party) HandleAccept(c *msgr.Connection) {
	p.opened(c)
	if c.PeerAddr().Nonce != p.run.parties[1-p.side].nonce {
		return
	}
	if l := p.latest(); l != nil && l != c && !p.run.plan.Pair.Peers {
		p.run.ended()
	}
	p.accepted = slices.DeleteFunc(p.accepted, func(a *msgr.Connection) bool {
		return a == c || a.PeerAddr().Nonce != c.PeerAddr().Nonce
	})
	p.accepted = append(p.accepted, c)
	p.leave(c)
}

func (p *party) opened(c *msgr.Connection) {
	s := p.alive("connect or accept", c)
	p.note("session open", "peer", c.PeerAddr().String())
	p.run.check(!s.opened || !p.run.plan.Pair.lossy(), "I-MSG-3", "%v: a lossy session opened twice", p)
	s.opened = true
}

// alive checks that a connection may still be heard of.
func (p *party) alive(what string, c *msgr.Connection) *incoming {
	s := p.session(c)
	p.run.check(!s.down, "I-MSG-4", "%v: %s after mark_down", p, what)
	p.run.check(!s.reset, "I-MSG-10", "%v: %s after reset", p, what)
	return s
}

// HandleReset notes the end of a lossy session, or of one that was given up, and
// dials the next one.
func (p *party) HandleReset(c *msgr.Connection) bool {
	s := p.alive("reset", c)
	p.note("told of a reset", "told", s.told)
	p.run.check(p.run.plan.Pair.lossy() || s.told, "I-MSG-1", "%v: a lossless session was reset", p)
	p.run.check(s.opened || s.told, "I-MSG-10", "%v: reset of a session that never opened", p)
	s.reset = true
	if p.latest() == c {
		p.doomed = p.sent // a client that was gone has got none of it, and it may have another session
	}
	p.forget(c)
	if p.side == 0 || p.run.plan.Pair.Peers {
		p.again()
	}
	return true
}

// HandleRemoteReset notes that the other side has lost the session.
func (p *party) HandleRemoteReset(c *msgr.Connection) {
	s := p.alive("remote reset", c)
	p.note("told of a remote reset", "forgotten", p.run.forgotten)
	p.run.check(s.opened, "I-MSG-10", "%v: remote reset of a session that never opened", p)
	p.run.check(p.run.forgotten, "I-MSG-2", "%v: remote reset, though neither side ever lost a session", p)
	p.run.ended()
}

// HandleRefused happens while the other side restarts.
func (p *party) HandleRefused(c *msgr.Connection) bool {
	p.alive("refused", c)
	return true
}

// Dispatch judges a message.
func (p *party) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	s := p.alive("message", c)
	p.run.check(s.opened, "I-MSG-10", "%v: message before connect or accept", p)
	p.judge(s, m)
	p.leave(c)
	return true
}

// CanFastDispatch is the plan's choice.
func (p *party) CanFastDispatch(*msg.Message) bool { return p.run.plan.Fast[p.side] }

// FastDispatch judges a message that overtakes the callbacks of its connection.
func (p *party) FastDispatch(c *msgr.Connection, m *msg.Message) {
	s := p.alive("message", c)
	p.run.check(s.fast, "I-MSG-10", "%v: message before fast connect or accept", p)
	p.judge(s, m)
}

// FastConnect notes an open session.
func (p *party) FastConnect(c *msgr.Connection) { p.session(c).fast = true }

// FastAccept notes an open session.
func (p *party) FastAccept(c *msgr.Connection) { p.session(c).fast = true }

func (p *party) judge(s *incoming, m *msg.Message) {
	ping, ok := m.Body.(*msg.MonPing)
	p.run.check(ok, "I-MSG-1", "%v: got a %v", p, m.Header.Type)
	p.run.check(!s.told, "I-MSG-4", "%v: message after mark_down", p)
	if !ok {
		return
	}
	p.note("got", "number", ping.Stamp.Sec)
	p.judgeInstance(ping.Stamp.Nsec, ping.Stamp.Sec)
	if p.run.plan.Pair.lossy() {
		p.judgeLossy(s, &ping.Tracker)
	} else {
		p.judgeLossless(ping.Stamp.Nsec, ping.Stamp.Sec)
	}
	p.last[ping.Stamp.Nsec] = ping.Stamp.Sec
}

// judgeInstance: what was sent to one incarnation reaches no other that can be told from
// it.
func (p *party) judgeInstance(life, n uint32) {
	sender := p.run.parties[1-p.side]
	if sender.life != life || int(n) > len(sender.aimed) {
		return // it is gone, or judgeLossless has something to say
	}
	meant := sender.aimed[n-1]
	p.run.check(meant == p.nonce, "I-MSG-7", "%v: message %d of life %d is for the instance with nonce %d, not %d", p, n, life, meant, p.nonce)
}

// judgeLossy: what one connection delivers is a prefix of what was sent on it.
func (p *party) judgeLossy(s *incoming, t *msg.ConnectionTracker) {
	if s.count == 0 {
		s.label = t.Epoch
	}
	s.count++
	p.run.check(s.label == t.Epoch, "I-MSG-3", "%v: messages of two sessions on one connection", p)
	p.run.check(uint64(s.count) == t.Version, "I-MSG-3", "%v: message %d of a session came as its %dth", p, t.Version, s.count)
}

// judgeLossless: numbers rise, and those that are missing were sent before a
// session was known to have ended. What comes by fast dispatch can be ahead of
// that news. Messages for an instance that is gone are missed by nobody.
func (p *party) judgeLossless(life, n uint32) {
	last := p.last[life]
	p.run.check(n > last, "I-MSG-1", "%v: message %d of life %d after message %d", p, n, life, last)
	if n <= last+1 {
		return
	}
	if p.run.plan.Fast[p.side] {
		p.gaps = append(p.gaps, gap{life, last, n})
		return
	}
	p.explain(gap{life, last, n})
}

func (p *party) explain(g gap) {
	sender := p.run.parties[1-p.side]
	if sender.life != g.life {
		return
	}
	last := min(g.next-1, uint32(len(sender.aimed)))
	for last > g.last && sender.aimed[last-1] != p.nonce { // for an instance that is gone
		last--
	}
	p.run.check(last <= max(sender.doomed, g.last), "I-MSG-1", "%v: messages %d to %d are missing and no session ended", p, g.last+1, last)
}

// judgeEnd looks at what must be true once everything has settled.
func (p *party) judgeEnd() {
	for _, g := range p.gaps {
		p.explain(g)
	}
	lost := 0
	for c, s := range p.sessions {
		if s.opened && !s.reset && !s.down && !c.IsConnected() {
			lost++
		}
	}
	p.run.check(lost == 0 || !p.run.plan.Pair.lossy(), "I-MSG-3", "%v: %d lossy sessions are gone and were not reset", p, lost)
}
