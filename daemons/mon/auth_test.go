package mon

import (
	"testing"

	"pgregory.net/rapid"
)

// Whatever happens (commits, restarts, monitors that lag), no id is given twice.
func TestGlobalIDs_uniqueForEver(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 5).Draw(t, "size")
		const step = 10
		committed := uint64(4096)
		mons := make([]globalIDs, size)
		boot := func(i int) {
			mons[i] = globalIDs{rank: uint64(i), size: uint64(size), limit: committed}
			mons[i].prime()
		}
		for i := range mons {
			boot(i)
		}
		given := map[uint64]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"give": func(t *rapid.T) {
				m := &mons[rapid.IntRange(0, size-1).Draw(t, "mon")]
				id, ok := m.next()
				if !ok {
					return
				}
				if given[id] || id <= 4096 || id > committed {
					t.Fatalf("id %d given, maximum %d, twice %v", id, committed, given[id])
				}
				given[id] = true
			},
			"raise":   func(*rapid.T) { committed += step },
			"learn":   func(t *rapid.T) { mons[rapid.IntRange(0, size-1).Draw(t, "mon")].limit = committed },
			"restart": func(t *rapid.T) { boot(rapid.IntRange(0, size-1).Draw(t, "mon")) },
		})
	})
}

func TestGlobalIDs_firstOnes(t *testing.T) {
	for rank, want := range []uint64{4098, 4099, 4097} { // congruent to the rank modulo 3
		g := globalIDs{rank: uint64(rank), size: 3, limit: 4096}
		if _, ok := g.next(); ok {
			t.Error("id before the first quorum")
		}
		g.prime()
		g.limit = 4196
		if id, ok := g.next(); !ok || id != want {
			t.Errorf("rank %d: first id %d, want %d", rank, id, want)
		}
		g.limit = 4098
		if _, ok := g.next(); ok {
			t.Error("id above the maximum")
		}
	}
}
