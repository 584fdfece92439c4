package sim

import (
	"io/fs"
	"log/slog"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
)

// blockSize is what space on a disk is given out in.
const blockSize = 4096

// blockSet is which blocks of a file have space on the disk. What was never
// written, a hole, has none.
type blockSet struct {
	present []bool
	count   int64
}

func (b *blockSet) has(i int64) bool { return i < int64(len(b.present)) && b.present[i] }

// add gives space to the bytes from off to end.
func (b *blockSet) add(off, end int64) {
	for i := off / blockSize; i*blockSize < end; i++ {
		if b.has(i) {
			continue
		}
		for i >= int64(len(b.present)) {
			b.present = append(b.present, false)
		}
		b.present[i] = true
		b.count++
	}
}

// truncate takes the space behind size back.
func (b *blockSet) truncate(size int64) {
	first := (size + blockSize - 1) / blockSize
	for i := first; i < int64(len(b.present)); i++ {
		if b.present[i] {
			b.count--
		}
	}
	b.present = b.present[:min(first, int64(len(b.present)))]
}

// recount is for a content that did not come about by writing.
func (b *blockSet) recount(content []byte) {
	size := int64(len(content))
	b.truncate(size)
	for off := int64(0); off < size; off += blockSize {
		end := min(off+blockSize, size)
		if slices.ContainsFunc(content[off:end], func(b byte) bool { return b != 0 }) {
			b.add(off, end)
		}
	}
}

// SetDiskCapacity bounds how much the machine's disk can hold, in bytes; 0, as at
// the beginning, is no bound. Space is taken in blocks of 4096 bytes by whatever
// is written, not by holes and names, and given back when a file is shortened or
// its last name and opening are gone. A write that does not fit takes what does
// and fails with host.ErrNoSpace. What is on the disk already stays, however
// small the bound.
func (h *Host) SetDiskCapacity(bytes int64) {
	h.disk.faults.capacity = bytes
	h.note("host.disk-capacity", slog.Int64("bytes", bytes))
}

// DiskUsed is how many bytes of the disk are taken, see [Host.SetDiskCapacity].
func (h *Host) DiskUsed() int64 { return h.disk.used() * blockSize }

// used counts the blocks of every file that has a name or is open.
func (d *disk) used() int64 {
	total := int64(0)
	for _, node := range d.files {
		total += node.blocks.count
	}
	d.orphans = slices.DeleteFunc(d.orphans, func(n *inode) bool { return !n.isOpen() })
	for _, node := range d.orphans {
		total += node.blocks.count
	}
	return total
}

// orphan notes that a file loses its name; nil is nobody.
func (d *disk) orphan(node *inode) {
	if node != nil && node.isOpen() {
		d.orphans = append(d.orphans, node)
	}
}

// opened notes one more opening, and forgets those of processes that have ended.
func (n *inode) opened(f *file) {
	n.handles = slices.DeleteFunc(n.handles, func(f *file) bool { return f.proc.ended })
	n.handles = append(n.handles, f)
}

func (n *inode) closed(f *file) {
	n.handles = slices.DeleteFunc(n.handles, func(other *file) bool { return other == f })
}

func (n *inode) isOpen() bool {
	return slices.ContainsFunc(n.handles, func(f *file) bool { return !f.proc.ended })
}

// writable is how many of n bytes at off can be written, and why not all of them.
func (d *disk) writable(node *inode, name string, off int64, n int) (int, error) {
	if err := d.writeFault("write", name); err != nil {
		return d.faults.writeErrors.stream.IntN(n), err
	}
	if d.faults.capacity <= 0 {
		return n, nil
	}
	end := off + int64(n)
	free := d.faults.capacity/blockSize - d.used()
	for i := off / blockSize; i*blockSize < end; i++ {
		if node.blocks.has(i) {
			continue
		}
		if free--; free < 0 {
			d.faults.counts.NoSpace++
			d.host.process.diskFailed = true
			return int(max(i*blockSize-off, 0)), &fs.PathError{Op: "write", Path: name, Err: host.ErrNoSpace}
		}
	}
	return n, nil
}
