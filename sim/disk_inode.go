package sim

import "slices"

// inode is a file's content.
type inode struct {
	current []byte  // what programs see: the page cache
	durable []byte  // what the disk holds
	pending []write // made and not yet synced, oldest first
	room    []byte  // holds the bytes of those that are pending
	synced  int     // how many writes have ever left pending
	blocks  blockSet
	handles []*file // that may be open
}

// write is one change of a file's content: bytes at an offset, or, with no
// bytes, a new size.
type write struct {
	off      int64
	data     []byte
	truncate bool
}

func (w write) end() int64 { return w.off + int64(len(w.data)) }

func (w write) apply(content []byte) []byte {
	if w.truncate {
		return resize(content, w.off)
	}
	if w.end() > int64(len(content)) {
		content = resize(content, w.end())
	}
	copy(content[w.off:], w.data)
	return content
}

// resize cuts content or lengthens it with zeros. Content that has to move gets twice
// the room: files grow by small pieces.
func resize(content []byte, size int64) []byte {
	old := len(content)
	if size <= int64(old) {
		return content[:size]
	}
	if have := cap(content); size > int64(have) {
		content = slices.Grow(content, max(int(size), 2*have)-old)
	}
	content = content[:size]
	clear(content[old:])
	return content
}

// maxRoom is how many bytes of pending writes share an allocation.
const maxRoom = 64 << 10

// keep copies the bytes of a write that is about to be pending.
func (n *inode) keep(p []byte) []byte {
	if len(n.pending) == 0 {
		n.room = n.room[:0]
	}
	used := len(n.room)
	if len(p) > cap(n.room)-used {
		n.room, used = make([]byte, 0, max(len(p), min(2*cap(n.room), maxRoom))), 0
	}
	n.room = append(n.room, p...)
	return n.room[used:]
}

// apply makes a change that programs see and the disk does not have yet.
func (n *inode) apply(w write) {
	n.current = w.apply(n.current)
	n.pending = append(n.pending, w)
	if w.truncate {
		n.blocks.truncate(w.off)
	} else {
		n.blocks.add(w.off, w.end())
	}
}

// harden makes the oldest pending writes durable.
func (n *inode) harden(count int) {
	for _, w := range n.pending[:count] {
		n.durable = w.apply(n.durable)
	}
	n.forget(count)
}

// forget takes the oldest writes off the list of what is to be written.
func (n *inode) forget(count int) {
	n.pending = append(n.pending[:0], n.pending[count:]...)
	n.synced += count
}

func (n *inode) unsyncedBytes() int64 {
	total := int64(0)
	for _, w := range n.pending {
		total += int64(len(w.data))
	}
	return total
}

// crash makes what the disk holds all there is.
func (n *inode) crash(draws *Stream) {
	if len(n.pending) > 0 {
		n.settle(len(n.pending), false, drawKeeping(draws), draws)
	}
	n.current = slices.Clone(n.durable)
	n.blocks.recount(n.current)
	n.handles = nil
}

// failSync is what a sync that failed leaves of the oldest pending writes. Which
// of the three ways of real file systems it is, is drawn: they are still to be
// written; they pass for written, so that no later sync writes them, and can
// still be read; or they pass for written and have vanished from the cache too.
// In the last two cases part of them did reach the disk, and all that made the file
// shorter: that is in the journal of a file system, and one that cannot write its journal
// writes nothing any more.
func (n *inode) failSync(count int, draws *Stream) {
	const stillDirty, passedForClean, dropped = 0, 1, 2
	fate := draws.IntN(dropped + 1)
	if fate == stillDirty || count == 0 {
		return
	}
	n.settle(count, true, drawKeeping(draws), draws)
	if fate == passedForClean {
		return
	}
	n.current = slices.Clone(n.durable)
	for _, w := range n.pending {
		n.current = w.apply(n.current)
	}
	n.blocks.recount(n.current)
}
