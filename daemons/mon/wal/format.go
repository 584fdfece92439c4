package wal

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

const (
	version   = 2
	magic     = "wavetlog"
	page      = 4096 // what each seal has to itself
	firstAt   = 2 * page
	sealLen   = len(magic) + 4 + 8 + 8 + 4 + 4
	headerLen = 1 + 4 + 4 + 4
	overhead  = headerLen + 1 // of a record, beside its data

	// closing ends a record: neither its first byte nor its last is 0, so that where
	// it begins or ends in a sector, that is not a sector of zeros.
	closing = 0xa5
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// beginning is the mark of a file without records.
var beginning = mark{size: firstAt}

// appendRecord appends the bytes of one record to b.
func appendRecord(b []byte, chain uint32, kind Kind, data []byte) ([]byte, uint32) {
	start := len(b)
	b = append(b, byte(kind))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(data)))
	head := crc32.Update(chain, castagnoli, b[start:])
	chain = crc32.Update(head, castagnoli, data)
	b = binary.LittleEndian.AppendUint32(b, head)
	b = binary.LittleEndian.AppendUint32(b, chain)
	b = append(b, data...)
	return append(b, closing), chain
}

// header is the beginning of a record.
type header struct {
	kind Kind
	data int64  // how many bytes of data follow
	head uint32 // checksum of kind and length, where that of the data continues
	sum  uint32 // checksum of all
}

// parseHeader reads the header at the beginning of b; false if it is incomplete or
// does not follow the record whose checksum is chain.
func parseHeader(b []byte, chain uint32) (h header, ok bool) {
	if len(b) < headerLen {
		return header{}, false
	}
	h = header{
		kind: Kind(b[0]), data: int64(binary.LittleEndian.Uint32(b[1:])),
		head: crc32.Update(chain, castagnoli, b[:5]), sum: binary.LittleEndian.Uint32(b[9:]),
	}
	return h, h.kind != 0 && h.head == binary.LittleEndian.Uint32(b[5:])
}

// seal states that everything up to a mark was synced.
type seal struct {
	number uint64
	mark
}

// offset is the seal's place in the file.
func (s seal) offset() int64 { return int64(s.number%2) * page }

func (s seal) append(b []byte) []byte {
	start := len(b)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, version)
	b = binary.LittleEndian.AppendUint64(b, s.number)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.size))
	b = binary.LittleEndian.AppendUint32(b, s.chain)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[start:], castagnoli))
}

// parseSeal reads the seal at the beginning of b; false if there is none. The version
// is that of the format, which need not be ours.
func parseSeal(b []byte) (s seal, has uint32, ok bool) {
	if len(b) < sealLen || !bytes.HasPrefix(b, []byte(magic)) {
		return seal{}, 0, false
	}
	sum := sealLen - 4
	if crc32.Checksum(b[:sum], castagnoli) != binary.LittleEndian.Uint32(b[sum:]) {
		return seal{}, 0, false
	}
	b = b[len(magic):]
	return seal{number: binary.LittleEndian.Uint64(b[4:]), mark: mark{
		size: int64(binary.LittleEndian.Uint64(b[12:])), chain: binary.LittleEndian.Uint32(b[20:]),
	}}, binary.LittleEndian.Uint32(b), true
}
