package oshost

import (
	"fmt"
	"io/fs"
	"os"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
)

// file implements host.File.
type file struct {
	host *Host
	f    *os.File

	mu     sync.Mutex
	syncs  int  // under way: the descriptor stays open for them
	closed bool // by Close, or by the end of the process
}

func newFile(h *Host, f *os.File) (host.File, error) {
	opened := &file{host: h, f: f}
	if !h.adopt(opened) {
		f.Close()
		return nil, opened.gone(host.ErrStopped)
	}
	return opened, nil
}

func (f *file) gone(err error) error {
	return fmt.Errorf("%s: file %s: %w", f.host.Name(), f.f.Name(), err)
}

// check is why nothing can be done with the file any more, or nil.
func (f *file) check() error {
	if f.host.over.Load() {
		return f.gone(host.ErrStopped)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.gone(host.ErrClosed)
	}
	return nil
}

func (f *file) badOffset(doing string, off int64) error {
	return &fs.PathError{Op: doing, Path: f.f.Name(), Err: fmt.Errorf("offset %d: %w", off, fs.ErrInvalid)}
}

// ReadAt implements host.File.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, f.badOffset("read", off)
	}
	n, err := f.f.ReadAt(p, off)
	return n, diskError(err)
}

// WriteAt implements host.File.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	if off < 0 {
		return 0, f.badOffset("write", off)
	}
	n, err := f.f.WriteAt(p, off)
	return n, diskError(err)
}

// Truncate implements host.File.
func (f *file) Truncate(size int64) error {
	if err := f.check(); err != nil {
		return err
	}
	return diskError(f.f.Truncate(size))
}

// Size implements host.File.
func (f *file) Size() (int64, error) {
	if err := f.check(); err != nil {
		return 0, err
	}
	info, err := f.f.Stat()
	if err != nil {
		return 0, diskError(err)
	}
	return info.Size(), nil
}

// Sync implements host.File.
func (f *file) Sync(loop host.Loop, done func(error)) {
	if err := f.beginSync(); err != nil {
		loop.Post(func() { done(err) })
		return
	}
	spawned := f.host.spawn(func() {
		err := diskError(f.f.Sync())
		f.endSync()
		loop.Post(func() { done(err) })
	})
	if !spawned {
		f.endSync()
	}
}

func (f *file) beginSync() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return f.gone(host.ErrClosed)
	}
	f.syncs++
	return nil
}

func (f *file) endSync() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.syncs--
	if f.closed && f.syncs == 0 {
		f.f.Close()
	}
}

// Close implements host.File.
func (f *file) Close() error {
	if err := f.check(); err != nil {
		return err
	}
	f.host.release(f)
	return f.shut()
}

// die implements resource.
func (f *file) die() { f.shut() }

// shut closes the descriptor, now or when the last Sync is through.
func (f *file) shut() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil
	}
	f.closed = true
	if f.syncs > 0 {
		return nil
	}
	return f.f.Close()
}
