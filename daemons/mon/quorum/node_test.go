package quorum_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/wavetank/wavetank/daemons/mon/internal/montest"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/wal"
)

// journal is the state machine of the tests: the list of what was applied.
type journal struct {
	lines []string
	then  func(line string) // if not nil, what executing a line does
}

func (j *journal) Apply(_ uint64, data []byte) bool {
	j.lines = append(j.lines, string(data))
	if j.then != nil {
		j.then(string(data))
	}
	return string(data) != "refuse"
}
func (j *journal) Snapshot() []byte           { return []byte(strings.Join(j.lines, "\n")) }
func (j *journal) CheckSnapshot([]byte) error { return nil }
func (j *journal) Restore(b []byte) error {
	j.lines = nil
	if len(b) > 0 {
		j.lines = strings.Split(string(b), "\n")
	}
	return nil
}

// member is one monitor: a machine, and the node that runs there now.
type member struct {
	rank    int  // its number is one above
	joins   bool // and is not known to it
	machine *montest.Machine
	proc    *montest.Process
	node    *quorum.Node
	journal *journal
	seen    []quorum.Status
}

// group is a quorum whose messages take a millisecond, unless a link is cut.
type group struct {
	t         *testing.T
	world     *montest.World
	opts      quorum.Options
	defects   quorum.Defects
	members   []*member
	cut       map[[2]int]bool
	trace     uint64
	sent      int
	snapshots int
	lost      int      // so many of them are, and nobody is told
	requests  [][]byte // the names of requests for a read index
	quiet     bool     // refused messages are no error
}

func newGroup(t *testing.T, size int, seed uint64) *group {
	g := &group{t: t, world: montest.NewWorld(seed), opts: quorum.DefaultOptions(), cut: map[[2]int]bool{}}
	for rank := range size {
		g.members = append(g.members, &member{rank: rank, machine: g.world.NewMachine(fmt.Sprintf("mon-%d", rank))})
	}
	return g
}

func (g *group) startAll() *group {
	for _, m := range g.members {
		g.start(m)
	}
	return g
}

func (g *group) start(m *member) {
	g.t.Helper()
	m.proc, m.journal = m.machine.Start(), &journal{}
	node, err := quorum.New(m.proc, m.proc.NewLoop("mon"), quorum.Config{
		ID: m.founderID(), Founders: g.foundersOf(m), Options: g.opts, Defects: g.defects,
	}, m.journal, wire{g, m, m.proc})
	if err != nil {
		g.t.Fatal(err)
	}
	m.node = node
	node.Start()
}

func (m *member) id() uint64 { return uint64(m.rank) + 1 }

func (m *member) founderID() uint64 {
	if m.joins {
		return 0
	}
	return m.id()
}

func (g *group) foundersOf(m *member) (ids []uint64) {
	for _, other := range g.members {
		if !m.joins && !other.joins {
			ids = append(ids, other.id())
		}
	}
	return ids
}

// wire is the network as one process sees it.
type wire struct {
	g    *group
	m    *member
	proc *montest.Process
}

func (w wire) QuorumChanged(s quorum.Status) { w.m.seen = append(w.m.seen, s) }

func (w wire) Send(id uint64, msgs [][]byte) {
	rank := int(id) - 1
	h := fnv.New64a()
	fmt.Fprint(h, w.g.trace, w.g.world.Now(), w.m.rank, rank, msgs)
	w.g.trace = h.Sum64()
	w.g.sent += len(msgs)
	for _, data := range msgs {
		m := &pb.Message{}
		if proto.Unmarshal(data, m) != nil {
			continue
		}
		switch m.GetType() {
		case pb.MsgSnap:
			if w.g.snapshots++; w.g.snapshots <= w.g.lost {
				return
			}
		case pb.MsgReadIndex:
			w.g.requests = append(w.g.requests, m.GetEntries()[0].GetData())
		}
	}
	w.g.world.After(time.Millisecond, func() {
		if rank >= len(w.g.members) {
			return
		}
		to := w.g.members[rank]
		if w.proc.Dead() || w.g.cut[[2]int{w.m.rank, rank}] || to.proc == nil || to.proc.Dead() {
			return
		}
		proc, node := to.proc, to.node
		proc.NewLoop("net").Post(func() {
			if err := node.Step(w.m.id(), msgs); err != nil && !w.g.quiet {
				w.g.t.Errorf("rank %d: %v", rank, err)
			}
			_ = proc
		})
	})
}

func (g *group) isolate(rank int, cut bool) {
	for other := range g.members {
		g.cut[[2]int{rank, other}], g.cut[[2]int{other, rank}] = cut, cut
	}
}

func (g *group) leader() *member {
	for _, m := range g.members {
		if m.proc != nil && !m.proc.Dead() && m.node.Status().Role == quorum.Leader && m.node.Status().Active {
			return m
		}
	}
	return nil
}

func (g *group) alive() (alive []*member) {
	for _, m := range g.members {
		if m.proc != nil && !m.proc.Dead() {
			alive = append(alive, m)
		}
	}
	return alive
}

func (g *group) allActive() bool {
	leader := g.leader()
	for _, m := range g.alive() {
		member := leader == nil || slices.Contains(leader.node.Voters(), m.id())
		if member && !m.node.Status().Active {
			return false
		}
	}
	return true
}

func (g *group) settle(limit time.Duration) *member {
	g.t.Helper()
	if !g.world.Until(limit, func() bool { return g.leader() != nil && g.allActive() }) {
		g.t.Fatalf("no settled quorum within %v: %s", limit, g.describe())
	}
	return g.leader()
}

func (g *group) describe() string {
	var b strings.Builder
	for _, m := range g.alive() {
		fmt.Fprintf(&b, "\n  rank %d: %+v", m.rank, m.node.Status())
	}
	return b.String()
}

func (g *group) propose(line string) {
	g.t.Helper()
	if err := g.settle(time.Minute).node.Propose([]byte(line)); err != nil {
		g.t.Fatal(err)
	}
}

func (g *group) wantJournals(want ...string) {
	g.t.Helper()
	for _, m := range g.alive() {
		if got := strings.Join(m.journal.lines, " "); got != strings.Join(want, " ") {
			g.t.Errorf("rank %d applied %q, want %q", m.rank, got, want)
		}
	}
}

func TestNode_threeElectOneAndAgree(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	leader := g.settle(time.Second)
	g.propose("a")
	g.propose("b")
	g.world.Run(time.Second)
	g.wantJournals("a", "b")
	for _, m := range g.members {
		s := m.node.Status()
		if s.Leader != leader.id() || !m.node.Readable() {
			t.Errorf("rank %d: %+v readable=%v", m.rank, s, m.node.Readable())
		}
	}
}

// What executes an entry may propose the next, or read, also while the node hands out
// what a sync has made safe.
func TestNode_appliesMayProposeAndRead(t *testing.T) {
	for _, size := range []int{1, 3} {
		g := newGroup(t, size, 1).startAll()
		leader, reads := g.settle(time.Second), 0
		leader.journal.then = func(line string) {
			if len(line) < 3 {
				if err := leader.node.Propose([]byte(line + "a")); err != nil {
					t.Error(err)
				}
			}
			leader.node.Read(func(ok bool) { reads++ })
		}
		for _, line := range []string{"a", "b", "c"} { // so that one is executed while the next is saved
			if err := leader.node.Propose([]byte(line)); err != nil {
				t.Fatal(err)
			}
		}
		g.world.Run(time.Second)
		for _, m := range g.members {
			if m.proc.Dead() {
				t.Fatalf("rank %d of %d ended: %s", m.rank, size, m.proc.ExitReason)
			}
		}
		g.wantJournals(leader.journal.lines...)
		if n := len(leader.journal.lines); n != 9 || reads != n {
			t.Errorf("%d lines and %d reads, want 9", n, reads)
		}
	}
}

func TestNode_aloneLeadsAtOnce(t *testing.T) {
	g := newGroup(t, 1, 1).startAll()
	g.settle(20 * time.Millisecond)
	g.propose("a")
	g.world.Run(time.Second)
	g.wantJournals("a")
}

func TestNode_sameSeedSameMessages(t *testing.T) {
	run := func(seed uint64) (uint64, int) {
		g := newGroup(t, 3, seed).startAll()
		g.propose("a")
		g.world.Run(5 * time.Second)
		old := g.leader()
		old.machine.Kill()
		g.propose("b")
		g.start(old)
		g.propose("c")
		g.world.Run(30 * time.Second)
		g.wantJournals("a", "b", "c")
		return g.trace, g.sent
	}
	for seed := uint64(1); seed <= 5; seed++ {
		a, n := run(seed)
		b, _ := run(seed)
		if a != b {
			t.Errorf("seed %d: two runs differ", seed)
		}
		if n > 400 {
			t.Errorf("seed %d: %d messages in about a minute", seed, n)
		}
	}
}

func TestNode_stableQuorumHoldsNoElections(t *testing.T) {
	g := newGroup(t, 3, 3).startAll()
	term := g.settle(time.Second).node.Status().Term
	g.world.Run(5 * time.Minute)
	if got := g.settle(time.Second).node.Status().Term; got != term {
		t.Fatalf("term went from %d to %d", term, got)
	}
}

// PX-9: peons give a silent leader up after mon_lease_ack_timeout, not earlier.
func TestNode_silentLeaderIsReplaced(t *testing.T) {
	for seed := uint64(1); seed <= 10; seed++ {
		g := newGroup(t, 3, seed).startAll()
		old := g.settle(time.Second)
		g.world.Run(10 * time.Second)
		old.proc.Pause()
		stopped := g.world.Now()
		if !g.world.Until(time.Minute, func() bool { return g.newLeader(old) != nil }) {
			t.Fatalf("seed %d: no new leader: %s", seed, g.describe())
		}
		took := g.world.Now() - stopped
		if took < 7*time.Second || took > 26*time.Second {
			t.Errorf("seed %d: new leader after %v", seed, took)
		}
		next := g.newLeader(old)
		if err := next.node.Propose([]byte("x")); err != nil {
			t.Fatal(err)
		}
		old.proc.Resume()
		g.world.Run(30 * time.Second)
		if g.settle(time.Second) != next {
			t.Errorf("seed %d: the old leader leads again", seed)
		}
		g.wantJournals("x")
	}
}

func (g *group) newLeader(old *member) *member {
	for _, m := range g.members {
		if m != old && m.node.Status().Role == quorum.Leader && m.node.Status().Active {
			return m
		}
	}
	return nil
}

func TestNode_leaderWithoutMajorityStepsDown(t *testing.T) {
	g := newGroup(t, 3, 4).startAll()
	old := g.settle(time.Second)
	g.isolate(old.rank, true)
	g.world.Run(21 * time.Second)
	if old.node.Status().Role == quorum.Leader {
		t.Fatalf("still %+v", old.node.Status())
	}
	if old.node.Readable() {
		t.Error("readable outside the quorum")
	}
	g.isolate(old.rank, false)
	g.settle(30 * time.Second)
}

func TestNode_isolatedPeonDoesNotDisturb(t *testing.T) {
	g := newGroup(t, 3, 5).startAll()
	leader := g.settle(time.Second)
	term := leader.node.Status().Term
	peon := g.members[(leader.rank+1)%3]
	g.isolate(peon.rank, true)
	g.world.Run(time.Minute)
	if peon.node.Readable() {
		t.Error("isolated peon is readable")
	}
	g.isolate(peon.rank, false)
	g.settle(10 * time.Second)
	if got := leader.node.Status(); got.Role != quorum.Leader || got.Term != term {
		t.Errorf("leader is now %+v, was in term %d", got, term)
	}
}

// A peon whose process restarts is back within a second, without an election.
func TestNode_restartedPeonIsBackAtOnce(t *testing.T) {
	for seed := uint64(1); seed <= 7; seed++ {
		g := newGroup(t, 3, seed).startAll()
		leader := g.settle(time.Second)
		g.propose("a")
		g.world.Run(3*time.Second + time.Duration(seed)*500*time.Millisecond) // anywhere between two heartbeats
		term := leader.node.Status().Term
		peon := g.members[(leader.rank+1)%3]
		g.start(peon)
		g.settle(time.Second)
		if leader.node.Status().Term != term {
			t.Errorf("seed %d: an election was held", seed)
		}
		g.wantJournals("a")
	}
}

// A leader whose process restarts is replaced without waiting for the lease.
func TestNode_restartedLeaderVoidsItsLease(t *testing.T) {
	for seed := uint64(1); seed <= 5; seed++ {
		g := newGroup(t, 3, seed).startAll()
		old := g.settle(time.Second)
		g.propose("a")
		g.world.Run(3100 * time.Millisecond)
		g.start(old)
		g.settle(6 * time.Second)
		g.wantJournals("a")
	}
}

// Power cuts of a majority lose nothing that was applied anywhere.
func TestNode_appliedSurvivesPowerCut(t *testing.T) {
	for seed := uint64(1); seed <= 10; seed++ {
		g := newGroup(t, 3, seed).startAll()
		g.propose("a")
		leader := g.leader()
		g.world.Until(time.Second, func() bool { return len(leader.journal.lines) == 1 })
		for _, m := range g.members {
			m.machine.PowerCut()
		}
		g.startAll()
		g.settle(time.Minute)
		g.world.Run(5 * time.Second)
		g.wantJournals("a")
	}
}

func TestNode_laggingPeonGetsASnapshot(t *testing.T) {
	g := newGroup(t, 3, 7)
	g.opts.SnapshotEvery, g.opts.KeepEntries = 20, 2
	g.startAll()
	leader := g.settle(time.Second)
	peon := g.members[(leader.rank+1)%3]
	peon.machine.Kill()
	var want []string
	for i := range 101 {
		want = append(want, fmt.Sprint(i))
		if err := leader.node.Propose([]byte(want[i])); err != nil {
			t.Fatal(err)
		}
		g.world.Run(10 * time.Millisecond)
	}
	g.start(peon)
	g.settle(30 * time.Second)
	g.wantJournals(want...)
	if g.snapshots == 0 {
		t.Error("no snapshot was sent: this test proves nothing")
	}
	if b, _ := leader.machine.Disk.ReadFile("quorum/log"); len(b) > 8192+2048 {
		t.Errorf("the leader's log has %d bytes", len(b))
	}
	for _, m := range g.members { // and all of them can start from their short logs
		m.machine.PowerCut()
	}
	g.startAll()
	g.settle(time.Minute)
	g.world.Run(5 * time.Second)
	g.wantJournals(want...)
}

// raft sends nothing to a peon that has not acknowledged its snapshot, so one that got
// lost is given up in time.
func TestNode_lostSnapshotIsSentAgain(t *testing.T) {
	g := newGroup(t, 3, 7)
	g.opts.SnapshotEvery, g.opts.KeepEntries = 5, 0
	g.lost = 2
	g.startAll()
	leader := g.settle(time.Second)
	peon := g.members[(leader.rank+1)%3]
	peon.machine.Kill()
	for i := range 20 {
		g.propose(fmt.Sprint(i))
		g.world.Run(10 * time.Millisecond)
	}
	g.start(peon)
	if !g.world.Until(time.Minute, func() bool { return len(peon.journal.lines) == 20 }) {
		t.Errorf("%d snapshots were sent, the peon has %d lines: %s", g.snapshots, len(peon.journal.lines), g.describe())
	}
}

// A peon whose disk has lost what it said was synced has forgotten what the leader
// counts on. It is not asked again and again, and ends before another leader takes it
// for one that merely lags.
func TestNode_forgetfulPeonEnds(t *testing.T) {
	g := newGroup(t, 3, 14)
	g.quiet = true // a leader's heartbeat that it cannot follow is refused
	g.startAll()
	leader := g.settle(time.Second)
	peon := g.members[(leader.rank+1)%3]
	g.propose("a")
	g.world.Run(time.Second)
	peon.machine.Disk.Lie(true)
	for _, line := range []string{"b", "c", "d"} {
		g.propose(line)
		g.world.Run(100 * time.Millisecond)
	}
	peon.machine.PowerCut()
	peon.machine.Disk.Lie(false)
	g.start(peon)
	g.world.Run(time.Second)
	sent := g.sent
	if err := leader.node.Propose([]byte("e")); err != nil {
		t.Fatal(err)
	}
	g.world.Run(4 * time.Second)
	if n := g.sent - sent; n > 100 {
		t.Errorf("%d messages in four seconds", n)
	}
	g.world.Run(20 * time.Second)
	if !peon.proc.Dead() || !strings.Contains(peon.proc.ExitReason, quorum.ErrForgot.Error()) {
		t.Errorf("still running, reason %q, journal %q", peon.proc.ExitReason, peon.journal.lines)
	}
	g.world.Run(time.Second)
	g.wantJournals("a", "b", "c", "d", "e")
}

// Nothing may leave the node between a write and the end of its sync.
func TestNode_failedSyncIsFatal(t *testing.T) {
	g := newGroup(t, 3, 8).startAll()
	leader := g.settle(time.Second)
	bad := errors.New("I/O error")
	leader.machine.Disk.FailSync(bad)
	sent := g.sent
	if err := leader.node.Propose([]byte("x")); err != nil {
		t.Fatal(err)
	}
	g.world.Run(100 * time.Millisecond)
	if !leader.proc.Dead() || !strings.Contains(leader.proc.ExitReason, bad.Error()) {
		t.Fatalf("still running, reason %q", leader.proc.ExitReason)
	}
	if g.sent != sent {
		t.Errorf("%d messages were sent on the strength of a failed sync", g.sent-sent)
	}
	g.settle(time.Minute)
	g.wantJournals()
}

// A node whose log is not as it was synced does not start, and says where and why.
func TestNode_corruptLogIsRefused(t *testing.T) {
	g := newGroup(t, 1, 9).startAll()
	g.propose("a")
	g.world.Run(time.Second)
	m := g.members[0]
	m.machine.Kill()
	good, _ := m.machine.Disk.ReadFile("quorum/log")
	rotten := bytes.Clone(good)
	rotten[8192+100] ^= 1
	_, records, err := wal.Open(m.machine.Disk, "quorum/log", wal.Defects{})
	if err != nil {
		t.Fatal(err)
	}
	with := func(e *pb.Entry) []byte {
		data, err := proto.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return writeLog(append(slices.Clone(records), wal.Record{Kind: 3, Data: data})...)
	}
	last := uint64(len(g.members[0].journal.lines) + 2) // and the snapshot, and the leader's first
	for what, log := range map[string][]byte{
		"entry behind a gap":         with(&pb.Entry{Index: proto.Uint64(last + 2), Term: proto.Uint64(9)}),
		"entry of an earlier term":   with(&pb.Entry{Index: proto.Uint64(last + 1), Term: proto.Uint64(1)}),
		"change of the members":      with(&pb.Entry{Index: proto.Uint64(last + 1), Term: proto.Uint64(9), Type: pb.EntryConfChange.Enum()}),
		"no snapshot":                writeLog(wal.Record{Kind: 3, Data: []byte("entry without a snapshot before it")}),
		"no record":                  writeLog(),
		"a bit is flipped":           rotten,
		"cut off":                    good[:8192+100],
		"empty":                      nil,
		"not a log":                  []byte("once upon a time"),
		"snapshot that is none":      writeLog(wal.Record{Kind: 1, Data: []byte("\xff\xff")}),
		"snapshot of another quorum": writeLog(wal.Record{Kind: 1}),
	} {
		m.machine.Disk.Put("quorum/log", log)
		p := m.machine.Start()
		_, err := quorum.New(p, p.NewLoop("l"), quorum.Config{ID: 1, Founders: []uint64{1}, Options: g.opts}, &journal{}, wire{})
		if !errors.Is(err, quorum.ErrCorrupt) || !strings.Contains(err.Error(), "quorum/log") {
			t.Errorf("%s: got %v", what, err)
		}
	}
}

func TestNode_proposeOnlyOnTheLeader(t *testing.T) {
	g := newGroup(t, 3, 10).startAll()
	leader := g.settle(time.Second)
	for _, m := range g.members {
		if err := m.node.Propose([]byte("x")); (m == leader) != (err == nil) {
			t.Errorf("rank %d: %v", m.rank, err)
		}
	}
}

func FuzzStep(f *testing.F) {
	f.Add([]byte{}, uint8(1))
	f.Add(binary.LittleEndian.AppendUint64(nil, 7), uint8(2))
	f.Fuzz(func(t *testing.T, msg []byte, from uint8) {
		g := newGroup(t, 3, 1).startAll()
		g.settle(2 * time.Second)
		for _, m := range g.members {
			_ = m.node.Step(uint64(from), [][]byte{msg})
		}
		g.world.Run(time.Second)
		for _, m := range g.members {
			if m.proc.Dead() {
				t.Fatalf("rank %d ended: %s", m.rank, m.proc.ExitReason)
			}
		}
	})
}

// A node that says it is active has applied everything that any node had
// applied when its process began, even if its own disk has lost the news.
func TestNode_activeMeansUpToDate(t *testing.T) {
	for seed := uint64(1); seed <= 20; seed++ {
		g := newGroup(t, 3, seed).startAll()
		leader := g.settle(time.Second)
		g.propose("a")
		g.world.Run(time.Second)
		peon := g.members[(leader.rank+1)%3]
		peon.machine.PowerCut() // its note that "a" is committed was not synced
		g.start(peon)
		if len(peon.journal.lines) == 1 {
			t.Fatal("the power cut lost nothing, this test proves nothing")
		}
		for range 3000 {
			g.world.Run(time.Millisecond)
			if peon.node.Status().Active && len(peon.journal.lines) == 0 {
				t.Fatalf("seed %d: active with an old state: %+v", seed, peon.node.Status())
			}
		}
		g.wantJournals("a")
	}
}
