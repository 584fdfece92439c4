package quorum

import (
	"slices"
	"testing"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// posted keeps what was sent, and how long each batch is.
type posted struct {
	Peers
	kinds map[uint64][]pb.MessageType
	bytes map[uint64][]int
}

func newPosted() *posted {
	return &posted{kinds: make(map[uint64][]pb.MessageType), bytes: make(map[uint64][]int)}
}

func (p *posted) Send(id uint64, msgs [][]byte) {
	total := 0
	for _, b := range msgs {
		m := new(pb.Message)
		if err := proto.Unmarshal(b, m); err != nil {
			panic(err)
		}
		p.kinds[id] = append(p.kinds[id], m.GetType())
		total += len(b)
	}
	p.bytes[id] = append(p.bytes[id], total)
}

// appends is a message with some entries of a size, behind an index.
func appends(to, index uint64, entries, size int) *pb.Message {
	m := &pb.Message{Type: pb.MsgApp.Enum(), To: proto.Uint64(to), Term: proto.Uint64(3), Index: proto.Uint64(index), LogTerm: proto.Uint64(2)}
	for range entries {
		m.Entries = append(m.Entries, &pb.Entry{Data: make([]byte, size)})
	}
	return m
}

// For each heartbeat that a peer has answered raft sends it what it lacks: it gets that once.
func TestOutbox_saysItOnce(t *testing.T) {
	heartbeat := &pb.Message{Type: pb.MsgHeartbeat.Enum(), To: proto.Uint64(2), Term: proto.Uint64(3)}
	other := appends(2, 7, 3, 10)
	other.LogTerm = proto.Uint64(1)
	p := newPosted()
	new(outbox).send([]*pb.Message{
		appends(2, 7, 2, 10), heartbeat, appends(2, 7, 3, 10), appends(3, 7, 2, 10), appends(2, 7, 3, 10),
		appends(2, 9, 1, 10), heartbeat, appends(2, 7, 1, 10), other,
	}, p, 0)
	want := []pb.MessageType{pb.MsgHeartbeat, pb.MsgApp, pb.MsgApp, pb.MsgHeartbeat, pb.MsgApp, pb.MsgApp}
	if !slices.Equal(p.kinds[2], want) || len(p.kinds[3]) != 1 {
		t.Errorf("sent %v and %v", p.kinds[2], p.kinds[3])
	}
}

// No batch is longer than a peer's messenger takes, if no message is.
func TestOutbox_bounded(t *testing.T) {
	p := newPosted()
	var msgs []*pb.Message
	for i := range uint64(12) {
		msgs = append(msgs, appends(2, i, 1, 1<<20))
	}
	new(outbox).send(append(msgs, appends(2, 99, 1, 5<<20)), p, 0)
	if len(p.kinds[2]) != 13 || len(p.bytes[2]) != 5 || slices.Max(p.bytes[2][:4]) > maxBatch || p.bytes[2][4] < 5<<20 {
		t.Errorf("sent %v in batches of %v", p.kinds[2], p.bytes[2])
	}
}
