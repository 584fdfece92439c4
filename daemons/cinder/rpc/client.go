package rpc

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Client calls servers, and is one if it is told to serve. It belongs to its loop: its
// methods are called from the loop's callbacks and tasks, or before the loop has begun.
type Client struct {
	h    host.Host
	log  *slog.Logger
	loop host.Loop
	cfg  Config
	opt  Options

	link    *link // nil while there is none
	retry   host.Timer
	attempt int // of connecting, since the last success
	started bool
	closed  bool

	reply   string // the queue for answers
	serving []consumed
	server  server

	last   uint64     // ID of what was published
	unsent []*publish // in the order they were published, until they are confirmed
	calls  []*call    // that wait for answers, in the order they began
}

// consumed is a queue that the client consumes.
type consumed struct {
	queue, exchange string
	transient       bool
	handler         Handler // nil for answers
}

// publish is a frame that the broker has not confirmed.
type publish struct {
	frame frame
	wait  *call // nil for an answer: nobody waits for its confirmation
}

// maxUnsent is how many messages wait for the broker at most.
const maxUnsent = 10_000

// call is somebody who waits: for an answer, or for the broker's confirmation.
type call struct {
	task   host.Task
	id     string   // of the request that is to be answered, empty if none is
	answer *message // nil before it has come
	err    error
	done   bool
}

// New makes a client for the loop of h, which does nothing before Start.
func New(h host.Host, loop host.Loop, cfg Config) *Client {
	c := &Client{
		h: h, log: h.Log(), loop: loop, cfg: cfg, opt: cfg.Options.withDefaults(),
	}
	c.retry = loop.NewTimer(c.connect)
	c.server = server{client: c, seen: make(map[string]bool)}
	c.reply = "reply_" + c.newID()
	c.serving = []consumed{{queue: c.reply, transient: true}}
	return c
}

// newID is an id that no other message has.
func (c *Client) newID() string {
	var b [16]byte
	r := c.h.Rand("cinder.rpc")
	binary.BigEndian.PutUint64(b[:8], r.Uint64())
	binary.BigEndian.PutUint64(b[8:], r.Uint64())
	return hex.EncodeToString(b[:])
}

// Start connects, and goes on doing so until Close.
func (c *Client) Start() {
	if c.started || c.closed {
		return
	}
	c.started = true
	c.connect()
}

// Close ends the connection, and every call with ErrClosed.
func (c *Client) Close() {
	c.closed = true
	c.retry.Stop()
	if c.link != nil {
		c.link.close()
		c.link = nil
	}
	for _, p := range c.unsent {
		p.wait.finish(nil, ErrClosed)
	}
	for _, w := range c.calls {
		w.finish(nil, ErrClosed)
	}
	c.unsent = nil
}

// Connected reports whether there is a connection to a broker.
func (c *Client) Connected() bool { return c.link != nil && c.link.open }

// Serve has handler answer what is sent to a topic, to its Server and to all servers.
// Several topics may be served, each with a handler.
func (c *Client) Serve(to Target, handler Handler) {
	all := []consumed{
		{queue: to.Topic, handler: handler},
		{queue: fanoutExchange(to.Topic) + "_" + c.newID(), exchange: fanoutExchange(to.Topic), transient: true, handler: handler},
	}
	if to.Server != "" {
		all = append(all, consumed{queue: to.String(), handler: handler})
	}
	for _, s := range all {
		c.serving = append(c.serving, s)
		if c.Connected() {
			c.consume(s)
		}
	}
}

func fanoutExchange(topic string) string { return topic + "_fanout" }

func (c *Client) consume(s consumed) {
	_ = c.link.send(&frame{Op: opConsume, Queue: s.queue, Exchange: s.exchange, Transient: s.transient}) // is not too large
}

// Call has a method done by one server of a topic and waits for the answer, which it
// reads into result, a pointer, unless that is nil. Errors: ErrTimeout, ErrRejected,
// ErrTooLarge, ErrClosed, a *[RemoteError] of the handler.
func (c *Client) Call(t host.Task, to Target, method string, args, result any) error {
	m := message{ID: c.newID(), Method: method, Reply: c.reply}
	w := &call{task: t, id: m.ID}
	c.calls = append(c.calls, w)
	err := c.post(t, frame{Op: opPublish, Queue: to.String()}, m, args, w)
	switch {
	case err != nil:
	case w.answer.Failed != nil:
		err = w.answer.Failed
	case result != nil && len(w.answer.Result) > 0:
		err = json.Unmarshal(w.answer.Result, result)
	}
	if err != nil {
		return fmt.Errorf("call %s of %v: %w", method, to, err)
	}
	return nil
}

// Cast has a method done by one server of a topic, and waits until the broker has
// the message. Errors: ErrTimeout, ErrRejected, ErrTooLarge, ErrClosed.
func (c *Client) Cast(t host.Task, to Target, method string, args any) error {
	return c.send(t, frame{Op: opPublish, Queue: to.String()}, method, args)
}

// Fanout has a method done by every server of a topic that the broker knows, and waits
// until the broker has the message. Errors: those of Cast.
func (c *Client) Fanout(t host.Task, topic, method string, args any) error {
	return c.send(t, frame{Op: opPublish, Exchange: fanoutExchange(topic)}, method, args)
}

func (c *Client) send(t host.Task, f frame, method string, args any) error {
	err := c.post(t, f, message{ID: c.newID(), Method: method}, args, &call{task: t})
	if err != nil {
		return fmt.Errorf("cast %s to %s%s: %w", method, f.Queue, f.Exchange, err)
	}
	return nil
}

// post publishes a message, now or once there is a connection, and waits until w is
// done.
func (c *Client) post(t host.Task, f frame, m message, args any, w *call) (err error) {
	defer c.forget(w)
	if c.closed {
		return ErrClosed
	}
	if args != nil {
		if m.Args, err = json.Marshal(args); err != nil {
			return err
		}
	}
	if err := c.publish(f, m, w); err != nil {
		return err
	}
	c.await(t, w, m.Method)
	return w.err
}

func (c *Client) publish(f frame, m message, w *call) error {
	body, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(body) > maxFrame/2 {
		return ErrTooLarge
	}
	if len(c.unsent) >= maxUnsent {
		return ErrRejected
	}
	c.last++
	f.ID, f.Body = c.last, body
	p := &publish{frame: f, wait: w}
	c.unsent = append(c.unsent, p)
	if c.Connected() {
		return c.link.send(&p.frame)
	}
	return nil
}

// await waits until w is done, for as long as the time-out. What has not been confirmed
// by then is not sent any more.
func (c *Client) await(t host.Task, w *call, method string) {
	timer := c.loop.NewTimer(func() { w.finish(nil, ErrTimeout) })
	timer.Reset(c.opt.ResponseTimeout)
	defer timer.Stop()
	for !w.done {
		t.ParkFor("the broker and the answer to " + method)
	}
}

func (c *Client) forget(w *call) {
	c.unsent = slices.DeleteFunc(c.unsent, func(p *publish) bool { return p.wait == w })
	c.calls = slices.DeleteFunc(c.calls, func(other *call) bool { return other == w })
}

func (w *call) finish(answer *message, err error) {
	if w == nil || w.done {
		return
	}
	w.answer, w.err, w.done = answer, err, true
	w.task.Wake()
}

// connect dials the next broker.
func (c *Client) connect() {
	if c.closed || c.link != nil {
		return
	}
	addr := c.cfg.Brokers[c.attempt%len(c.cfg.Brokers)]
	c.link = newLink(c.h, c.loop, c.opt, c)
	c.link.conn = c.h.Network().Dial(c.loop, addr, c.link)
}

// opened implements end: everything that the broker may not know is said again.
func (c *Client) opened() {
	c.attempt = 0
	for _, s := range c.serving {
		c.consume(s)
	}
	for _, p := range slices.Clone(c.unsent) {
		if c.link != nil {
			_ = c.link.send(&p.frame) // was small enough before
		}
	}
}

// broken implements end.
func (c *Client) broken(err error) {
	c.server.drop(c.link)
	c.link = nil
	wait := min(c.opt.RetryInterval+time.Duration(c.attempt)*c.opt.RetryBackoff, c.opt.IntervalMax)
	c.attempt++
	c.log.Warn("broker unreachable", "error", err, "retry_in", wait)
	c.retry.Reset(wait)
}

// received implements end.
func (c *Client) received(f *frame) {
	switch f.Op {
	case opConfirm:
		c.confirmed(f)
	case opDeliver:
		c.delivered(f)
	case opBeat:
	default:
		c.link.fail(fmt.Errorf("%w: operation %q", errFrame, f.Op))
	}
}

func (c *Client) confirmed(f *frame) {
	i := slices.IndexFunc(c.unsent, func(p *publish) bool { return p.frame.ID == f.ID })
	if i < 0 {
		return
	}
	p := c.unsent[i]
	c.unsent = slices.Delete(c.unsent, i, i+1)
	switch {
	case f.Error != "":
		p.wait.finish(nil, fmt.Errorf("%w: %s", ErrRejected, f.Error))
	case p.wait != nil && p.wait.id == "":
		p.wait.finish(nil, nil)
	}
}

func (c *Client) delivered(f *frame) {
	var m message
	if err := json.Unmarshal(f.Body, &m); err != nil {
		c.log.Warn("malformed message dropped", "queue", f.Queue, "error", err)
	}
	i := slices.IndexFunc(c.serving, func(s consumed) bool { return s.queue == f.Queue })
	if i >= 0 && c.serving[i].handler != nil && m.ID != "" {
		c.server.take(job{c.serving[i].handler, m, c.link, f.ID})
		return
	}
	acknowledge(c.link, f.ID)
	for _, w := range c.calls {
		if w.id == m.ID {
			w.finish(&m, nil)
			return
		}
	}
}

// acknowledge takes a message off its queue, if the connection that it came by is still
// there; otherwise it comes again.
func acknowledge(l *link, id uint64) { _ = l.send(&frame{Op: opAck, ID: id}) } // is not too large
