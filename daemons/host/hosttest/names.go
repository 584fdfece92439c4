package hosttest

import (
	"io/fs"
	"slices"
	"strings"
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
		{"a file is not a folder", diskFileIsNoFolder},
		{"a folder goes with its last file", diskFolderGoes},
		{"rename to the same name changes nothing", diskRenameSame},
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
	for _, name := range []string{"", ".", "..", "/abs", "a/../b", "../up", "a//b", "a/", "./a", "a/.", "a\x00b", strings.Repeat("x", 256)} {
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
		_, err = p.Disk().Open("folder")
		wantsErr(r, "Open of a folder", err, fs.ErrExist)
		wantsErr(r, "Rename to its own folder", p.Disk().Rename("folder/file", "folder"), fs.ErrExist)
	})
	wantsFile(p, "folder/file", "content")
}

func diskFileIsNoFolder(r *rig) {
	p := r.process("a")
	writeAll(p, "file", "content")
	p.do(func() {
		d := p.Disk()
		_, err := d.Open("file/x")
		wantsErr(r, "Open below a file", err, fs.ErrExist)
		wantsErr(r, "Rename below itself", d.Rename("file", "file/x"), fs.ErrExist)
		_, err = d.ReadFile("file/x")
		wantsErr(r, "ReadFile below a file", err, fs.ErrNotExist)
		wantsErr(r, "Remove below a file", d.Remove("file/x"), fs.ErrNotExist)
		wantsErr(r, "Rename of what is below a file", d.Rename("file/x", "y"), fs.ErrNotExist)
	})
	wantsList(p, "file")
	wantsList(p, "file/x")
	wantsList(p, "", "file")
	p.wait("a folder that is none is synced", func(done func(error)) { p.Disk().SyncDir(p.main, "file", done) })
}

func diskFolderGoes(r *rig) {
	p := r.process("a")
	writeAll(p, "a/b/c", "x")
	writeAll(p, "d/e", "content")
	p.do(func() {
		if err := p.Disk().Remove("a/b/c"); err != nil {
			r.Errorf("Remove: %v", err)
		}
	})
	writeAll(p, "a", "a file now")
	mustRename(p, "d/e", "f")
	mustRename(p, "f", "d")
	wantsList(p, "", "a", "d")
	wantsFile(p, "d", "content")
}

func diskRenameSame(r *rig) {
	p := r.process("a")
	writeAll(p, "folder/file", "content")
	mustRename(p, "folder/file", "folder/file")
	wantsFile(p, "folder/file", "content")
	wantsList(p, "", "folder/file")
}
