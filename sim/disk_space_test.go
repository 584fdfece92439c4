package sim

import (
	"errors"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
)

func TestSetDiskCapacity_fullDisk(t *testing.T) {
	d := newSimulatedDisk(1)
	defer d.Close()
	d.h.SetDiskCapacity(3 * blockSize)
	f := d.open(t, "f")
	n, err := f.WriteAt(make([]byte, 4*blockSize), 100)
	if want := 3*blockSize - 100; n != want || !errors.Is(err, host.ErrNoSpace) {
		t.Fatalf("WriteAt = %d, %v; want %d that fit, and ErrNoSpace", n, err, want)
	}
	if size, _ := f.Size(); size != 3*blockSize || d.h.DiskUsed() != 3*blockSize {
		t.Errorf("size %d, used %d", size, d.h.DiskUsed())
	}
	if n, err := f.WriteAt([]byte("x"), 3*blockSize); n != 0 || !errors.Is(err, host.ErrNoSpace) {
		t.Errorf("one byte more: %d, %v", n, err)
	}
	d.write(t, f, 0, "over what has space") // must work
	if err := f.Truncate(100 * blockSize); err != nil {
		t.Errorf("a hole takes no space, yet %v", err)
	}
	g := d.open(t, "an empty file takes no space")
	if n, err := g.WriteAt([]byte("x"), 0); n != 0 || !errors.Is(err, host.ErrNoSpace) {
		t.Errorf("another file: %d, %v", n, err)
	}
	if got := d.h.DiskCounts().NoSpace; got != 3 {
		t.Errorf("counted %d", got)
	}
	d.mustSync(t, f)
	d.h.SetDiskCapacity(0)
	d.write(t, g, 0, "x")
}

func TestSetDiskCapacity_givesSpaceBack(t *testing.T) {
	const block = blockSize
	for _, tt := range []struct {
		name string
		do   func(*testing.T, *simulatedDisk, host.File)
		want int64 // blocks in use, of 3
	}{
		{"nothing done", func(*testing.T, *simulatedDisk, host.File) {}, 3},
		{"truncated", func(_ *testing.T, _ *simulatedDisk, f host.File) { f.Truncate(block + 1) }, 2},
		{"truncated and grown", func(_ *testing.T, _ *simulatedDisk, f host.File) { f.Truncate(0); f.Truncate(3 * block) }, 0},
		{"removed while open", func(_ *testing.T, d *simulatedDisk, _ host.File) { d.disk().Remove("f") }, 3},
		{"removed and closed", func(_ *testing.T, d *simulatedDisk, f host.File) { d.disk().Remove("f"); f.Close() }, 0},
		{"closed and removed", func(_ *testing.T, d *simulatedDisk, f host.File) { f.Close(); d.disk().Remove("f") }, 0},
		{"one of two openings closed", func(t *testing.T, d *simulatedDisk, f host.File) {
			d.open(t, "f")
			d.disk().Remove("f")
			f.Close()
		}, 3},
		{"removed, and the process has ended", func(_ *testing.T, d *simulatedDisk, _ host.File) {
			d.disk().Remove("f")
			d.restart()
		}, 0},
		{"replaced while open", func(t *testing.T, d *simulatedDisk, _ host.File) {
			d.write(t, d.open(t, "g"), 0, "x")
			d.disk().Rename("g", "f")
		}, 4},
		{"replaced and closed", func(t *testing.T, d *simulatedDisk, f host.File) {
			d.write(t, d.open(t, "g"), 0, "x")
			d.disk().Rename("g", "f")
			f.Close()
		}, 1},
		{"after a loss of power", func(_ *testing.T, d *simulatedDisk, f host.File) {
			f.Truncate(block)
			d.wait(f.Sync)
			d.powerCycle()
		}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newSimulatedDisk(1)
			defer d.Close()
			tt.do(t, d, d.file(t, "f", strings.Repeat("x", 3*block)))
			if got := d.h.DiskUsed(); got != tt.want*block {
				t.Errorf("%d bytes are in use, want %d blocks", got, tt.want)
			}
		})
	}
}
