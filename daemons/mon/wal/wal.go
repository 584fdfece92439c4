// Package wal is an append-only file of checksummed records: what a monitor must
// not forget, in the order in which it learned it.
//
// A record is appended to memory, written by the next [Log.Flush] or [Log.Sync],
// and safe once that Sync's callback has run without error. A log that has grown
// too long is written anew by [Log.Replace], which swaps the whole content in one
// step. Only daemons/mon uses the package; it knows nothing about quorums.
//
//	log, records, err := wal.Open(h.Disk(), "mon/log")
//	...                                   // rebuild the state from records
//	log.Append(kindEntry, data)
//	log.Sync(loop, func(err error) { ... }) // err == nil: the record is durable
//
// # Format
//
// A record is u32 length of the data, u32 checksum, u8 kind, the data; numbers
// are little-endian. The checksum (CRC-32, Castagnoli) covers length, kind and
// data and continues from the checksum of the record before. That chain is
// what keeps a record of an earlier life from coming back: after a crash has cut
// the log, bytes behind the cut may survive on the disk, and would otherwise be
// taken for current ones as soon as a new record ends exactly where they begin.
//
// The first record that is cut short or does not match its checksum ends the
// log. It is what a crash in the middle of a write leaves behind, so nothing
// from there on was ever acknowledged, and the file is truncated there.
package wal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"path"

	"github.com/wavetank/wavetank/daemons/host"
)

// Kind says what a record's data is. It belongs to the caller; 0 is not used, so
// that a run of zero bytes is never a record.
type Kind uint8

// Record is one entry of the log.
type Record struct {
	// Kind is the caller's, 1 to 255.
	Kind Kind
	// Data is the content, possibly empty. Records returned by Open share one
	// buffer that is theirs alone.
	Data []byte
}

// ErrFailed is wrapped by every error after the first write or sync that failed:
// from then on nobody knows what the file holds, so the log refuses to work.
var ErrFailed = errors.New("write-ahead log has failed")

// ErrBusy is answered by a Sync or Replace that is asked for while another one
// is under way.
var ErrBusy = errors.New("write-ahead log is busy")

const headerLen = 9 // length, checksum, kind

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Log is an open log. It belongs to one loop.
type Log struct {
	disk host.Disk
	name string
	file host.File

	size int64  // bytes in the file that are records
	crc  uint32 // checksum of the last record, where the next one continues
	buf  []byte // appended, not yet written
	busy bool   // a Sync or Replace is under way
	err  error  // sticky

	done   func(error) // of the Sync under way
	synced func(error) // bound once: a Sync allocates nothing
}

// Open opens or creates the log of that name and returns its records, oldest
// first. A torn tail is cut off. The records may not be durable yet (a process
// can end between writing and syncing): call Sync before acting on them.
func Open(disk host.Disk, name string) (*Log, []Record, error) {
	file, err := disk.Open(name)
	if err != nil {
		return nil, nil, fmt.Errorf("open log %s: %w", name, err)
	}
	l := newLog(disk, name, file)
	records, err := l.load()
	if err != nil {
		_ = file.Close()
		return nil, nil, fmt.Errorf("read log %s: %w", name, err)
	}
	return l, records, nil
}

func newLog(disk host.Disk, name string, file host.File) *Log {
	l := &Log{disk: disk, name: name, file: file}
	l.synced = l.syncDone
	return l
}

// load reads the file, keeps what is good and cuts off the rest.
func (l *Log) load() ([]Record, error) {
	size, err := l.file.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, size)
	if n, err := l.file.ReadAt(b, 0); err != nil && !(errors.Is(err, io.EOF) && n == len(b)) {
		return nil, err
	}
	records, good, crc := parse(b)
	l.size, l.crc = int64(good), crc
	if good < len(b) {
		return records, l.file.Truncate(l.size)
	}
	return records, nil
}

// parse splits b into records up to the first bad one, and says how many bytes
// were good and which checksum the next record continues from.
func parse(b []byte) (records []Record, good int, crc uint32) {
	for {
		rest := b[good:]
		if len(rest) < headerLen {
			return records, good, crc
		}
		n := binary.LittleEndian.Uint32(rest)
		if uint64(n) > uint64(len(rest)-headerLen) || rest[8] == 0 {
			return records, good, crc
		}
		end := headerLen + int(n)
		sum := checksum(crc, rest[:end])
		if sum != binary.LittleEndian.Uint32(rest[4:]) {
			return records, good, crc
		}
		records = append(records, Record{Kind: Kind(rest[8]), Data: rest[headerLen:end:end]})
		good, crc = good+end, sum
	}
}

// checksum of a whole record, its checksum field left out.
func checksum(crc uint32, rec []byte) uint32 {
	crc = crc32.Update(crc, castagnoli, rec[:4])
	return crc32.Update(crc, castagnoli, rec[8:])
}

// appendRecord appends the bytes of one record to b.
func appendRecord(b []byte, crc uint32, kind Kind, data []byte) ([]byte, uint32) {
	start := len(b)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	b = append(b, 0, 0, 0, 0, byte(kind))
	b = append(b, data...)
	crc = checksum(crc, b[start:])
	binary.LittleEndian.PutUint32(b[start+4:], crc)
	return b, crc
}

// Append adds a record in memory. It copies data, which must be shorter than
// 4 GiB. kind must not be 0.
func (l *Log) Append(kind Kind, data []byte) {
	l.buf, l.crc = appendRecord(l.buf, l.crc, kind, data)
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
	if _, err := l.file.WriteAt(l.buf, l.size); err != nil {
		return l.fail("write", err)
	}
	l.size += int64(len(l.buf))
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
	if err := l.Flush(); err != nil {
		loop.Post(func() { done(err) })
		return
	}
	l.busy, l.done = true, done
	l.file.Sync(loop, l.synced)
}

func (l *Log) syncDone(err error) {
	l.busy = false
	if err != nil {
		err = l.fail("sync", err)
	}
	l.done(err)
}

// Size is the length of the file in bytes once everything appended is written.
func (l *Log) Size() int64 { return l.size + int64(len(l.buf)) }

// Err is the failure that ended the log, or nil.
func (l *Log) Err() error { return l.err }

func (l *Log) fail(what string, err error) error {
	l.err = fmt.Errorf("%s log %s: %w: %w", what, l.name, ErrFailed, err)
	return l.err
}

// Replace writes a new file that holds records only, makes it durable, and puts
// it in the place of the old one in one step; then done runs on loop. A crash on
// the way leaves the old content or the new. What was appended but not flushed
// is forgotten, and nothing may be appended until done has run.
func (l *Log) Replace(loop host.Loop, records []Record, done func(error)) {
	if l.busy || l.err != nil {
		err := l.err
		if err == nil {
			err = ErrBusy
		}
		loop.Post(func() { done(err) })
		return
	}
	l.busy = true
	r := &replacement{log: l, loop: loop, done: done}
	if err := r.write(records); err != nil {
		loop.Post(func() { r.finish(err) })
	}
}

// replacement is a Replace under way: write, sync, rename, sync the folder.
type replacement struct {
	log  *Log
	loop host.Loop
	done func(error)
	file host.File
	size int64
	crc  uint32
}

func (r *replacement) tmp() string { return r.log.name + ".new" }

func (r *replacement) write(records []Record) error {
	file, err := r.log.disk.Open(r.tmp())
	if err != nil {
		return err
	}
	r.file = file
	if err := file.Truncate(0); err != nil { // left over from a crash
		return err
	}
	var b []byte
	for _, rec := range records {
		b, r.crc = appendRecord(b, r.crc, rec.Kind, rec.Data)
	}
	if _, err := file.WriteAt(b, 0); err != nil {
		return err
	}
	r.size = int64(len(b))
	file.Sync(r.loop, r.fileSynced)
	return nil
}

func (r *replacement) fileSynced(err error) {
	if err == nil {
		err = r.log.disk.Rename(r.tmp(), r.log.name)
	}
	if err != nil {
		r.finish(err)
		return
	}
	dir := path.Dir(r.log.name)
	if dir == "." {
		dir = ""
	}
	r.log.disk.SyncDir(r.loop, dir, r.finish)
}

// finish switches the log to the new file. The file is opened again by its new
// name, because the seam does not promise that a handle survives a rename.
func (r *replacement) finish(err error) {
	l := r.log
	l.busy = false
	if err == nil {
		_ = l.file.Close()
		_ = r.file.Close()
		l.file, err = l.disk.Open(l.name)
	}
	if err != nil {
		r.done(l.fail("replace", err))
		return
	}
	l.size, l.crc, l.buf = r.size, r.crc, l.buf[:0]
	r.done(nil)
}

// Close releases the file and makes nothing durable.
func (l *Log) Close() error {
	if l.err == nil {
		l.err = fmt.Errorf("log %s: %w: %w", l.name, ErrFailed, host.ErrClosed)
	}
	return l.file.Close()
}
