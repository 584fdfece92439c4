package hosttest

import (
	"io/fs"
	"slices"
)

func nameChecks() []check {
	return []check{
		{"what is not there does not exist", diskNotExist},
		{"rename replaces", diskRename},
		{"rename moves to a new folder", diskRenameFolder},
		{"remove removes", diskRemove},
		{"list names files in ascending order", diskList},
		{"list of a folder names what is below it", diskListFolder},
		{"bad names are refused", diskBadNames},
		{"a folder is not a file", diskFolderIsNoFile},
	}
}

func diskNotExist(r *rig) {
	p := r.process("a")
	p.do(func() {
		_, err := p.Disk().ReadFile("missing")
		wantsErr(r, "ReadFile", err, fs.ErrNotExist)
		_, err = p.Disk().ReadFile("missing/in/folder")
		wantsErr(r, "ReadFile in a missing folder", err, fs.ErrNotExist)
		wantsErr(r, "Remove", p.Disk().Remove("missing"), fs.ErrNotExist)
		wantsErr(r, "Rename", p.Disk().Rename("missing", "new"), fs.ErrNotExist)
	})
	wantsList(p, "")
	wantsList(p, "missing")
}

func wantsList(p *process, dir string, want ...string) {
	p.rig.Helper()
	p.do(func() {
		got, err := p.Disk().List(dir)
		if err != nil || !slices.Equal(got, want) {
			p.rig.Errorf("List(%q) = %q, %v; want %q", dir, got, err, want)
		}
	})
}

func mustRename(p *process, from, to string) {
	p.rig.Helper()
	p.do(func() {
		if err := p.Disk().Rename(from, to); err != nil {
			p.rig.Errorf("Rename(%q, %q): %v", from, to, err)
		}
	})
}

func diskRename(r *rig) {
	p := r.process("a")
	writeAll(p, "old", "old content")
	writeAll(p, "new", "content that goes away")
	mustRename(p, "old", "new")
	wantsFile(p, "new", "old content")
	wantsList(p, "", "new")
}

func diskRenameFolder(r *rig) {
	p := r.process("a")
	writeAll(p, "file", "content")
	mustRename(p, "file", "new/folder/file")
	wantsFile(p, "new/folder/file", "content")
	wantsList(p, "", "new/folder/file")
}

func diskRemove(r *rig) {
	p := r.process("a")
	writeAll(p, "file", "content")
	p.do(func() {
		if err := p.Disk().Remove("file"); err != nil {
			r.Errorf("Remove: %v", err)
		}
		_, err := p.Disk().ReadFile("file")
		wantsErr(r, "ReadFile after Remove", err, fs.ErrNotExist)
	})
	wantsList(p, "")
	f := openFile(p, "file")
	p.do(func() { wantsSize(r, f, 0) })
}

func diskList(r *rig) {
	p := r.process("a")
	for _, name := range []string{"b", "a/b", "a-b", "a/a/z", "c", "a.b", "B"} {
		writeAll(p, name, "")
	}
	wantsList(p, "", "B", "a-b", "a.b", "a/a/z", "a/b", "b", "c")
}

func diskListFolder(r *rig) {
	p := r.process("a")
	for _, name := range []string{"wal/2", "wal/10", "wal/old/1", "wal2/1", "wal.tmp", "other"} {
		writeAll(p, name, "")
	}
	wantsList(p, "wal", "wal/10", "wal/2", "wal/old/1")
	wantsList(p, "wal/old", "wal/old/1")
	wantsList(p, "wa")
}

func diskBadNames(r *rig) {
	p := r.process("a")
	writeAll(p, "file", "")
	for _, name := range []string{"", ".", "..", "/abs", "a/../b", "../up", "a//b", "a/", "./a", "a/."} {
		p.do(func() {
			d := p.Disk()
			_, err := d.Open(name)
			wantsErr(r, "Open "+name, err, fs.ErrInvalid)
			_, err = d.ReadFile(name)
			wantsErr(r, "ReadFile "+name, err, fs.ErrInvalid)
			wantsErr(r, "Remove "+name, d.Remove(name), fs.ErrInvalid)
			wantsErr(r, "Rename from "+name, d.Rename(name, "new"), fs.ErrInvalid)
			wantsErr(r, "Rename to "+name, d.Rename("file", name), fs.ErrInvalid)
			if name != "" {
				_, err = d.List(name)
				wantsErr(r, "List "+name, err, fs.ErrInvalid)
			}
		})
	}
	wantsList(p, "", "file")
}

func diskFolderIsNoFile(r *rig) {
	p := r.process("a")
	writeAll(p, "folder/file", "content")
	p.do(func() {
		_, err := p.Disk().ReadFile("folder")
		wantsErr(r, "ReadFile of a folder", err, fs.ErrNotExist)
		wantsErr(r, "Remove of a folder", p.Disk().Remove("folder"), fs.ErrNotExist)
		wantsErr(r, "Rename of a folder", p.Disk().Rename("folder", "new"), fs.ErrNotExist)
	})
	wantsFile(p, "folder/file", "content")
}
