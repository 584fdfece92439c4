// Package wiretest holds decoders to their limits. Only tests import it.
package wiretest

import (
	"runtime"
	"testing"
)

// CheckAllocated runs f and fails t if it took more than limit bytes of memory.
// It counts what was allocated, not what is kept, and with it everything that the
// process allocates meanwhile: nothing else may run.
func CheckAllocated(t testing.TB, limit int, f func()) {
	t.Helper()
	if got := allocated(f); got > uint64(limit) {
		t.Errorf("%d bytes were allocated, at most %d are due", got, limit)
	}
}

func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
