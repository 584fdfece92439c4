package sqlitevfs

import (
	"errors"
	"io"

	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wavetank/wavetank/daemons/host"
)

// file implements vfs.File on a host.File.
type file struct {
	host.File
	fs    *fileSystem
	name  string
	lock  *fileLock
	level vfs.LockLevel
}

// ReadAt implements vfs.File.
func (f *file) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.File.ReadAt(p, off)
	if errors.Is(err, io.EOF) {
		return n, io.EOF // SQLite's side compares
	}
	return n, f.fs.fault(err)
}

// WriteAt implements vfs.File.
func (f *file) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	return n, f.fs.fault(err)
}

// Truncate implements vfs.File.
func (f *file) Truncate(size int64) error { return f.fs.fault(f.File.Truncate(size)) }

// Sync implements vfs.File. The first time that this process syncs a file it syncs the
// name too, even of one that was there: whoever made it may have died before. SQLite's own
// file system for Unix does so each time that a journal is opened.
func (f *file) Sync(vfs.SyncFlag) error {
	err := f.fs.wait(func(done func(error)) { f.File.Sync(f.fs.store.loop, done) })
	if err != nil || f.fs.store.named[f.name] {
		return f.fs.fault(err)
	}
	if err := f.fs.syncDir(f.name); err != nil {
		return f.fs.fault(err)
	}
	f.fs.store.named[f.name] = true
	return nil
}

// Close implements vfs.File.
func (f *file) Close() error {
	f.Unlock(vfs.LOCK_NONE)
	return f.File.Close()
}

// SectorSize implements vfs.File: what a crash tears at.
func (f *file) SectorSize() int { return 512 }

// DeviceCharacteristics implements vfs.File: bytes next to a write stay as they
// are, whatever happens; nothing else is promised.
func (f *file) DeviceCharacteristics() vfs.DeviceCharacteristic {
	return vfs.IOCAP_POWERSAFE_OVERWRITE
}

// Lock implements vfs.File.
func (f *file) Lock(level vfs.LockLevel) error { return f.lock.raise(f, level) }

// Unlock implements vfs.File.
func (f *file) Unlock(level vfs.LockLevel) error {
	f.lock.lower(f, level)
	return nil
}

// CheckReservedLock implements vfs.File.
func (f *file) CheckReservedLock() (bool, error) { return f.lock.writer != nil, nil }
