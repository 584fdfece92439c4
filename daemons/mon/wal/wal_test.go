package wal_test

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/internal/montest"
	"github.com/wavetank/wavetank/daemons/mon/wal"
)

const name = "mon/log"

type rig struct {
	world   *montest.World
	machine *montest.Machine
	loop    host.Loop
}

func newRig() *rig {
	w := montest.NewWorld(1)
	m := w.NewMachine("a")
	return &rig{world: w, machine: m, loop: m.Start().NewLoop("l")}
}

func (r *rig) open(t *testing.T) (*wal.Log, []wal.Record) {
	t.Helper()
	l, recs, err := wal.Open(r.machine.Disk, name)
	if err != nil {
		t.Fatal(err)
	}
	return l, recs
}

func (r *rig) sync(l *wal.Log) error {
	result := errors.New("no answer")
	l.Sync(r.loop, func(err error) { result = err })
	r.world.Run(montest.SyncTime * 2)
	return result
}

func (r *rig) replace(l *wal.Log, recs []wal.Record) error {
	result := errors.New("no answer")
	l.Replace(r.loop, recs, func(err error) { result = err })
	r.world.Run(montest.SyncTime * 4)
	return result
}

func samples(n int) []wal.Record {
	var recs []wal.Record
	for i := range n {
		recs = append(recs, wal.Record{Kind: wal.Kind(i%3 + 1), Data: bytes.Repeat([]byte{byte(i)}, i*3)})
	}
	return recs
}

func fill(l *wal.Log, recs []wal.Record) {
	for _, rec := range recs {
		l.Append(rec.Kind, rec.Data)
	}
}

func same(a, b []wal.Record) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}

func TestLog_keepsWhatWasSynced(t *testing.T) {
	r := newRig()
	l, recs := r.open(t)
	if len(recs) != 0 {
		t.Fatalf("a new log has %d records", len(recs))
	}
	fill(l, samples(5))
	if err := r.sync(l); err != nil {
		t.Fatal(err)
	}
	l.Append(1, []byte("not synced"))
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	r.machine.PowerCut()
	if _, got := r.open(t); !same(got, samples(5)) {
		t.Fatalf("after the crash: %v", got)
	}
}

func TestLog_tornAtEveryByte(t *testing.T) {
	r := newRig()
	l, _ := r.open(t)
	want := samples(6)
	fill(l, want)
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	whole, _ := r.machine.Disk.ReadFile(name)
	for cut := range whole {
		r.machine.Disk.Put(name, whole[:cut])
		l, got := r.open(t)
		complete := 0
		for size := 0; complete < len(want); complete++ {
			if size += 9 + len(want[complete].Data); size > cut {
				break
			}
		}
		if !same(got, want[:complete]) {
			t.Fatalf("cut at %d: %d records, want %d", cut, len(got), complete)
		}
		if b, _ := r.machine.Disk.ReadFile(name); int64(len(b)) != l.Size() {
			t.Fatalf("cut at %d: %d bytes left in the file, %d are records", cut, len(b), l.Size())
		}
		l.Append(9, []byte("next"))
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
		if _, again := r.open(t); len(again) != complete+1 || string(again[complete].Data) != "next" {
			t.Fatalf("cut at %d: record appended after recovery is lost: %v", cut, again)
		}
	}
}

func TestLog_anyFlippedBitEndsIt(t *testing.T) {
	r := newRig()
	l, _ := r.open(t)
	want := samples(4)
	fill(l, want)
	_ = l.Flush()
	whole, _ := r.machine.Disk.ReadFile(name)
	for i := range whole {
		for bit := range 8 {
			bad := bytes.Clone(whole)
			bad[i] ^= 1 << bit
			r.machine.Disk.Put(name, bad)
			_, got := r.open(t)
			end := 0
			for size := 0; end < len(want); end++ {
				if size += 9 + len(want[end].Data); size > i {
					break
				}
			}
			if !same(got, want[:end]) {
				t.Fatalf("byte %d bit %d flipped: %d records, want %d", i, bit, len(got), end)
			}
		}
	}
}

// A record behind the cut must not come back when a new one of the same length
// takes the place of the torn one: that is what the checksum chain is for.
func TestLog_recordsBehindACutStayGone(t *testing.T) {
	r := newRig()
	l, _ := r.open(t)
	l.Append(1, []byte("first"))
	l.Append(1, []byte("torn "))
	l.Append(1, []byte("ghost"))
	_ = l.Flush()
	old, _ := r.machine.Disk.ReadFile(name)

	r.machine.Disk.Put(name, old[:9+5+4])
	l, _ = r.open(t)
	l.Append(1, []byte("newer"))
	_ = l.Flush()
	now, _ := r.machine.Disk.ReadFile(name)
	r.machine.Disk.Put(name, append(now, old[len(now):]...)) // the truncation did not survive
	if _, got := r.open(t); len(got) != 2 || string(got[1].Data) != "newer" {
		t.Fatalf("got %q", got)
	}
}

func TestLog_zeroesAreNoRecords(t *testing.T) {
	r := newRig()
	r.machine.Disk.Put(name, make([]byte, 4096))
	if _, got := r.open(t); len(got) != 0 {
		t.Fatalf("%d records in a file of zeroes", len(got))
	}
}

func TestLog_failureIsFinal(t *testing.T) {
	disk := errors.New("I/O error")
	for _, c := range []struct {
		what   string
		inject func(*montest.Disk, error)
	}{
		{"sync", (*montest.Disk).FailSync},
		{"write", (*montest.Disk).FailWrite},
	} {
		t.Run(c.what, func(t *testing.T) {
			r := newRig()
			l, _ := r.open(t)
			l.Append(1, []byte("x"))
			c.inject(r.machine.Disk, disk)
			if err := r.sync(l); !errors.Is(err, wal.ErrFailed) || !errors.Is(err, disk) {
				t.Fatalf("sync answered %v", err)
			}
			c.inject(r.machine.Disk, nil)
			l.Append(1, []byte("y"))
			if err := r.sync(l); !errors.Is(err, wal.ErrFailed) {
				t.Fatalf("a later sync answered %v", err)
			}
			if err := r.replace(l, samples(1)); !errors.Is(err, wal.ErrFailed) {
				t.Fatalf("a later replace answered %v", err)
			}
		})
	}
}

func TestLog_replaceSwapsTheContent(t *testing.T) {
	r := newRig()
	l, _ := r.open(t)
	fill(l, samples(20))
	if err := r.sync(l); err != nil {
		t.Fatal(err)
	}
	if err := r.replace(l, samples(2)); err != nil {
		t.Fatal(err)
	}
	l.Append(7, []byte("after"))
	if err := r.sync(l); err != nil {
		t.Fatal(err)
	}
	r.machine.PowerCut()
	_, got := r.open(t)
	if !same(got, append(samples(2), wal.Record{Kind: 7, Data: []byte("after")})) {
		t.Fatalf("got %v", got)
	}
}

func TestLog_replaceCutShortKeepsTheOld(t *testing.T) {
	r := newRig()
	l, _ := r.open(t)
	fill(l, samples(3))
	if err := r.sync(l); err != nil {
		t.Fatal(err)
	}
	l.Replace(r.loop, samples(1), func(error) { t.Error("callback of a dead process") })
	r.world.Run(montest.SyncTime / 2)
	r.machine.PowerCut()
	r.world.Run(montest.SyncTime * 5)
	if _, got := r.open(t); !same(got, samples(3)) {
		t.Fatalf("got %v", got)
	}
}

func TestLog_oneSyncAtATime(t *testing.T) {
	r := newRig()
	l, _ := r.open(t)
	l.Append(1, nil)
	l.Sync(r.loop, func(error) {})
	if err := r.sync(l); !errors.Is(err, wal.ErrBusy) {
		t.Fatalf("second sync: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	r := newRig()
	l, _, _ := wal.Open(r.machine.Disk, name)
	fill(l, samples(4))
	_ = l.Flush()
	seed, _ := r.machine.Disk.ReadFile(name)
	f.Add(seed)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newRig()
		r.machine.Disk.Put(name, b)
		_, first := r.open(t)
		if _, second := r.open(t); !same(first, second) {
			t.Fatalf("recovery is not stable: %v then %v", first, second)
		}
	})
}
