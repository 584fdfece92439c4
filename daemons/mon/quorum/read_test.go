package quorum_test

import (
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// outcome is what became of a read.
type outcome struct{ yes, no int }

func (m *member) read() *outcome {
	o := new(outcome)
	m.node.Read(func(ok bool) {
		if ok {
			o.yes++
		} else {
			o.no++
		}
	})
	return o
}

func TestRead_everywhere(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	g.settle(10 * time.Second)
	for _, m := range g.members {
		o := m.read()
		g.world.Run(100 * time.Millisecond)
		if *o != (outcome{yes: 1}) {
			t.Errorf("rank %d: %+v, want one answer", m.rank, *o)
		}
	}
}

func TestRead_alone(t *testing.T) {
	g := newGroup(t, 1, 1).startAll()
	m := g.settle(10 * time.Second)
	if o := m.read(); *o != (outcome{yes: 1}) {
		t.Errorf("%+v, want an answer at once", *o)
	}
}

// A peon that was cut off has a lease still, and does not know what was committed
// without it.
func TestRead_peonThatLagsWaits(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	peon := g.members[(g.settle(10*time.Second).rank+1)%3]
	g.isolate(peon.rank, true)
	g.propose("news")
	g.world.Run(100 * time.Millisecond)
	o := peon.read()
	g.world.Run(time.Second)
	if !peon.node.Readable() || *o != (outcome{}) {
		t.Fatalf("readable %v, read %+v; want a lease and no answer", peon.node.Readable(), *o)
	}
	g.isolate(peon.rank, false)
	g.world.Run(4 * time.Second)
	if *o != (outcome{yes: 1}) || len(peon.journal.lines) != 1 {
		t.Errorf("read %+v with journal %q, want one answer that knows the news", *o, peon.journal.lines)
	}
}

// A leader that was replaced without noticing believes in itself.
func TestRead_replacedLeaderDoesNotAnswer(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	old := g.settle(10 * time.Second)
	g.isolate(old.rank, true)
	o := old.read()
	g.world.Run(9 * time.Second)
	if *o != (outcome{}) {
		t.Fatalf("read %+v from a leader that nobody hears", *o)
	}
	g.world.Run(12 * time.Second)
	if *o != (outcome{no: 1}) {
		t.Errorf("read %+v, want to be sent away when it steps down", *o)
	}
}

// The answers to requests that this process never made are not for its readers.
func TestRead_strangeAnswers(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	g.quiet = true
	leader := g.settle(10 * time.Second)
	peon := g.members[(leader.rank+1)%3]
	g.isolate(peon.rank, true)
	o := peon.read()
	for _, name := range []string{"", "x", "12345678\x00", "\xff\xff\xff\xff\xff\xff\xff\xff\x01"} {
		m := &pb.Message{
			Type: pb.MsgReadIndexResp.Enum(), From: proto.Uint64(uint64(leader.rank) + 1), To: proto.Uint64(uint64(peon.rank) + 1),
			Term: proto.Uint64(peon.node.Status().Term), Index: proto.Uint64(1), Entries: []*pb.Entry{{Data: []byte(name)}},
		}
		data, err := proto.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		if err := peon.node.Step(leader.id(), [][]byte{data}); err != nil {
			t.Fatal(err)
		}
	}
	g.world.Run(time.Second)
	if *o != (outcome{}) {
		t.Errorf("read %+v after answers to somebody else", *o)
	}
}

// A read that waits for a majority asks now and then, and not at each message that
// comes of its asking.
func TestRead_doesNotStorm(t *testing.T) {
	g := newGroup(t, 5, 12).startAll()
	leader := g.settle(time.Second)
	reader := g.members[(leader.rank+1)%5]
	for i := 2; i < 5; i++ { // these hear nothing any more
		g.cut[[2]int{leader.rank, (leader.rank + i) % 5}] = true
	}
	sent := g.sent
	reader.node.Read(func(bool) {})
	g.world.Run(2 * time.Second)
	if n := g.sent - sent; n > 60 {
		t.Errorf("%d messages in two seconds", n)
	}
}

// Readers that come while a request is on its way share the next one.
func TestRead_manyShareRequests(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	leader := g.settle(10 * time.Second)
	for _, m := range []*member{leader, g.members[(leader.rank+1)%3]} {
		g.world.Run(time.Second)
		before := g.sent
		var all []*outcome
		for range 100 {
			all = append(all, m.read())
		}
		g.world.Run(20 * time.Millisecond)
		for i, o := range all {
			if *o != (outcome{yes: 1}) {
				t.Errorf("rank %d, reader %d: %+v", m.rank, i, *o)
			}
		}
		if n := g.sent - before; n > 20 {
			t.Errorf("rank %d: 100 readers at once cost %d messages", m.rank, n)
		}
	}
}

// Who comes while a request is on its way is not answered with that one's index: it was
// asked for before what the reader must see was committed.
func TestRead_lateReaderWaitsForTheNextRequest(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	leader := g.settle(10 * time.Second)
	peon := g.members[(leader.rank+1)%3]
	g.isolate(peon.rank, true)
	early, late := peon.read(), peon.read()
	answer := func(name []byte) {
		m := &pb.Message{
			Type: pb.MsgReadIndexResp.Enum(), From: proto.Uint64(uint64(leader.rank) + 1), To: proto.Uint64(uint64(peon.rank) + 1),
			Term: proto.Uint64(peon.node.Status().Term), Index: proto.Uint64(1), Entries: []*pb.Entry{{Data: name}},
		}
		data, err := proto.Marshal(m)
		if err == nil {
			err = peon.node.Step(leader.id(), [][]byte{data})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	requests := len(g.requests)
	answer(g.requests[requests-1])
	if *early != (outcome{yes: 1}) || *late != (outcome{}) || len(g.requests) != requests+1 {
		t.Fatalf("after the first answer: early %+v, late %+v, %d more requests", *early, *late, len(g.requests)-requests)
	}
	answer(g.requests[requests])
	if *late != (outcome{yes: 1}) {
		t.Errorf("after the second answer: late %+v", *late)
	}
}
