package mgrc

import (
	"errors"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// ErrShutdown: the client was shut down.
var ErrShutdown = errors.New("manager client is shut down")

// Client is a daemon's client of the active manager. It implements [msgr.Dispatcher].
// Its methods belong to the loop given to [New].
type Client struct {
	h    host.Host
	loop host.Loop
	m    *msgr.Messenger
	log  *slog.Logger
	cfg  Config
	opt  Options

	active  target
	session *session // nil without one
	opened  uint64   // sessions so far
	last    time.Duration
	retry   host.Timer // armed while it is too early for another session

	options  options
	service  service
	commands commands
	stopped  bool
	farewell host.Timer
	leaving  func() // what Shutdown is to call in the end, nil unless it waits
}

// target is the manager to have a session with, as the map has it.
type target struct {
	gid       uint64
	addr      msg.EntityAddr
	available bool
}

// New makes a client that dials through m, whose dispatch loop is loop. It does nothing
// before it knows a map.
func New(h host.Host, loop host.Loop, m *msgr.Messenger, cfg Config) *Client {
	c := &Client{
		h: h, loop: loop, m: m, cfg: cfg, opt: cfg.Options.withDefaults(),
		log: h.Log().With("mgrc", cfg.Entity.String()),
	}
	c.options.stale = true
	c.retry = loop.NewTimer(c.reconnect)
	c.farewell = loop.NewTimer(c.left)
	return c
}

// Init puts the client at the tail of its messenger's dispatchers (MS-3). It is called
// once.
func (c *Client) Init() { c.m.AddDispatcherTail(c) }

// HandleMap takes a manager map, which is whole and replaces the one before whatever its
// epoch is: who has maps that can be old keeps those back (MS-15).
func (c *Client) HandleMap(m *msg.MgrMap) {
	if c.stopped {
		return
	}
	c.active = target{gid: m.ActiveGID, addr: m.ActiveAddrs.Legacy(), available: m.Available}
	if c.session == nil || c.session.to != c.active.addr {
		c.reconnect()
	}
}

// OptionsChanged says that the daemon's options are others than they were: managers hear
// of it with the next report.
func (c *Client) OptionsChanged() { c.options.stale = true }

// IsConnected reports whether there is a session; its manager need not have said
// anything yet.
func (c *Client) IsConnected() bool { return c.session != nil }

// Shutdown ends the session and everything under way: commands fail with ErrShutdown. A
// service daemon takes its leave first, and is heard or waits for
// Options.UnregisterTimeout. done, if not nil, runs in the end. It may be called again,
// which only calls done.
func (c *Client) Shutdown(done func()) {
	if done == nil {
		done = func() {}
	}
	if c.stopped {
		done()
		return
	}
	c.stopped = true
	c.retry.Stop()
	c.commands.fail(ErrShutdown)
	if c.session == nil || !c.service.registered {
		c.drop(LostShutdown)
		done()
		return
	}
	c.leaving = done
	c.session.conn.Send(msg.New(&msg.MgrClose{DaemonName: c.name(), ServiceName: c.serviceName()}))
	c.farewell.Reset(c.opt.UnregisterTimeout)
}

// left is the end of a service daemon's leave, heard or not.
func (c *Client) left() {
	done := c.leaving
	if done == nil {
		return
	}
	c.leaving = nil
	c.farewell.Stop()
	c.drop(LostShutdown)
	done()
}

// Dispatch takes what managers say, and the manager map, which nobody after the client
// gets to see. Implements [msgr.Dispatcher].
func (c *Client) Dispatch(conn *msgr.Connection, m *msg.Message) bool {
	if b, ok := m.Body.(*msg.MgrMapMsg); ok && conn.PeerType() == msg.EntityMon {
		c.HandleMap(&b.Map)
		return true
	}
	if conn.PeerType() != msg.EntityMgr {
		return false
	}
	s := c.session
	if s == nil || s.conn != conn {
		return true // of a session that is over
	}
	switch b := m.Body.(type) {
	case *msg.MgrConfigure:
		c.configure(s, b)
	case *msg.MgrClose:
		c.left()
	case *msg.MgrCommandReply:
		c.commands.handleReply(m, b.Code, b.Status)
	case *msg.CommandReply:
		c.commands.handleReply(m, b.Code, b.Status)
	default:
		return false
	}
	return true
}

// HandleConnect does nothing: what is to be said first was queued when the manager was
// dialled. Implements [msgr.Dispatcher].
func (c *Client) HandleConnect(*msgr.Connection) {}

// HandleAccept does nothing. Implements [msgr.Dispatcher].
func (c *Client) HandleAccept(*msgr.Connection) {}

// HandleReset opens another session if it was the session's (MS-24). Implements
// [msgr.Dispatcher].
func (c *Client) HandleReset(conn *msgr.Connection) bool {
	if c.session == nil || c.session.conn != conn {
		return false
	}
	if c.stopped {
		c.left()
		return true
	}
	c.reconnect()
	return true
}

// HandleRemoteReset does nothing: sessions with managers are lossy. Implements
// [msgr.Dispatcher].
func (c *Client) HandleRemoteReset(*msgr.Connection) {}

// HandleRefused does nothing and answers false: the messenger goes on trying until a map
// names somebody else (MS-24). Implements [msgr.Dispatcher].
func (c *Client) HandleRefused(*msgr.Connection) bool { return false }

func (c *Client) now() time.Duration { return c.h.Clock().Monotonic() }

// name is the daemon's name without its type.
func (c *Client) name() string {
	if c.service.registered {
		return c.service.name
	}
	return c.cfg.Entity.ID
}

func (c *Client) serviceName() string {
	if c.service.registered {
		return c.service.kind
	}
	return c.cfg.Service
}

var _ msgr.Dispatcher = (*Client)(nil)
