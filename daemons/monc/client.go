package monc

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// Errors that functions given to a client are called with (wrapped, so test with
// errors.Is).
var (
	// ErrShutdown: the client was shut down.
	ErrShutdown = errors.New("monitor client is shut down")
	// ErrTimeout: there was no answer in time.
	ErrTimeout = errors.New("no answer from the monitors")
	// ErrAgain: the session ended before the answer came. Ask again.
	ErrAgain = errors.New("the session ended, ask again")
	// ErrAuth: a monitor refused the entity.
	ErrAuth = errors.New("authentication failed")
	// ErrNoMon: the monitor map has no monitor of that name or rank.
	ErrNoMon = errors.New("no such monitor")
)

// Client is a daemon's client of the monitors. It implements
// [msgr.Dispatcher]. Its methods belong to the loop given to [New].
type Client struct {
	h    host.Host
	loop host.Loop
	m    *msgr.Messenger
	log  *slog.Logger
	cfg  Config
	opt  Options

	monmap  msg.MonMap
	hunt    hunter
	gid     uint64
	active  *session
	pending []*session // being tried, in the order dialled
	hunting bool
	stopped bool
	tick    host.Timer
	config  config

	subs     subscriptions
	queue    []*msg.Message // waits for a session
	commands commands
	tells    tells
	versions versions
	clog     clusterLog

	auth    authentication
	waiting []func()
}

// New makes a client that dials through m, whose dispatch loop is loop. It does
// nothing before Authenticate. The Config must be valid, see [Config.Validate].
func New(h host.Host, loop host.Loop, m *msgr.Messenger, cfg Config) *Client {
	opt := cfg.Options.withDefaults()
	c := &Client{
		h: h, loop: loop, m: m, cfg: cfg, opt: opt,
		log:    h.Log().With("monc", cfg.Entity.String()),
		monmap: cfg.MonMap.Clone(),
		hunt:   newHunter(opt, h.Rand("monc.hunt")),
		subs:   newSubscriptions(),
	}
	c.tick = loop.NewTimer(c.onTick)
	c.auth.init(c)
	c.commands.init(c)
	c.tells.init(c)
	c.versions.init(c)
	c.clog.init(c)
	return c
}

// Init puts the client at the head of its messenger's dispatchers (MS-3). It is
// called once, before Authenticate.
func (c *Client) Init() { c.m.AddDispatcherHead(c) }

// GlobalID is the id that the monitors have given the entity, 0 before the first
// session and never 0 again (MC-2).
func (c *Client) GlobalID() uint64 { return c.gid }

// MonMap is the newest monitor map known. It must not be changed.
func (c *Client) MonMap() *msg.MonMap { return &c.monmap }

// IsConnected reports whether there is a session.
func (c *Client) IsConnected() bool { return c.active != nil }

// Mon is the name of the session's monitor, empty without a session.
func (c *Client) Mon() string {
	if c.active == nil {
		return ""
	}
	return c.active.mon
}

// Send sends a message to the monitor of the session, and takes ownership of it.
// Without a session it waits for one, but is dropped when a hunt starts over
// (MC-9).
func (c *Client) Send(m *msg.Message) {
	switch {
	case c.stopped:
	case c.active != nil:
		c.transmit(m)
	default:
		c.queue = append(c.queue, m)
	}
}

// transmit sends a message on the session.
func (c *Client) transmit(m *msg.Message) {
	if b, ok := m.Body.(*msg.MonSubscribe); ok {
		c.h.Probe(Subscribed{Entity: c.cfg.Entity.String(), Mon: c.active.mon, What: describe(b.What)})
	}
	c.active.conn.Send(m)
}

// Want subscribes to a map ("mgrmap", "monmap", ...): to every epoch from start
// on, 0 meaning the newest there is, or, if onetime, to one. It reports false if
// that is what is subscribed to already. The monitor is told by Renew.
func (c *Client) Want(what string, start uint64, onetime bool) bool {
	if !c.subs.want(what, msg.Subscription{Start: start, OneTime: onetime}) {
		return false
	}
	c.h.Probe(Wanted{Entity: c.cfg.Entity.String(), What: what, Start: start, OneTime: onetime})
	return true
}

// Unwant ends a subscription. The monitor learns of it with the next session.
func (c *Client) Unwant(what string) {
	if c.subs.unwant(what) {
		c.h.Probe(Wanted{Entity: c.cfg.Entity.String(), What: what, NoMore: true})
	}
}

// Got notes that an epoch of a map has arrived and was taken: later sessions
// subscribe from the next one on.
func (c *Client) Got(what string, epoch uint64) {
	if c.subs.got(what, epoch) {
		c.h.Probe(Received{Entity: c.cfg.Entity.String(), What: what, Epoch: epoch})
	}
}

// Renew tells the monitor of the subscriptions that it does not know yet.
func (c *Client) Renew() {
	if c.stopped {
		return
	}
	if what := c.subs.renew(); what != nil {
		c.Send(msg.New(&msg.MonSubscribe{What: what, Hostname: c.h.Name()}))
	}
}

// Shutdown ends the session and everything under way: commands, questions and
// Authenticate fail with ErrShutdown (MC-12). Nothing happens afterwards.
func (c *Client) Shutdown() {
	if c.stopped {
		return
	}
	c.stopped = true
	c.queue, c.waiting = nil, nil
	c.tick.Stop()
	if !c.cfg.Defects.ShutdownKeepsCons {
		c.drop(LostShutdown)
	}
	c.hunting = false
	c.h.Probe(ShutDown{Entity: c.cfg.Entity.String(), GID: c.gid})
	c.clog.stop()
	c.versions.fail(ErrShutdown)
	c.commands.fail(ErrShutdown)
	c.tells.fail(ErrShutdown)
	c.auth.finish(ErrShutdown)
}

// Dispatch takes what is meant for the client, and drops whatever a monitor says
// that is not the session's (MC-7). Implements [msgr.Dispatcher].
func (c *Client) Dispatch(conn *msgr.Connection, m *msg.Message) bool {
	if conn.PeerType() != msg.EntityMon {
		return false
	}
	s := c.find(conn)
	switch {
	case s == nil && c.tells.dispatch(conn, m):
		return true
	case s == nil:
		c.debug("stray message", "type", m.Header.Type)
		return true
	case s != c.active:
		c.dispatchPending(s, m)
		return true
	}
	return c.dispatchActive(s, m)
}

// dispatchPending takes what a monitor may say before it has accepted us. None of
// it goes on to the owner, monitor maps neither (MS-6).
func (c *Client) dispatchPending(s *session, m *msg.Message) {
	switch b := m.Body.(type) {
	case *msg.AuthReply:
		c.handleAuthReply(s, b)
	case *msg.MonMapMsg:
		c.handleMonMap(b)
		if c.cfg.Defects.FinishHuntOnMonmap {
			c.hunting = false
			c.schedule()
		}
	}
}

// dispatchActive takes what is for the client; monitor maps go on to the owner
// too, once Authenticate was done (MS-6).
func (c *Client) dispatchActive(s *session, m *msg.Message) bool {
	switch b := m.Body.(type) {
	case *msg.AuthReply:
		c.handleAuthReply(s, b)
	case *msg.MonMapMsg:
		c.handleMonMap(b)
		return !c.auth.succeeded
	case *msg.Config:
		c.config.take(b.Options)
	case *msg.LogAck:
		c.clog.handleAck(b)
	case *msg.MonGetVersionReply:
		c.versions.handleReply(b)
	case *msg.MonCommandAck:
		c.commands.handleAck(m, b)
	default:
		return false
	}
	return true
}

// HandleConnect does nothing: what is to be said first was queued when the
// monitor was dialled. Implements [msgr.Dispatcher].
func (c *Client) HandleConnect(*msgr.Connection) {}

// HandleAccept does nothing. Implements [msgr.Dispatcher].
func (c *Client) HandleAccept(*msgr.Connection) {}

// HandleReset starts a hunt if the session is hit, and lets others see it then
// (MC-6). A monitor that is only being tried is given up until the next tick.
// Implements [msgr.Dispatcher].
func (c *Client) HandleReset(conn *msgr.Connection) bool {
	if conn.PeerType() != msg.EntityMon {
		return false
	}
	if s := c.find(conn); s == nil || s != c.active {
		c.tells.handleReset(conn)
		return true
	}
	c.reopen(LostReset)
	return false
}

// HandleRemoteReset does nothing: sessions with monitors are lossy. Implements
// [msgr.Dispatcher].
func (c *Client) HandleRemoteReset(*msgr.Connection) {}

// HandleRefused does nothing and answers false: the messenger goes on trying,
// and the tick goes on to other monitors. Implements [msgr.Dispatcher].
func (c *Client) HandleRefused(*msgr.Connection) bool { return false }

// schedule sets the tick: the end of the hunt's patience, or the next keepalive.
func (c *Client) schedule() {
	switch {
	case c.stopped:
	case c.active != nil:
		c.tick.Reset(c.opt.PingInterval)
	case c.hunting:
		c.tick.Reset(c.patience())
	default:
		c.tick.Stop()
	}
}

// patience is how long the hunt may take that has just begun (MC-3).
func (c *Client) patience() time.Duration {
	if c.cfg.Defects.TickBySlowInterval && !c.hunt.hadSession {
		return c.opt.PingInterval
	}
	return c.hunt.interval()
}

func (c *Client) onTick() {
	switch {
	case c.stopped:
	case c.hunting:
		c.reopen(HuntTooLong)
	case c.active != nil:
		c.keepAlive()
	}
}

func (c *Client) now() time.Duration { return c.h.Clock().Monotonic() }

func (c *Client) debug(text string, args ...any) {
	if c.log.Enabled(context.Background(), slog.LevelDebug) {
		c.log.Debug(text, args...)
	}
}

var _ msgr.Dispatcher = (*Client)(nil)
