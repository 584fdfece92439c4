package sim

import "slices"

// settle decides what the disk holds of the oldest pending writes when they were
// never synced, and forgets them. If shrunk, all that makes the file shorter has reached it.
//
// The disk writes sectors, each whole and when it likes: so each sector shows
// its content at some moment between the last sync and now, whatever moment its
// neighbours show. Sizes change in their order, and before (or with) anything
// that was written behind them. Bytes that were not written again never change.
func (n *inode) settle(count int, shrunk bool, k keeping, draws *Stream) {
	ops := n.pending[:count]
	sizes := sizeChanges(ops, int64(len(n.durable)))
	kept := k.count(len(sizes), draws)
	if shrunk {
		kept = max(kept, upToLastShrink(sizes))
	}
	reached := sizes[:kept]
	size := int64(len(n.durable))
	if len(reached) > 0 {
		size = reached[len(reached)-1].size
	}
	next := len(ops) // the first size change that was lost
	if len(reached) < len(sizes) {
		next = sizes[len(reached)].op
	}
	s := settling{ops: ops, sizes: sizes, reached: len(reached), next: next, keeping: k, draws: draws}
	s.content = slices.Clone(n.durable)
	s.run()
	n.durable = resize(s.content, size)
	n.forget(count)
}

// sizeChange is a write that changes the size of its file.
type sizeChange struct {
	op     int // its place among the writes
	before int64
	size   int64 // after it
}

func (c sizeChange) shrinks() bool { return c.size < c.before }

// upToLastShrink counts the changes up to the last one that makes the file shorter.
func upToLastShrink(changes []sizeChange) int {
	for i, c := range slices.Backward(changes) {
		if c.shrinks() {
			return i + 1
		}
	}
	return 0
}

func sizeChanges(ops []write, size int64) (changes []sizeChange) {
	for i, w := range ops {
		after := max(size, w.end())
		if w.truncate {
			after = w.off
		}
		if after != size {
			changes = append(changes, sizeChange{op: i, before: size, size: after})
		}
		size = after
	}
	return changes
}

// settling is a settle under way.
type settling struct {
	ops     []write
	sizes   []sizeChange
	reached int // how many of sizes reached the disk
	next    int // the operation that is the first size change that did not
	keeping keeping
	draws   *Stream
	content []byte
}

// run gives every sector that was touched its content.
func (s *settling) run() {
	touched := s.touched()
	s.content = resize(s.content, max(int64(len(s.content)), int64(len(touched))*sectorSize))
	for sector, ops := range touched {
		if len(ops) > 0 {
			s.settleSector(int64(sector)*sectorSize, ops)
		}
	}
}

// touched lists for every sector the operations that change it, oldest first.
func (s *settling) touched() [][]int {
	var sectors [][]int
	touch := func(op int, from, to int64) {
		for sector := from / sectorSize; sector*sectorSize < to; sector++ {
			for sector >= int64(len(sectors)) {
				sectors = append(sectors, nil)
			}
			sectors[sector] = append(sectors[sector], op)
		}
	}
	sizes := s.sizes
	for i, w := range s.ops {
		changes := len(sizes) > 0 && sizes[0].op == i
		switch {
		case !w.truncate:
			touch(i, w.off, w.end())
		case changes && sizes[0].shrinks():
			touch(i, w.off, sizes[0].before)
		}
		if changes {
			sizes = sizes[1:]
		}
	}
	return sectors
}

// settleSector draws which of the operations on a sector it shows: all up to one
// of them. A shortening of the file that has reached the disk is shown, and one
// that has not is not, nor is what was written behind it.
func (s *settling) settleSector(start int64, ops []int) {
	low, high := 0, len(ops)
	for i, op := range ops {
		switch {
		case !s.ops[op].truncate:
		case op < s.next:
			low = i + 1
		default:
			high = min(high, i)
		}
	}
	shown := low
	if low < high && s.keeping.keeps(s.draws) {
		shown = low + 1 + s.keeping.count(high-low-1, s.draws)
	}
	for _, op := range ops[:shown] {
		s.applyTo(start, s.ops[op])
	}
}

// applyTo changes the part of the content that is in the sector at start.
func (s *settling) applyTo(start int64, w write) {
	sector := s.content[start : start+sectorSize]
	if w.truncate {
		clear(sector[max(w.off-start, 0):])
		return
	}
	from := max(w.off, start)
	copy(sector[from-start:], w.data[from-w.off:])
}
