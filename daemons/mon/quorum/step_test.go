package quorum_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/mon/internal/montest"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/wal"
)

// writeLog is the content of a log file with such records.
func writeLog(records ...wal.Record) []byte {
	w := montest.NewWorld(1)
	m := w.NewMachine("x")
	p := m.Start()
	l, _, err := wal.Open(p.Disk(), "x/log", wal.Defects{})
	if err != nil {
		panic(err)
	}
	l.Replace(p.NewLoop("l"), records, func(error) {})
	w.Run(time.Second)
	b, err := m.Disk.ReadFile("x/log")
	if err != nil {
		panic(err)
	}
	return b
}

// Messages that would make raft panic, act for another node, or reach its
// local interface are refused, and the node lives on.
func TestNode_refusesWhatNoPeerSends(t *testing.T) {
	entry := func(index, term uint64, typ pb.EntryType) *pb.Entry {
		return &pb.Entry{Index: proto.Uint64(index), Term: proto.Uint64(term), Type: typ.Enum()}
	}
	snapshotOf := func(members *pb.ConfState) func(*pb.Message) {
		return func(m *pb.Message) {
			m.Type = pb.MsgSnap.Enum()
			m.Snapshot = &pb.Snapshot{Metadata: &pb.SnapshotMetadata{Index: proto.Uint64(99), Term: proto.Uint64(1), ConfState: members}}
		}
	}
	unknown := &pb.ConfState{Voters: []uint64{1, 2, 3}}
	unknown.ProtoReflect().SetUnknown([]byte{0x7a, 0})
	for _, c := range []struct {
		what string
		from uint64
		edit func(*pb.Message)
	}{
		{"own number", 1, func(m *pb.Message) { m.From = proto.Uint64(1) }},
		{"nobody", 0, func(m *pb.Message) { m.From = nil }},
		{"speaks for another", 2, func(m *pb.Message) { m.From = proto.Uint64(3) }},
		{"for somebody else", 2, func(m *pb.Message) { m.To = proto.Uint64(3) }},
		{"campaign order", 2, func(m *pb.Message) { m.Type = pb.MsgHup.Enum() }},
		{"proposal", 2, func(m *pb.Message) { m.Type = pb.MsgProp.Enum() }},
		{"storage answer", 2, func(m *pb.Message) { m.Type = pb.MsgStorageAppendResp.Enum() }},
		{"leader transfer", 2, func(m *pb.Message) { m.Type = pb.MsgTransferLeader.Enum() }},
		{"commit beyond the log", 2, func(m *pb.Message) { m.Type, m.Commit = pb.MsgHeartbeat.Enum(), proto.Uint64(1<<40) }},
		{"snapshot of nobody", 2, snapshotOf(nil)},
		{"snapshot of learners", 2, snapshotOf(&pb.ConfState{Voters: []uint64{1, 2}, Learners: []uint64{3}})},
		{"snapshot between two memberships", 2, snapshotOf(&pb.ConfState{Voters: []uint64{1, 2}, AutoLeave: proto.Bool(true)})},
		{"snapshot of unknown fields", 2, snapshotOf(unknown)},
		{"gap in entries", 2, func(m *pb.Message) {
			m.Type, m.Index, m.LogTerm = pb.MsgApp.Enum(), proto.Uint64(1), proto.Uint64(1)
			m.Entries = []*pb.Entry{entry(5, 1, pb.EntryNormal)}
		}},
		{"configuration change", 2, func(m *pb.Message) {
			m.Type, m.Index, m.LogTerm = pb.MsgApp.Enum(), proto.Uint64(1), proto.Uint64(1)
			m.Entries = []*pb.Entry{entry(2, 1, pb.EntryConfChange)}
		}},
		{"two changes of members", 2, func(m *pb.Message) {
			cc := &pb.ConfChangeV2{Changes: []*pb.ConfChangeSingle{{NodeId: proto.Uint64(4)}, {NodeId: proto.Uint64(5)}}}
			data, _ := proto.Marshal(cc)
			m.Type, m.Index, m.LogTerm = pb.MsgApp.Enum(), proto.Uint64(1), proto.Uint64(1)
			m.Entries = []*pb.Entry{entry(2, 1, pb.EntryConfChangeV2)}
			m.Entries[0].Data = data
		}},
		{"read request without a name", 2, func(m *pb.Message) { m.Type = pb.MsgReadIndex.Enum() }},
	} {
		t.Run(c.what, func(t *testing.T) {
			g := newGroup(t, 3, 1)
			m := g.members[0]
			g.start(m)
			g.world.Run(10 * time.Millisecond)
			msg := &pb.Message{Type: pb.MsgHeartbeat.Enum(), From: proto.Uint64(2), To: proto.Uint64(1), Term: proto.Uint64(9)}
			c.edit(msg)
			data, err := proto.Marshal(msg)
			if err != nil {
				t.Fatal(err)
			}
			if err := m.node.Step(c.from, [][]byte{data}); !errors.Is(err, quorum.ErrBadMessage) {
				t.Errorf("answered %v", err)
			}
			g.world.Run(time.Second)
			if m.proc.Dead() {
				t.Errorf("the node ended: %s", m.proc.ExitReason)
			}
		})
	}
}

// Whatever a lying peer sends, a node neither panics nor ends: it may be misled
// about the quorum (raft trusts its peers), but its process lives.
func TestNode_survivesLyingPeers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := newGroup(t, 3, 1)
		g.quiet = true
		g.startAll()
		g.propose("a")
		g.world.Run(time.Second)
		small := rapid.Uint64Range(0, 8)
		for range rapid.IntRange(1, 20).Draw(rt, "messages") {
			to, from := rapid.IntRange(0, 2).Draw(rt, "to"), rapid.IntRange(0, 2).Draw(rt, "from")
			m := &pb.Message{
				Type: pb.MessageType(rapid.IntRange(0, 25).Draw(rt, "type")).Enum(),
				From: proto.Uint64(uint64(from) + 1), To: proto.Uint64(uint64(to) + 1),
				Term: proto.Uint64(small.Draw(rt, "term")), Index: proto.Uint64(small.Draw(rt, "index")),
				LogTerm: proto.Uint64(small.Draw(rt, "log term")), Commit: proto.Uint64(small.Draw(rt, "commit")),
				Reject: proto.Bool(rapid.Bool().Draw(rt, "reject")), RejectHint: proto.Uint64(small.Draw(rt, "hint")),
			}
			index, term := m.GetIndex(), small.Draw(rt, "entry term")
			for range rapid.IntRange(0, 3).Draw(rt, "entries") {
				index++
				m.Entries = append(m.Entries, &pb.Entry{Index: proto.Uint64(index), Term: proto.Uint64(term), Data: []byte("x")})
			}
			if rapid.Bool().Draw(rt, "snapshot") {
				m.Snapshot = &pb.Snapshot{Metadata: &pb.SnapshotMetadata{
					Index: proto.Uint64(small.Draw(rt, "snapshot index")), Term: proto.Uint64(small.Draw(rt, "snapshot term")),
					ConfState: &pb.ConfState{Voters: []uint64{1, 2, 3}},
				}}
			}
			data, err := proto.Marshal(m)
			if err != nil {
				rt.Fatal(err)
			}
			_ = g.members[to].node.Step(uint64(from)+1, [][]byte{data})
			g.world.Run(time.Duration(rapid.IntRange(0, 3).Draw(rt, "wait")) * time.Millisecond)
			for _, p := range g.members {
				if p.proc.Dead() {
					rt.Fatalf("rank %d ended after %v: %s", p.rank, m, p.proc.ExitReason)
				}
			}
		}
	})
}

// raft answers a peon that lacks what it had acknowledged by the message that it has
// just rejected, each time: a storm without an end.
func TestNode_rejectionOfWhatWasAcknowledged(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	leader := g.settle(time.Second)
	g.propose("a")
	g.world.Run(time.Second)
	peon := (leader.rank + 1) % 3
	leader.node.Unreachable(uint64(peon) + 1) // raft probes now
	last, term := uint64(3), leader.node.Status().Term
	rejection, err := proto.Marshal(&pb.Message{
		Type: pb.MsgAppResp.Enum(), From: proto.Uint64(uint64(peon) + 1), To: proto.Uint64(uint64(leader.rank) + 1),
		Term: proto.Uint64(term), Index: proto.Uint64(last), Reject: proto.Bool(true), RejectHint: proto.Uint64(1), LogTerm: proto.Uint64(1),
	})
	if err != nil {
		t.Fatal(err)
	}
	sent := g.sent
	if err := leader.node.Step(uint64(peon)+1, [][]byte{rejection}); !errors.Is(err, quorum.ErrBadMessage) || g.sent != sent {
		t.Errorf("%d messages for an answer, %v", g.sent-sent, err)
	}
	g.propose("b") // and what the peon has it goes on with
	g.world.Run(10 * time.Second)
	g.wantJournals("a", "b")
}

// Whatever the records of a log say, their checksums being good: the node refuses them
// as corrupt, or takes part, and does not panic.
func TestNode_anyRecords(t *testing.T) {
	g := newGroup(t, 1, 1)
	g.opts.SnapshotEvery = 1000
	g.startAll()
	for _, line := range []string{"a", "b", "c"} {
		g.propose(line)
		g.world.Run(10 * time.Millisecond)
	}
	_, good, err := wal.Open(g.members[0].machine.Disk, "quorum/log", wal.Defects{})
	if err != nil || len(good) < 6 {
		t.Fatal(len(good), err)
	}
	started := 0
	rapid.Check(t, func(rt *rapid.T) {
		records := slices.Clone(good)
		for range rapid.IntRange(0, 3).Draw(rt, "changes") {
			i := rapid.IntRange(0, len(records)-1).Draw(rt, "record")
			rec := &records[i]
			rec.Data = bytes.Clone(rec.Data)
			switch rapid.IntRange(0, 4).Draw(rt, "how") {
			case 0:
				rec.Data = rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(rt, "data")
			case 1:
				rec.Kind = wal.Kind(rapid.IntRange(1, 5).Draw(rt, "kind"))
			case 2:
				records = slices.Delete(records, i, i+1)
			case 3:
				records = slices.Insert(records, i, records[rapid.IntRange(0, len(records)-1).Draw(rt, "copy")])
			default:
				if len(rec.Data) > 0 {
					rec.Data[rapid.IntRange(0, len(rec.Data)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
				}
			}
			if len(records) == 0 {
				break
			}
		}
		g := newGroup(t, 1, 1)
		m := g.members[0]
		m.machine.Disk.Put("quorum/log", writeLog(records...))
		m.proc, m.journal = m.machine.Start(), &journal{}
		node, err := quorum.New(m.proc, m.proc.NewLoop("mon"), quorum.Config{ID: 1, Founders: []uint64{1}, Options: g.opts}, m.journal, wire{g, m, m.proc})
		if err != nil {
			if !errors.Is(err, quorum.ErrCorrupt) {
				rt.Fatal(err)
			}
			return
		}
		m.node = node
		node.Start()
		g.world.Run(time.Second)
		started++
	})
	if started == 0 {
		t.Error("none of them has started")
	}
}
