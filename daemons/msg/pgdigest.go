package msg

import "github.com/wavetank/wavetank/daemons/wire"

// Sizes of the counters in a digest of placement groups, which are all 0 where nobody
// has reported any (object_stat_sum_t, store_statfs_t, osd_stat_t and pool_stat_t in
// src/osd/osd_types.h).
const (
	objectStatBytes = 304
	storeStatBytes  = 80
)

// EmptyPGDigest is the data of a [MonMgrReport] of a manager that knows of no placement
// group and no pool. Monitors insist on one. (Ceph: PGMapDigest::encode in
// src/mon/PGMap.cc.)
func EmptyPGDigest() []byte {
	var e wire.Encoder
	zeros := func(n int) { e.Raw(make([]byte, n)) }
	store := func() { e.Envelope(1, 1, func() { zeros(storeStatBytes) }) }
	pool := func() {
		e.Envelope(7, 5, func() {
			e.Envelope(2, 2, func() {
				e.Envelope(20, 14, func() { zeros(objectStatBytes) })
				e.U32(0) // stats by category
			})
			zeros(2*8 + 2*4) // sizes of the logs, up, acting
			store()
			e.U32(0) // stores reported
		})
	}
	osd := func() {
		e.Envelope(14, 2, func() {
			zeros(40)
			e.Envelope(1, 1, func() { e.U32(0) }) // histogram of the age of ops
			e.Envelope(1, 1, func() { zeros(8) }) // latencies
			zeros(40)
			store()
			zeros(28)
		})
	}
	e.Envelope(4, 1, func() {
		zeros(4 * 8) // groups, active, unknown; OSDs
		e.U32(0)     // stats by pool
		pool()
		osd()
		zeros(6 * 4) // maps by class, state, OSD, pool
		pool()       // the last change
		zeros(8)     // when that was
		zeros(3 * 4) // maps by rule and pool
	})
	return e.Bytes()
}
