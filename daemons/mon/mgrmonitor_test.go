package mon

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// bench drives a mgrMonitor as a leader that commits every change at once.
type bench struct {
	*mgrMonitor
	t    *testing.T
	now  time.Duration
	drop []string
}

const grace, period = 30 * time.Second, 2 * time.Second

func newBench(t *testing.T, d Defects) *bench {
	b := &bench{mgrMonitor: newMgrMonitor(DefaultOptions(), d), t: t, now: time.Hour}
	b.dropped = func(gid uint64, name, reason string) {
		b.drop = append(b.drop, fmt.Sprintf("%d:%s %s", gid, name, reason))
	}
	b.restart(b.now)
	b.begin()
	return b
}

func (b *bench) wall() wire.UTime { return wire.UTime{Sec: uint32(b.now / time.Second)} }

// commit makes the pending map the committed one, if it differs.
func (b *bench) commit() {
	if b.pending.edits > 0 {
		b.refresh(b.pending.next, b.pending.gone)
	}
	b.begin()
}

func (b *bench) say(gid uint64, name string, available bool) beaconVerdict {
	b.hear(gid, b.now)
	return b.beacon(&msg.MgrBeacon{GID: gid, Name: name, Available: available, Metadata: map[string]string{"addr": name}}, b.wall())
}

// run lets time pass in ticks; every period the given mgrs send beacons.
func (b *bench) run(d time.Duration, alive ...uint64) {
	for end := b.now + d; b.now < end; {
		b.now += time.Second
		if b.now%period == 0 {
			for _, gid := range alive {
				b.say(gid, nameOfGID(gid), b.committed.ActiveGID == gid)
				b.commit()
			}
		}
		if b.now%(5*time.Second) == 0 {
			b.tick(b.now, b.wall())
			b.commit()
		}
	}
}

func nameOfGID(gid uint64) string { return string(rune('a' + gid%26)) }

// state is the map in one line: the active, "+" if available, the standbys.
func (b *bench) state() string {
	m := b.pending.next
	s := "-"
	if m.ActiveGID != 0 {
		s = fmt.Sprintf("%d:%s", m.ActiveGID, m.ActiveName)
	}
	if m.Available {
		s += "+"
	}
	return s + " [" + standbyList(m) + "]"
}

func (b *bench) want(what, state string) {
	b.t.Helper()
	if got := b.state(); got != state {
		b.t.Errorf("%s: map is %s, want %s", what, got, state)
	}
}

func (b *bench) wantDropped(list ...string) {
	b.t.Helper()
	if got := strings.Join(b.drop, ", "); got != strings.Join(list, ", ") {
		b.t.Errorf("dropped %q, want %q", got, list)
	}
}

func TestMgrMonitor_firstBecomesActiveOthersStandBy(t *testing.T) { // MM-8, MM-9
	b := newBench(t, Defects{})
	if v := b.say(10, "x", false); !v.changed || v.stale {
		t.Errorf("first beacon: %+v", v)
	}
	b.want("first", "10:x []")
	b.commit()
	b.say(12, "z", false)
	b.say(11, "y", false)
	b.want("others", "10:x [11:y,12:z]")
	b.commit()
	if v := b.say(11, "y", false); v.changed {
		t.Error("an unchanged standby changes the map")
	}
	if b.committed.Epoch != 2 {
		t.Errorf("epoch %d after two commits", b.committed.Epoch)
	}
}

func TestMgrMonitor_activeAnnouncesItself(t *testing.T) { // MM-6
	b := newBench(t, Defects{})
	b.say(10, "x", false)
	b.commit()
	addr := msg.AddrVec{{Type: msg.AddrLegacy, Nonce: 7}}
	announce := &msg.MgrBeacon{GID: 10, Name: "x", Available: true, ServerAddrs: addr}
	if v := b.beacon(announce, b.wall()); !v.changed || v.stale {
		t.Fatalf("verdict %+v", v)
	}
	b.want("announced", "10:x+ []")
	if !b.pending.next.ActiveAddrs.Equal(addr) {
		t.Errorf("addresses %v", b.pending.next.ActiveAddrs)
	}
	b.commit()
	if v := b.beacon(announce, b.wall()); v.changed {
		t.Error("a repeated announcement changes the map")
	}
	for what, edit := range map[string]func(*msg.MgrBeacon){
		"services":  func(m *msg.MgrBeacon) { m.Services = map[string]string{"dashboard": "http://h"} },
		"clients":   func(m *msg.MgrBeacon) { m.ClientAddrs = []msg.AddrVec{addr} },
		"addresses": func(m *msg.MgrBeacon) { m.ServerAddrs = nil },
		"modules":   func(m *msg.MgrBeacon) { m.Modules = []msg.ModuleInfo{{Name: "m"}} },
	} {
		next := *announce
		edit(&next)
		if v := b.beacon(&next, b.wall()); !v.changed {
			t.Errorf("other %s: no change", what)
		}
		b.begin()
	}
}

func TestMgrMonitor_restartedActiveStaysActive(t *testing.T) { // MM-3, MM-8
	b := newBench(t, Defects{})
	b.run(10*time.Second, 10, 11)
	b.drop = nil
	v := b.say(20, nameOfGID(10), false)
	if !v.changed || !b.pending.immediate {
		t.Errorf("verdict %+v, immediate %v", v, b.pending.immediate)
	}
	b.want("restarted", "20:k [11:l]")
	b.wantDropped("10:k restarted")
	if b.pending.next.Available {
		t.Error("available before it said so")
	}
}

// Beacons of a process that is gone change nothing, whatever they claim: neither does
// it come back, nor does it pass for the successor of its own successor.
func TestMgrMonitor_goneIsGone(t *testing.T) {
	for _, available := range []bool{false, true} {
		b := newBench(t, Defects{})
		for _, m := range []struct {
			gid  uint64
			name string
		}{{10, "x"}, {11, "y"}, {12, "z"}} {
			b.say(m.gid, m.name, false)
			b.commit()
		}
		b.fail("x", b.wall()) // 10 is gone
		b.commit()
		b.say(30, "z", false) // 12 is gone
		b.commit()
		b.say(31, "x", false)
		b.commit()
		b.want("before", "11:y [30:z,31:x]")
		b.fail("y", b.wall())
		b.commit()
		b.drop = nil
		for _, late := range []struct {
			gid  uint64
			name string
		}{{10, "x"}, {11, "y"}, {12, "z"}} {
			if v := b.say(late.gid, late.name, available); v.changed || !v.stale {
				t.Errorf("a beacon of %d, available %v: %+v", late.gid, available, v)
			}
		}
		b.want("after", "30:z [31:x]")
		b.wantDropped()
	}
}

// A beacon from before the active manager was available, which the leader gets late, takes
// neither that nor its address back: what is fenced when it is dropped is where it serves.
func TestMgrMonitor_olderBeaconTakesNothingBack(t *testing.T) {
	b := newBench(t, Defects{})
	b.say(10, "x", false)
	b.commit()
	addr := msg.AddrVec{{Type: msg.AddrLegacy, Nonce: 7}}
	b.beacon(&msg.MgrBeacon{GID: 10, Name: "x", Available: true, ServerAddrs: addr}, b.wall())
	b.commit()
	if v := b.say(10, "x", false); v.changed || v.stale {
		t.Errorf("the older beacon: %+v", v)
	}
	b.commit()
	b.want("after it", "10:x+ []")
	var fenced []msg.EntityAddr
	b.fence = func(_ wire.UTime, addrs []msg.EntityAddr) uint32 {
		fenced = addrs
		return 1
	}
	b.fail("x", b.wall())
	if !msg.AddrVec(fenced).Equal(addr) {
		t.Errorf("fenced: %v", fenced)
	}
}

// A standby that was silent is not gone: it may just have been slow.
func TestMgrMonitor_silentStandbyComesBack(t *testing.T) {
	b := newBench(t, Defects{})
	b.run(10*time.Second, 10, 11)
	b.run(50*time.Second, 10)
	b.wantDropped("11:l timeout")
	b.say(11, "l", false)
	b.want("back", "10:k+ [11:l]")
}

// Only so many are remembered.
func TestMgrMonitor_forgetsWhoIsLongGone(t *testing.T) {
	b := newBench(t, Defects{})
	for gid := uint64(1); gid <= 2*maxGone; gid++ {
		b.say(gid, "x", false)
		b.commit()
	}
	if n := len(b.gone); n != maxGone {
		t.Errorf("%d are remembered, want %d", n, maxGone)
	}
	if v := b.say(2*maxGone-1, "x", false); !v.stale {
		t.Errorf("the last one is forgotten: %+v", v)
	}
}

func TestMgrMonitor_restartedStandbyReplacesItself(t *testing.T) { // MM-4
	b := newBench(t, Defects{})
	b.say(10, "x", false)
	b.say(11, "y", false)
	b.commit()
	if v := b.say(30, "y", false); !v.changed {
		t.Error("no change")
	}
	b.want("restarted", "10:x [30:y]")
	b.wantDropped("11:y restarted")
	if b.pending.dropMeta["y"] || b.pending.setMeta["y"] == nil {
		t.Error("the new instance's metadata is lost")
	}
}

func TestMgrMonitor_staleActiveIsToldNotTaken(t *testing.T) { // MM-7, BUG-01
	for _, c := range []struct {
		defect bool
		want   string
	}{{false, "- []"}, {true, "10:k []"}} {
		b := newBench(t, Defects{MgrReselectStaleActive: c.defect})
		b.run(4*time.Second, 10)
		b.fail("", b.wall())
		b.want("failed", "- []")
		b.commit()
		v := b.say(10, "k", true)
		if v.stale == c.defect || v.changed != c.defect {
			t.Errorf("defect %v: verdict %+v", c.defect, v)
		}
		b.want("stale beacon", c.want)
	}
}

func TestMgrMonitor_staleBeaconToAStandingActive(t *testing.T) { // MM-7
	b := newBench(t, Defects{})
	b.run(4*time.Second, 10)
	if v := b.say(9, "old", true); !v.stale || v.changed {
		t.Errorf("verdict %+v", v)
	}
	b.want("after", "10:k+ []")
}

func TestMgrMonitor_silentActiveIsReplaced(t *testing.T) { // MM-15, MM-17, MM-24
	b := newBench(t, Defects{})
	b.run(20*time.Second, 10, 12, 11)
	b.want("before", "10:k+ [11:l,12:m]")
	last := b.lastBeacon[10]
	for b.committed.ActiveGID == 10 && b.now < last+time.Minute {
		b.run(time.Second, 11, 12)
	}
	if took := b.now - last; took <= grace || took > grace+5*time.Second {
		t.Errorf("dropped after %v", took)
	}
	b.want("after", "11:l [12:m]")
	b.wantDropped("10:k timeout")
}

func TestMgrMonitor_deadStandbyIsNeverPromoted(t *testing.T) { // MM-14
	b := newBench(t, Defects{})
	b.run(20*time.Second, 10, 11, 12)
	b.run(36*time.Second, 12) // 10 and 11 fall silent together
	b.want("after", "12:m+ []")
	b.wantDropped("11:l timeout", "10:k timeout")
}

func TestMgrMonitor_nobodyLeft(t *testing.T) {
	b := newBench(t, Defects{})
	b.run(10*time.Second, 10)
	b.run(time.Minute)
	b.want("alone and dead", "- []")
	b.run(4*time.Second, 31)
	b.want("a new one comes", "31:f+ []")
}

func TestMgrMonitor_ownSleepIsForgiven(t *testing.T) { // MM-11, BUG-03
	for _, defect := range []bool{false, true} {
		b := newBench(t, Defects{NoTickGapReset: defect})
		b.run(20*time.Second, 10, 11)
		b.now += 35 * time.Second // the monitor was suspended
		b.tick(b.now, b.wall())
		if dropped := len(b.drop) > 0; dropped != defect {
			t.Errorf("defect %v: dropped %v", defect, b.drop)
		}
	}
}

// MM-11 must not forgive everything: the gap counts from the last tick.
func TestMgrMonitor_tickGapBoundary(t *testing.T) {
	for _, c := range []struct {
		gap     time.Duration
		dropped bool
	}{
		{grace - period, true}, // 28 s is not more than 28 s
		{grace - period + time.Millisecond, false},
	} {
		b := newBench(t, Defects{})
		b.say(10, "x", false)
		b.commit()
		b.lastBeacon[10] = b.now - 3*time.Second
		b.lastTick = b.now
		b.now += c.gap
		b.tick(b.now, b.wall())
		if got := len(b.drop) > 0; got != c.dropped {
			t.Errorf("gap %v: dropped %v, want %v", c.gap, got, c.dropped)
		}
	}
}

func TestMgrMonitor_electionGivesFullGrace(t *testing.T) { // MM-12, MM-13
	for _, defect := range []bool{false, true} { // MM-12 holds with the defect too
		b := newBench(t, Defects{NoTickGapReset: defect})
		b.run(20*time.Second, 10, 11)
		b.now += 29 * time.Second
		b.restart(b.now)
		b.begin()
		b.run(29 * time.Second)
		b.wantDropped()
		b.run(7 * time.Second)
		if len(b.drop) != 2 {
			t.Errorf("defect %v: dropped %v", defect, b.drop)
		}
	}
}

func TestMgrMonitor_fail(t *testing.T) { // MM-19
	for _, c := range []struct{ who, text, state, dropped string }{
		{"", "", "11:l [12:m]", "10:k command"},
		{"k", "", "11:l [12:m]", "10:k command"},
		{"10", "", "11:l [12:m]", "10:k command"},
		{"m", "", "10:k+ [11:l]", "12:m command"},
		{"12", "", "10:k+ [11:l]", "12:m command"},
		{"nobody", "Daemon not found 'nobody', already failed?", "10:k+ [11:l,12:m]", ""},
		{"99", "Daemon not found '99', already failed?", "10:k+ [11:l,12:m]", ""},
	} {
		t.Run("who="+c.who, func(t *testing.T) {
			b := newBench(t, Defects{})
			b.run(10*time.Second, 10, 11, 12)
			if text := b.fail(c.who, b.wall()); text != c.text {
				t.Errorf("answered %q", text)
			}
			b.want("after", c.state)
			if got := strings.Join(b.drop, ","); got != c.dropped {
				t.Errorf("dropped %q", got)
			}
			if changed := b.pending.edits > 0; changed != (c.dropped != "") {
				t.Errorf("changed %v", changed)
			}
		})
	}
}

func TestMgrMonitor_promotion(t *testing.T) { // MM-17
	b := newBench(t, Defects{})
	b.run(10*time.Second, 10, 11)
	b.pending.setMeta["probe"] = nil
	b.fence = func(wire.UTime, []msg.EntityAddr) uint32 { return 7 }
	b.fail("", b.wall())
	m := b.pending.next
	if m.Available || len(m.ActiveAddrs) != 0 || m.ActiveChange != b.wall() {
		t.Errorf("promoted as available=%v addrs=%v since %v", m.Available, m.ActiveAddrs, m.ActiveChange)
	}
	if b.pending.dropMeta["l"] { // BUG-04
		t.Error("the promoted mgr's metadata is dropped")
	}
	if !b.pending.dropMeta["k"] {
		t.Error("the failed mgr's metadata is kept")
	}
	if m.LastFailureOSDEpoch != 7 { // MM-18
		t.Errorf("fenced by osdmap epoch %d", m.LastFailureOSDEpoch)
	}
}

func TestMgrMonitor_pendingDoesNotTouchCommitted(t *testing.T) {
	b := newBench(t, Defects{})
	b.run(10*time.Second, 10, 11, 12)
	before := string(encodeMgrMap(b.committed))
	b.fail("", b.wall())
	b.fail("m", b.wall())
	b.say(40, "n", false)
	if string(encodeMgrMap(b.committed)) != before {
		t.Error("the committed map has changed")
	}
}
