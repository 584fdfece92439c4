package msgr

import "sync/atomic"

// throttle is a budget that several workers draw on. The zero value has no
// limit.
type throttle struct {
	limit int64
	held  atomic.Int64
}

// take draws n, or reports false if that would exceed the limit. Something
// larger than the whole limit may go alone, or it could never pass.
func (t *throttle) take(n int64) bool {
	if t.limit == 0 {
		return true
	}
	for {
		held := t.held.Load()
		if held > 0 && held+n > t.limit {
			return false
		}
		if t.held.CompareAndSwap(held, held+n) {
			return true
		}
	}
}

// release gives back what take drew.
func (t *throttle) release(n int64) {
	if t.limit != 0 {
		t.held.Add(-n)
	}
}
