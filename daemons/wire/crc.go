package wire

import "hash/crc32"

// castagnoli is computed once and never changed; hash/crc32 uses the CPU's
// instruction where there is one.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// CRC32C is the checksum of msgr v1: Castagnoli's polynomial, starting from 0,
// without the inversions of the usual CRC-32C. Of nothing it is 0. (Ceph:
// src/include/crc32c.h.)
func CRC32C(b []byte) uint32 {
	return ^crc32.Update(^uint32(0), castagnoli, b)
}
