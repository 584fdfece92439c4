package wire

import "hash/crc32"

// CRC32C is the checksum of msgr v1: Castagnoli's polynomial, starting from 0,
// without the inversions of the usual CRC-32C. Of nothing it is 0. (Ceph:
// src/include/crc32c.h.)
func CRC32C(b []byte) uint32 { return UpdateCRC32C(0, b) }

// UpdateCRC32C is the same checksum of b behind what crc is the checksum of, or from
// another beginning than 0.
func UpdateCRC32C(crc uint32, b []byte) uint32 {
	if len(b) == 0 {
		return crc
	}
	// MakeTable hands out one table that it computes at the first call.
	return ^crc32.Update(^crc, crc32.MakeTable(crc32.Castagnoli), b)
}
