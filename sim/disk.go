package sim

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// disk is one machine's file system. It outlives processes. It keeps what
// programs see apart from what is durable, with the operations between the two
// in the order they were made; when the power goes, the seed decides which of
// them have reached the disk (see inode.settle and disk.settleNames).
//
// Every kind of choice has a random stream of its own, and one that is only
// drawn from while its fault is switched on: a run without disk faults is the
// same whether they exist or not.
type disk struct {
	host    *Host
	draws   *Stream           // how long syncs take
	crashes *Stream           // what a crash or a failed sync leaves behind
	files   map[string]*inode // what programs see
	durable map[string]*inode // what the disk will show after a crash
	names   []nameChange      // made and not yet synced, oldest first
	changes uint64            // how many name changes were ever made
	boots   uint64            // how often the machine lost power
	orphans []*inode          // without a name, perhaps still open
	faults  diskFaults
}

const (
	sectorSize = 512
	syncDelay  = 200 * time.Microsecond // the least time a sync takes; as much again is drawn
)

func newDisk(h *Host) disk {
	stream := func(purpose string) *Stream {
		return h.sim.stream("disk/" + h.name + purpose)
	}
	return disk{
		host: h, draws: stream(""), crashes: stream("/crash"),
		files: make(map[string]*inode), durable: make(map[string]*inode),
		faults: newDiskFaults(stream),
	}
}

// syncFile makes what was written to the file so far durable, as far as the
// faults let it, and then runs done on l.
func (d *disk) syncFile(l host.Loop, name string, node *inode, done func(error)) {
	upTo, by := node.synced+len(node.pending), d.host.process
	d.later(node.unsyncedBytes(), func() {
		count := max(upTo-node.synced, 0)
		err := d.syncFault(by, name)
		switch {
		case err != nil:
			node.failSync(count, d.crashes)
		case !d.lie(name):
			node.harden(count)
		}
		l.Post(func() { done(err) })
	})
}

// syncDir is syncFile for the names in a folder. A change whose sync has failed
// is as it was: not yet durable.
func (d *disk) syncDir(l host.Loop, dir string, done func(error)) {
	upTo, by := d.changes, d.host.process
	d.later(0, func() {
		err := d.syncFault(by, dir)
		if err == nil && !d.lie(dir) {
			d.hardenNames(dir, upTo)
		}
		l.Post(func() { done(err) })
	})
}

// later runs fn when a sync of n bytes that began now is complete, unless the
// power goes first.
func (d *disk) later(n int64, fn func()) {
	boots := d.boots
	took := syncDelay + time.Duration(d.draws.int64N(int64(syncDelay))) + d.faults.slowness(n)
	d.host.sim.kernel.after(took, call(func() {
		if d.boots == boots {
			fn()
		}
	}), eventSynced, d.host.id, 0)
}

// crash forgets what was not synced, as far as the draws have it.
func (d *disk) crash() {
	d.boots++
	if d.faults.owes {
		d.faults.counts.Forgotten++
		d.faults.owes = false // what was lost is lost, and what was kept is durable
	}
	d.settleNames(drawKeeping(d.crashes))
	d.files = make(map[string]*inode, len(d.durable))
	d.orphans = nil
	for _, name := range sortedNames(d.durable) {
		node := d.durable[name]
		node.crash(d.crashes)
		d.files[name] = node
	}
}

// hardenAll makes everything durable that programs see.
func (d *disk) hardenAll() {
	for _, name := range sortedNames(d.files) {
		node := d.files[name]
		node.harden(len(node.pending))
	}
	for _, c := range d.names {
		c.apply(d.durable)
	}
	d.names = nil
}

func sortedNames(files map[string]*inode) []string {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// keeping says how much of what was not synced has reached the disk on its own
// when the power fails, in quarters: 0 is nothing, 4 is everything. It is drawn
// once per file and crash, so that both extremes are seen and all between.
type keeping int

const keepAll keeping = 4

func drawKeeping(draws *Stream) keeping { return keeping(draws.IntN(int(keepAll) + 1)) }

// keeps draws the fate of one thing.
func (k keeping) keeps(draws *Stream) bool { return draws.IntN(int(keepAll)) < int(k) }

// count draws how many of n things that keep their order were kept.
func (k keeping) count(n int, draws *Stream) int {
	switch k {
	case 0:
		return 0
	case keepAll:
		return n
	}
	return draws.IntN(n + 1)
}
