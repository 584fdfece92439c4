package wire

import "hash/crc32"

// CRC32C is the checksum of msgr v1: Castagnoli's polynomial, starting from 0,
// without the inversions of the usual CRC-32C. Of nothing it is 0. (Ceph:
// src/include/crc32c.h.)
func CRC32C(b []byte) uint32 {
	if len(b) == 0 {
		return 0
	}
	// MakeTable hands out one table that it computes at the first call.
	return ^crc32.Update(^uint32(0), crc32.MakeTable(crc32.Castagnoli), b)
}
