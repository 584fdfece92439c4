package sqlitevfs

import (
	"errors"
	"io/fs"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/util/vfsutil"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wavetank/wavetank/daemons/host"
)

// fileSystem implements vfs.VFS for one connection.
type fileSystem struct {
	store *Store
	task  host.Task // that waits for the disk; nil between two calls of Do
	// unwinding is the panic by which the task was told that the process is
	// over. It must not cross SQLite, which would be left in the middle of a
	// statement: it is kept here, SQLite gets an error, and who called SQLite
	// lets it go on.
	unwinding any
	failed    error // the first error of the disk in a call of Do: SQLite forgets it
}

// wait begins something and lets the task wait until it is done.
func (f *fileSystem) wait(begin func(done func(error))) (err error) {
	if f.unwinding != nil {
		return host.ErrStopped
	}
	defer func() {
		if f.unwinding = recover(); f.unwinding != nil {
			err = host.ErrStopped
		}
	}()
	done := host.NewWait(f.task)
	begin(func(result error) {
		err = result
		done.End()
	})
	done.For("the disk")
	return err
}

func (f *fileSystem) syncDir(name string) error {
	return f.wait(func(done func(error)) { f.store.disk.SyncDir(f.store.loop, folder(name), done) })
}

// Open implements vfs.VFS. What SQLite uses for itself and deletes on closing
// stays in memory.
func (f *fileSystem) Open(name string, flags vfs.OpenFlag) (vfs.File, vfs.OpenFlag, error) {
	if name == "" || flags&vfs.OPEN_DELETEONCLOSE != 0 {
		return new(vfsutil.SliceFile), flags | vfs.OPEN_MEMORY, nil
	}
	exists, err := f.store.exists(name)
	if err != nil {
		return nil, flags, err
	}
	if exists && flags&vfs.OPEN_EXCLUSIVE != 0 || !exists && flags&vfs.OPEN_CREATE == 0 {
		return nil, flags, sqlite3.CANTOPEN
	}
	opened, err := f.store.disk.Open(name)
	if err != nil {
		return nil, flags, f.fault(err)
	}
	f.store.present[name] = true
	file := &file{File: opened, fs: f, name: name, lock: f.store.lock(name)}
	if flags&vfs.OPEN_MAIN_JOURNAL != 0 {
		return &journal{file: file}, flags, nil
	}
	return file, flags, nil
}

// Delete implements vfs.VFS.
func (f *fileSystem) Delete(name string, syncDir bool) error {
	delete(f.store.named, name)
	delete(f.store.present, name)
	switch err := f.store.disk.Remove(name); {
	case errors.Is(err, fs.ErrNotExist):
		return sqlite3.IOERR_DELETE_NOENT
	case err != nil:
		return f.fault(err)
	case syncDir:
		return f.fault(f.syncDir(name))
	}
	return nil
}

// Access implements vfs.VFS. Whatever exists can be read and written.
func (f *fileSystem) Access(name string, _ vfs.AccessFlag) (bool, error) {
	return f.store.exists(name)
}

// FullPathname implements vfs.VFS.
func (f *fileSystem) FullPathname(name string) (string, error) { return name, nil }

// fault notes an error of the disk and gives it SQLite's name, where it has one.
func (f *fileSystem) fault(err error) error {
	if err != nil && f.failed == nil {
		f.failed = err
	}
	if errors.Is(err, host.ErrNoSpace) {
		return vfs.SystemError(err, sqlite3.FULL)
	}
	return err
}
