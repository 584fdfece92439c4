package mgr_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// osdHistory is the full map of epoch 1, and incrementals to epoch 2 and after.
func osdHistory(t *testing.T, epochs int) (full, incremental map[uint32][]byte) {
	t.Helper()
	om := osdmap.New(monctest.FSID(), wire.UTime{Sec: 1})
	full, incremental = map[uint32][]byte{}, map[uint32][]byte{}
	full[1], _ = om.Encode()
	for range epochs - 1 {
		inc := osdmap.NewIncremental(om)
		next, err := om.Apply(inc)
		if err != nil {
			t.Fatal(err)
		}
		full[next.Epoch], inc.FullCRC = next.Encode()
		incremental[next.Epoch] = inc.Encode()
		om = next
	}
	return full, incremental
}

// pick are the entries of some epochs.
func pick(all map[uint32][]byte, epochs ...uint32) map[uint32][]byte {
	some := map[uint32][]byte{}
	for _, e := range epochs {
		some[e] = all[e]
	}
	return some
}

func (m *manager) pushOSDMap(b *msg.OSDMap) {
	m.mons.Each(func(mon *monctest.Mon) { mon.Push(b) })
	m.world.Run(10 * time.Millisecond)
}

// osdEpochs are those of the OSD map that the manager applied.
func (m *manager) osdEpochs() (list []uint32) {
	for _, f := range facts[mgr.MapApplied](m) {
		if f.Map == "osdmap" {
			list = append(list, f.Epoch)
		}
	}
	return list
}

// MS-18: no server and no claim to be available before the predecessor is fenced.
func TestStandby_waitsForTheFence(t *testing.T) {
	full, inc := osdHistory(t, 5)
	m := standingBy(t, nil)
	n := m.names(5, m.gid())
	n.LastFailureOSDEpoch = 4
	m.push(n)
	m.world.Run(10 * time.Second)
	if m.mode() != mgr.ModeStarting || len(m.osdEpochs()) != 0 {
		t.Fatalf("mode %q without an osdmap", m.mode())
	}
	if diff := cmp.Diff(map[string]msg.Subscription{"osdmap": {}}, m.lastSubscriptions()); diff != "" {
		t.Errorf("subscriptions (-want +got):\n%s", diff)
	}
	m.pushOSDMap(&msg.OSDMap{Full: pick(full, 2), Oldest: 1, Newest: 2})
	m.pushOSDMap(&msg.OSDMap{Incremental: pick(inc, 2, 3), Oldest: 1, Newest: 3})
	m.world.Run(10 * time.Second)
	if m.mode() != mgr.ModeStarting {
		t.Fatalf("mode %q with osdmaps %v", m.mode(), m.osdEpochs())
	}
	m.pushOSDMap(&msg.OSDMap{Incremental: pick(inc, 4, 5), Oldest: 1, Newest: 5})
	m.within(2*time.Second, "active manager", func() bool { return m.mode() == mgr.ModeActive })
	if got := m.osdEpochs(); !slices.Equal(got, []uint32{2, 3, 4, 5}) {
		t.Errorf("applied %v", got)
	}
}

// A first map that cannot be read is asked for on another session: this one was asked
// for just that.
func TestStandby_firstOSDMapIsDamaged(t *testing.T) {
	full, _ := osdHistory(t, 2)
	m := standingBy(t, nil)
	n := m.names(5, m.gid())
	n.LastFailureOSDEpoch = 2
	m.push(n)
	m.world.Run(10 * time.Second)
	before := len(facts[monc.SessionOpened](m))
	m.pushOSDMap(&msg.OSDMap{Full: map[uint32][]byte{2: full[2][:99]}})
	m.within(10*time.Second, "another session", func() bool { return len(facts[monc.SessionOpened](m)) > before })
	m.world.Run(time.Second)
	if _, again := m.lastSubscriptions()["osdmap"]; !again {
		t.Errorf("subscriptions %v", m.lastSubscriptions())
	}
	m.pushOSDMap(&msg.OSDMap{Full: pick(full, 2)})
	m.within(2*time.Second, "active manager", func() bool { return m.mode() == mgr.ModeActive })
}

// What comes out of order is left, and what cannot be read is asked for anew.
func TestStandby_osdmapsThatDoNotFit(t *testing.T) {
	full, inc := osdHistory(t, 5)
	m := serving(t, nil)
	sessions := len(facts[monc.SessionOpened](m))
	for _, c := range []struct {
		what string
		maps msg.OSDMap
		bad  bool // it is asked for anew
		want []uint32
	}{
		{"a change of nothing", msg.OSDMap{Incremental: pick(inc, 2)}, false, nil},
		{"the whole", msg.OSDMap{Full: pick(full, 2)}, false, []uint32{2}},
		{"the same again", msg.OSDMap{Full: pick(full, 2), Incremental: pick(inc, 2)}, false, []uint32{2}},
		{"a change with a gap", msg.OSDMap{Incremental: pick(inc, 4)}, false, []uint32{2}},
		{"a whole beyond the gap", msg.OSDMap{Full: pick(full, 4), Incremental: pick(inc, 5)}, false, []uint32{2, 4, 5}},
		{"damage", msg.OSDMap{Full: map[uint32][]byte{6: full[5][:99]}}, true, []uint32{2, 4, 5}},
		{"another epoch than said", msg.OSDMap{Full: map[uint32][]byte{7: full[5]}}, true, []uint32{2, 4, 5}},
		{"damage in a change", msg.OSDMap{Incremental: map[uint32][]byte{6: inc[5]}}, true, []uint32{2, 4, 5}},
	} {
		m.pushOSDMap(&c.maps)
		if got := m.osdEpochs(); !slices.Equal(got, c.want) {
			t.Errorf("%s: applied %v, want %v", c.what, got, c.want)
		}
		if !c.bad && len(facts[monc.SessionOpened](m)) > sessions {
			t.Errorf("%s: there is another session", c.what)
		}
	}
	if again, asked := m.lastSubscriptions()["osdmap"]; !asked || again.Start != 0 || m.mode() != mgr.ModeActive {
		t.Errorf("mode %q, subscriptions %v", m.mode(), m.lastSubscriptions())
	}
}
