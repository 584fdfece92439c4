package host

// Disk is the machine's file system, as far as a careful daemon needs one. Names
// are slash-separated relative paths without "." or ".." elements; folders come
// into being with their files.
//
// What a crash does: the content of a file is safe up to the last File.Sync that
// completed without error; a file's creation, removal or renaming is safe once a
// later [Disk.SyncDir] of its folder has completed. Everything else may be kept,
// lost, or (a written range) kept in part, at the granularity of a sector of 512
// bytes. The end of a process loses nothing: only the end of the machine does.
//
// Errors satisfy errors.Is with those of io/fs (fs.ErrNotExist, fs.ErrInvalid)
// and of package syscall (ENOSPC, EIO) where they apply.
type Disk interface {
	// Open opens the named file for reading and writing, and creates it empty if
	// it does not exist.
	Open(name string) (File, error)
	// ReadFile reads a whole file. Error: fs.ErrNotExist.
	ReadFile(name string) ([]byte, error)
	// Rename gives a file another name and replaces what had it, in one step:
	// after a crash the new name shows either the old or the new content.
	Rename(oldname, newname string) error
	// Remove removes a file. Error: fs.ErrNotExist.
	Remove(name string) error
	// List names the files whose names begin with the folder dir and a slash
	// (every file if dir is empty), in ascending order.
	List(dir string) ([]string, error)
	// SyncDir makes the creations, removals and renamings done so far in folder
	// dir ("" is the root) durable, and then runs done on loop.
	SyncDir(loop Loop, dir string, done func(error))
}

// File is an open file. Its methods are called from one loop at a time.
type File interface {
	// ReadAt and WriteAt do what those of os.File do: they see all earlier
	// writes of the process, and writing past the end extends the file. The
	// caller owns p when they return. WriteAt makes nothing durable.
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	// Truncate sets the size.
	Truncate(size int64) error
	// Size is the current size in bytes.
	Size() (int64, error)
	// Sync makes everything written so far durable and then runs done on loop,
	// with the error if that failed. After a failed Sync nothing written since
	// the last good one can be counted on, whatever a later Sync says: a daemon
	// must stop trusting the file.
	Sync(loop Loop, done func(error))
	// Close releases the file. It makes nothing durable. Syncs under way
	// complete.
	Close() error
}
