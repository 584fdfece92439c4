package osdmap

import "encoding/binary"

// Repair gives a blob the length and the checksum that its content calls for, where
// tail bytes follow the checksum, so that what is inside gets to be decoded. It
// reports whether there is room for them.
func Repair(b []byte, tail int) bool {
	at := len(b) - tail - 4
	if at < outerHeaderBytes {
		return false
	}
	b[0], b[1] = outerVersion, outerCompat
	binary.LittleEndian.PutUint32(b[2:], uint32(len(b)-outerHeaderBytes))
	seal(b, at)
	return true
}
