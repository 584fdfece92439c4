package wal

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"

	"github.com/wavetank/wavetank/daemons/host"
)

// Open opens the log of that name and returns its records, oldest first; without a
// file it is a new one, see New. A torn tail is cut off, see Torn. The records may not
// be durable yet: call Secure before acting on them. Errors: ErrCorrupt, which says
// where and why, and those of the disk.
func Open(disk host.Disk, name string, defects Defects) (*Log, []Record, error) {
	l := newLog(disk, name)
	l.defects = defects
	records, err := l.load()
	if err != nil {
		if l.file != nil {
			_ = l.file.Close()
		}
		return nil, nil, fmt.Errorf("open log %s: %w", name, err)
	}
	return l, records, nil
}

// load reads the file, keeps what is good and cuts off what is torn.
func (l *Log) load() ([]Record, error) {
	b, err := l.disk.ReadFile(l.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, l.checkFree()
	}
	if err != nil {
		return nil, err
	}
	r := reading{bytes: b, lenient: l.defects.CutOffDamage}
	if err := r.read(); err != nil {
		return nil, err
	}
	if l.file, err = l.disk.Open(l.name); err != nil {
		return nil, err
	}
	l.end, l.seal, l.tail = r.end, r.seal, b[min(r.seal.size, r.end.size):r.end.size]
	if l.torn = int64(len(b)) - r.end.size; l.torn > 0 {
		return r.records, l.file.Truncate(r.end.size)
	}
	return r.records, nil
}

// checkFree refuses a folder where the file should be.
func (l *Log) checkFree() error {
	inside, err := l.disk.List(l.name)
	if err == nil && len(inside) > 0 {
		err = fmt.Errorf("it is a folder: %w", fs.ErrExist)
	}
	return err
}

// reading is the reading of a file.
type reading struct {
	bytes   []byte
	lenient bool // a planted bug
	seal    seal // the newest
	end     mark // of the good records so far
	records []Record
}

// read takes in all that is good. What then remains behind r.end is torn.
func (r *reading) read() error {
	if err := r.findSeal(); err != nil {
		return err
	}
	if size := int64(len(r.bytes)); size < r.seal.size && !r.lenient {
		return r.damaged(size, "the file ends here")
	}
	r.end = beginning
	for {
		switch at, size := r.end.size, int64(len(r.bytes)); {
		case at == r.seal.size && r.end.chain != r.seal.chain:
			return r.damaged(at, "another log was synced up to here")
		case at == size:
			return nil
		}
		before := r.end.size
		if ok, err := r.next(); !ok || err != nil {
			return err
		}
		if before < r.seal.size && r.seal.size < r.end.size {
			return r.damaged(before, "a record reaches beyond what was synced")
		}
	}
}

// findSeal finds the newest seal.
func (r *reading) findSeal() error {
	found := false
	for at := int64(0); at < firstAt; at += page {
		s, has, ok := parseSeal(r.bytes[min(at, int64(len(r.bytes))):])
		switch {
		case !ok || s.offset() != at || s.size < firstAt:
		case has != version:
			return fmt.Errorf("%w at offset %d: format %d, this is for %d", ErrCorrupt, at, has, version)
		case !found || s.number > r.seal.number:
			r.seal, found = s, true
		}
	}
	if !found {
		return fmt.Errorf("%w at offset 0: no log of format %d begins here (%d bytes)", ErrCorrupt, version, len(r.bytes))
	}
	return nil
}

// next takes in one record; false if the rest is torn.
func (r *reading) next() (bool, error) {
	at := r.end.size
	rest := r.bytes[at:]
	h, ok := parseHeader(rest, r.end.chain)
	switch n := overhead + h.data; {
	case !ok:
		short := len(rest) < headerLen
		return false, r.judge(min(int64(len(rest)), headerLen), short, "a record's header does not match its checksum")
	case n > int64(len(rest)):
		return false, r.judge(int64(len(rest)), true, "a record is cut off")
	case rest[n-1] != closing || crc32.Update(h.head, castagnoli, rest[headerLen:n-1]) != h.sum:
		return false, r.judge(n, false, fmt.Sprintf("a record of %d bytes does not match its checksum", n))
	default:
		r.records = append(r.records, Record{Kind: h.kind, Data: rest[headerLen : n-1 : n-1]})
		r.end = mark{size: at + n, chain: h.sum}
		return true, nil
	}
}

// judge says what is wrong with the next n bytes, or nil if they may be torn: it is so
// if the file ends too early, or a sector was never written.
func (r *reading) judge(n int64, short bool, wrong string) error {
	if r.end.size >= r.seal.size && (short || r.hole(n)) || r.lenient {
		return nil
	}
	return r.damaged(r.end.size, wrong)
}

// sector is what a disk writes whole.
const sector = 512

// hole reports whether one of the sectors that the next n bytes are in is empty from
// there on.
func (r *reading) hole(n int64) bool {
	for from := r.end.size; from < r.end.size+n; {
		to := min((from/sector+1)*sector, int64(len(r.bytes)))
		if len(bytes.TrimLeft(r.bytes[from:to], "\x00")) == 0 {
			return true
		}
		from = to
	}
	return false
}

func (r *reading) damaged(at int64, wrong string) error {
	return fmt.Errorf("%w at offset %d: %s; %d of %d bytes are known to have been synced", ErrCorrupt, at, wrong, r.seal.size, len(r.bytes))
}
