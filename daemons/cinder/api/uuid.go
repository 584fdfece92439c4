package api

import (
	"encoding/binary"
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
)

// newUUID is a random UUID (RFC 9562, version 4).
func newUUID(random host.Rand) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], random.Uint64())
	binary.BigEndian.PutUint64(b[8:], random.Uint64())
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
