package rpc

import (
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Broker keeps the queues. Everything of it is in memory and ends with its process.
type Broker struct {
	h     host.Host
	log   *slog.Logger
	loop  host.Loop
	bind  netip.AddrPort
	opt   Options
	sweep host.Timer

	listener host.Listener
	queues   map[string]*queue
	order    []*queue            // in the order they were declared
	bindings map[string][]*queue // by exchange
}

// NewBroker makes a broker on h, which does nothing before Start.
func NewBroker(h host.Host, cfg BrokerConfig) *Broker {
	bind := cfg.Bind
	if !bind.Addr().IsValid() {
		bind = netip.AddrPortFrom(h.Network().Addrs()[0], bind.Port())
	}
	if bind.Port() == 0 {
		bind = netip.AddrPortFrom(bind.Addr(), Port)
	}
	return newBroker(h, bind, cfg.Options.withDefaults())
}

func newBroker(h host.Host, bind netip.AddrPort, opt Options) *Broker {
	b := &Broker{
		h: h, log: h.Log(), loop: h.NewLoop("broker"), bind: bind, opt: opt,
		queues: make(map[string]*queue), bindings: make(map[string][]*queue),
	}
	b.sweep = b.loop.NewTimer(b.onSweep)
	return b
}

// Start listens. Errors: those of [host.Network].Listen.
func (b *Broker) Start() error {
	l, err := b.h.Network().Listen(b.loop, b.bind, b.accept)
	if err != nil {
		return fmt.Errorf("broker at %v: %w", b.bind, err)
	}
	b.listener = l
	b.loop.Post(b.onSweep)
	return nil
}

// Addr is where the broker listens.
func (b *Broker) Addr() netip.AddrPort { return b.listener.Addr() }

func (b *Broker) accept(c host.Conn) {
	p := &peer{broker: b}
	p.link = newLink(b.h, b.loop, b.opt, p)
	p.link.conn, p.link.open = c, true
	c.Attach(b.loop, p.link)
}

// declare finds the queue of that name, or makes it.
func (b *Broker) declare(name, exchange string, transient bool) *queue {
	q := b.queues[name]
	if q == nil {
		q = &queue{name: name, transient: transient, max: b.opt.MaxQueue}
		b.queues[name] = q
		b.order = append(b.order, q)
	}
	if exchange != "" && !slices.Contains(b.bindings[exchange], q) {
		b.bindings[exchange] = append(b.bindings[exchange], q)
	}
	return q
}

// publish puts a body into the queues that it is for. Error: ErrRejected.
func (b *Broker) publish(f *frame) error {
	if f.Exchange != "" {
		for _, q := range slices.Clone(b.bindings[f.Exchange]) {
			if err := q.put(f.Body); err != nil {
				b.log.Warn("fanout message dropped", "queue", q.name, "error", err)
			}
		}
		return nil
	}
	if q := b.queues[f.Queue]; q != nil {
		return q.put(f.Body)
	}
	b.log.Debug("unroutable message dropped", "queue", f.Queue)
	return nil
}

// onSweep deletes transient queues that nobody has consumed for long.
func (b *Broker) onSweep() {
	now := b.now()
	for _, q := range slices.Clone(b.order) {
		if q.transient && len(q.consumers) == 0 && now-q.idleSince >= b.opt.TransientTTL {
			b.remove(q)
		}
	}
	b.sweep.Reset(b.opt.TransientTTL / 4)
}

func (b *Broker) remove(gone *queue) {
	is := func(q *queue) bool { return q == gone }
	delete(b.queues, gone.name)
	b.order = slices.DeleteFunc(b.order, is)
	for exchange, bound := range b.bindings { //wavetank:ordered each exchange by itself
		b.bindings[exchange] = slices.DeleteFunc(bound, is)
	}
}

func (b *Broker) now() time.Duration { return b.h.Clock().Monotonic() }

// peer is a client's connection.
type peer struct {
	broker    *Broker
	link      *link
	consuming []*queue
	unacked   []delivery // in the order they were delivered
	last      uint64     // ID of a delivery
}

// delivery is a message that a peer has and has not acknowledged.
type delivery struct {
	id    uint64
	queue *queue
	body  []byte
}

// prefetch is how many messages a peer may have without having acknowledged them.
const prefetch = 64

func (p *peer) opened() {}

func (p *peer) received(f *frame) {
	switch f.Op {
	case opConsume:
		p.consume(p.broker.declare(f.Queue, f.Exchange, f.Transient))
	case opPublish:
		confirm := &frame{Op: opConfirm, ID: f.ID}
		if err := p.broker.publish(f); err != nil {
			confirm.Error = err.Error()
		}
		_ = p.link.send(confirm) // is not too large
	case opAck:
		p.ack(f.ID)
	case opBeat:
	default:
		p.link.fail(fmt.Errorf("%w: operation %q", errFrame, f.Op))
	}
}

func (p *peer) consume(q *queue) {
	if slices.Contains(p.consuming, q) {
		return
	}
	p.consuming = append(p.consuming, q)
	q.consumers = append(q.consumers, p)
	q.deliver()
}

func (p *peer) ack(id uint64) {
	i := slices.IndexFunc(p.unacked, func(d delivery) bool { return d.id == id })
	if i < 0 {
		return
	}
	p.unacked = slices.Delete(p.unacked, i, i+1)
	for _, q := range slices.Clone(p.consuming) {
		q.deliver()
	}
}

// ready reports whether the peer may have another message.
func (p *peer) ready() bool { return len(p.unacked) < prefetch && !p.link.done }

func (p *peer) deliver(q *queue, body []byte) {
	p.last++
	p.unacked = append(p.unacked, delivery{p.last, q, body})
	_ = p.link.send(&frame{Op: opDeliver, ID: p.last, Queue: q.name, Body: body}) // came in a frame that was larger
}

// broken gives back what was not acknowledged, each message to where it was.
func (p *peer) broken(err error) {
	p.broker.log.Info("client gone", "error", err)
	for _, q := range p.consuming {
		q.leave(p, p.broker.now())
	}
	for _, d := range slices.Backward(p.unacked) {
		d.queue.ready = slices.Insert(d.queue.ready, 0, d.body)
	}
	p.unacked = nil
	for _, q := range p.consuming {
		q.deliver()
	}
}
