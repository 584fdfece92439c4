// Package wire is Ceph's encoding: little-endian numbers, length-prefixed
// strings, and versioned envelopes that an older reader can skip the end of. It
// knows nothing of messages.
//
//	var e wire.Encoder
//	e.Envelope(2, 1, func() { // struct version 2, readable since version 1
//		e.String(name)
//		e.U64(gid)
//	})
//
//	d := wire.NewDecoder(e.Bytes())
//	version := d.Envelope(2, "standby", func(version uint8) {
//		name = d.String()
//		gid = d.U64()
//	})
//	err := d.Err()
//
// A [Decoder] keeps its first error and answers zero values from then on, so a
// decoding function reads straight through and asks once, at its end. No length
// in the input is trusted before it is compared with the bytes that are there:
// decoding n bytes allocates O(n).
//
// Source of the format: Ceph's doc/dev/encoding.rst and src/include/encoding.h.
package wire
