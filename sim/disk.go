package sim

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// processDisk implements host.Disk for a process: the machine's disk, closed to
// whoever has ended.
type processDisk Process

func (p *processDisk) disk() *disk { return &p.host.disk }

// check refuses an operation of a process that has ended, or on a bad name.
func (p *processDisk) check(op, name string) error {
	if p.ended {
		return &fs.PathError{Op: op, Path: name, Err: host.ErrStopped}
	}
	return checkName(op, name)
}

func (p *processDisk) Open(name string) (host.File, error) {
	if err := p.check("open", name); err != nil {
		return nil, err
	}
	return &file{proc: (*Process)(p), disk: p.disk(), node: p.disk().open(name), name: name}, nil
}

func (p *processDisk) ReadFile(name string) ([]byte, error) {
	if err := p.check("read", name); err != nil {
		return nil, err
	}
	node := p.disk().files[name]
	if node == nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return slices.Clone(node.current), nil
}

func (p *processDisk) Rename(oldname, newname string) error {
	if err := p.check("rename", oldname); err != nil {
		return err
	}
	if err := p.check("rename", newname); err != nil {
		return err
	}
	return p.disk().rename(oldname, newname)
}

func (p *processDisk) Remove(name string) error {
	if err := p.check("remove", name); err != nil {
		return err
	}
	return p.disk().remove(name)
}

func (p *processDisk) List(dir string) ([]string, error) {
	if p.ended || dir != "" {
		if err := p.check("list", dir); err != nil {
			return nil, err
		}
	}
	return p.disk().list(dir), nil
}

func (p *processDisk) SyncDir(l host.Loop, dir string, done func(error)) {
	if !p.ended {
		p.disk().syncDir(l, dir, done)
	}
}

// disk is one machine's file system. It outlives processes. It keeps
// what programs see and what is durable apart, with the operations between the
// two in the order they were made; when the power goes, a drawn number of them
// has reached the disk, the last one perhaps in part.
type disk struct {
	host    *Host
	draws   *Stream
	files   map[string]*inode // what programs see
	durable map[string]*inode // what the disk will show after a crash
	names   []nameChange      // made and not yet synced, oldest first
	changes uint64            // how many name changes were ever made
	boots   uint64            // how often the machine lost power
}

// inode is a file's content.
type inode struct {
	current []byte
	durable []byte
	pending []write // made and not yet synced, oldest first
	synced  int     // how many writes were ever made durable
}

// harden makes the n oldest pending writes durable.
func (n *inode) harden(count int) {
	for _, w := range n.pending[:count] {
		n.durable = w.apply(n.durable)
	}
	n.pending = append(n.pending[:0], n.pending[count:]...)
	n.synced += count
}

// write is one change of a file's content: bytes at an offset, or, with no
// bytes, a new size.
type write struct {
	off      int64
	data     []byte
	truncate bool
}

// nameChange is one change of the name space. from is empty for a creation, to
// for a removal.
type nameChange struct {
	number   uint64 // in the order they were made
	from, to string
	file     *inode
}

const (
	sectorSize = 512
	syncDelay  = 200 * time.Microsecond // the least time a sync takes; as much again is drawn
)

func newDisk(h *Host) disk {
	return disk{
		host: h, draws: NewStream(h.sim.config.Seed, "disk/"+h.name),
		files: make(map[string]*inode), durable: make(map[string]*inode),
	}
}

func (d *disk) open(name string) *inode {
	node := d.files[name]
	if node == nil {
		node = &inode{}
		d.change(nameChange{to: name, file: node})
	}
	return node
}

func (d *disk) rename(oldname, newname string) error {
	node := d.files[oldname]
	if node == nil {
		return &fs.PathError{Op: "rename", Path: oldname, Err: fs.ErrNotExist}
	}
	d.change(nameChange{from: oldname, to: newname, file: node})
	return nil
}

func (d *disk) remove(name string) error {
	if d.files[name] == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	d.change(nameChange{from: name})
	return nil
}

func (d *disk) list(dir string) []string {
	var names []string
	for name := range d.files {
		if dir == "" || strings.HasPrefix(name, dir+"/") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (d *disk) syncDir(l host.Loop, dir string, done func(error)) {
	upTo := d.changes
	d.later(func() {
		// As in a journal, what was made before goes with it: a change never
		// overtakes an earlier one of the same file.
		upToIndex := 0
		for i, c := range d.names {
			if c.number <= upTo && c.touches(dir) {
				upToIndex = i + 1
			}
		}
		for _, c := range d.names[:upToIndex] {
			c.apply(d.durable)
		}
		d.names = append(d.names[:0], d.names[upToIndex:]...)
		l.Post(func() { done(nil) })
	})
}

func (c nameChange) touches(dir string) bool {
	in := func(name string) bool { return name != "" && folder(name) == dir }
	return in(c.from) || in(c.to)
}

func folder(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

func (c nameChange) apply(names map[string]*inode) {
	if c.from != "" {
		delete(names, c.from)
	}
	if c.to != "" {
		names[c.to] = c.file
	}
}

func (d *disk) change(c nameChange) {
	d.changes++
	c.number = d.changes
	c.apply(d.files)
	d.names = append(d.names, c)
}

// later runs fn when a sync that began now is complete, unless the power goes
// first.
func (d *disk) later(fn func()) {
	boots := d.boots
	took := syncDelay + time.Duration(d.draws.int64N(int64(syncDelay)))
	d.host.sim.kernel.after(took, call(func() {
		if d.boots == boots {
			fn()
		}
	}), eventSynced, d.host.id, 0)
}

// crash forgets what was not synced, as far as the draws have it.
func (d *disk) crash() {
	d.boots++
	survive := d.draws.IntN(len(d.names) + 1)
	for _, c := range d.names[:survive] {
		c.apply(d.durable)
	}
	d.names = nil
	names := make([]string, 0, len(d.durable))
	for name := range d.durable {
		names = append(names, name)
	}
	slices.Sort(names)
	d.files = make(map[string]*inode, len(names))
	for _, name := range names {
		node := d.durable[name]
		node.crash(d.draws)
		d.files[name] = node
	}
}

func (n *inode) crash(draws *Stream) {
	if len(n.pending) > 0 {
		survive := draws.IntN(len(n.pending) + 1)
		for _, w := range n.pending[:survive] {
			n.durable = w.apply(n.durable)
		}
		if survive < len(n.pending) {
			n.durable = n.pending[survive].tear(draws).apply(n.durable)
		}
	}
	n.synced += len(n.pending)
	n.pending = nil
	n.current = slices.Clone(n.durable)
}

// tear keeps a drawn number of the sectors of a write.
func (w write) tear(draws *Stream) write {
	if w.truncate {
		return write{}
	}
	lead := int(w.off % sectorSize) // of the first sector that is not the write's
	sectors := (lead + len(w.data) + sectorSize - 1) / sectorSize
	end := draws.IntN(sectors+1)*sectorSize - lead
	w.data = w.data[:min(len(w.data), max(end, 0))]
	return w
}

func (w write) apply(content []byte) []byte {
	if w.truncate {
		if w.off <= int64(len(content)) {
			return content[:w.off]
		}
		return append(content, make([]byte, w.off-int64(len(content)))...)
	}
	if end := w.off + int64(len(w.data)); len(w.data) > 0 && end > int64(len(content)) {
		content = append(content, make([]byte, end-int64(len(content)))...)
	}
	copy(content[min(w.off, int64(len(content))):], w.data)
	return content
}

func checkName(op, name string) error {
	if !fs.ValidPath(name) || name == "." {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return nil
}

// file implements host.File.
type file struct {
	proc   *Process
	disk   *disk
	node   *inode
	name   string
	closed bool
}

// maxFileSize bounds a simulated file, so that a wild offset is an error and not
// an allocation.
const maxFileSize = 1 << 30

func (f *file) ReadAt(p []byte, off int64) (int, error) {
	if err := f.check("read", off, 0); err != nil {
		return 0, err
	}
	if off >= int64(len(f.node.current)) {
		return 0, io.EOF
	}
	n := copy(p, f.node.current[off:])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

func (f *file) WriteAt(p []byte, off int64) (int, error) {
	if err := f.check("write", off, len(p)); err != nil {
		return 0, err
	}
	f.apply(write{off: off, data: slices.Clone(p)})
	return len(p), nil
}

func (f *file) Truncate(size int64) error {
	if err := f.check("truncate", size, 0); err != nil {
		return err
	}
	f.apply(write{off: size, truncate: true})
	return nil
}

func (f *file) apply(w write) {
	f.node.current = w.apply(f.node.current)
	f.node.pending = append(f.node.pending, w)
}

func (f *file) Size() (int64, error) {
	if err := f.check("size", 0, 0); err != nil {
		return 0, err
	}
	return int64(len(f.node.current)), nil
}

func (f *file) Sync(l host.Loop, done func(error)) {
	if err := f.check("sync", 0, 0); err != nil {
		l.Post(func() { done(err) })
		return
	}
	node := f.node
	upTo := node.synced + len(node.pending)
	f.disk.later(func() {
		if n := upTo - node.synced; n > 0 {
			node.harden(n)
		}
		l.Post(func() { done(nil) })
	})
}

func (f *file) Close() error {
	if f.closed {
		return &fs.PathError{Op: "close", Path: f.name, Err: host.ErrClosed}
	}
	f.closed = true
	return nil
}

func (f *file) check(op string, off int64, n int) error {
	switch {
	case f.proc.ended:
		return &fs.PathError{Op: op, Path: f.name, Err: host.ErrStopped}
	case f.closed:
		return &fs.PathError{Op: op, Path: f.name, Err: host.ErrClosed}
	case off < 0 || off+int64(n) > maxFileSize:
		return &fs.PathError{Op: op, Path: f.name, Err: fmt.Errorf("offset %d: %w", off, fs.ErrInvalid)}
	}
	return nil
}
