package sqlitevfs

import (
	"bytes"
	"encoding/binary"
)

// journal is a file in which SQLite keeps what a transaction overwrites. SQLite marks
// each with a number that the operating system draws, from which it counts the checksum
// of each page in it. A journal has a number of the process's own stream in its place, so
// that the same run writes the same bytes. The layout is that of "The Rollback Journal"
// in SQLite's file format, https://sqlite.org/fileformat.html.
type journal struct {
	*file
	first int64  // where the records after the last header begin
	page  int64  // bytes of a page; 0 before there was a header
	mark  uint32 // of the last header
	sum   uint32 // of the last page
}

// The parts of a journal.
const (
	journalMagicSize  = 8 + 4 // the magic number, and how many records there are
	journalMarkAt     = 12
	journalPageSizeAt = 24
	journalHeaderSize = 28
	sectorSize        = 512
	checksumSize      = 4
	pageNumberSize    = 4
	checksumStep      = 200 // every so many bytes of a page, from its end, count
)

var journalMagic = []byte{0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7}

// WriteAt implements vfs.File.
func (j *journal) WriteAt(p []byte, off int64) (int, error) {
	switch within := off - j.first; {
	case isJournalHeader(p, off):
		return j.file.WriteAt(j.header(p, off), off)
	case j.page == 0 || within < 0:
	case int64(len(p)) == j.page && within%j.record() == pageNumberSize:
		j.sum = pageSum(p)
	case len(p) == checksumSize && within%j.record() == pageNumberSize+j.page:
		return j.file.WriteAt(binary.BigEndian.AppendUint32(nil, j.mark+j.sum), off)
	}
	return j.file.WriteAt(p, off)
}

// record is the size of one.
func (j *journal) record() int64 { return pageNumberSize + j.page + checksumSize }

// isJournalHeader reports whether a write is one. Records are nowhere near a sector's
// beginning: they come after one, and their parts have sizes that keep them off it. Before
// a journal is complete its magic number is missing.
func isJournalHeader(p []byte, off int64) bool {
	if len(p) < journalHeaderSize || off%sectorSize != 0 {
		return false
	}
	return bytes.HasPrefix(p, journalMagic) || bytes.Equal(p[:journalMagicSize], make([]byte, journalMagicSize))
}

// header is a header with another mark.
func (j *journal) header(p []byte, off int64) []byte {
	p = bytes.Clone(p)
	j.mark = uint32(j.fs.store.journals.Uint64())
	binary.BigEndian.PutUint32(p[journalMarkAt:], j.mark)
	j.first, j.page = off+sectorSize, int64(binary.BigEndian.Uint32(p[journalPageSizeAt:]))
	return p
}

// pageSum is a page's share in its checksum.
func pageSum(p []byte) (sum uint32) {
	for i := len(p) - checksumStep; i > 0; i -= checksumStep {
		sum += uint32(p[i])
	}
	return sum
}
