package montest

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"sort"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// SyncTime is how long a Sync takes.
const SyncTime = time.Millisecond

// Disk is a file system in memory. A power cut takes every file and every name back
// to what was synced. What a sync has failed to write passes for written.
type Disk struct {
	world *World
	files map[string]*diskFile
	names map[string]*diskFile // those that a power cut leaves
	fault *fault
	cuts  int // power cuts so far: a Sync under way across one has no effect
}

type fault struct {
	write, sync, dir error
	lies             bool
}

type diskFile struct {
	data, safe []byte
	dirty      []bool // by byte of data: to be written by the next sync
}

// harden makes the dirty bytes of a file's content safe.
func (f *diskFile) harden(data []byte, dirty []bool) {
	f.safe = append(f.safe, make([]byte, max(len(data)-len(f.safe), 0))...)[:len(data)]
	for i := range data {
		if dirty[i] {
			f.safe[i] = data[i]
		}
	}
}

var _ host.Disk = (*Disk)(nil)

// FailSync makes every later Sync fail with err (nil ends that).
func (d *Disk) FailSync(err error) { d.faults().sync = err }

// Lie makes every later Sync report a success that is none, until it is called with
// false.
func (d *Disk) Lie(lies bool) { d.faults().lies = lies }

// FailWrite makes every later WriteAt fail with err (nil ends that).
func (d *Disk) FailWrite(err error) { d.faults().write = err }

// FailSyncDir makes every later SyncDir fail with err (nil ends that).
func (d *Disk) FailSyncDir(err error) { d.faults().dir = err }

func (d *Disk) faults() *fault {
	if d.fault == nil {
		d.fault = &fault{}
	}
	return d.fault
}

// Put sets a file's content, durably.
func (d *Disk) Put(name string, data []byte) {
	b := append([]byte(nil), data...)
	d.files[name] = &diskFile{data: b, safe: append([]byte(nil), b...), dirty: make([]bool, len(b))}
	d.names[name] = d.files[name]
}

func (d *Disk) crash() {
	d.cuts++
	d.files = maps.Clone(d.names)
	for _, f := range d.files {
		f.data, f.dirty = append([]byte(nil), f.safe...), make([]bool, len(f.safe))
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
func (d *Disk) SyncDir(l host.Loop, dir string, done func(error)) {
	if flt := d.fault; flt != nil && flt.dir != nil {
		d.later(l, flt.dir, done)
		return
	}
	now, cuts := maps.Clone(d.files), d.cuts
	d.world.push(SyncTime, func() {
		if d.cuts == cuts {
			d.hardenNames(dir, now)
		}
		l.Post(func() { done(nil) })
	})
}

// hardenNames makes the names in a folder durable as they were.
func (d *Disk) hardenNames(dir string, were map[string]*diskFile) {
	in := func(name string, _ *diskFile) bool { return path.Dir(name) == path.Clean(dir) }
	maps.DeleteFunc(d.names, in)
	for name, f := range were {
		if in(name, f) {
			d.names[name] = f
		}
	}
}

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
		f.f.resize(need)
	}
	for i := range p {
		f.f.dirty[int(off)+i] = true
	}
	return copy(f.f.data[off:], p), nil
}

func (f *file) Truncate(size int64) error {
	f.f.resize(int(size))
	return nil
}

// resize cuts the content off or adds zeros.
func (f *diskFile) resize(size int) {
	n := min(size, len(f.data))
	f.data = append(append([]byte(nil), f.data[:n]...), make([]byte, size-n)...)
	f.dirty = append(append([]bool(nil), f.dirty[:n]...), make([]bool, size-n)...)
	for i := n; i < size; i++ {
		f.dirty[i] = true
	}
}

func (f *file) Size() (int64, error) { return int64(len(f.f.data)), nil }
func (f *file) Close() error         { return nil }

func (f *file) Sync(l host.Loop, done func(error)) {
	if flt := f.disk.fault; flt != nil && flt.lies {
		f.disk.later(l, nil, done)
		return
	}
	dirty := f.f.dirty
	f.f.dirty = make([]bool, len(dirty))
	if flt := f.disk.fault; flt != nil && flt.sync != nil {
		f.disk.later(l, flt.sync, done)
		return
	}
	snap, cuts := append([]byte(nil), f.f.data...), f.disk.cuts
	f.disk.world.push(SyncTime, func() {
		if f.disk.cuts == cuts {
			f.f.harden(snap, dirty)
		}
		l.Post(func() { done(nil) })
	})
}
