package quorum

import (
	"cmp"
	"slices"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
)

// outbox sorts the messages of one Ready by receiver, so that each gets one batch,
// or several if there is much.
type outbox struct {
	batches   []batch        // ascending by receiver
	snapshots []sentSnapshot // one for each receiver
}

type batch struct {
	to    uint64
	msgs  [][]byte
	bytes int
}

// maxBatch bounds the bytes of a batch of several messages, far below what
// messengers take: who gets one that is too long ends the session, and is sent
// it again with the next one, for ever.
const maxBatch = 4 << 20

// sentSnapshot says when somebody was last sent a snapshot.
type sentSnapshot struct {
	to uint64
	at time.Duration
}

// of is the receiver's batch.
func (o *outbox) of(to uint64) *batch {
	i, found := slices.BinarySearchFunc(o.batches, to, func(b batch, to uint64) int { return cmp.Compare(b.to, to) })
	if !found {
		o.batches = slices.Insert(o.batches, i, batch{to: to})
	}
	return &o.batches[i]
}

func (o *outbox) send(msgs []*pb.Message, peers Peers, now time.Duration) {
	for i, m := range msgs {
		if saidBetter(m, msgs[i+1:]) {
			continue
		}
		data, err := marshal.Marshal(m)
		if err != nil {
			panic(assertion(err.Error()))
		}
		if m.GetType() == pb.MsgSnap {
			o.noteSnapshot(sentSnapshot{m.GetTo(), now})
		}
		b := o.of(m.GetTo())
		if len(b.msgs) > 0 && b.bytes+len(data) > maxBatch {
			peers.Send(b.to, b.msgs)
			b.msgs, b.bytes = nil, 0
		}
		b.msgs, b.bytes = append(b.msgs, data), b.bytes+len(data)
	}
	batches := o.batches
	o.batches = nil
	for _, b := range batches {
		peers.Send(b.to, b.msgs)
	}
}

// saidBetter reports whether a later message has all that m has. A peer that stood
// still answers all heartbeats that it has missed at once, and raft sends it what it
// lacks for each of these answers.
func saidBetter(m *pb.Message, later []*pb.Message) bool {
	return m.GetType() == pb.MsgApp && slices.ContainsFunc(later, func(l *pb.Message) bool {
		return l.GetType() == pb.MsgApp && l.GetTo() == m.GetTo() && l.GetTerm() == m.GetTerm() &&
			l.GetIndex() == m.GetIndex() && l.GetLogTerm() == m.GetLogTerm() && len(l.GetEntries()) >= len(m.GetEntries())
	})
}

func (o *outbox) noteSnapshot(s sentSnapshot) {
	o.snapshots = append(slices.DeleteFunc(o.snapshots, func(old sentSnapshot) bool { return old.to == s.to }), s)
}
