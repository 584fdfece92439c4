package quorum_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
)

// join puts another machine beside the group, whose node waits to be told its number.
func (g *group) join() *member {
	m := &member{rank: len(g.members), joins: true}
	m.machine = g.world.NewMachine(fmt.Sprintf("mon-%d", m.rank))
	g.members = append(g.members, m)
	g.start(m)
	return m
}

// change proposes a change of the members once there is a leader.
func (g *group) change(c quorum.Change, line string) {
	g.t.Helper()
	if err := g.settle(time.Minute).node.ProposeChange(c, []byte(line)); err != nil {
		g.t.Fatal(err)
	}
}

func (g *group) wantVoters(want ...uint64) {
	g.t.Helper()
	for _, m := range g.alive() {
		if got := m.node.Voters(); !slices.Equal(got, want) {
			g.t.Errorf("rank %d has the voters %v, want %v", m.rank, got, want)
		}
	}
}

// tell lets a monitor's node know its number, as the monitor does at the first message.
func (m *member) tell(t *testing.T) {
	t.Helper()
	if err := m.node.Join(m.id()); err != nil {
		t.Fatal(err)
	}
}

func TestMembers_oneJoins(t *testing.T) {
	g := newGroup(t, 3, 1).startAll()
	g.propose("a")
	d := g.join()
	g.world.Run(time.Minute)
	if d.node.Status() != (quorum.Status{}) || d.node.Propose([]byte("x")) == nil {
		t.Errorf("before it is told its number: %+v", d.node.Status())
	}
	d.tell(t)
	g.change(quorum.Change{Add: d.id()}, "add")
	g.world.Run(5 * time.Second)
	g.propose("b")
	g.world.Run(5 * time.Second)
	g.wantJournals("a", "add", "b")
	g.wantVoters(1, 2, 3, 4)

	// It knows all that after a loss of power, too.
	d.machine.PowerCut()
	g.start(d)
	if d.node.ID() != d.id() || len(d.node.Voters()) != 4 {
		t.Errorf("number %d among %v", d.node.ID(), d.node.Voters())
	}
	g.settle(time.Minute)
	g.wantJournals("a", "add", "b")
}

// A majority of four are three.
func TestMembers_theNewOneCounts(t *testing.T) {
	g := newGroup(t, 3, 2).startAll()
	d := g.join()
	d.tell(t)
	g.change(quorum.Change{Add: d.id()}, "add")
	g.world.Run(5 * time.Second)
	leader := g.settle(time.Minute)
	dead := 0
	for _, m := range g.members {
		if m != leader && dead < 2 {
			m.machine.Kill()
			dead++
		}
	}
	if err := leader.node.Propose([]byte("x")); err != nil {
		t.Fatal(err)
	}
	g.world.Run(time.Minute)
	if slices.Contains(leader.journal.lines, "x") || leader.node.Status().Role == quorum.Leader {
		t.Errorf("two of four: %+v, %v", leader.node.Status(), leader.journal.lines)
	}
}

// A leader that is removed steps down, others lead, and what it holds is not asked for
// any more. With two members, the last one goes on alone.
func TestMembers_leaderIsRemoved(t *testing.T) {
	for size := 2; size <= 4; size++ {
		g := newGroup(t, size, uint64(size)).startAll()
		old := g.settle(time.Minute)
		g.change(quorum.Change{Remove: old.id()}, "remove")
		g.world.Run(time.Minute)
		if s := old.node.Status(); s.Role != quorum.Electing {
			t.Errorf("%d: the removed one is %+v", size, s)
		}
		old.machine.Kill()
		g.propose("after")
		g.world.Run(5 * time.Second)
		g.wantJournals("remove", "after")
	}
}

// A change whose data the machine refuses is none.
func TestMembers_refusedByTheMachine(t *testing.T) {
	g := newGroup(t, 3, 3).startAll()
	g.change(quorum.Change{Remove: 2}, "refuse")
	g.world.Run(5 * time.Second)
	g.wantVoters(1, 2, 3)
	g.propose("a")
	g.world.Run(5 * time.Second)
	g.wantJournals("refuse", "a")
}

func TestMembers_badChanges(t *testing.T) {
	g := newGroup(t, 1, 4).startAll()
	leader := g.settle(time.Second)
	for what, c := range map[string]quorum.Change{"of nobody": {}, "a member again": {Add: 1}, "no member": {Remove: 7}, "the last one": {Remove: 1}} {
		if err := leader.node.ProposeChange(c, nil); !errors.Is(err, quorum.ErrChange) {
			t.Errorf("%s: %v", what, err)
		}
	}
	g.wantVoters(1)
	if err := leader.node.Join(9); !errors.Is(err, quorum.ErrChange) {
		t.Errorf("another number: %v", err)
	}
	_, err := quorum.New(leader.proc, leader.proc.NewLoop("x"), quorum.Config{ID: 4, Founders: []uint64{1, 2}, Options: g.opts}, &journal{}, wire{})
	if err == nil {
		t.Error("a founder that is not among them was made")
	}
}

// One change at a time: a second one is refused until the first is applied.
func TestMembers_oneAtATime(t *testing.T) {
	g := newGroup(t, 3, 5).startAll()
	leader := g.settle(time.Minute)
	if err := leader.node.ProposeChange(quorum.Change{Add: 8}, []byte("first")); err != nil {
		t.Fatal(err)
	}
	if err := leader.node.ProposeChange(quorum.Change{Add: 9}, []byte("second")); !errors.Is(err, quorum.ErrChange) {
		t.Errorf("the second one: %v", err)
	}
	g.world.Run(5 * time.Second)
	g.wantJournals("first")
	g.wantVoters(1, 2, 3, 8)
}

// Whatever is added, removed, crashed and restarted: all agree on what was applied.
func TestMembers_agree(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		g := newGroup(t, 3, rapid.Uint64Range(1, 1000).Draw(rt, "seed"))
		g.opts.SnapshotEvery = rapid.IntRange(2, 50).Draw(rt, "snapshot every")
		g.quiet = true
		g.startAll()
		var want []string
		for i := range rapid.IntRange(1, 6).Draw(rt, "changes") {
			leader := g.settle(2 * time.Minute)
			voters := leader.node.Voters()
			c := quorum.Change{}
			if len(voters) > 2 && (len(voters) > 4 || rapid.Bool().Draw(rt, "remove")) {
				c.Remove = rapid.SampledFrom(voters).Draw(rt, "who")
			} else {
				d := g.join()
				d.tell(t)
				c.Add = d.id()
			}
			want = append(want, fmt.Sprint(i))
			g.change(c, want[i])
			switch who := g.members[voters[0]-1]; rapid.IntRange(0, 3).Draw(rt, "then") {
			case 0:
				g.world.Run(rapid.SampledFrom([]time.Duration{0, 2 * time.Millisecond, 5 * time.Millisecond}).Draw(rt, "soon"))
				who.machine.PowerCut()
				g.world.Run(time.Second)
				g.start(who)
			case 1:
				g.world.Run(time.Second)
				g.start(who)
			}
			g.world.Run(time.Minute)
			leader = g.leader()
			if leader == nil {
				rt.Fatalf("no leader: %s", g.describe())
			}
			if !slices.Contains(leader.journal.lines, want[i]) { // lost with a leader
				rt.Skip()
			}
			for _, id := range leader.node.Voters() {
				if m := g.members[id-1]; !slices.Equal(m.journal.lines, leader.journal.lines) || !slices.Equal(m.node.Voters(), leader.node.Voters()) {
					rt.Fatalf("node %d has %v of %v, the leader %v of %v", id, m.journal.lines, m.node.Voters(), leader.journal.lines, leader.node.Voters())
				}
			}
			for _, m := range g.members {
				if !slices.Contains(leader.node.Voters(), m.id()) && m.proc != nil && !m.proc.Dead() {
					m.machine.Kill() // removed, and told so
				}
			}
		}
	})
}

// pair is a quorum of two, its leader and the other one, who is to be the last.
func pair(t *testing.T, seed uint64) (g *group, leader, last *member) {
	g = newGroup(t, 2, seed).startAll()
	leader = g.settle(time.Minute)
	return g, leader, g.members[1-leader.rank]
}

// The last member knows that the other one was removed even if it loses power as soon as it
// does: the other one may be gone for good by then.
func TestMembers_removalSurvivesPowerCut(t *testing.T) {
	for seed := range uint64(20) {
		g, old, last := pair(t, seed)
		g.change(quorum.Change{Remove: old.id()}, "remove")
		g.world.Until(time.Minute, func() bool { return len(last.node.Voters()) == 1 })
		g.wantVoters(last.id())
		old.machine.Kill()
		last.machine.PowerCut()
		g.start(last)
		g.world.Run(time.Minute)
		if s := last.node.Status(); s.Role != quorum.Leader {
			t.Errorf("seed %d: the last member is %+v among %v", seed, s, last.node.Voters())
		}
	}
}

// A leader that is removed appends nothing behind that: the last member may need its vote
// before it knows that the other one is none.
func TestMembers_leaderLeavesNothingBehind(t *testing.T) {
	for seed := range uint64(20) {
		g, old, last := pair(t, seed)
		old.journal.then = func(string) {
			if err := old.node.Propose([]byte("behind")); !errors.Is(err, quorum.ErrNotLeader) {
				t.Errorf("seed %d: a proposal behind the removal: %v", seed, err)
			}
		}
		g.change(quorum.Change{Remove: old.id()}, "remove")
		g.world.Until(time.Minute, func() bool { return len(old.node.Voters()) == 1 })
		if len(last.node.Voters()) != 2 {
			t.Fatalf("seed %d: the last member knows already", seed)
		}
		last.machine.Kill()
		g.world.Run(10 * time.Second) // nothing that is on its way reaches it
		g.start(last)
		g.world.Run(time.Minute)
		if s := last.node.Status(); s.Role != quorum.Leader {
			t.Errorf("seed %d: the last member is %+v among %v", seed, s, last.node.Voters())
		}
	}
}
