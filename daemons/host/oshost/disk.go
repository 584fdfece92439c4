package oshost

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/wavetank/wavetank/daemons/host"
)

// disk implements host.Disk on the directory Options.Dir. It works below an
// os.Root, so that no symbolic link leads out of it.
type disk struct {
	host *Host
	dir  string

	mu     sync.Mutex
	opened *os.Root // nil until first used

	// names is held while files come and go, with their folders.
	names sync.Mutex
}

func (d *disk) init(h *Host) { d.host, d.dir = h, h.options.Dir }

// errNoDisk: the machine was made without Options.Dir.
var errNoDisk = errors.New("machine has no disk")

// root is the directory, opened and if need be created.
func (d *disk) root() (*os.Root, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.host.over.Load():
		return nil, fmt.Errorf("%s: %w", d.host.Name(), host.ErrStopped)
	case d.opened != nil:
		return d.opened, nil
	case d.dir == "":
		return nil, fmt.Errorf("%s: %w", d.host.Name(), errNoDisk)
	}
	return d.openRoot()
}

func (d *disk) openRoot() (*os.Root, error) {
	if err := os.MkdirAll(d.dir, 0o755); err != nil {
		return nil, fmt.Errorf("%s: disk: %w", d.host.Name(), err)
	}
	root, err := os.OpenRoot(d.dir)
	if err != nil {
		return nil, fmt.Errorf("%s: disk: %w", d.host.Name(), err)
	}
	d.opened = root
	if !d.host.adopt(d) {
		root.Close()
		return nil, fmt.Errorf("%s: %w", d.host.Name(), host.ErrStopped)
	}
	return root, nil
}

// die implements resource.
func (d *disk) die() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.opened.Close()
}

// at is the root, if each of the names may name a file.
func (d *disk) at(doing string, names ...string) (*os.Root, error) {
	for _, name := range names {
		if !fs.ValidPath(name) || name == "." || strings.ContainsRune(name, 0) || hasLongElement(name) {
			return nil, &fs.PathError{Op: doing, Path: name, Err: fs.ErrInvalid}
		}
	}
	return d.root()
}

// maxElement is the longest element of a name in bytes.
const maxElement = 255

func hasLongElement(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(e string) bool { return len(e) > maxElement })
}

// Open implements host.Disk.
func (d *disk) Open(name string) (host.File, error) {
	root, err := d.at("open", name)
	if err != nil {
		return nil, err
	}
	d.names.Lock()
	defer d.names.Unlock()
	open := func() (*os.File, error) { return root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644) }
	f, err := open()
	if errors.Is(err, fs.ErrNotExist) {
		if err = root.MkdirAll(path.Dir(name), 0o755); err == nil {
			f, err = open()
		}
	}
	if err != nil {
		return nil, blockedName(err)
	}
	return newFile(d.host, f)
}

// ReadFile implements host.Disk.
func (d *disk) ReadFile(name string) ([]byte, error) {
	root, err := d.at("read", name)
	if err != nil {
		return nil, err
	}
	b, err := root.ReadFile(name)
	return b, missingName(err)
}

// notExist is what a folder is to operations on files.
func notExist(doing, name string) error {
	return &fs.PathError{Op: doing, Path: name, Err: fs.ErrNotExist}
}

// Rename implements host.Disk.
func (d *disk) Rename(oldname, newname string) error {
	root, err := d.at("rename", oldname, newname)
	if err != nil {
		return err
	}
	d.names.Lock()
	defer d.names.Unlock()
	if err := checkFile(root, "rename", oldname); err != nil {
		return err
	}
	if info, err := root.Lstat(newname); err == nil && info.IsDir() {
		return &fs.PathError{Op: "rename", Path: newname, Err: fs.ErrExist}
	}
	if err := root.MkdirAll(path.Dir(newname), 0o755); err != nil {
		return blockedName(err)
	}
	if err := root.Rename(oldname, newname); err != nil {
		return blockedName(err)
	}
	prune(root, path.Dir(oldname))
	return nil
}

// prune removes a folder that has lost its last file, and then the one above:
// folders exist with their files only.
func prune(root *os.Root, dir string) {
	for dir != "." && root.Remove(dir) == nil {
		dir = path.Dir(dir)
	}
}

// Remove implements host.Disk.
func (d *disk) Remove(name string) error {
	root, err := d.at("remove", name)
	if err != nil {
		return err
	}
	d.names.Lock()
	defer d.names.Unlock()
	if err := checkFile(root, "remove", name); err != nil {
		return err
	}
	if err := root.Remove(name); err != nil {
		return diskError(err)
	}
	prune(root, path.Dir(name))
	return nil
}

// checkFile is nil if name is there and no folder.
func checkFile(root *os.Root, doing, name string) error {
	info, err := root.Lstat(name)
	if err == nil && info.IsDir() {
		err = notExist(doing, name)
	}
	return missingName(err)
}

// List implements host.Disk. Folders and what is not a regular file are left
// out.
func (d *disk) List(dir string) ([]string, error) {
	root, err := d.folder("list", &dir)
	if err != nil {
		return nil, err
	}
	var names []string
	err = fs.WalkDir(root.FS(), dir, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
			return nil // never there, or removed since its folder was read
		case err != nil:
			return err
		}
		if entry.Type().IsRegular() && name != dir {
			names = append(names, name)
		}
		return nil
	})
	// WalkDir's order has "a/b" before "a-b"; that of the names is the other way.
	slices.Sort(names)
	return names, diskError(err)
}

// folder is the root, if dir may name a folder; "" becomes ".".
func (d *disk) folder(doing string, dir *string) (*os.Root, error) {
	if *dir == "" {
		*dir = "."
		return d.root()
	}
	return d.at(doing, *dir)
}

// SyncDir implements host.Disk. It syncs the folders above dir too: dir itself
// may have come into being with its first file.
func (d *disk) SyncDir(loop host.Loop, dir string, done func(error)) {
	root, err := d.folder("sync", &dir)
	if err != nil {
		loop.Post(func() { done(err) })
		return
	}
	d.host.spawn(func() {
		err := diskError(syncUpwards(root, dir))
		loop.Post(func() { done(err) })
	})
}

func syncUpwards(root *os.Root, dir string) error {
	for {
		// A folder that does not exist holds nothing that could get lost, and
		// neither does a file that is no folder.
		if err := syncFolder(root, dir); err != nil && !errors.Is(missingName(err), fs.ErrNotExist) {
			return err
		}
		if dir == "." {
			return nil
		}
		dir = path.Dir(dir)
	}
}

func syncFolder(root *os.Root, dir string) error {
	f, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
