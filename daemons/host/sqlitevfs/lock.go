package sqlitevfs

import (
	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/vfs"
)

// fileLock is SQLite's lock of one database file: many readers, one writer among
// them that waits for the others to go and lets no new ones in.
type fileLock struct {
	readers int   // files at vfs.LOCK_SHARED or above
	writer  *file // at vfs.LOCK_RESERVED or above
	closing bool  // the writer is at vfs.LOCK_PENDING or above
}

func (s *Store) lock(name string) *fileLock {
	l := s.locks[name]
	if l == nil {
		l = new(fileLock)
		s.locks[name] = l
	}
	return l
}

// raise gives f the level, or answers sqlite3.BUSY.
func (l *fileLock) raise(f *file, level vfs.LockLevel) error {
	if f.level >= level {
		return nil
	}
	if f.level == vfs.LOCK_NONE {
		if l.closing {
			return sqlite3.BUSY
		}
		l.readers++
		f.level = vfs.LOCK_SHARED
	}
	if level == vfs.LOCK_SHARED {
		return nil
	}
	if l.writer != nil && l.writer != f {
		return sqlite3.BUSY
	}
	l.writer = f
	if level == vfs.LOCK_RESERVED {
		f.level = level
		return nil
	}
	l.closing = true
	f.level = vfs.LOCK_PENDING
	if l.readers > 1 {
		return sqlite3.BUSY
	}
	f.level = level
	return nil
}

// lower takes f back to the level, vfs.LOCK_SHARED or vfs.LOCK_NONE.
func (l *fileLock) lower(f *file, level vfs.LockLevel) {
	if f.level <= level {
		return
	}
	if l.writer == f {
		l.writer, l.closing = nil, false
	}
	if level == vfs.LOCK_NONE {
		l.readers--
	}
	f.level = level
}
