package sim

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// TestHash_withoutDiskFaults holds the hash that this run had before disk faults
// existed. Whoever changes what a disk does in a run without faults changes
// everybody's recorded runs, and has to say so here.
func TestHash_withoutDiskFaults(t *testing.T) {
	s := New(Config{Seed: 7})
	defer s.Close()
	for _, name := range []string{"a", "b"} {
		s.AddHost(name).Start(func(p host.Host) {
			p.NewLoop("main").Go("writer", func(task host.Task) { keepWriting(p, task) })
		})
	}
	s.Run(time.Minute)
	const want = 0xa78a730c4cdc6cba
	if got := s.Hash(); got != want {
		t.Errorf("hash %#x after %d steps, want %#x", got, s.Steps(), uint64(want))
	}
}

// keepWriting writes a file, puts it in the place of the last one, and so on.
func keepWriting(p host.Host, task host.Task) {
	l, d := p.NewLoop("syncs"), p.Disk()
	for i := byte(0); ; i++ {
		f, err := d.Open("store/next")
		if err != nil {
			panic(err)
		}
		f.WriteAt([]byte{i, i}, int64(i))
		f.Sync(l, func(error) {
			d.Rename("store/next", "store/current")
			d.SyncDir(l, "store", func(error) { f.Close() })
		})
		task.Sleep(time.Duration(p.Rand("pause").IntN(int(100 * time.Millisecond))))
	}
}
