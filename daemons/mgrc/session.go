package mgrc

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// session is a connection to the active manager, and what that manager knows of us.
type session struct {
	number uint64
	to     msg.EntityAddr
	conn   *msgr.Connection // nil when it is over

	period    time.Duration // between reports, 0 before the manager has said
	threshold uint8
	declared  []string // paths of counters, ascending
	config    []byte   // the options that were sent last
	timer     host.Timer
}

// reconnect ends the session and opens the next one, or waits until it may (MS-24).
func (c *Client) reconnect() {
	c.drop(LostReplaced)
	switch wait := c.last + c.opt.ConnectRetryInterval - c.now(); {
	case c.stopped || !c.active.available || c.active.addr.IsBlank():
	case c.opened > 0 && wait > 0:
		if !c.retry.Armed() {
			c.retry.Reset(wait)
		}
	default:
		c.retry.Stop()
		c.open()
	}
}

// open dials the active manager, and queues what is to be said first.
func (c *Client) open() {
	c.opened++
	c.last = c.now()
	s := &session{number: c.opened, to: c.active.addr, conn: c.m.ConnectTo(msg.EntityMgr, c.active.addr)}
	s.timer = c.loop.NewTimer(func() { c.onReport(s) })
	c.session = s
	c.h.Probe(SessionOpened{Entity: c.cfg.Entity.String(), Session: s.number, GID: c.active.gid})
	c.service.dirty = c.service.registered
	if c.service.registered || msg.EntityType(c.cfg.Entity.Type) != msg.EntityClient {
		c.introduce()
	}
	c.commands.resend(s)
}

// introduce says who we are. Mere clients do not: they only give commands.
func (c *Client) introduce() {
	o := &msg.MgrOpen{DaemonName: c.name(), ServiceName: c.serviceName()}
	if c.service.registered {
		o.ServiceDaemon, o.Metadata, o.Status = true, c.service.metadata, c.service.status
	}
	if c.cfg.Daemon != nil {
		c.options.refresh(c.cfg.Daemon)
		o.Config, o.ConfigDefaults = c.options.set, c.options.defaults
		c.session.config = c.options.set
	}
	c.session.conn.Send(msg.New(o))
}

// configure takes how the manager wants its reports. The first time they begin, with one
// at once.
func (c *Client) configure(s *session, b *msg.MgrConfigure) {
	first := s.period == 0
	s.period = time.Duration(b.Period) * time.Second
	s.threshold = uint8(min(b.Threshold, 255))
	c.h.Probe(Configured{Entity: c.cfg.Entity.String(), Session: s.number, Period: s.period})
	if first {
		c.onReport(s)
	}
}

// drop ends the session, if there is one.
func (c *Client) drop(reason string) {
	s := c.session
	if s == nil {
		return
	}
	c.session = nil
	s.timer.Stop()
	s.conn.MarkDown()
	s.conn = nil
	c.h.Probe(SessionLost{Entity: c.cfg.Entity.String(), Session: s.number, Reason: reason})
}
