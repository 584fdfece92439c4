package msgr_test

import (
	"errors"
	"fmt"
	"io"
	"net/netip"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// rawPeer is an end that speaks bytes, not messages. It keeps what it reads.
type rawPeer struct {
	conn   *fakeConn
	got    []byte
	closed bool // by the other side, in order or not
	fed    bool
}

func (r *rawPeer) Opened()   {}
func (r *rawPeer) Writable() {}
func (r *rawPeer) Readable() {
	for {
		var b [4096]byte
		n, err := r.conn.Read(b[:])
		r.got = append(r.got, b[:n]...)
		switch {
		case err == nil:
		case errors.Is(err, io.EOF):
			r.closed = true
			return
		case errors.Is(err, host.ErrWouldBlock):
			return
		default:
			panic(err)
		}
	}
}
func (r *rawPeer) Closed(error) { r.closed = true }

func (r *rawPeer) write(b []byte) {
	if n, err := r.conn.Write(b); n < len(b) || err != nil {
		panic(fmt.Sprint("raw peer wrote ", n, " of ", len(b), ": ", err))
	}
}

// listenRaw waits for connections to addr with raw peers.
func (w *world) listenRaw(addr netip.AddrPort) *[]*rawPeer {
	var peers []*rawPeer
	loop := &fakeLoop{w: w, name: "raw"}
	w.listeners[addr] = &fakeListener{w: w, addr: addr, loop: loop, accept: func(c host.Conn) {
		r := &rawPeer{conn: fake(c)}
		peers = append(peers, r)
		c.Attach(loop, r)
	}}
	return &peers
}

// journal is a dispatcher that writes down what it is told.
type journal struct {
	events   []string
	messages []*msg.Message
	froms    []*msgr.Connection
	conns    []*msgr.Connection // that were connected or accepted
	onMsg    func(*msgr.Connection, *msg.Message)
	onReset  func(*msgr.Connection)
}

func (j *journal) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	j.messages = append(j.messages, m)
	j.froms = append(j.froms, c)
	if j.onMsg != nil {
		j.onMsg(c, m)
	}
	return true
}
func (j *journal) HandleConnect(c *msgr.Connection) { j.note("connect", c) }
func (j *journal) HandleAccept(c *msgr.Connection)  { j.note("accept", c) }
func (j *journal) HandleReset(c *msgr.Connection) bool {
	j.events = append(j.events, "reset")
	if j.onReset != nil {
		j.onReset(c)
	}
	return true
}
func (j *journal) HandleRemoteReset(*msgr.Connection) { j.events = append(j.events, "remote reset") }
func (j *journal) HandleRefused(*msgr.Connection) bool {
	j.events = append(j.events, "refused")
	return true
}
func (j *journal) note(what string, c *msgr.Connection) {
	j.events = append(j.events, what)
	j.conns = append(j.conns, c)
}

// tids are the transaction ids of the messages that came, in order.
func (j *journal) tids() []uint64 {
	var ids []uint64
	for _, m := range j.messages {
		ids = append(ids, m.Header.Tid)
	}
	return ids
}

// daemon is a messenger with a journal on a host of its own.
type daemon struct {
	*journal
	h    *fakeHost
	m    *msgr.Messenger
	loop host.Loop
}

func (w *world) daemon(name, addr string, cfg msgr.Config) *daemon {
	d := &daemon{journal: &journal{}, h: w.host(name, addr)}
	d.start(w, cfg)
	return d
}

func (d *daemon) start(w *world, cfg msgr.Config) {
	if cfg.Label == "" {
		cfg.Label = d.h.name
	}
	d.loop = d.h.NewLoop("dispatch")
	d.m = msgr.New(d.h, d.loop, cfg)
	d.m.AddDispatcherTail(d.journal)
}

func (d *daemon) bind(t testing.TB, port uint16) {
	t.Helper()
	if err := d.m.Bind(netip.AddrPortFrom(d.h.addr, port)); err != nil {
		t.Fatal(err)
	}
	if err := d.m.Start(); err != nil {
		t.Fatal(err)
	}
}

// ping is a message with a tid to know it by.
func ping(tid uint64, data []byte) *msg.Message {
	m := msg.New(&msg.Ping{})
	m.Header.Tid, m.Data = tid, data
	return m
}
