package mon

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/msg"
)

// fakeManager stands where a monitor has its client of the active manager.
type fakeManager struct {
	maps    []uint32 // epochs that it was told
	changes int      // of options that it was told of
	answer  func(text string, input []byte) mgrc.CommandResult
	kept    []func(mgrc.CommandResult) // commands without an answer
}

func (f *fakeManager) OptionsChanged() { f.changes++ }

func (f *fakeManager) HandleMap(m *msg.MgrMap) { f.maps = append(f.maps, m.Epoch) }

func (f *fakeManager) Command(text string, input []byte, done func(mgrc.CommandResult)) {
	if f.answer == nil {
		f.kept = append(f.kept, done)
		return
	}
	done(f.answer(text, input))
}

func (c *cluster) attachManager(rank int) *fakeManager {
	f := &fakeManager{}
	c.mons[rank].mon.mgrc = f
	return f
}

// announced is a client of the leader's that is an active manager with a command.
func (c *cluster) announced(leader int, command string) *client {
	cl := c.login(leader)
	b := &msg.MgrBeacon{FSID: c.fsid, GID: cl.gid, Name: "x", Metadata: map[string]string{"addr": "h"}}
	cl.send(b)
	c.world.Run(2 * time.Second)
	b.Available, b.Commands = true, []msg.CommandDescription{{Command: command, Permission: "r", Flags: 8}}
	cl.send(b)
	c.world.Run(2 * time.Second)
	return cl
}

// Commands of the manager are passed on by whichever monitor they come to, with their
// input, and their number is bounded by what they hold.
func TestMon_passesCommandsOn(t *testing.T) {
	c := newCluster(t, 3, 91).startAll()
	leader := c.settle()
	c.announced(leader, "pg stat")
	for rank := range c.mons {
		m := c.attachManager(rank)
		m.answer = func(text string, input []byte) mgrc.CommandResult {
			return mgrc.CommandResult{Code: 0, Status: text, Data: append(input, '!')}
		}
		ack, data := c.login(rank).commandWith(`{"prefix":"pg stat"}`, []byte("in"))
		if ack.Code != 0 || ack.Status != `{"prefix":"pg stat"}` || string(data) != "in!" {
			t.Errorf("mon %d: %+v %q", rank, ack, data)
		}
	}
	m := c.attachManager(leader)
	cl := c.login(leader)
	ask := func(size int) uint64 {
		tid := cl.sendData(&msg.MonCommand{FSID: c.fsid, Cmd: []string{`{"prefix":"pg stat"}`}}, make([]byte, size))
		c.world.Run(time.Second)
		return tid
	}
	codes := func() (list string) {
		for _, g := range cl.got {
			if b, ok := g.Body.(*msg.MonCommandAck); ok {
				list += fmt.Sprintf("%d:%d ", g.Header.Tid, b.Code)
			}
		}
		return list
	}
	first := ask(maxProxyBytes / 2)
	second := ask(maxProxyBytes / 2)
	if want := fmt.Sprintf("%d:%d ", second, eAgain); codes() != want || len(m.kept) != 1 {
		t.Errorf("answered %s, want %s; %d at the manager", codes(), want, len(m.kept))
	}
	m.kept[0](mgrc.CommandResult{Code: -5})
	c.world.Run(time.Second)
	if !strings.HasSuffix(codes(), fmt.Sprintf("%d:-5 ", first)) || c.mons[leader].mon.proxied != 0 {
		t.Errorf("answered %s; %d bytes are held", codes(), c.mons[leader].mon.proxied)
	}
	ask(1)
	before := codes()
	cl.con.MarkDown()
	c.mons[leader].loop.Post(func() { c.mons[leader].mon.lost(cl.con) })
	c.world.Run(time.Second)
	acked := len(c.facts(leader, "mon.command_acked"))
	m.kept[1](mgrc.CommandResult{}) // nobody waits for it any more
	said := len(c.facts(leader, "mon.command_acked"))
	if c.world.Run(time.Second); codes() != before || c.mons[leader].mon.proxied != 0 || said != acked {
		t.Errorf("answered %s after the session's end", codes())
	}
}

// MM-21: a monitor's own client of the manager is told of each map that is committed.
func TestMon_feedsItsManagerClient(t *testing.T) {
	c := newCluster(t, 3, 92).startAll()
	leader := c.settle()
	var all []*fakeManager
	for rank := range c.mons {
		all = append(all, c.attachManager(rank))
	}
	c.announced(leader, "pg stat")
	c.login(leader).command(`{"prefix":"config set","who":"mon","name":"mon_tick_interval","value":"4"}`)
	c.world.Run(time.Second)
	for rank, f := range all {
		if f.changes != 1 {
			t.Errorf("mon %d told its client %d times of other options", rank, f.changes)
		}
		if want := []uint32{2, 3}; !slices.Equal(f.maps, want) {
			t.Errorf("mon %d told its client of epochs %v, want %v", rank, f.maps, want)
		}
	}
}

// What monitors count is what has happened to them, and fits what managers read.
func TestMon_counters(t *testing.T) {
	c := newCluster(t, 3, 93).startAll()
	leader := c.settle()
	value := func(rank int, path string) mgrc.Counter {
		t.Helper()
		all := c.mons[rank].mon.counters()
		i := slices.IndexFunc(all, func(k mgrc.Counter) bool { return k.Path == path })
		if i < 0 {
			return mgrc.Counter{}
		}
		return all[i]
	}
	for rank := range c.mons {
		won, lost := value(rank, "mon.election_win").Value, value(rank, "mon.election_lose").Value
		if rank == leader && won != 1 || rank != leader && (won != 0 || lost != 1) {
			t.Errorf("mon %d has won %d elections and lost %d", rank, won, lost)
		}
		if on := value(rank, "cluster.num_mon").Value; rank == leader && on != 3 || rank != leader && on != 0 {
			t.Errorf("mon %d counts %d monitors", rank, on)
		}
	}
	if value(leader, "mon.election_call").Value == 0 {
		t.Error("the leader never asked for a vote")
	}
	before := value(leader, "paxos.commit_keys")
	sessions := value(leader, "mon.session_add").Value
	cl := c.login(leader)
	cl.command(`{"prefix":"config-key set","key":"k","val":"v"}`)
	after := value(leader, "paxos.commit_keys")
	if after.Count <= before.Count || after.Value <= before.Value || value(leader, "paxos.commit").Value != after.Count {
		t.Errorf("commits were %+v and are %+v", before, after)
	}
	if got := value(leader, "mon.session_add").Value; got != sessions+1 || value(leader, "mon.num_sessions").Value == 0 {
		t.Errorf("%d sessions were added, then %d", sessions, got)
	}
	peon := (leader + 1) % 3
	c.mons[leader].proc.Pause()
	c.until("another leader", func() bool { return c.otherLeader(leader) >= 0 })
	if next := c.otherLeader(leader); value(next, "mon.election_win").Value != 1 || value(peon, "paxos.lease_timeout").Value == 0 {
		t.Errorf("mon %d leads: %+v", next, c.mons[next].mon.counters())
	}
	paths := map[string]bool{}
	for _, k := range c.mons[leader].mon.counters() {
		if paths[k.Path] || k.Type&msg.CounterHistogram != 0 || k.Description == "" {
			t.Errorf("counter %+v", k)
		}
		paths[k.Path] = true
	}
}

// A request that has to wait for half a minute is slow; the manager makes SLOW_OPS of it.
func TestMon_health(t *testing.T) {
	c := newCluster(t, 3, 94).startAll()
	leader := c.settle()
	peon := (leader + 1) % 3
	for rank, n := range c.mons {
		if rank != peon {
			n.proc.Pause()
		}
	}
	c.world.Run(20 * time.Second)
	m := c.mons[peon].mon
	m.loop.Post(func() { m.park(&op{msg: msg.New(&msg.MonCommand{}), via: &origin{mon: "c"}}) })
	for _, tt := range []struct {
		after time.Duration
		want  uint64
	}{{29 * time.Second, 0}, {3 * time.Second, 1<<32 | 32}} {
		c.world.Run(tt.after)
		if got := (reported{m}).Health(); len(got) != 1 || got[0].Type != msg.MetricSlowOps || got[0].Value != tt.want {
			t.Errorf("health is %+v, want %#x", got, tt.want)
		}
	}
}
