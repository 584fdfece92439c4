// Package wal is an append-only file of checksummed records: what a monitor must
// not forget, in the order in which it learned it.
//
// A record is appended to memory, written by the next [Log.Flush] or [Log.Sync],
// and safe once that Sync's callback has run without error. A log that has grown
// too long is written anew by [Log.Replace], which swaps the whole content in one
// step; so a log also begins. Only daemons/mon uses the package; it knows nothing
// about quorums.
//
//	log, records, err := wal.Open(h.Disk(), "mon/log", wal.Defects{})
//	if log.New() {
//		log.Replace(loop, first, ready) // there was no such file
//	} else {
//		...                             // rebuild the state from records
//		log.Secure(loop, ready)
//	}
//	log.Append(kindEntry, data)
//	log.Sync(loop, func(err error) { ... }) // err == nil: the record is durable
//
// # Format
//
// Version 2. Numbers are little-endian, checksums CRC-32 (Castagnoli).
//
//	0     seal                    each seal has a page of 4096 bytes to itself,
//	4096  seal                    the rest of which is zeros
//	8192  records, one after another
//
//	seal    "wavetlog", u32 version, u64 number, u64 size, u32 chain, u32 checksum
//	record  u8 kind, u32 length of the data, u32 header checksum, u32 checksum, the data, a5
//
// A record's checksums continue from the record before, the header's covers kind and
// length, the other one the data too. That chain keeps a record of an earlier life
// from coming back: after a crash has cut the log, bytes behind the cut may survive
// on the disk, and would otherwise be taken for current ones as soon as a new record
// ends exactly where they begin.
//
// A seal states that the first size bytes of the file were synced, and that chain is
// the checksum of the last record in them. After each Sync one is written, to the two
// places in turn, and goes to the disk with what comes next: it costs a small write
// and no sync. The one with the higher number counts.
//
// # Torn or rotten
//
// A crash in the middle of a write leaves a torn tail: bytes that no sync has ever
// covered. Open cuts it off. Anything else is damage, and a monitor that came up with
// a part of its past would break promises; so Open refuses the file with ErrCorrupt,
// place and reason. What tells the two apart:
//
//   - What a seal covers was synced. Whatever is wrong or missing there is damage.
//   - Behind it, a disk writes sectors whole (see [host.Disk]), and before the write
//     there was nothing: what was cut off once does not come back, also not by a sync
//     that fails, for file systems keep a journal of sizes. So a torn record lacks its
//     end, for the file is too short, or one of its sectors is still empty: zeros. A
//     record that is all there and does not match its checksum was written and has
//     changed since. That is damage.
//
// What remains: after a loss of power the newest seal may be missing, so what the very
// last Sync covered is not proved to have been synced, and if the disk has dropped
// whole sectors of that, or the file was cut off there, it looks torn. The same goes
// for a changed bit there in a record that has a sector of nothing but zeros. If the
// newer seal has rotted, it is the last two Syncs. A file that is removed is a new log.
package wal

import (
	"errors"
	"fmt"
	"path"

	"github.com/wavetank/wavetank/daemons/host"
)

// Kind says what a record's data is. It belongs to the caller; 0 is not used.
type Kind uint8

// Record is one entry of the log.
type Record struct {
	// Kind is the caller's, 1 to 255.
	Kind Kind
	// Data is the content, possibly empty. Records returned by Open share one
	// buffer that is theirs alone.
	Data []byte
}

// Errors of this package (wrapped, so test with errors.Is).
var (
	// ErrFailed is wrapped by every error after the first write or sync that failed:
	// from then on nobody knows what the file holds, so the log refuses to work.
	ErrFailed = errors.New("write-ahead log has failed")
	// ErrBusy is answered by a Sync, Secure or Replace that is asked for while
	// another one is under way.
	ErrBusy = errors.New("write-ahead log is busy")
	// ErrCorrupt: the file is not a log, or not as it was synced.
	ErrCorrupt = errors.New("corrupt log")
)

// Log is an open log. It belongs to one loop.
type Log struct {
	disk host.Disk
	name string
	file host.File // nil as long as the log is new

	end     mark   // of the records in the file, and of those in buf
	buf     []byte // appended, not yet written
	seal    seal   // the newest
	ink     []byte // what it was written from
	tail    []byte // what Open found behind the seal, until it is secure
	torn    int64  // bytes that Open has cut off
	defects Defects
	busy    bool  // a Sync, Secure or Replace is under way
	err     error // sticky

	syncing mark // what the Sync under way covers
	done    func(error)
	synced  func(error) // bound once: a Sync allocates nothing
}

// mark is a place in the file where a record ends.
type mark struct {
	size  int64  // bytes up to there
	chain uint32 // checksum of that record, where the next one continues
}

func newLog(disk host.Disk, name string) *Log {
	l := &Log{disk: disk, name: name}
	l.synced = l.syncDone
	return l
}

// New reports whether there is no file yet. Then Replace must come first.
func (l *Log) New() bool { return l.file == nil }

// Torn is how many bytes at the end of the file Open has cut off, at the offset
// that was Size then.
func (l *Log) Torn() int64 { return l.torn }

// Append adds a record in memory. It copies data, which must be shorter than
// 4 GiB. kind must not be 0.
func (l *Log) Append(kind Kind, data []byte) {
	l.buf, l.end.chain = appendRecord(l.buf, l.end.chain, kind, data)
}

// Flush hands everything appended to the file system. A process that ends loses
// nothing of it; a machine that crashes may. Errors wrap ErrFailed.
func (l *Log) Flush() error {
	if l.err != nil {
		return l.err
	}
	if len(l.buf) == 0 {
		return nil
	}
	if l.file == nil {
		return l.fail("write", errors.New("it was never begun"))
	}
	if _, err := l.file.WriteAt(l.buf, l.end.size); err != nil {
		return l.fail("write", err)
	}
	l.end.size += int64(len(l.buf))
	l.buf = l.buf[:0]
	return nil
}

// Sync makes everything appended durable and then runs done on loop, never
// before Sync has returned. One Sync at a time: a second one is answered with
// ErrBusy. Other errors wrap ErrFailed and are final.
func (l *Log) Sync(loop host.Loop, done func(error)) {
	if l.busy {
		loop.Post(func() { done(ErrBusy) })
		return
	}
	err := l.Flush()
	if err == nil && l.file == nil {
		err = l.fail("sync", errors.New("it was never begun"))
	}
	if err != nil {
		loop.Post(func() { done(err) })
		return
	}
	l.busy, l.done, l.syncing = true, done, l.end
	l.file.Sync(loop, l.synced)
}

func (l *Log) syncDone(err error) {
	l.busy = false
	if err != nil {
		err = l.fail("sync", err)
	} else {
		err = l.putSeal()
	}
	l.done(err)
}

// putSeal states that the last Sync is done. The next one makes that durable.
func (l *Log) putSeal() error {
	l.seal = seal{number: l.seal.number + 1, mark: l.syncing}
	l.ink = l.seal.append(l.ink[:0])
	if _, err := l.file.WriteAt(l.ink, l.seal.offset()); err != nil {
		return l.fail("seal", err)
	}
	return nil
}

// Secure makes durable what Open has found, before anybody acts on it: a process may
// have ended between writing and syncing, or between putting a new file in place and
// syncing its name. What no seal covers is written again. For after a sync that failed
// the system may take for written what is not on the disk, and then no later sync
// writes it. Answers as Sync does.
func (l *Log) Secure(loop host.Loop, done func(error)) {
	if l.defects.TrustCache {
		l.Sync(loop, done)
		return
	}
	if !l.busy && l.err == nil && len(l.tail) > 0 {
		if _, err := l.file.WriteAt(l.tail, l.seal.size); err != nil {
			_ = l.fail("write", err) // what Sync answers
		}
	}
	l.tail = nil
	l.Sync(loop, func(err error) {
		if err != nil {
			done(err)
			return
		}
		l.busy = true
		l.disk.SyncDir(loop, l.folder(), func(err error) {
			l.busy = false
			if err != nil {
				err = l.fail("sync the folder of", err)
			}
			done(err)
		})
	})
}

// folder is where the file is, as host.Disk names it.
func (l *Log) folder() string {
	if dir := path.Dir(l.name); dir != "." {
		return dir
	}
	return ""
}

// Size is the length of the file in bytes once everything appended is written.
func (l *Log) Size() int64 { return l.end.size + int64(len(l.buf)) }

// Err is the failure that ended the log, or nil.
func (l *Log) Err() error { return l.err }

func (l *Log) fail(what string, err error) error {
	l.err = fmt.Errorf("%s log %s: %w: %w", what, l.name, ErrFailed, err)
	return l.err
}

// Close releases the file and makes nothing durable.
func (l *Log) Close() error {
	if l.err == nil {
		l.err = fmt.Errorf("log %s: %w: %w", l.name, ErrFailed, host.ErrClosed)
	}
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}
