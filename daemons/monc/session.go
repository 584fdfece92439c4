package monc

import (
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// session is a connection to a monitor: one that is being tried, or the one that
// counts.
type session struct {
	conn   *msgr.Connection
	mon    string
	opened time.Duration // monotonic, when it began to count
}

// find is the session that runs over conn, nil for strays.
func (c *Client) find(conn *msgr.Connection) *session {
	if c.active != nil && c.active.conn == conn {
		return c.active
	}
	for _, s := range c.pending {
		if s.conn == conn {
			return s
		}
	}
	return nil
}

// Reopen drops the session and hunts for another one; the same monitor may win
// again. A new session knows nothing of the old one's subscriptions, which is
// why an activated manager asks for it (MS-18).
func (c *Client) Reopen() { c.reopen(LostAsked) }

// reopen starts a hunt, or starts it over.
func (c *Client) reopen(reason string) {
	if c.stopped {
		return
	}
	c.drop(reason)
	c.hunting = true
	c.auth.begin()
	c.hunt.begin()
	c.queue = nil
	if c.cfg.Defects.FreshGIDOnReopen {
		c.gid = 0
	}
	for _, m := range c.hunt.next(candidatesOf(&c.monmap)) {
		c.dial(m)
	}
	c.h.Probe(HuntBegun{Entity: c.cfg.Entity.String(), Mons: strings.Join(c.asked(), ","), Reason: reason})
	if c.subs.reload() {
		c.Renew()
	}
	c.schedule()
	c.versions.fail(ErrAgain)
}

// drop closes all connections to monitors.
func (c *Client) drop(reason string) {
	if s := c.active; s != nil {
		c.active = nil
		s.conn.MarkDown()
		c.log.Info("session lost", "mon", s.mon, "reason", reason)
		c.h.Probe(SessionLost{Entity: c.cfg.Entity.String(), GID: c.gid, Mon: s.mon, Reason: reason})
	}
	c.dropPending()
}

// asked are the names of the monitors that are being tried.
func (c *Client) asked() []string {
	var names []string
	for _, s := range c.pending {
		names = append(names, s.mon)
	}
	return names
}

func (c *Client) dropPending() {
	for _, s := range c.pending {
		s.conn.MarkDown()
	}
	c.pending = nil
}

// dial tries a monitor. The keepalive makes the age of its acknowledgement
// meaningful from the start (MC-5).
func (c *Client) dial(m candidate) {
	s := &session{conn: c.m.ConnectTo(msg.EntityMon, m.addr), mon: m.name}
	c.pending = append(c.pending, s)
	c.debug("dialling", "mon", m.name, "addr", m.addr)
	s.conn.SendKeepalive()
	s.conn.Send(msg.New(c.authRequest(c.gid)))
}

// giveUp stops trying a monitor that has refused, and reports whether it was the
// last one of this hunt.
func (c *Client) giveUp(s *session) bool {
	s.conn.MarkDown()
	c.pending = slices.DeleteFunc(c.pending, func(p *session) bool { return p == s })
	return len(c.pending) == 0
}

// establish ends the hunt: s is the first that has accepted us, the others are
// dropped (MC-2).
func (c *Client) establish(s *session) {
	c.pending = slices.DeleteFunc(c.pending, func(p *session) bool { return p == s })
	if !c.cfg.Defects.KeepLosers {
		c.dropPending()
	}
	c.active, c.hunting = s, false
	s.opened = c.now()
	if c.hunt.hadSession {
		host.Sometimes(c.h, MarkAgain)
	}
	c.hunt.succeed()
	c.unBackoff()
	c.log.Info("session opened", "mon", s.mon, "gid", c.gid)
	c.h.Probe(SessionOpened{Entity: c.cfg.Entity.String(), GID: c.gid, Mon: s.mon})
	c.schedule()
	queue := c.queue
	c.queue = nil
	for _, m := range queue {
		c.transmit(m)
	}
	c.commands.resend()
	c.clog.resend()
	c.auth.conclude(nil)
	c.finishWaiting()
}

func (c *Client) unBackoff() {
	if !c.cfg.Defects.NoUnBackoff {
		c.hunt.relax()
	}
}

// keepAlive asks for a sign of life, unless the last one is too old already
// (MC-5).
func (c *Client) keepAlive() {
	s := c.active
	age := c.now() - max(s.conn.LastKeepaliveAck(), s.opened)
	if age > c.opt.PingTimeout {
		c.log.Info("no keepalive was answered", "mon", s.mon, "for", age)
		c.reopen(LostSilent)
		return
	}
	s.conn.SendKeepalive()
	c.unBackoff()
	c.schedule()
}

// AwaitSession runs done once there is a session, soon if there is one. A
// shutdown forgets it.
func (c *Client) AwaitSession(done func()) {
	if c.stopped {
		return
	}
	c.waiting = append(c.waiting, done)
	if c.active != nil {
		c.loop.Post(c.finishWaiting)
	}
}

func (c *Client) finishWaiting() {
	if c.active == nil {
		return
	}
	waiting := c.waiting
	c.waiting = nil
	for _, done := range waiting {
		done()
	}
}
