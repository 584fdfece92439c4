package sim

import "log/slog"

// RotDisk flips n bits of what the machine's disk holds, drawn uniformly over the
// content of its files, and reports how many it flipped: fewer than n if there
// is not enough to choose from. Sectors with unsynced writes are left out, for
// they are still to be written. Nothing reports the damage: readers see it at
// once, as after a cache was dropped.
func (h *Host) RotDisk(n int) int {
	flipped := 0
	for flipped < n && h.disk.rotBit() {
		flipped++
	}
	return flipped
}

// rotBit flips one bit, if there is one to be flipped.
func (d *disk) rotBit() bool {
	const attempts = 100 // a dirty sector is drawn anew
	total := int64(0)
	names := sortedNames(d.files)
	for _, name := range names {
		total += int64(len(d.files[name].durable))
	}
	for range attempts {
		at := d.faults.rot.int64N(total)
		for _, name := range names {
			node := d.files[name]
			if size := int64(len(node.durable)); at >= size {
				at -= size
				continue
			}
			if !node.dirty(at) {
				d.flip(name, node, at)
				return true
			}
			break
		}
	}
	return false
}

func (d *disk) flip(name string, node *inode, at int64) {
	bit := byte(1) << d.faults.rot.IntN(8)
	node.durable[at] ^= bit
	if at < int64(len(node.current)) {
		node.current[at] ^= bit
	}
	d.faults.counts.FlippedBits++
	d.host.note("disk.rot", slog.String("file", name), slog.Int64("offset", at))
}

// dirty reports whether the sector around a byte has changes that are still to be
// written.
func (n *inode) dirty(at int64) bool {
	start := at / sectorSize * sectorSize
	for _, w := range n.pending {
		if w.truncate && w.off < start+sectorSize || !w.truncate && w.off < start+sectorSize && w.end() > start {
			return true
		}
	}
	return false
}
