package wal_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
	"testing"

	"pgregory.net/rapid"

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

func (r *rig) open(t testing.TB) (*wal.Log, []wal.Record) {
	t.Helper()
	l, recs, err := wal.Open(r.machine.Disk, name, wal.Defects{})
	if err != nil {
		t.Fatal(err)
	}
	return l, recs
}

// begin makes a new log, without records.
func (r *rig) begin(t testing.TB) *wal.Log {
	t.Helper()
	l, recs := r.open(t)
	if !l.New() || len(recs) != 0 {
		t.Fatalf("not a new log: %d records", len(recs))
	}
	if err := r.replace(l, nil); err != nil {
		t.Fatal(err)
	}
	return l
}

// content is what readers of the file see.
func (r *rig) content() []byte {
	b, err := r.machine.Disk.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return b
}

func (r *rig) secure(l *wal.Log) error {
	result := errors.New("no answer")
	l.Secure(r.loop, func(err error) { result = err })
	r.world.Run(montest.SyncTime * 4)
	return result
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

// firstAt is where records begin, overhead what each has beside its data.
const firstAt, overhead = 8192, 14

// complete is how many of the records are whole in a file that is cut off.
func complete(recs []wal.Record, size int) int {
	for i, rec := range recs {
		if size -= overhead + len(rec.Data); size < firstAt {
			return i
		}
	}
	return len(recs)
}

func same(a, b []wal.Record) bool {
	return fmt.Sprint(a) == fmt.Sprint(b)
}

func TestLog_keepsWhatWasSynced(t *testing.T) {
	r := newRig()
	l := r.begin(t)
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

// What no sync has covered may be cut off at any byte: whole records stay, and the log
// goes on behind them.
func TestLog_tornAtEveryByte(t *testing.T) {
	r := newRig()
	l := r.begin(t)
	want := samples(6)
	fill(l, want)
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	whole := r.content()
	for cut := firstAt; cut <= len(whole); cut++ {
		r.machine.Disk.Put(name, whole[:cut])
		l, got := r.open(t)
		n := complete(want, cut)
		if !same(got, want[:n]) {
			t.Fatalf("cut at %d: %d records, want %d", cut, len(got), n)
		}
		if b := r.content(); int64(len(b)) != l.Size() || l.Torn() != int64(cut-len(b)) {
			t.Fatalf("cut at %d: %d bytes left in the file, %d are records, %d torn", cut, len(b), l.Size(), l.Torn())
		}
		l.Append(9, []byte("next"))
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
		if _, again := r.open(t); len(again) != n+1 || string(again[n].Data) != "next" {
			t.Fatalf("cut at %d: record appended after recovery is lost: %v", cut, again)
		}
	}
}

// history is a log with a tail, as a machine may find it after a loss of power.
type history struct {
	synced, all []wal.Record
	image       []byte // of all
	before      []byte // as it was when the last Sync began: it has the seal before
	lastSync    int    // how many records were there before those of the last Sync
}

func record(n int) wal.Record {
	data := make([]byte, n)
	for i := range data {
		data[i] = byte(i%251) + 1 // no zeros: see the doc
	}
	return wal.Record{Kind: wal.Kind(n%200 + 1), Data: data}
}

func newHistory(t testing.TB, sizes ...int) history {
	r := newRig()
	l := r.begin(t)
	var h history
	for i, n := range sizes {
		h.all = append(h.all, record(n))
		l.Append(h.all[i].Kind, h.all[i].Data)
		if err := l.Flush(); err != nil {
			t.Fatal(err)
		}
		if i%2 == 1 && i < len(sizes)-2 {
			h.before, h.lastSync = r.content(), len(h.synced)
			h.synced = h.all
			if err := r.sync(l); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.image = r.content()
	return h
}

// open opens an image: what it has is a beginning of what was written, or it is refused
// as corrupt, with the place.
func (h history) open(t testing.TB, what string, image []byte) (records int, refused bool) {
	t.Helper()
	r := newRig()
	r.machine.Disk.Put(name, image)
	_, got, err := wal.Open(r.machine.Disk, name, wal.Defects{})
	if err != nil {
		if !errors.Is(err, wal.ErrCorrupt) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "at offset ") {
			t.Fatalf("%s: %v", what, err)
		}
		return 0, true
	}
	if len(got) > len(h.all) || !same(got, h.all[:len(got)]) {
		t.Fatalf("%s: it has what was never written", what)
	}
	return len(got), false
}

// No flipped bit loses a record: the log is refused, or has all of them.
func TestLog_everyFlippedBit(t *testing.T) {
	h := newHistory(t, 0, 1, 30, 700, 3, 1100, 20, 600, 5)
	refused := 0
	for i := range h.image {
		if i > 64 && i < firstAt && i%4096 > 64 {
			continue // nothing is there
		}
		for bit := range 8 {
			bad := bytes.Clone(h.image)
			bad[i] ^= 1 << bit
			n, no := h.open(t, fmt.Sprintf("byte %d bit %d", i, bit), bad)
			if no {
				refused++
			} else if n != len(h.all) {
				t.Fatalf("byte %d bit %d flipped: %d records of %d", i, bit, n, len(h.all))
			} else if i >= firstAt {
				t.Fatalf("byte %d bit %d flipped: nobody noticed", i, bit)
			}
		}
	}
	if want := 8 * (len(h.image) - firstAt); refused != want {
		t.Errorf("refused %d times, want %d", refused, want)
	}
}

// A log that was cut off lacks at most what was never synced; after a loss of power,
// which may have taken the newest seal along, at most what the last Sync covered.
func TestLog_everyTruncation(t *testing.T) {
	h := newHistory(t, 0, 1, 30, 700, 3, 1100, 20, 600, 5)
	if len(h.synced) == 0 || len(h.synced) == len(h.all) || h.lastSync == 0 {
		t.Fatalf("%d of %d records are synced, %d before the last sync", len(h.synced), len(h.all), h.lastSync)
	}
	older := append(bytes.Clone(h.before[:firstAt]), h.image[firstAt:]...)
	for size := range h.image {
		what := fmt.Sprintf("cut at %d", size)
		whole := complete(h.all, size)
		if n, refused := h.open(t, what, h.image[:size]); refused != (whole < len(h.synced)) || !refused && n != whole {
			t.Errorf("%s: %d records, refused %v", what, n, refused)
		}
		if n, refused := h.open(t, what, older[:size]); refused != (whole < h.lastSync) || !refused && n != whole {
			t.Errorf("%s, without the newest seal: %d records, refused %v", what, n, refused)
		}
	}
}

// A loss of power leaves of each sector one of the contents it has had since the last
// sync, and one of the sizes: such a log is never refused, and has what was synced.
func TestLog_anyTearIsRepaired(t *testing.T) {
	const sector = 512
	rapid.Check(t, func(rt *rapid.T) {
		r := newRig()
		l := r.begin(t)
		write := func(what string) (recs []wal.Record) {
			for range rapid.IntRange(0, 3).Draw(rt, what) {
				data := rapid.SliceOfN(rapid.Byte(), 0, 1500).Draw(rt, "data")
				recs = append(recs, wal.Record{Kind: 1, Data: data})
			}
			fill(l, recs)
			return recs
		}
		synced := write("synced")
		if err := r.sync(l); err != nil {
			rt.Fatal(err)
		}
		all := synced
		versions := [][]byte{r.content()}
		for range rapid.IntRange(1, 4).Draw(rt, "writes") {
			all = append(all[:len(all):len(all)], write("written")...)
			if err := l.Flush(); err != nil {
				rt.Fatal(err)
			}
			versions = append(versions, r.content())
		}
		size := len(versions[rapid.IntRange(0, len(versions)-1).Draw(rt, "size")])
		image := make([]byte, size)
		for at := 0; at < size; at += sector {
			v := versions[rapid.IntRange(0, len(versions)-1).Draw(rt, "version")]
			copy(image[at:min(at+sector, size)], v[min(at, len(v)):])
		}
		r.machine.Disk.Put(name, image)
		l, got := r.open(t)
		if len(got) < len(synced) || len(got) > len(all) || !same(got, all[:len(got)]) {
			rt.Fatalf("%d records, %d of %d were synced", len(got), len(synced), len(all))
		}
		if err := r.secure(l); err != nil {
			rt.Fatal(err)
		}
		r.machine.PowerCut()
		if _, again := r.open(t); !same(again, got) {
			rt.Fatalf("%d records, then %d", len(got), len(again))
		}
	})
}

// A record behind the cut must not come back when a new one of the same length
// takes the place of the torn one: that is what the checksum chain is for.
func TestLog_recordsBehindACutStayGone(t *testing.T) {
	r := newRig()
	l := r.begin(t)
	l.Append(1, []byte("first"))
	l.Append(1, []byte("torn "))
	l.Append(1, []byte("ghost"))
	_ = l.Flush()
	old := r.content()

	r.machine.Disk.Put(name, old[:firstAt+overhead+5+4])
	l, _ = r.open(t)
	l.Append(1, []byte("newer"))
	_ = l.Flush()
	now := r.content()
	r.machine.Disk.Put(name, append(now, old[len(now):]...)) // the truncation did not survive
	if _, recs, err := wal.Open(r.machine.Disk, name, wal.Defects{}); err == nil && (len(recs) != 2 || string(recs[1].Data) != "newer") {
		t.Fatalf("got %q", recs)
	}
}

// What is no log, or none of ours, is refused and left as it is.
func TestOpen_refuses(t *testing.T) {
	h := newHistory(t, 10, 20, 30, 40)
	other := newHistory(t, 11, 20, 30, 40)
	noise := make([]byte, 20_000)
	for i := range noise {
		noise[i] = byte(i * i >> 3)
	}
	sealed := func(edit func(seal []byte)) []byte { // with both seals changed
		b := bytes.Clone(h.image)
		for _, at := range []int{0, 4096} {
			edit(b[at:])
			binary.LittleEndian.PutUint32(b[at+32:], crc32.Checksum(b[at:at+32], crc32.MakeTable(crc32.Castagnoli)))
		}
		return b
	}
	long := bytes.Clone(h.image)
	long[firstAt+3] = 0xff // a length of 16 MB
	for what, image := range map[string][]byte{
		"empty":                        nil,
		"zeros":                        make([]byte, 20_000),
		"zeros behind the seals":       append(bytes.Clone(h.image[:firstAt]), make([]byte, len(h.image)-firstAt)...),
		"noise":                        noise,
		"text":                         []byte("# a configuration\n"),
		"format 1":                     []byte("\x05\x00\x00\x00\x12\x34\x56\x78\x01hello"),
		"a later format":               sealed(func(b []byte) { b[8]++ }),
		"seals of a log as long":       sealed(func(b []byte) { b[28]++ }),
		"seals of a longer log":        sealed(func(b []byte) { b[22]++ }),
		"seals of no size":             sealed(func(b []byte) { clear(b[20:28]) }),
		"seals of another log":         append(bytes.Clone(other.image[:firstAt]), h.image[firstAt:]...),
		"a wrong length":               long,
		"only its beginning":           h.image[:firstAt],
		"bytes are missing in between": append(bytes.Clone(h.image[:firstAt]), h.image[firstAt+1:]...),
		"a record is missing":          append(bytes.Clone(h.image[:firstAt]), h.image[firstAt+overhead+10:]...),
		"something in front":           append([]byte{0}, h.image...),
		"without its first page":       h.image[4096:],
	} {
		r := newRig()
		r.machine.Disk.Put(name, image)
		if _, refused := h.open(t, what, image); !refused {
			t.Errorf("%s: accepted", what)
		}
		_, _, _ = wal.Open(r.machine.Disk, name, wal.Defects{})
		if !bytes.Equal(r.content(), image) {
			t.Errorf("%s: the file was changed", what)
		}
	}
	r := newRig()
	r.machine.Disk.Put(name+"/x", nil)
	if _, _, err := wal.Open(r.machine.Disk, name, wal.Defects{}); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a folder: %v", err)
	}
}

// What a failed sync was to write passes for written, and no later sync writes it:
// a log that is opened again must do so itself.
func TestLog_securesWhatAFailedSyncLeft(t *testing.T) {
	r := newRig()
	l := r.begin(t)
	fill(l, samples(3))
	r.machine.Disk.FailSync(host.ErrIO)
	if err := r.sync(l); !errors.Is(err, host.ErrIO) {
		t.Fatal(err)
	}
	r.machine.Disk.FailSync(nil)
	l, got := r.open(t)
	if !same(got, samples(3)) {
		t.Fatalf("got %v", got)
	}
	if err := r.secure(l); err != nil {
		t.Fatal(err)
	}
	r.machine.PowerCut()
	if _, got := r.open(t); !same(got, samples(3)) {
		t.Fatalf("after a loss of power: %v", got)
	}
}

// The same for the name of a file that was put in place.
func TestLog_securesItsName(t *testing.T) {
	r := newRig()
	l := r.begin(t)
	r.machine.Disk.FailSyncDir(host.ErrIO)
	if err := r.replace(l, samples(2)); !errors.Is(err, host.ErrIO) || !errors.Is(err, wal.ErrFailed) {
		t.Fatal(err)
	}
	l, got := r.open(t)
	if !same(got, samples(2)) {
		t.Fatalf("got %v", got)
	}
	if err := r.secure(l); !errors.Is(err, host.ErrIO) || !errors.Is(err, wal.ErrFailed) {
		t.Fatalf("secured without its name: %v", err)
	}
	r.machine.Disk.FailSyncDir(nil)
	l, _ = r.open(t)
	if err := r.secure(l); err != nil {
		t.Fatal(err)
	}
	l.Append(9, []byte("next"))
	if err := r.sync(l); err != nil {
		t.Fatal(err)
	}
	r.machine.PowerCut()
	if _, got := r.open(t); len(got) != 3 {
		t.Fatalf("after a loss of power: %v", got)
	}
}

// What is written while a Sync is under way is not covered by it.
func TestLog_sealsWhatWasSyncedOnly(t *testing.T) {
	r := newRig()
	l := r.begin(t)
	fill(l, samples(2))
	l.Sync(r.loop, func(error) {})
	l.Append(7, []byte("later"))
	if err := l.Flush(); err != nil {
		t.Fatal(err)
	}
	r.world.Run(montest.SyncTime * 2)
	b := r.content()
	r.machine.Disk.Put(name, b[:len(b)-1])
	if _, got := r.open(t); !same(got, samples(2)) {
		t.Fatalf("got %v", got)
	}
}

func TestLog_mustBegin(t *testing.T) {
	r := newRig()
	l, _ := r.open(t)
	l.Append(1, []byte("x"))
	if err := r.sync(l); !errors.Is(err, wal.ErrFailed) {
		t.Errorf("synced a log without a file: %v", err)
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
			l := r.begin(t)
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
	l := r.begin(t)
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
	l := r.begin(t)
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
	l := r.begin(t)
	l.Append(1, nil)
	l.Sync(r.loop, func(error) {})
	if err := r.sync(l); !errors.Is(err, wal.ErrBusy) {
		t.Fatalf("second sync: %v", err)
	}
}

// Whatever the file holds, it is refused as corrupt, or opened and then opened again
// with the same records.
func FuzzOpen(f *testing.F) {
	for _, sizes := range [][]int{{}, {0, 1, 2}, {3, 700, 3, 1100, 20, 600}} {
		f.Add(newHistory(f, sizes...).image)
	}
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newRig()
		r.machine.Disk.Put(name, b)
		_, first, err := wal.Open(r.machine.Disk, name, wal.Defects{})
		if err != nil {
			if !errors.Is(err, wal.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if _, second := r.open(t); !same(first, second) {
			t.Fatalf("recovery is not stable: %v then %v", first, second)
		}
	})
}

// FuzzOpen_tail puts bytes behind good records: it finds its way through checksums
// that FuzzOpen would have to guess.
func FuzzOpen_tail(f *testing.F) {
	h := newHistory(f, 10, 20, 30, 40)
	f.Add(uint16(firstAt), []byte{})
	f.Add(uint16(len(h.image)), []byte("tail"))
	f.Add(uint16(len(h.image)-3), make([]byte, 1000))
	f.Fuzz(func(t *testing.T, at uint16, tail []byte) {
		h.open(t, "tail", append(bytes.Clone(h.image[:min(int(at), len(h.image))]), tail...))
	})
}

// nullDisk takes everything and keeps nothing.
type nullDisk struct {
	host.Disk
	written int64
}

func (d *nullDisk) Open(string) (host.File, error)                  { return d, nil }
func (d *nullDisk) ReadFile(string) ([]byte, error)                 { return nil, fs.ErrNotExist }
func (d *nullDisk) List(string) ([]string, error)                   { return nil, nil }
func (d *nullDisk) Rename(string, string) error                     { return nil }
func (d *nullDisk) SyncDir(_ host.Loop, _ string, done func(error)) { done(nil) }
func (d *nullDisk) ReadAt([]byte, int64) (int, error)               { return 0, nil }
func (d *nullDisk) Truncate(int64) error                            { return nil }
func (d *nullDisk) Size() (int64, error)                            { return 0, nil }
func (d *nullDisk) Sync(_ host.Loop, done func(error))              { done(nil) }
func (d *nullDisk) Close() error                                    { return nil }
func (d *nullDisk) WriteAt(p []byte, _ int64) (int, error) {
	d.written += int64(len(p))
	return len(p), nil
}

// BenchmarkCommit is a commit of 200 bytes without the disk's own time: an entry and a
// hard state, synced.
func BenchmarkCommit(b *testing.B) {
	d := &nullDisk{}
	l, _, err := wal.Open(d, name, wal.Defects{})
	if err != nil {
		b.Fatal(err)
	}
	l.Replace(nil, nil, func(error) {})
	entry, hard := make([]byte, 200), make([]byte, 8)
	done := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	d.written = 0
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		l.Append(3, entry)
		l.Append(2, hard)
		l.Sync(nil, done)
		n++
	}
	b.ReportMetric(float64(d.written)/float64(n), "B/commit")
}
