package host

import "errors"

// Errors of disks (wrapped, so test with errors.Is). On the real machine they
// come with those of package syscall.
var (
	// ErrIO: the disk could not do it, and may have done part of it.
	ErrIO = errors.New("input/output error")
	// ErrNoSpace: the disk is full. What was written before is as it was.
	ErrNoSpace = errors.New("no space left on device")
)

// Disk is the machine's file system, as far as a careful daemon needs one. Names
// are slash-separated relative paths without "." or ".." elements, each element
// at most 255 bytes. Folders come into being with their files and go with the
// last of them; a name cannot be a file's and a folder's at once.
//
// What a crash does: the content of a file is safe up to the last File.Sync that
// completed without error; a file's creation, removal or renaming is safe once a
// later [Disk.SyncDir] of its folder has completed. Everything else may be kept,
// lost, or (a written range) kept in part, at the granularity of a sector of 512
// bytes, and in another order than it was done: a later write may be there and
// an earlier one not, in one file or in two. Only this much is certain: bytes
// that were not written again are as they were; a sector shows one of the
// contents it has had since the last sync; each change of a name is whole or not
// at all. The end of a process loses nothing: only the end of the machine does.
//
// Errors satisfy errors.Is with those of io/fs (fs.ErrNotExist, fs.ErrInvalid),
// and with ErrIO and ErrNoSpace. Any method but File.Close may fail with ErrIO.
type Disk interface {
	// Open opens the named file for reading and writing, and creates it empty if
	// it does not exist. Error: fs.ErrExist if a folder has the name, or a file
	// the name of one of its folders.
	Open(name string) (File, error)
	// ReadFile reads a whole file. Error: fs.ErrNotExist.
	ReadFile(name string) ([]byte, error)
	// Rename gives a file another name and replaces what had it, in one step:
	// after a crash the new name shows either the old or the new content. Errors:
	// fs.ErrNotExist, and fs.ErrExist as for Open.
	Rename(oldname, newname string) error
	// Remove removes a file. Whoever has it open can go on with it. Error:
	// fs.ErrNotExist.
	Remove(name string) error
	// List names the files whose names begin with the folder dir and a slash
	// (every file if dir is empty), in ascending order.
	List(dir string) ([]string, error)
	// SyncDir makes the creations, removals and renamings done so far in folder
	// dir ("" is the root) durable, and then runs done on loop, with the error if
	// that failed. A renaming from one folder to another is in both.
	SyncDir(loop Loop, dir string, done func(error))
}

// File is an open file. Its methods are called from one loop at a time.
type File interface {
	// ReadAt and WriteAt do what those of os.File do: they see all earlier
	// writes of the process, and writing past the end extends the file. The
	// caller owns p when they return. WriteAt makes nothing durable. A negative
	// offset is fs.ErrInvalid.
	//
	// A WriteAt that fails may have written a part, and says how much it knows
	// of. ErrNoSpace: what fits was written; bytes that had space before can
	// still be written again.
	ReadAt(p []byte, off int64) (int, error)
	WriteAt(p []byte, off int64) (int, error)
	// Truncate sets the size. What it adds reads as zeros and takes no space
	// until it is written. A negative size is fs.ErrInvalid.
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
