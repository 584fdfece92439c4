package mon

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// mdsClient is a client that behaves as an mds.
type mdsClient struct {
	*client
	name string
	seq  uint64
}

func (c *cluster) loginMDS(rank int, name string) *mdsClient {
	c.t.Helper()
	cl := c.client(rank)
	cl.con.peerType = msg.EntityMDS
	cl.con.peerAddr.IP = netip.MustParseAddrPort("10.0.1.1:6800")
	cl.auth(0)
	c.until("authenticated", func() bool { return cl.gid != 0 })
	cl.subscribe("mdsmap", 0, false)
	return &mdsClient{client: cl, name: name}
}

// say sends a beacon and returns how often it was answered within two seconds, and
// whether with a null map.
func (cl *mdsClient) say(state msg.MDSState) (acks []uint64, nulls int) {
	cl.seq++
	b := &msg.MDSBeacon{
		Paxos: msg.PaxosAt(uint64(cl.epoch())), FSID: cl.c.fsid, GID: cl.gid, Name: cl.name, State: state, Seq: cl.seq,
		SysInfo: map[string]string{"hostname": "h-" + cl.name},
	}
	from := len(cl.got)
	tid := cl.send(b)
	cl.c.world.Run(2 * time.Second)
	for _, m := range cl.got[from:] {
		switch a := m.Body.(type) {
		case *msg.MDSBeacon:
			if a.GID != cl.gid || a.State != state || a.Seq != cl.seq || a.FSID != cl.c.fsid {
				cl.c.t.Errorf("answered with %+v", a)
			}
			acks = append(acks, a.MapVersion)
		case *msg.MDSMapMsg:
			if m.Header.Tid == tid && len(a.Map.Info) == 0 {
				nulls++
			}
		}
	}
	return acks, nulls
}

// mdsmaps are the maps received.
func (cl *mdsClient) mdsmaps() (all []*msg.MDSMapMsg) {
	for _, m := range cl.got {
		if b, ok := m.Body.(*msg.MDSMapMsg); ok {
			all = append(all, b)
		}
	}
	return all
}

func (cl *mdsClient) epoch() uint32 {
	if all := cl.mdsmaps(); len(all) > 0 {
		return all[len(all)-1].Epoch
	}
	return 0
}

// An mds registers through a peon, gets a map of itself alone, is acknowledged, and
// learns from an empty map that it was failed.
func TestMDS_throughAPeon(t *testing.T) {
	c := newCluster(t, 3, 81).startAll()
	peon := (c.settle() + 1) % 3
	x, y := c.loginMDS(peon, "x"), c.loginMDS(c.settle(), "y")
	for i, cl := range []*mdsClient{x, y} {
		if acks, nulls := cl.say(msg.MDSBoot); len(acks) != 1 || acks[0] != uint64(i+2) || nulls != 0 {
			t.Fatalf("%s boots: acknowledged at %v, %d null maps", cl.name, acks, nulls)
		}
		last := cl.mdsmaps()[len(cl.mdsmaps())-1]
		if info := last.Map.Info[cl.gid]; last.Epoch != uint32(i+2) || len(last.Map.Info) != 1 || info.Name != cl.name || info.Rank != -1 {
			t.Errorf("%s got %+v", cl.name, last)
		}
	}
	if acks, _ := x.say(msg.MDSStandby); len(acks) != 1 || acks[0] != 2 { // FS-6: not the fsmap's 3
		t.Errorf("acknowledged at %v", acks)
	}
	if n := len(x.mdsmaps()); n != 2 { // FS-26: the empty one, and its own
		t.Errorf("%d maps", n)
	}

	admin := c.login(peon)
	for _, ask := range []struct{ command, want string }{
		{`{"prefix":"mds stat"}`, " 2 up:standby\n"},
		{`{"prefix":"mds metadata","who":"x","format":"json"}`, `{"addr":"v1:10.0.1.1:6800/1","hostname":"h-x"}` + "\n"},
		{`{"prefix":"mds count-metadata","property":"hostname","format":"json"}`, `{"h-x":1,"h-y":1}` + "\n"},
		{`{"prefix":"node ls","type":"mds","format":"json"}`, `{"h-x":["x"],"h-y":["y"]}` + "\n"},
	} {
		if _, data := admin.command(ask.command); string(data) != ask.want {
			t.Errorf("%s: %q, want %q", ask.command, data, ask.want)
		}
	}
	if ack, _ := admin.command(`{"prefix":"mds fail","role_or_gid":"x"}`); !strings.HasPrefix(ack.Status, "failed mds gid ") || ack.MapVersion != 4 {
		t.Errorf("%+v", ack)
	}
	c.world.Run(time.Second)
	if last := x.mdsmaps()[len(x.mdsmaps())-1]; last.Epoch != 4 || len(last.Map.Info) != 0 || last.Map.Name != "cephfs" || last.Map.Flags != 0x12 {
		t.Errorf("x got %+v", last)
	}
	if acks, nulls := x.say(msg.MDSStandby); len(acks) != 0 || nulls != 1 {
		t.Errorf("the failed one: acknowledged at %v, %d null maps", acks, nulls)
	}
	if _, data := admin.command(`{"prefix":"mds metadata","format":"json"}`); strings.Contains(string(data), `"x"`) {
		t.Errorf("metadata of who has left: %s", data)
	}
	if keys := c.mons[peon].mon.state.Keys(mdsMetadataSpace); len(keys) != 1 { // FS-27
		t.Errorf("metadata is kept of %v", keys)
	}
	if kept := len(c.mons[peon].mon.kept); kept != 0 {
		t.Errorf("the peon keeps %d requests that are answered", kept)
	}
	c.sameCommits()
	facts := c.facts(peon, "mon.commit")
	if last := facts[len(facts)-1].(MapCommitted); last.Map != "fsmap" || last.Epoch != 4 || !strings.HasSuffix(last.Standbys, ":y") {
		t.Errorf("the last commit: %+v", last)
	}
}

// What monitors know of an mds outlives their leader, and their restart.
func TestMDS_survivesTheLeader(t *testing.T) {
	c := newCluster(t, 3, 82).startAll()
	first := c.settle()
	x := c.loginMDS((first+1)%3, "x")
	x.say(msg.MDSBoot)
	c.mons[first].machine.Kill()
	c.until("another leader", func() bool { return c.otherLeader(first) >= 0 })
	if acks, nulls := x.say(msg.MDSStandby); len(acks) != 1 || nulls != 0 {
		t.Errorf("acknowledged at %v, %d null maps", acks, nulls)
	}
	c.start(first)
	c.settle()
	c.world.Run(5 * time.Second)
	if got := mdsList(c.mons[first].mon.fs.committed); !strings.HasSuffix(got, ":x") {
		t.Errorf("the one that is back knows of %q", got)
	}
	c.sameCommits()
}

func TestMDS_beaconsThatAreDropped(t *testing.T) { // FS-1
	c := newCluster(t, 3, 83).startAll()
	peon := (c.settle() + 1) % 3
	x := c.loginMDS(peon, "x")
	x.send(&msg.MDSBeacon{FSID: wire.UUID{9}, GID: x.gid, Name: "x", State: msg.MDSBoot, Seq: 1})
	x.con.peerAddr.IP = netip.MustParseAddrPort("10.0.1.1:0")
	if acks, nulls := x.say(msg.MDSBoot); len(acks)+nulls != 0 {
		t.Errorf("acknowledged at %v, %d null maps", acks, nulls)
	}
	if m := c.mons[peon].mon; len(m.fs.committed.Standbys)+len(m.kept) != 0 {
		t.Errorf("standbys %v, %d requests kept", m.fs.committed.Standbys, len(m.kept))
	}
}
