package cluster

import (
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// Plans can name what is deployed, and whom its roles stand for.
func TestTopology_cast(t *testing.T) {
	top := DefaultTopology()
	numbers := top.Numbers()
	for _, name := range numbers.Names() {
		if err := numbers.Put(name, "2"); err != nil {
			t.Fatal(err)
		}
	}
	w := NewSim(SimConfig{Seed: 1})
	defer w.Close()
	c := Deploy(w, top)
	names, roles, vacant := top.Cast()
	for _, who := range slices.Concat(names, roles) {
		if _, err := c.Resolve(who); err != nil {
			t.Error(err)
		}
	}
	if want := slices.Concat(c.daemons, c.spares); len(vacant) > 0 || !slices.Equal(slices.Sorted(slices.Values(names)), slices.Sorted(slices.Values(want))) {
		t.Errorf("%q can be named, %q nobody plays, and %q is deployed", names, vacant, want)
	}
}

// Who knows no monitor that is left is stranded, whatever became of the members meanwhile.
func TestCluster_stranded(t *testing.T) {
	members := func(epoch uint64, who string) host.Fact { return mon.Members{Epoch: epoch, Members: who} }
	knows := func(epoch uint64) host.Fact { return monc.Received{What: "monmap", Epoch: epoch} }
	for _, tt := range []struct {
		name  string
		facts []host.Fact
		want  bool
	}{
		{"nothing has changed", nil, false},
		{"one of the first is left", []host.Fact{members(2, "1:a,4:d"), members(3, "1:a")}, false},
		{"none of the first is left", []host.Fact{members(2, "1:a,4:d"), members(3, "4:d")}, true},
		{"one of the first has come back", []host.Fact{members(2, "4:d"), members(3, "4:d,5:a")}, false},
		{"it was told of the last one", []host.Fact{members(2, "1:a,4:d"), knows(2), members(3, "4:d")}, false},
		{"it was told, and all have left", []host.Fact{members(2, "1:a,4:d"), knows(2), members(3, "1:a,4:d,5:e"), members(4, "5:e")}, true},
		{"a late monitor says what was", []host.Fact{members(3, "5:e"), members(2, "1:a,5:e")}, true},
		{"another map is none of monitors", []host.Fact{members(2, "1:a,4:d"), monc.Received{What: "mgrmap", Epoch: 2}, members(3, "4:d")}, true},
		{"it was restarted since", []host.Fact{members(2, "4:d"), knows(2), monc.HuntBegun{Reason: monc.HuntAuthenticate}}, true},
		{"it hunts again", []host.Fact{members(2, "4:d"), knows(2), monc.HuntBegun{Reason: monc.HuntTooLong}}, false},
	} {
		w := NewSim(SimConfig{})
		c := Deploy(w, Topology{Mons: 3, SpareMons: 2, KeyClients: 1})
		for _, f := range tt.facts {
			c.observeMembers(Observation{Host: "client.0", Fact: f})
		}
		if got := c.Stranded("client.0"); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
		w.Close()
	}
}

// A monitor that was removed, and is a member again by an old command, is made anew when it
// is started: what it was is nobody any more.
func TestCluster_restartsWhoIsMemberAgain(t *testing.T) {
	w := NewSim(SimConfig{Seed: 1})
	defer w.Close()
	top := DefaultTopology()
	top.Mgrs, top.SpareMons = 0, 1
	c := Deploy(w, top)
	c.Start()
	await := func(what string, done func() bool) {
		t.Helper()
		if !w.Until(2*time.Minute, done) {
			t.Fatal("in vain: ", what)
		}
	}
	member := func() bool { return slices.Contains(c.MonMembers(), "mon.d") }
	works := func() bool {
		return member() && !c.members.gone["mon.d"] && c.members.epochs["mon.d"] == c.view.members.Epoch
	}
	await("a leader", func() bool { return c.view.Leader() != "" })
	if !c.AddMon("mon.d") {
		t.Fatal("mon.d is not added")
	}
	await("mon.d works", works)
	c.RemoveMon("mon.d")
	await("mon.d ends", func() bool { return !member() && !w.Host("mon.d").Running() })
	c.operator.inTurn(commandText("mon add", []string{"name", "d", "addr", "v1:" + c.monAddr("mon.d").String()}))
	await("mon.d is a member again", func() bool { return member() && c.mostKnow() })
	if works() || !c.Restart("mon.d") {
		t.Fatal("mon.d works, or runs")
	}
	await("mon.d works again", works)
}
