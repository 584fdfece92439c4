package sim

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// nameChange is one change of the name space. from is empty for a creation, to
// for a removal.
type nameChange struct {
	number   uint64 // in the order they were made
	from, to string
	file     *inode
}

func (c nameChange) apply(names map[string]*inode) {
	if c.from != "" {
		delete(names, c.from)
	}
	if c.to != "" {
		names[c.to] = c.file
	}
}

// touches reports whether one of the change's names is in folder dir.
func (c nameChange) touches(dir string) bool {
	in := func(name string) bool { return name != "" && folder(name) == dir }
	return in(c.from) || in(c.to)
}

// follows reports whether c makes no sense without the earlier change: they have
// a name in common, or one's file is the other's folder.
func (c nameChange) follows(earlier nameChange) bool {
	for _, a := range []string{c.from, c.to} {
		for _, b := range []string{earlier.from, earlier.to} {
			if a != "" && b != "" && (a == b || below(a, b) || below(b, a)) {
				return true
			}
		}
	}
	return false
}

// below reports whether name is in folder dir, or deeper.
func below(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

func folder(name string) string {
	if dir := path.Dir(name); dir != "." {
		return dir
	}
	return ""
}

func (d *disk) open(name string) (*inode, error) {
	if node := d.files[name]; node != nil {
		return node, nil
	}
	if err := d.checkFree("open", name); err != nil {
		return nil, err
	}
	if err := d.writeFault("open", name); err != nil {
		return nil, err
	}
	node := &inode{}
	d.change(nameChange{to: name, file: node})
	return node, nil
}

func (d *disk) rename(oldname, newname string) error {
	node := d.files[oldname]
	if node == nil {
		return &fs.PathError{Op: "rename", Path: oldname, Err: fs.ErrNotExist}
	}
	if err := d.checkFree("rename", newname); err != nil {
		return err
	}
	if err := d.writeFault("rename", oldname); err != nil {
		return err
	}
	if replaced := d.files[newname]; oldname != newname {
		d.orphan(replaced)
		d.change(nameChange{from: oldname, to: newname, file: node})
	}
	return nil
}

func (d *disk) remove(name string) error {
	node := d.files[name]
	if node == nil {
		return &fs.PathError{Op: "remove", Path: name, Err: fs.ErrNotExist}
	}
	if err := d.writeFault("remove", name); err != nil {
		return err
	}
	d.orphan(node)
	d.change(nameChange{from: name})
	return nil
}

// checkFree refuses a name that is a folder's, or below a file's.
func (d *disk) checkFree(op, name string) error {
	for dir := folder(name); dir != ""; dir = folder(dir) {
		if d.files[dir] != nil {
			return &fs.PathError{Op: op, Path: name, Err: fs.ErrExist}
		}
	}
	for other := range d.files {
		if strings.HasPrefix(other, name+"/") {
			return &fs.PathError{Op: op, Path: name, Err: fs.ErrExist}
		}
	}
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

func (d *disk) change(c nameChange) {
	d.changes++
	c.number = d.changes
	c.apply(d.files)
	d.names = append(d.names, c)
}

// hardenNames makes the changes in folder dir durable that were made up to a
// number, with those that they follow from.
func (d *disk) hardenNames(dir string, upTo uint64) {
	wanted := make([]bool, len(d.names))
	for i := len(d.names) - 1; i >= 0; i-- {
		c := d.names[i]
		if c.number <= upTo && c.touches(dir) {
			wanted[i] = true
		}
		if wanted[i] {
			for j, earlier := range d.names[:i] {
				wanted[j] = wanted[j] || c.follows(earlier)
			}
		}
	}
	var rest []nameChange
	for i, c := range d.names {
		if wanted[i] {
			c.apply(d.durable)
		} else {
			rest = append(rest, c)
		}
	}
	d.names = rest
}

// settleNames decides which unsynced name changes have reached the disk when the
// power fails: any of them, in any order, but none without those it follows
// from. Each is made whole or not at all.
func (d *disk) settleNames(k keeping) {
	var lost []nameChange
	for _, c := range d.names {
		if slices.ContainsFunc(lost, c.follows) || !k.keeps(d.crashes) {
			lost = append(lost, c)
		} else {
			c.apply(d.durable)
		}
	}
	d.names = nil
}
