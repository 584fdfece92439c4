package mon

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/mon/wal"
	"github.com/wavetank/wavetank/daemons/msg"
)

const logFile = "mon/log"

// used is a monitor with something in each of its maps and spaces, and its log as
// records, of which the first is a snapshot of all that.
func used(t *testing.T) (*cluster, []wal.Record) {
	c := newCluster(t, 1, 1)
	c.opts.SnapshotEvery = 1
	c.startAll()
	cl := c.login(0)
	cl.beacon("x", false)
	c.world.Run(time.Second)
	for _, cmd := range []string{
		`{"prefix":"config-key set","key":"a","val":"1"}`, `{"prefix":"config set","who":"mgr","name":"debug_ms","value":"1"}`,
		`{"prefix":"mgr fail"}`, `{"prefix":"log","logtext":["text"]}`,
	} {
		cl.command(cmd)
		c.world.Run(2 * time.Second)
	}
	c.mons[0].machine.Kill()
	_, records, err := wal.Open(c.mons[0].machine.Disk, logFile, wal.Defects{})
	if err != nil {
		t.Fatal(err)
	}
	return c, records
}

// put gives the monitor a log with other records, whose checksums are good.
func (c *cluster) put(records []wal.Record) {
	p := c.mons[0].machine.Start()
	if err := p.Disk().Remove(logFile); err != nil {
		c.t.Fatal(err)
	}
	l, _, err := wal.Open(p.Disk(), logFile, wal.Defects{})
	if err != nil {
		c.t.Fatal(err)
	}
	l.Replace(p.NewLoop("l"), records, func(error) {})
	c.world.Run(time.Second)
	c.mons[0].machine.Kill()
}

// A log whose checksums are good and whose content is not is refused; what passes can
// be decoded, every epoch that anybody may ask for, and the monitor goes on.
func TestMon_corruptContent(t *testing.T) {
	c, good := used(t)
	refused, passed := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		records := append([]wal.Record(nil), good...)
		snapshot := append([]byte(nil), records[0].Data...)
		for range rapid.IntRange(1, 3).Draw(rt, "changes") {
			i := rapid.IntRange(0, len(snapshot)-1).Draw(rt, "byte")
			snapshot[i] ^= byte(rapid.IntRange(1, 255).Draw(rt, "by"))
		}
		records[0].Data = snapshot
		c.put(records)
		n := c.mons[0]
		n.proc = n.machine.Start()
		m, err := assemble(n.proc, Config{Name: n.name, FSID: c.fsid, MonMap: c.monmap, Options: c.opts})
		if err != nil {
			refused++
			if !errors.Is(err, quorum.ErrCorrupt) {
				rt.Fatal(err)
			}
			return
		}
		passed++
		if err := checkMaps(m.state); err != nil {
			rt.Fatal(err)
		}
		if n.proc.Dead() {
			rt.Fatalf("ended: %s", n.proc.ExitReason)
		}
		n.mon, n.loop = m, m.loop
		m.dial = func(to msg.EntityAddr) conn { return c.link(0, c.at(to)) }
		n.loop.Post(m.begin)
		c.world.Run(2 * time.Second)
	})
	if refused == 0 || passed == 0 {
		t.Errorf("%d refused, %d passed", refused, passed)
	}
}

// Each epoch of each map is looked at, not only the newest.
func TestCheckSnapshot_everyEpoch(t *testing.T) {
	c, _ := used(t)
	m := c.mons[0].mon
	if err := m.CheckSnapshot(m.Snapshot()); err != nil {
		t.Fatal(err)
	}
	full := func(epoch uint32) []byte { return encodeMgrMap(&msg.MgrMap{Epoch: epoch}) }
	for what, maps := range map[string][2][]byte{
		"good":            {full(1), full(2)},
		"bad old epoch":   {[]byte("x"), full(2)},
		"bad new epoch":   {full(1), nil},
		"another's epoch": {full(2), full(2)},
	} {
		first := m.firstMaps()
		first[mgrMapName] = maps[0]
		s := store.New(first, 10)
		if err := s.Apply(store.Batch{Ops: []store.Op{store.SetMap{Name: mgrMapName, Epoch: 2, Map: maps[1]}}}); err != nil {
			t.Fatal(err)
		}
		if err := m.CheckSnapshot(s.Snapshot()); (err == nil) != (what == "good") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
