package sim

import (
	"fmt"
	"io"
	"io/fs"

	"github.com/wavetank/wavetank/daemons/host"
)

// file implements host.File.
type file struct {
	proc   *Process
	disk   *disk
	node   *inode
	name   string
	closed bool
}

// maxFileSize bounds a simulated file, so that a wild offset is an error and not
// an allocation.
const maxFileSize = 1 << 30

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check("read", off, 0); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	f.disk.reading()
	if err := f.disk.readFault(f.name); err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.current)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.current[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// WriteAt writes less than it was given if the disk fails or is full.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.check("write", off, len(p)); err != nil {
		return 0, err
	}
	if len(p) == 0 {
		return 0, nil
	}
	f.disk.writing()
	f.proc.sawDisk("write", f.name, off, p)
	n, err := f.disk.writable(f.node, f.name, off, len(p))
	if n > 0 {
		f.node.apply(write{off: off, data: f.node.keep(p[:n])})
	}
	return n, err
}

func (f *file) Truncate(size int64) error {
	if err := f.check("truncate", size, 0); err != nil {
		return err
	}
	f.disk.writing()
	f.proc.sawDisk("truncate", f.name, size, nil)
	if err := f.disk.writeFault("truncate", f.name); err != nil {
		return err
	}
	f.node.apply(write{off: size, truncate: true})
	return nil
}

func (f *file) Size() (int64, error) {
	if err := f.check("size", 0, 0); err != nil {
		return 0, err
	}
	return int64(len(f.node.current)), nil
}

func (f *file) Sync(l host.Loop, done func(error)) {
	if err := f.check("sync", 0, 0); err != nil {
		l.Post(func() { done(err) })
		return
	}
	f.disk.syncFile(l, f.name, f.node, done)
}

func (f *file) Close() error {
	if err := f.check("close", 0, 0); err != nil {
		return err
	}
	f.closed = true
	f.node.closed(f)
	return nil
}

func (f *file) check(op string, off int64, n int) error {
	switch {
	case f.proc.ended:
		return &fs.PathError{Op: op, Path: f.name, Err: host.ErrStopped}
	case f.closed:
		return &fs.PathError{Op: op, Path: f.name, Err: host.ErrClosed}
	case off < 0 || off > maxFileSize-int64(n):
		return &fs.PathError{Op: op, Path: f.name, Err: fmt.Errorf("offset %d: %w", off, fs.ErrInvalid)}
	}
	return nil
}
