package sim

import (
	"io/fs"
	"slices"
	"strings"

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

// maxElement is the longest element of a name in bytes, as Linux has it.
const maxElement = 255

func checkName(op, name string) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) || hasLongElement(name) {
		return &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	return nil
}

func hasLongElement(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(e string) bool { return len(e) > maxElement })
}

func (p *processDisk) Open(name string) (host.File, error) {
	if err := p.check("open", name); err != nil {
		return nil, err
	}
	(*Process)(p).sawDisk("open", name, 0, nil)
	node, err := p.disk().open(name)
	if err != nil {
		return nil, err
	}
	f := &file{proc: (*Process)(p), disk: p.disk(), node: node, name: name}
	node.opened(f)
	return f, nil
}

func (p *processDisk) ReadFile(name string) ([]byte, error) {
	if err := p.check("read", name); err != nil {
		return nil, err
	}
	node := p.disk().files[name]
	if node == nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	p.disk().reading()
	if err := p.disk().readFault(name); err != nil {
		return nil, err
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
	(*Process)(p).sawDisk("rename", oldname, 0, []byte(newname))
	return p.disk().rename(oldname, newname)
}

func (p *processDisk) Remove(name string) error {
	if err := p.check("remove", name); err != nil {
		return err
	}
	(*Process)(p).sawDisk("remove", name, 0, nil)
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
	if p.ended {
		return
	}
	if dir != "" {
		if err := checkName("sync", dir); err != nil {
			l.Post(func() { done(err) })
			return
		}
	}
	p.disk().syncDir(l, dir, done)
}
