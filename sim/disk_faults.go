package sim

import (
	"io/fs"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// DiskErrors says how often a disk fails. A field of n lets one operation in n
// fail with host.ErrIO, drawn by a stream of its own: 1 is every operation, 0 or
// less is none.
type DiskErrors struct {
	// Read is for File.ReadAt and Disk.ReadFile.
	Read int
	// Write is for File.WriteAt, of which a drawn part takes place, for
	// File.Truncate, and for what changes names: creating, renaming, removing.
	Write int
	// Sync is for File.Sync and Disk.SyncDir. What a failed File.Sync leaves is
	// drawn among the ways of real file systems: the writes are still to be made
	// durable, or they pass for durable although only part of them is, or they
	// have vanished for readers too. A later Sync reports success in each case. What
	// made the file shorter is not lost so: file systems keep a journal of that.
	Sync int
}

// DiskLatency is how much longer than usual a disk takes. The usual time of a sync
// is 200 to 400 us. Reads and writes usually take no time, for the page cache
// serves them.
type DiskLatency struct {
	// Extra is added to every sync, and a drawn time in [0, Spread).
	Extra, Spread time.Duration
	// BytesPerSecond is how fast what was not synced goes to the disk; 0 is at
	// once.
	BytesPerSecond int64
	// One sync in StallOneIn, drawn, takes Stall on top; 0 is none.
	StallOneIn int
	Stall      time.Duration
	// Read is the least time of a File.ReadAt or Disk.ReadFile, Write that of a
	// File.WriteAt or File.Truncate; as much again is drawn, by a stream of its own.
	// The caller waits: the call returns at once, and then its loop is busy for so
	// long, as with [CPU].
	Read, Write time.Duration
}

// DiskCounts are what the faults of one disk did in a run.
type DiskCounts struct {
	ReadErrors, WriteErrors, SyncErrors uint64 // operations that failed with host.ErrIO
	NoSpace                             uint64 // writes that failed with host.ErrNoSpace
	Lies                                uint64 // syncs that reported a success that was none
	Forgotten                           uint64 // losses of power that came between a lie and its end
	SlowSyncs                           uint64 // syncs that SetDiskLatency made longer
	SlowReads, SlowWrites               uint64 // reads and writes that SetDiskLatency made longer
	FlippedBits                         uint64 // bits that RotDisk changed
}

// diskFaults is what is wrong with a disk. The zero value of everything but the
// streams is nothing.
type diskFaults struct {
	readErrors, writeErrors, syncErrors diskFault
	lies, stalls                        diskFault
	owes                                bool // there was a lie, and no end of lying since

	latency   DiskLatency
	latencies *Stream
	accesses  *Stream // how long reads and writes take
	rot       *Stream
	capacity  int64
	counts    DiskCounts
}

func newDiskFaults(stream func(purpose string) *Stream) diskFaults {
	fault := func(purpose string) diskFault { return diskFault{stream: stream(purpose)} }
	return diskFaults{
		readErrors: fault("/read-error"), writeErrors: fault("/write-error"), syncErrors: fault("/sync-error"),
		lies: fault("/lie"), stalls: fault("/stall"),
		latencies: stream("/latency"), accesses: stream("/access"), rot: stream("/rot"),
	}
}

// diskFault strikes one operation in oneIn.
type diskFault struct {
	stream *Stream
	oneIn  int
}

func (f *diskFault) strikes() bool { return f.oneIn > 0 && f.stream.IntN(f.oneIn) == 0 }

// SetDiskErrors lets operations on the machine's disk fail from now on; the zero
// DiskErrors takes it back.
func (h *Host) SetDiskErrors(e DiskErrors) {
	f := &h.disk.faults
	f.readErrors.oneIn, f.writeErrors.oneIn, f.syncErrors.oneIn = e.Read, e.Write, e.Sync
	h.note("host.disk-errors", slog.Int("read", e.Read), slog.Int("write", e.Write), slog.Int("sync", e.Sync))
}

// SetDiskLatency makes what begins from now on slower; the zero DiskLatency takes
// it back. Syncs under way are not touched.
func (h *Host) SetDiskLatency(l DiskLatency) {
	h.disk.faults.latency, h.disk.faults.stalls.oneIn = l, l.StallOneIn
	h.note("host.disk-latency",
		slog.Duration("extra", l.Extra), slog.Duration("spread", l.Spread), slog.Int64("bytes_per_second", l.BytesPerSecond),
		slog.Int("stall_one_in", l.StallOneIn), slog.Duration("stall", l.Stall),
		slog.Duration("read", l.Read), slog.Duration("write", l.Write))
}

// SetSyncLies lets one sync in oneIn, drawn, report success at its usual time
// while what it was asked to make durable stays in a volatile cache: a later
// honest sync, or luck, saves it, and a loss of power may not. 1 is every sync,
// 0 takes it back: then the cache is written to the disk.
func (h *Host) SetSyncLies(oneIn int) {
	f := &h.disk.faults
	f.lies.oneIn = oneIn
	if oneIn <= 0 && f.owes {
		f.owes = false
		h.disk.hardenAll()
	}
	h.note("host.disk-lies", slog.Int("one_in", oneIn))
}

// DiskCounts are the counters of the machine's disk so far.
func (h *Host) DiskCounts() DiskCounts { return h.disk.faults.counts }

// slowness is how much longer a sync of n bytes takes than usual.
func (f *diskFaults) slowness(n int64) time.Duration {
	l := f.latency
	l.Read, l.Write = 0, 0
	if l == (DiskLatency{}) {
		return 0
	}
	f.counts.SlowSyncs++
	extra := l.Extra + time.Duration(f.latencies.int64N(int64(l.Spread)))
	if l.BytesPerSecond > 0 {
		extra += time.Duration(n * int64(time.Second) / l.BytesPerSecond)
	}
	if f.stalls.strikes() {
		extra += l.Stall
	}
	return max(extra, 0)
}

// reading keeps the caller waiting for a read, and writing for a write, if they take
// time.
func (d *disk) reading() { d.access(d.faults.latency.Read, &d.faults.counts.SlowReads) }
func (d *disk) writing() { d.access(d.faults.latency.Write, &d.faults.counts.SlowWrites) }

func (d *disk) access(least time.Duration, count *uint64) {
	if least <= 0 {
		return
	}
	*count++
	d.host.occupyRunning(later(least, time.Duration(d.faults.accesses.int64N(int64(least)))))
}

// DiskFailed reports whether an operation on the disk has failed, with host.ErrIO or
// host.ErrNoSpace, that the process which runs had begun. It may not have been told yet.
func (h *Host) DiskFailed() bool { return h.process != nil && h.process.diskFailed }

// readFault is the error with which a read of the process that runs fails, or nil.
func (d *disk) readFault(name string) error {
	return d.fault(d.host.process, &d.faults.readErrors, &d.faults.counts.ReadErrors, "read", name)
}

// writeFault is readFault for changes of sizes and names.
func (d *disk) writeFault(op, name string) error {
	return d.fault(d.host.process, &d.faults.writeErrors, &d.faults.counts.WriteErrors, op, name)
}

// syncFault is readFault for a sync that p had begun, which may have ended.
func (d *disk) syncFault(p *Process, name string) error {
	return d.fault(p, &d.faults.syncErrors, &d.faults.counts.SyncErrors, "sync", name)
}

func (d *disk) fault(p *Process, f *diskFault, count *uint64, op, name string) error {
	if !f.strikes() {
		return nil
	}
	p.diskFailed = true
	*count++
	d.host.note("disk.error", slog.String("op", op), slog.String("file", name))
	return &fs.PathError{Op: op, Path: name, Err: host.ErrIO}
}

// lie reports whether a sync does nothing and says otherwise.
func (d *disk) lie(name string) bool {
	if !d.faults.lies.strikes() {
		return false
	}
	d.faults.counts.Lies++
	d.faults.owes = true
	d.host.note("disk.lie", slog.String("file", name))
	return true
}

// note writes a line about the machine into the trace.
func (h *Host) note(kind string, attrs ...slog.Attr) {
	h.sim.Note(kind, append([]slog.Attr{slog.String("host", h.name)}, attrs...)...)
}
