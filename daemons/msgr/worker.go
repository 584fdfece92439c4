package msgr

import (
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// worker is one of the messenger's loops, with scratch memory that its sockets
// share: only one of them is being served at any time.
type worker struct {
	m     *Messenger
	loop  host.Loop
	batch []delivery // messages read and not yet committed
	taken []outgoing // messages being encoded

	pool    msg.Pool            // of received messages
	encoder wire.Encoder        // of the message being encoded
	decoder wire.Decoder        // of the front being decoded
	blank   [msg.HeaderLen]byte // room for a header or footer, filled in afterwards
}

func newWorker(m *Messenger, loop host.Loop) *worker {
	return &worker{m: m, loop: loop}
}

// end is a worker's last callback: the loop takes its sockets along.
func (w *worker) end() {
	w.loop.Close()
	w.m.workerEnded()
}

// accept takes a connection from the listener, on worker 0.
func (m *Messenger) accept(conn host.Conn) {
	m.mu.Lock()
	switch {
	case m.stopped, !m.serving() && len(m.early) >= acceptBacklog:
		m.mu.Unlock()
		m.workers[0].refuse(conn)
		return
	case !m.serving():
		m.early = append(m.early, conn)
		m.mu.Unlock()
		return
	}
	c := newConnection(m, m.defaultPolicy)
	c.peerAddr = msg.EntityAddr{Type: msg.AddrLegacy, IP: conn.RemoteAddr()}
	m.enroll(c)
	w := m.pickWorker()
	m.mu.Unlock()
	c.serve(w, conn)
}

// refuse gets rid of a connection that nobody wants.
func (w *worker) refuse(conn host.Conn) {
	conn.Attach(w.loop, deaf{})
	w.loop.Post(conn.Abort)
}

// deaf is the handler of a connection about to be aborted.
type deaf struct{}

func (deaf) Opened()      {}
func (deaf) Readable()    {}
func (deaf) Writable()    {}
func (deaf) Closed(error) {}
