package quorum

import (
	"bytes"
	"encoding/binary"
	"slices"
	"time"

	"go.etcd.io/raft/v3"
)

// reader waits until the state holds everything that was committed when it came.
type reader struct {
	asked uint64 // the first request for a read index that was made after it came
	index uint64 // what must be applied; 0 while unknown
	done  func(ok bool)
}

// Read runs done(true) once the state holds everything that was committed anywhere
// before the call, and done(false) if the role or term changes first: then the read
// has to be tried again. A majority has to be heard for it, so neither a peon that
// lags nor a leader that was replaced without noticing answers from an old state.
// done may run inside Read.
//
// Ceph gets the same from leases: a peon's ends as soon as it is asked to accept a
// value, and a leader commits only when every peon of the quorum has accepted or
// has been left out (src/mon/Paxos.cc, handle_begin). Raft commits with a majority,
// so a lease alone would let the others answer from the past.
func (n *Node) Read(done func(ok bool)) {
	defer n.trap()
	if n.cfg.Defects.ReadWithoutLease {
		done(n.status.Active)
		return
	}
	if !n.status.Active || n.stopped {
		done(false)
		return
	}
	r := reader{asked: n.asked + 1, done: done}
	if !n.asking() {
		n.askReadIndex()
	}
	n.readers = append(n.readers, r)
	n.pump()
}

// askPatience is how long a request for a read index may keep those that come later
// waiting for the next one. It may have been lost.
const askPatience = 100 * time.Millisecond

// asking reports whether a request is on its way that somebody waits for. Who comes
// then waits for the next one, which goes out when this one is answered, so that many
// readers cost no more messages than a few.
func (n *Node) asking() bool {
	return n.now()-n.askedAt < askPatience &&
		slices.ContainsFunc(n.readers, func(r reader) bool { return r.index == 0 && r.asked <= n.asked })
}

// learn takes in how far the log was committed when a request was made.
func (n *Node) learn(states []raft.ReadState) {
	for _, rs := range states {
		n.readIndex, n.readKnown = rs.Index, true
		asked, ok := n.request(rs.RequestCtx)
		if !ok {
			continue // a request that we did not make
		}
		for i := range n.readers {
			if r := &n.readers[i]; r.index == 0 && r.asked <= asked {
				r.index = rs.Index
			}
		}
	}
}

// name is what raft knows our last request by, and request reads it back: no other
// node and no other process of ours may use the same, or raft would answer the later
// of two with the index of the earlier.
func (n *Node) name() []byte {
	return binary.AppendUvarint(binary.LittleEndian.AppendUint64(nil, n.asked), n.id)
}

func (n *Node) request(name []byte) (asked uint64, ok bool) {
	if len(name) != len(n.name()) || !bytes.Equal(name[8:], n.name()[8:]) {
		return 0, false
	}
	asked = binary.LittleEndian.Uint64(name)
	return asked, asked>>32 == n.asked>>32 && asked <= n.asked
}

// serve runs the readers whose index is applied.
func (n *Node) serve() {
	var served []reader
	n.readers = slices.DeleteFunc(n.readers, func(r reader) bool {
		if r.index == 0 || r.index > n.applied {
			return false
		}
		served = append(served, r)
		return true
	})
	for _, r := range served {
		r.done(true)
	}
	if n.unread() && !n.asking() {
		n.askReadIndex()
	}
}

// unread reports whether a reader waits for an answer to its request.
func (n *Node) unread() bool {
	return slices.ContainsFunc(n.readers, func(r reader) bool { return r.index == 0 })
}

// dismiss sends all readers away.
func (n *Node) dismiss() {
	readers := n.readers
	n.readers = nil
	for _, r := range readers {
		r.done(false)
	}
}
