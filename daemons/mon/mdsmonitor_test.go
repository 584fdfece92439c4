package mon

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// mdsBench drives an mdsMonitor as a leader that commits every change at once.
type mdsBench struct {
	*mdsMonitor
	now     time.Duration
	missing bool // a monitor is, or was lately
	drops   []string
}

func newMDSBench() *mdsBench {
	b := &mdsBench{mdsMonitor: newMDSMonitor(DefaultOptions()), now: time.Hour}
	b.refresh(firstFSMap())
	b.dropped = func(i msg.MDSInfo, reason string) {
		b.drops = append(b.drops, fmt.Sprintf("%d:%s %s", i.GID, i.Name, reason))
	}
	b.unsettled = func(time.Duration) bool { return b.missing }
	b.restart(b.now)
	b.begin()
	return b
}

// commit makes the pending map the committed one, if it differs.
func (b *mdsBench) commit() {
	if next := b.pending.next; next != nil {
		b.refresh(next)
	}
	b.begin()
}

// say is a beacon of who has seen the given epoch.
func (b *mdsBench) say(gid uint64, name string, state msg.MDSState, seq uint64, epoch uint32) mdsVerdict {
	said := &msg.MDSBeacon{
		Paxos: msg.PaxosAt(uint64(epoch)), GID: gid, Name: name, State: state, Seq: seq, SysInfo: map[string]string{"hostname": name},
	}
	b.hear(said, b.now)
	return b.beacon(said, msg.AddrVec{{Type: msg.AddrLegacy, Nonce: uint32(gid)}})
}

// boot registers an mds.
func (b *mdsBench) boot(gid uint64, name string) {
	b.say(gid, name, msg.MDSBoot, 1, 0)
	b.commit()
}

// run lets time pass; the given mdss send beacons, the leader ticks.
func (b *mdsBench) run(d time.Duration, alive ...uint64) {
	for end := b.now + d; b.now < end; {
		b.now += time.Second
		if b.now%b.interval == 0 {
			for _, gid := range alive {
				b.say(gid, "", msg.MDSStandby, uint64(b.now), b.committed.StandbyEpochs[gid])
				b.commit()
			}
		}
		if b.now%(5*time.Second) == 0 {
			b.tick(b.now, wire.UTime{Sec: uint32(b.now / time.Second)})
			b.commit()
		}
	}
}

// state is the committed map in one line: "epoch gid:name", "?" for the laggy.
func (b *mdsBench) state() string {
	s := fmt.Sprint(b.committed.Epoch)
	for _, i := range standbysOf(b.committed) {
		s += fmt.Sprintf(" %d:%s", i.GID, i.Name)
		if i.LaggySince != (wire.UTime{}) {
			s += "?"
		}
	}
	return s
}

func (b *mdsBench) want(t *testing.T, state string, drops ...string) {
	t.Helper()
	if got := b.state(); got != state {
		t.Errorf("map is %q, want %q", got, state)
	}
	if !slices.Equal(b.drops, drops) {
		t.Errorf("dropped %q, want %q", b.drops, drops)
	}
}

// Every kind of beacon, sent by mds 7, name x, which booted with seq 5 in epoch 3.
func TestMDSMonitor_beacons(t *testing.T) {
	const now, boot, standby, dne = 3, msg.MDSBoot, msg.MDSStandby, msg.MDSNull
	ack, null := mdsVerdict{answer: mdsAck, epoch: now}, mdsVerdict{answer: mdsNullMap}
	acked, nulled := mdsVerdict{answer: mdsAck, wait: true}, mdsVerdict{answer: mdsNullMap, wait: true}
	for _, c := range []struct {
		rule, what string
		before     func(*mdsBench) // nil: nothing
		gid        uint64
		state      msg.MDSState
		seq        uint64
		epoch      uint32
		want       mdsVerdict
		then       string
		heard      bool
	}{
		{"FS-7", "the usual", nil, 7, standby, 6, now, ack, "3 6:y 7:x", true},
		{"FS-3", "of an unknown one", nil, 9, standby, 6, now, null, "3 6:y 7:x", false},
		{"FS-3", "of an unknown one that leaves", nil, 9, dne, 6, now, null, "3 6:y 7:x", false},
		{"FS-8", "boot", nil, 9, boot, 1, 0, acked, "4 6:y 9:x", true},
		{"FS-7", "boot once more, before the commit", func(b *mdsBench) { b.say(9, "z", boot, 1, 0) }, 9, boot, 2, 0, mdsVerdict{}, "4 6:y 7:x 9:z", true},
		{"FS-5", "old", nil, 7, standby, 4, now, mdsVerdict{}, "3 6:y 7:x", false},
		{"FS-5", "old and behind", nil, 7, standby, 4, 2, mdsVerdict{}, "3 6:y 7:x", false},
		{"FS-4", "leave, though old and behind", nil, 7, dne, 1, 2, nulled, "4 6:y", false},
		{"FS-6", "behind the map", nil, 7, standby, 6, 2, ack, "3 6:y 7:x", true},
		{"FS-6", "behind the map, asking for the moon", nil, 7, msg.MDSActive, 6, 2, ack, "3 6:y 7:x", true},
		{"FS-6", "behind the map and laggy", lag, 7, standby, 6, 2, ack, "4 6:y 7:x?", true},
		{"FS-7", "boot though there", nil, 7, boot, 6, now, mdsVerdict{}, "3 6:y 7:x", false},
		{"FS-7", "no longer laggy", lag, 7, standby, 6, now, acked, "5 6:y 7:x", true},
		{"FS-9", "active", nil, 7, msg.MDSActive, 6, now, nulled, "4 6:y", false},
		{"FS-9", "damaged", nil, 7, msg.MDSDamaged, 6, now, nulled, "4 6:y", false},
		{"FS-9", "stopped", nil, 7, msg.MDSStopped, 6, now, nulled, "4 6:y", false},
		{"FS-8", "after mds fail, before the commit", func(b *mdsBench) { b.fail("x") }, 7, msg.MDSActive, 6, now, nulled, "4 6:y", true},
	} {
		t.Run(c.rule+" "+c.what, func(t *testing.T) {
			b := newMDSBench()
			b.boot(6, "y")
			b.say(7, "x", boot, 5, 0)
			b.commit()
			if c.before != nil {
				c.before(b)
			}
			clear(b.lastBeacon)
			if c.rule == "FS-7" && c.gid == 9 {
				b.lastBeacon[9] = b.now
			}
			if got := b.say(c.gid, "x", c.state, c.seq, c.epoch); got != c.want {
				t.Errorf("verdict %+v, want %+v", got, c.want)
			}
			b.commit()
			if got := b.state(); got != c.then {
				t.Errorf("then the map is %q, want %q", got, c.then)
			}
			if _, heard := b.lastBeacon[c.gid]; heard != c.heard {
				t.Errorf("taken for a sign of life: %v", heard)
			}
		})
	}
}

// lag has mds 7 marked laggy, in epoch 4.
func lag(b *mdsBench) {
	info := b.edit().Standbys[7]
	info.LaggySince = wire.UTime{Sec: 1}
	b.edit().Standbys[7] = info
	b.commit()
}

func TestMDSMonitor_whatAStandbyIs(t *testing.T) {
	b := newMDSBench()
	compat := msg.CompatSet{Incompat: msg.NewFeatureSet(map[uint64]string{1: "base"})}
	boot := &msg.MDSBeacon{GID: 7, Name: "x", State: msg.MDSBoot, Seq: 3, Compat: compat, Features: 99, SysInfo: map[string]string{"os": "Linux"}}
	addrs := msg.AddrVec{{Type: msg.AddrLegacy, Nonce: 7}}
	b.beacon(boot, addrs)
	if b.pending.setMeta[7]["os"] != "Linux" { // FS-27
		t.Errorf("metadata %v", b.pending.setMeta)
	}
	b.commit()
	i := b.committed.Standbys[7]
	if i.Name != "x" || i.Rank != -1 || i.State != msg.MDSStandby || i.StateSeq != 3 || !i.Addrs.Equal(addrs) || i.Features != 99 ||
		i.JoinFileSystem != -1 || !i.Compat.Equal(&compat) || b.committed.StandbyEpochs[7] != 2 || b.committed.Roles[7] != -1 {
		t.Errorf("%+v in %+v", i, b.committed)
	}
	// Its features may only change with its gid, but nobody looks at them unless
	// there is something else to do (FS-7, FS-8).
	usual := &msg.MDSBeacon{Paxos: msg.PaxosAt(2), GID: 7, Name: "x", State: msg.MDSStandby, Seq: 4}
	if v := b.beacon(usual, addrs); v != (mdsVerdict{answer: mdsAck, epoch: 2}) {
		t.Errorf("verdict %+v", v)
	}
	lag(b)
	if v := b.beacon(usual, addrs); v != (mdsVerdict{wait: true}) {
		t.Errorf("verdict %+v", v)
	}
	b.commit()
	b.want(t, "4", "7:x compat")
}

func TestMDSMonitor_oneNameIsOneDaemon(t *testing.T) { // FS-8
	b := newMDSBench()
	b.boot(7, "x")
	b.boot(8, "y")
	b.say(9, "x", msg.MDSBoot, 1, 0)
	if !b.pending.dropMeta[7] || b.pending.setMeta[9] == nil {
		t.Errorf("metadata to drop %v, to set %v", b.pending.dropMeta, b.pending.setMeta)
	}
	b.say(10, "x", msg.MDSBoot, 1, 0) // before the commit
	b.commit()
	b.want(t, "4 8:y 10:x", "7:x restarted", "9:x restarted")
}

func TestMDSMonitor_silence(t *testing.T) {
	const grace = 15 * time.Second
	t.Run("FS-18 of one of two", func(t *testing.T) {
		b := newMDSBench()
		b.boot(7, "x")
		b.boot(8, "y")
		b.run(grace-time.Second, 8)
		b.want(t, "3 7:x 8:y")
		b.run(6*time.Second, 8)
		b.want(t, "4 8:y", "7:x timeout")
	})
	t.Run("FS-17 of all", func(t *testing.T) {
		b := newMDSBench()
		b.boot(7, "x")
		b.run(10 * grace)
		b.want(t, "3 7:x?")
		b.run(5*time.Second, 7)
		b.want(t, "4 7:x")
	})
	t.Run("FS-18 while a monitor is missing", func(t *testing.T) {
		b := newMDSBench()
		b.boot(7, "x")
		b.boot(8, "y")
		b.missing = true
		b.run(59*time.Second, 8)
		b.want(t, "3 7:x 8:y")
		b.run(6*time.Second, 8)
		b.want(t, "4 8:y", "7:x timeout")
	})
	t.Run("FS-16 the leader has slept", func(t *testing.T) {
		b := newMDSBench()
		b.boot(7, "x")
		b.boot(8, "y")
		b.run(5*time.Second, 7, 8)
		b.now += time.Hour
		b.say(8, "y", msg.MDSStandby, 99, 3)
		b.tick(b.now, wire.UTime{})
		b.commit()
		b.want(t, "3 7:x 8:y")
	})
	t.Run("FS-16 after an election", func(t *testing.T) {
		b := newMDSBench()
		b.boot(7, "x")
		b.boot(8, "y")
		b.run(14*time.Second, 8)
		b.restart(b.now)
		b.run(grace-5*time.Second, 8)
		b.want(t, "3 7:x 8:y")
		b.run(grace, 8)
		b.want(t, "4 8:y", "7:x timeout")
	})
}

func TestMDSMonitor_fail(t *testing.T) { // FS-24
	const gone = "' does not exist, is not up or you lack the permission to see."
	for _, c := range []struct{ who, text, state string }{
		{"x", "failed mds gid 7", "4 8:9"},
		{"8", "failed mds gid 8", "4 7:x"},
		{"9", "MDS named '9" + gone, "3 7:x 8:9"}, // a number is never a name
		{"-1", "MDS named '-1" + gone, "3 7:x 8:9"},
		{"z", "MDS named 'z' does not exist, or is not upMDS named 'z" + gone, "3 7:x 8:9"},
	} {
		b := newMDSBench()
		b.boot(7, "x")
		b.boot(8, "9")
		if _, text := b.fail(c.who); text != c.text {
			t.Errorf("fail %s: %q, want %q", c.who, text, c.text)
		}
		b.commit()
		if got := b.state(); got != c.state {
			t.Errorf("fail %s: map is %q, want %q", c.who, got, c.state)
		}
	}
}

// Whatever comes, in whatever order: the map is consistent, a name is there once, an
// epoch is new if and only if the map has changed, and its past is left alone.
func TestMDSMonitor_anything(t *testing.T) {
	states := []msg.MDSState{msg.MDSBoot, msg.MDSStandby, msg.MDSStandby, msg.MDSNull, msg.MDSActive, msg.MDSStopped}
	rapid.Check(t, func(t *rapid.T) {
		b := newMDSBench()
		var seq uint64
		b.missing = rapid.Bool().Draw(t, "missing")
		before := string(encodeFSMap(b.committed))
		t.Repeat(map[string]func(*rapid.T){
			"beacon": func(t *rapid.T) {
				gid := rapid.Uint64Range(1, 6).Draw(t, "gid")
				state := rapid.SampledFrom(states).Draw(t, "state")
				epoch := b.committed.StandbyEpochs[gid] - rapid.SampledFrom([]uint32{0, 0, 0, 1}).Draw(t, "behind")
				seq++
				v := b.say(gid, string(rune('a'+gid%3)), state, seq, epoch)
				if v.answer == mdsAck && v.epoch == 0 && !v.wait {
					t.Fatalf("acknowledged without an epoch")
				}
				if v.wait && b.pending.next == nil {
					t.Fatalf("waits for a commit, but nothing has changed")
				}
			},
			"time": func(t *rapid.T) {
				b.now += time.Duration(rapid.IntRange(1, 70).Draw(t, "seconds")) * time.Second
				b.tick(b.now, wire.UTime{Sec: uint32(b.now / time.Second)})
			},
			"fail":    func(t *rapid.T) { b.fail(rapid.SampledFrom([]string{"a", "b", "1", "2"}).Draw(t, "who")) },
			"restart": func(*rapid.T) { b.restart(b.now) },
			"discard": func(*rapid.T) { b.discard(); b.begin() },
			"commit":  func(*rapid.T) { b.commit(); before = string(encodeFSMap(b.committed)) },
			"": func(t *rapid.T) {
				if string(encodeFSMap(b.committed)) != before {
					t.Fatalf("the committed map has changed")
				}
				checkFSMap(t, b.latest())
			},
		})
	})
}

func checkFSMap(t *rapid.T, fm *msg.FSMap) {
	names := map[string]bool{}
	for _, i := range standbysOf(fm) {
		if names[i.Name] {
			t.Fatalf("two are called %s", i.Name)
		}
		names[i.Name] = true
		if fm.StandbyEpochs[i.GID] == 0 || fm.StandbyEpochs[i.GID] > fm.Epoch || fm.Roles[i.GID] != -1 || i.State != msg.MDSStandby {
			t.Fatalf("%+v in %+v", i, fm)
		}
	}
	if len(fm.Roles) != len(names) || len(fm.StandbyEpochs) != len(names) {
		t.Fatalf("%d standbys, %+v", len(names), fm)
	}
	if again, err := decodeFSMap(encodeFSMap(fm)); err != nil || mdsList(again) != mdsList(fm) {
		t.Fatalf("read back: %v", err)
	}
}
