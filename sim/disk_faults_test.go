package sim

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func TestSetDiskErrors_strikeOneInSoMany(t *testing.T) {
	for _, tt := range []struct {
		name   string
		errors DiskErrors
		do     func(*simulatedDisk, host.File) error
		count  func(DiskCounts) uint64
	}{
		{"ReadAt", DiskErrors{Read: 4}, func(_ *simulatedDisk, f host.File) error {
			_, err := f.ReadAt(make([]byte, 3), 0)
			return err
		}, func(c DiskCounts) uint64 { return c.ReadErrors }},
		{"ReadFile", DiskErrors{Read: 4}, func(d *simulatedDisk, _ host.File) error {
			_, err := d.disk().ReadFile("f")
			return err
		}, func(c DiskCounts) uint64 { return c.ReadErrors }},
		{"WriteAt", DiskErrors{Write: 4}, func(_ *simulatedDisk, f host.File) error {
			_, err := f.WriteAt([]byte("new"), 0)
			return err
		}, func(c DiskCounts) uint64 { return c.WriteErrors }},
		{"Truncate", DiskErrors{Write: 4}, func(_ *simulatedDisk, f host.File) error {
			return f.Truncate(3)
		}, func(c DiskCounts) uint64 { return c.WriteErrors }},
		{"Rename", DiskErrors{Write: 4}, func(d *simulatedDisk, _ host.File) error {
			return d.disk().Rename("f", "f")
		}, func(c DiskCounts) uint64 { return c.WriteErrors }},
		{"Remove", DiskErrors{Write: 4}, func(d *simulatedDisk, _ host.File) error {
			d.h.SetDiskErrors(DiskErrors{})
			d.disk().Open("other")
			d.h.SetDiskErrors(DiskErrors{Write: 4})
			return d.disk().Remove("other")
		}, func(c DiskCounts) uint64 { return c.WriteErrors }},
		{"Sync", DiskErrors{Sync: 4}, func(d *simulatedDisk, f host.File) error {
			return d.wait(f.Sync)
		}, func(c DiskCounts) uint64 { return c.SyncErrors }},
		{"SyncDir", DiskErrors{Sync: 4}, func(d *simulatedDisk, _ host.File) error {
			return d.wait(func(l host.Loop, done func(error)) { d.disk().SyncDir(l, "", done) })
		}, func(c DiskCounts) uint64 { return c.SyncErrors }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newSimulatedDisk(1)
			defer d.Close()
			f := d.file(t, "f", "old")
			d.h.SetDiskErrors(tt.errors)
			failed := uint64(0)
			for range 400 {
				if err := tt.do(d, f); errors.Is(err, host.ErrIO) {
					failed++
				} else if err != nil {
					t.Fatal(err)
				}
			}
			if failed < 60 || failed > 140 {
				t.Errorf("%d of 400 failed, want about one in 4", failed)
			}
			if got := tt.count(d.h.DiskCounts()); got != failed {
				t.Errorf("counted %d, saw %d", got, failed)
			}
			d.h.SetDiskErrors(DiskErrors{})
			for range 100 {
				if err := tt.do(d, f); tt.name != "Remove" && err != nil {
					t.Fatalf("after the errors were taken back: %v", err)
				}
			}
		})
	}
}

// A process is failed by its disk before it is told; that of an earlier one is not its own.
func TestDiskFailed_isTheProcessThatRuns(t *testing.T) {
	for name, begin := range map[string]func(*simulatedDisk, host.File){
		"File.Sync":    func(d *simulatedDisk, f host.File) { f.Sync(d.loop, func(error) {}) },
		"Disk.SyncDir": func(d *simulatedDisk, _ host.File) { d.disk().SyncDir(d.loop, "", func(error) {}) },
	} {
		d := newSimulatedDisk(1)
		f := d.file(t, "f", "old")
		d.h.SetDiskErrors(DiskErrors{Sync: 1})
		begin(d, f)
		d.h.Pause()
		if d.h.DiskFailed() {
			t.Errorf("%s has failed before it is done", name)
		}
		d.Run(time.Second)
		if !d.h.DiskFailed() {
			t.Errorf("%s has not failed", name)
		}
		d.h.Resume()
		begin(d, f)
		d.h.Kill()
		if d.h.DiskFailed() {
			t.Error("nobody is failed")
		}
		d.restart() // meanwhile that sync fails
		d.Run(time.Second)
		if n := d.h.DiskCounts().SyncErrors; n != 2 || d.h.DiskFailed() {
			t.Errorf("%d failed, and %s of the process before counts for this one: %v", n, name, d.h.DiskFailed())
		}
		d.Close()
	}
	for name, spoil := range map[string]func(*Host){
		"error": func(h *Host) { h.SetDiskErrors(DiskErrors{Write: 1}) },
		"full":  func(h *Host) { h.SetDiskCapacity(1) },
	} {
		d := newSimulatedDisk(1)
		f := d.open(t, "f")
		spoil(d.h)
		if _, err := f.WriteAt([]byte("new"), 0); err == nil || !d.h.DiskFailed() {
			t.Errorf("%s: %v, and it is not failed", name, err)
		}
		d.Close()
	}
}

func TestSetDiskErrors_aFailedWriteMayWriteAPart(t *testing.T) {
	seen := make(map[int]bool)
	for seed := range uint64(50) {
		d := newSimulatedDisk(seed)
		f := d.file(t, "f", "aaaa")
		d.h.SetDiskErrors(DiskErrors{Write: 1})
		n, err := f.WriteAt([]byte("XXXX"), 0)
		if !errors.Is(err, host.ErrIO) {
			t.Fatal(err)
		}
		if want := strings.Repeat("X", n) + strings.Repeat("a", 4-n); d.read("f") != want {
			t.Fatalf("wrote %d of 4, yet the file holds %q", n, d.read("f"))
		}
		seen[n] = true
		d.Close()
	}
	if got := slices.Sorted(maps.Keys(seen)); !slices.Equal(got, []int{0, 1, 2, 3}) {
		t.Errorf("parts written: %v", got)
	}
}

// TestSetDiskErrors_aFailedSync shows the three ways of real file systems: what a
// reader sees after a failed sync, and what is there after a later sync that
// succeeded and a loss of power.
func TestSetDiskErrors_aFailedSync(t *testing.T) {
	seen := make(map[string]int)
	for seed := range uint64(300) {
		d := newSimulatedDisk(seed)
		f := d.file(t, "f", sector("ab"))
		d.write(t, f, 0, sector("XY"))
		d.h.SetDiskErrors(DiskErrors{Sync: 1})
		if err := d.wait(f.Sync); !errors.Is(err, host.ErrIO) {
			t.Fatal(err)
		}
		d.h.SetDiskErrors(DiskErrors{})
		cached := sectors(d.read("f"))
		d.mustSync(t, f)
		d.powerCycle()
		seen[cached+">"+sectors(d.read("f"))]++
		d.Close()
	}
	want := "XY>XY XY>Xb XY>aY XY>ab Xb>Xb aY>aY ab>ab"
	if got := strings.Join(slices.Sorted(maps.Keys(seen)), " "); got != want {
		t.Errorf("seen %v, want %s", seen, want)
	}
}

// A file that was made shorter stays so after a failed sync, whatever becomes of what was
// written before and after.
func TestSetDiskErrors_aFailedSyncKeepsTheFileShort(t *testing.T) {
	seen := make(map[string]int)
	for seed := range uint64(300) {
		d := newSimulatedDisk(seed)
		f := d.file(t, "f", sector("abc"))
		d.write(t, f, 3*sectorSize, sector("d"))
		if err := f.Truncate(sectorSize); err != nil {
			t.Fatal(err)
		}
		d.write(t, f, sectorSize, sector("X"))
		d.h.SetDiskErrors(DiskErrors{Sync: 1})
		if err := d.wait(f.Sync); !errors.Is(err, host.ErrIO) {
			t.Fatal(err)
		}
		d.h.SetDiskErrors(DiskErrors{})
		cached := sectors(d.read("f"))
		d.mustSync(t, f)
		d.powerCycle()
		seen[cached+">"+sectors(d.read("f"))]++
		d.Close()
	}
	want := "a0>a0 a>a aX>a aX>a0 aX>aX"
	if got := strings.Join(slices.Sorted(maps.Keys(seen)), " "); got != want {
		t.Errorf("seen %v, want %s", seen, want)
	}
}

func TestSetDiskErrors_aFailedSyncSparesWhatCameLater(t *testing.T) {
	for seed := range uint64(50) {
		d := newSimulatedDisk(seed)
		f := d.file(t, "f", sector("ab"))
		d.write(t, f, 0, sector("X"))
		d.h.SetDiskErrors(DiskErrors{Sync: 1})
		failed := false
		f.Sync(d.loop, func(err error) { failed = errors.Is(err, host.ErrIO) })
		d.write(t, f, sectorSize, sector("Y"))
		d.RunUntil(time.Second, func() bool { return failed })
		d.h.SetDiskErrors(DiskErrors{})
		d.mustSync(t, f)
		d.powerCycle()
		if got := sectors(d.read("f")); got != "XY" && got != "aY" {
			t.Fatalf("seed %d: %s", seed, got)
		}
		d.Close()
	}
}

func TestSetSyncLies_areFoundOutByALossOfPower(t *testing.T) {
	content, names := make(map[string]int), make(map[string]int)
	for seed := range uint64(100) {
		d := newSimulatedDisk(seed)
		f := d.file(t, "f", "a")
		d.h.SetSyncLies(1)
		d.write(t, f, 0, "X")
		d.mustSync(t, f)
		d.open(t, "g")
		d.mustSyncDir(t, "")
		if d.read("f") != "X" || d.h.DiskCounts().Lies != 2 {
			t.Fatalf("before the crash: %q, %+v", d.read("f"), d.h.DiskCounts())
		}
		d.powerCycle()
		content[d.read("f")]++
		names[d.names()]++
		d.Close()
	}
	if content["X"] == 0 || content["a"] == 0 || len(content) != 2 {
		t.Errorf("contents after the crash: %v", content)
	}
	if names["f"] == 0 || names["f g"] == 0 || len(names) != 2 {
		t.Errorf("names after the crash: %v", names)
	}
}

// What was lied about is durable once the disk stops lying, names too; and a loss of power
// counts as one that may have been forgotten over only in between.
func TestSetSyncLies_theEndSavesWhatWasKeptBack(t *testing.T) {
	for seed := range uint64(40) {
		d := newSimulatedDisk(seed)
		f := d.file(t, "f", "a")
		d.h.SetSyncLies(1)
		d.write(t, f, 0, "X")
		d.mustSync(t, f)
		g := d.open(t, "g")
		d.mustSyncDir(t, "")
		d.write(t, g, 0, "Y")
		d.mustSync(t, g)
		if seed%2 == 0 {
			d.h.SetSyncLies(0)
			d.powerCycle()
			if d.names() != "f g" || d.read("f") != "X" || d.read("g") != "Y" || d.h.DiskCounts().Forgotten != 0 {
				t.Fatalf("seed %d: %s, %q %q, %+v", seed, d.names(), d.read("f"), d.read("g"), d.h.DiskCounts())
			}
		} else if d.powerCycle(); d.h.DiskCounts().Forgotten != 1 {
			t.Fatalf("seed %d: %+v", seed, d.h.DiskCounts())
		}
		d.Close()
	}
}

func TestSetDiskLatency_makesSyncsSlow(t *testing.T) {
	const usual = 400 * time.Microsecond
	for _, tt := range []struct {
		name        string
		latency     DiskLatency
		least, most time.Duration // of 200 syncs, beyond the usual
	}{
		{"none", DiskLatency{}, 0, 0},
		{"extra", DiskLatency{Extra: time.Second}, time.Second, time.Second},
		{"spread", DiskLatency{Extra: time.Second, Spread: time.Second}, time.Second, 2 * time.Second},
		{"bandwidth", DiskLatency{BytesPerSecond: 1 << 20}, time.Second, time.Second},
		{"stalls", DiskLatency{StallOneIn: 10, Stall: time.Minute}, 0, time.Minute},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newSimulatedDisk(1)
			defer d.Close()
			f := d.file(t, "f", "a")
			d.h.SetDiskLatency(tt.latency)
			stalled := 0
			for range 200 {
				d.write(t, f, 0, strings.Repeat("x", 1<<20))
				began := d.Now()
				d.mustSync(t, f)
				took := d.Now() - began
				if took < tt.least || took > tt.most+usual {
					t.Fatalf("a sync took %v, want %v to %v", took, tt.least, tt.most+usual)
				}
				if took >= time.Minute {
					stalled++
				}
			}
			if want := tt.latency.Stall > 0; want != (stalled > 0) || stalled > 60 {
				t.Errorf("%d of 200 syncs stalled", stalled)
			}
			if slow := d.h.DiskCounts().SlowSyncs; (slow == 200) != (tt.latency != DiskLatency{}) {
				t.Errorf("%d slow syncs counted", slow)
			}
		})
	}
}

func TestRotDisk_flipsDurableBits(t *testing.T) {
	d := newSimulatedDisk(1)
	defer d.Close()
	content := sector("abcdefgh")
	f := d.file(t, "f", content)
	d.write(t, f, 0, sector("X")) // dirty: the cache hides what is under it
	before := d.read("f")
	if n := d.h.RotDisk(20); n != 20 || d.h.DiskCounts().FlippedBits != 20 {
		t.Fatalf("flipped %d, counted %d", n, d.h.DiskCounts().FlippedBits)
	}
	rotten := d.read("f")
	if n := differentBits(before, rotten); n < 15 || n > 20 { // a bit may flip back
		t.Errorf("%d bits differ after 20 flips", n)
	}
	if !strings.HasPrefix(rotten, sector("X")) {
		t.Error("a sector rotted that was still to be written")
	}
	d.mustSync(t, f)
	d.powerCycle()
	if d.read("f") != rotten {
		t.Error("the damage is not durable")
	}
}

func TestRotDisk_needsSomethingToRot(t *testing.T) {
	d := newSimulatedDisk(1)
	defer d.Close()
	if n := d.h.RotDisk(3); n != 0 {
		t.Errorf("flipped %d bits of an empty disk", n)
	}
	d.write(t, d.open(t, "f"), 0, "never synced")
	if n := d.h.RotDisk(3); n != 0 {
		t.Errorf("flipped %d bits of what is in the cache only", n)
	}
}

func differentBits(a, b string) int {
	n := 0
	for i := range len(a) {
		for x := a[i] ^ b[i]; x != 0; x &= x - 1 {
			n++
		}
	}
	return n
}

// TestDiskFaults_haveStreamsOfTheirOwn: whatever is wrong with reads, contents or
// another machine's disk, the syncs of this one take the same time.
func TestDiskFaults_haveStreamsOfTheirOwn(t *testing.T) {
	times := func(fault func(h, other *Host)) (took []time.Duration) {
		d := newSimulatedDisk(1)
		defer d.Close()
		f := d.file(t, "f", "content")
		fault(d.h, d.AddHost("b"))
		for range 20 {
			f.ReadAt(make([]byte, 1), 0)
			f.WriteAt([]byte("x"), 0)
			began := d.Now()
			d.wait(f.Sync)
			took = append(took, d.Now()-began)
		}
		return took
	}
	want := times(func(*Host, *Host) {})
	for name, fault := range map[string]func(h, other *Host){
		"read errors":        func(h, _ *Host) { h.SetDiskErrors(DiskErrors{Read: 2}) },
		"write errors":       func(h, _ *Host) { h.SetDiskErrors(DiskErrors{Write: 2}) },
		"sync errors":        func(h, _ *Host) { h.SetDiskErrors(DiskErrors{Sync: 2}) },
		"lies":               func(h, _ *Host) { h.SetSyncLies(2) },
		"rot":                func(h, _ *Host) { h.RotDisk(3) },
		"full":               func(h, _ *Host) { h.SetDiskCapacity(1) },
		"stalls of none":     func(h, _ *Host) { h.SetDiskLatency(DiskLatency{StallOneIn: 2}) },
		"another's slowness": func(_, b *Host) { b.SetDiskLatency(DiskLatency{Spread: time.Second}) },
		"another's crash":    func(_, b *Host) { b.PowerOff() },
	} {
		if got := times(fault); !slices.Equal(got, want) {
			t.Errorf("%s: syncs took %v, want %v", name, got, want)
		}
	}
}
