package montest

import (
	"fmt"
	"io"
	"io/fs"
	"sort"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// SyncTime is how long a Sync takes.
const SyncTime = time.Millisecond

// Disk is a file system in memory. A power cut takes every file back to what was
// synced; names are always durable.
type Disk struct {
	world *World
	files map[string]*diskFile
	fault *fault
	cuts  int // power cuts so far: a Sync under way across one has no effect
}

type fault struct{ write, sync error }

type diskFile struct{ data, safe []byte }

var _ host.Disk = (*Disk)(nil)

// FailSync makes every later Sync fail with err (nil ends that).
func (d *Disk) FailSync(err error) { d.faults().sync = err }

// FailWrite makes every later WriteAt fail with err (nil ends that).
func (d *Disk) FailWrite(err error) { d.faults().write = err }

func (d *Disk) faults() *fault {
	if d.fault == nil {
		d.fault = &fault{}
	}
	return d.fault
}

// Put sets a file's content, durably.
func (d *Disk) Put(name string, data []byte) {
	b := append([]byte(nil), data...)
	d.files[name] = &diskFile{data: b, safe: append([]byte(nil), b...)}
}

func (d *Disk) crash() {
	d.cuts++
	for _, f := range d.files {
		f.data = append([]byte(nil), f.safe...)
	}
}

// Open implements host.Disk.
func (d *Disk) Open(name string) (host.File, error) {
	if !fs.ValidPath(name) {
		return nil, fmt.Errorf("open %q: %w", name, fs.ErrInvalid)
	}
	f := d.files[name]
	if f == nil {
		f = &diskFile{}
		d.files[name] = f
	}
	return &file{disk: d, f: f}, nil
}

// ReadFile implements host.Disk.
func (d *Disk) ReadFile(name string) ([]byte, error) {
	f := d.files[name]
	if f == nil {
		return nil, fs.ErrNotExist
	}
	return append([]byte(nil), f.data...), nil
}

// Rename implements host.Disk.
func (d *Disk) Rename(from, to string) error {
	f := d.files[from]
	if f == nil {
		return fs.ErrNotExist
	}
	delete(d.files, from)
	d.files[to] = f
	return nil
}

// Remove implements host.Disk.
func (d *Disk) Remove(name string) error {
	if d.files[name] == nil {
		return fs.ErrNotExist
	}
	delete(d.files, name)
	return nil
}

// List implements host.Disk.
func (d *Disk) List(dir string) ([]string, error) {
	var names []string
	for n := range d.files {
		if dir == "" || strings.HasPrefix(n, dir+"/") {
			names = append(names, n)
		}
	}
	sort.Strings(names)
	return names, nil
}

// SyncDir implements host.Disk.
func (d *Disk) SyncDir(l host.Loop, _ string, done func(error)) { d.later(l, nil, done) }

func (d *Disk) later(l host.Loop, err error, done func(error)) {
	d.world.push(SyncTime, func() { l.Post(func() { done(err) }) })
}

type file struct {
	disk *Disk
	f    *diskFile
}

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if off >= int64(len(f.f.data)) {
		return 0, io.EOF
	}
	n := copy(p, f.f.data[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if flt := f.disk.fault; flt != nil && flt.write != nil {
		return 0, flt.write
	}
	if need := int(off) + len(p); need > len(f.f.data) {
		f.f.data = append(f.f.data, make([]byte, need-len(f.f.data))...)
	}
	return copy(f.f.data[off:], p), nil
}

func (f *file) Truncate(size int64) error {
	n := min(int(size), len(f.f.data))
	f.f.data = append(append([]byte(nil), f.f.data[:n]...), make([]byte, int(size)-n)...)
	return nil
}

func (f *file) Size() (int64, error) { return int64(len(f.f.data)), nil }
func (f *file) Close() error         { return nil }

func (f *file) Sync(l host.Loop, done func(error)) {
	if flt := f.disk.fault; flt != nil && flt.sync != nil {
		f.disk.later(l, flt.sync, done)
		return
	}
	snap, cuts := append([]byte(nil), f.f.data...), f.disk.cuts
	f.disk.world.push(SyncTime, func() {
		if f.disk.cuts == cuts {
			f.f.safe = snap
		}
		l.Post(func() { done(nil) })
	})
}
