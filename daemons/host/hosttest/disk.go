package hosttest

import (
	"errors"
	"io"
	"io/fs"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
)

func diskChecks() []check {
	return append(nameChecks(), []check{
		{"open creates an empty file", diskCreate},
		{"open keeps what is there", diskOpenKeeps},
		{"what was written is read back", diskReadBack},
		{"reading at the end answers EOF", diskReadEOF},
		{"writing past the end fills with zeros", diskWritePastEnd},
		{"the caller may reuse its bytes after writing", diskWriteCopies},
		{"reading nothing succeeds anywhere", diskReadNothing},
		{"writing nothing changes nothing", diskWriteNothing},
		{"negative offsets are refused", diskNegative},
		{"truncate shortens and lengthens", diskTruncate},
		{"what was truncated away does not come back", diskTruncateForgets},
		{"two openings of a file see each other's writes", diskTwoOpenings},
		{"a file can be read whole", diskReadFile},
		{"a removed file lives on for whoever has it open", diskRemovedOpen},
		{"a replaced file lives on for whoever has it open", diskReplacedOpen},
		{"sync completes on the loop and not inside", diskSync},
		{"sync of a folder completes on the loop and not inside", diskSyncDir},
		{"syncs complete on the loop they were given", diskSyncLoop},
		{"close does not cancel a sync", diskSyncClose},
		{"a closed file answers so", diskClosed},
		{"machines do not share a disk", diskIsLocal},
		{"the disk outlives the process", diskOutlivesKill},
	}...)
}

// openFile opens a file from the main loop.
func openFile(p *process, name string) host.File {
	p.rig.Helper()
	var f host.File
	var err error
	p.do(func() { f, err = p.Disk().Open(name) })
	if err != nil {
		p.rig.Fatalf("Open(%q): %v", name, err)
	}
	return f
}

// writeAll makes a file have that content. It does not sync.
func writeAll(p *process, name, content string) {
	p.rig.Helper()
	f := openFile(p, name)
	p.do(func() {
		mustWrite(p.rig, f, content, 0)
		if err := f.Truncate(int64(len(content))); err != nil {
			p.rig.Errorf("Truncate: %v", err)
		}
		if err := f.Close(); err != nil {
			p.rig.Errorf("Close: %v", err)
		}
	})
}

func mustWrite(r *rig, f host.File, content string, off int64) {
	r.Helper()
	if n, err := f.WriteAt([]byte(content), off); n != len(content) || err != nil {
		r.Errorf("WriteAt(%d bytes, %d) = %d, %v", len(content), off, n, err)
	}
}

func wantsFile(p *process, name, want string) {
	p.rig.Helper()
	p.do(func() {
		got, err := p.Disk().ReadFile(name)
		if err != nil || string(got) != want {
			p.rig.Errorf("ReadFile(%q) = %q, %v; want %q", name, got, err, want)
		}
	})
}

func wantsSize(r *rig, f host.File, want int64) {
	r.Helper()
	if got, err := f.Size(); got != want || err != nil {
		r.Errorf("Size = %d, %v; want %d", got, err, want)
	}
}

func diskCreate(r *rig) {
	p := r.process("a")
	f := openFile(p, "folder/sub/file")
	p.do(func() { wantsSize(r, f, 0) })
	wantsFile(p, "folder/sub/file", "")
}

func diskOpenKeeps(r *rig) {
	p := r.process("a")
	writeAll(p, "file", "content")
	f := openFile(p, "file")
	p.do(func() { wantsSize(r, f, 7) })
	wantsFile(p, "file", "content")
}

func diskReadBack(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	content := pattern(0, 100000, 1)
	p.do(func() {
		mustWrite(r, f, string(content), 0)
		mustWrite(r, f, "patch", 5000)
		copy(content[5000:], "patch")
		got := make([]byte, 70000)
		if n, err := f.ReadAt(got, 123); n != len(got) || err != nil {
			r.Errorf("ReadAt = %d, %v", n, err)
		}
		if !slices.Equal(got, content[123:123+len(got)]) {
			r.Error("ReadAt gave other bytes than were written")
		}
		wantsSize(r, f, int64(len(content)))
	})
}

func diskReadEOF(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		mustWrite(r, f, "content", 0)
		p := make([]byte, 10)
		if n, err := f.ReadAt(p, 3); n != 4 || !errors.Is(err, io.EOF) || string(p[:n]) != "tent" {
			r.Errorf("ReadAt across the end = %d %q, %v; want 4 and EOF", n, p[:n], err)
		}
		if n, err := f.ReadAt(p, 7); n != 0 || !errors.Is(err, io.EOF) {
			r.Errorf("ReadAt at the end = %d, %v; want 0 and EOF", n, err)
		}
		if n, err := f.ReadAt(p, 1000); n != 0 || !errors.Is(err, io.EOF) {
			r.Errorf("ReadAt past the end = %d, %v; want 0 and EOF", n, err)
		}
	})
}

func diskWritePastEnd(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		mustWrite(r, f, "ab", 0)
		mustWrite(r, f, "yz", 6)
	})
	wantsFile(p, "file", "ab\x00\x00\x00\x00yz")
}

func diskWriteCopies(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		b := []byte("mine")
		f.WriteAt(b, 0)
		copy(b, "over")
	})
	wantsFile(p, "file", "mine")
	p.do(func() {
		got, _ := p.Disk().ReadFile("file")
		copy(got, "over")
	})
	wantsFile(p, "file", "mine")
}

func diskReadNothing(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		for _, off := range []int64{0, 5} {
			if n, err := f.ReadAt(nil, off); n != 0 || err != nil {
				r.Errorf("ReadAt(nothing, %d) = %d, %v", off, n, err)
			}
		}
	})
}

func diskWriteNothing(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		mustWrite(r, f, "content", 0)
		mustWrite(r, f, "", 100)
		wantsSize(r, f, 7)
	})
}

func diskNegative(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		mustWrite(r, f, "content", 0)
		_, err := f.ReadAt(make([]byte, 1), -1)
		wantsErr(r, "ReadAt(-1)", err, fs.ErrInvalid)
		_, err = f.WriteAt([]byte{1}, -1)
		wantsErr(r, "WriteAt(-1)", err, fs.ErrInvalid)
		wantsErr(r, "Truncate(-1)", f.Truncate(-1), fs.ErrInvalid)
	})
	wantsFile(p, "file", "content")
}

func diskTruncateForgets(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		mustWrite(r, f, "content", 0)
		if err := f.Truncate(3); err != nil {
			r.Errorf("Truncate(3): %v", err)
		}
		mustWrite(r, f, "x", 6)
	})
	wantsFile(p, "file", "con\x00\x00\x00x")
}

func diskRemovedOpen(r *rig) {
	p := r.process("a")
	f := openFile(p, "folder/file")
	p.do(func() {
		mustWrite(r, f, "content", 0)
		if err := p.Disk().Remove("folder/file"); err != nil {
			r.Errorf("Remove: %v", err)
		}
		mustWrite(r, f, "ent", 4)
		got := make([]byte, 7)
		if _, err := f.ReadAt(got, 0); err != nil || string(got) != "content" {
			r.Errorf("the removed file reads %q, %v", got, err)
		}
	})
	p.wait("the removed file is synced", func(done func(error)) { f.Sync(p.main, done) })
	wantsList(p, "")
	writeAll(p, "folder/file", "another")
	p.do(func() { wantsSize(r, f, 7) })
	wantsFile(p, "folder/file", "another")
}

func diskReplacedOpen(r *rig) {
	p := r.process("a")
	writeAll(p, "new", "new content")
	old := openFile(p, "name")
	p.do(func() { mustWrite(r, old, "old", 0) })
	mustRename(p, "new", "name")
	p.do(func() {
		mustWrite(r, old, "gone", 0)
		wantsSize(r, old, 4)
	})
	wantsFile(p, "name", "new content")
}

func diskTruncate(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	p.do(func() {
		mustWrite(r, f, "content", 0)
		if err := f.Truncate(3); err != nil {
			r.Errorf("Truncate(3): %v", err)
		}
		wantsSize(r, f, 3)
		if err := f.Truncate(5); err != nil {
			r.Errorf("Truncate(5): %v", err)
		}
	})
	wantsFile(p, "file", "con\x00\x00")
}

func diskTwoOpenings(r *rig) {
	p := r.process("a")
	one, two := openFile(p, "file"), openFile(p, "file")
	p.do(func() {
		mustWrite(r, one, "from one", 0)
		got := make([]byte, 8)
		if _, err := two.ReadAt(got, 0); err != nil || string(got) != "from one" {
			r.Errorf("the second opening reads %q, %v", got, err)
		}
	})
}

func diskReadFile(r *rig) {
	p := r.process("a")
	content := string(pattern(0, 300000, 1))
	writeAll(p, "big", content)
	wantsFile(p, "big", content)
}

// syncNote makes the completion of a sync an entry.
func syncNote(r *rig, j *journal) func(error) {
	return func(err error) {
		if err != nil {
			r.Errorf("sync: %v", err)
		}
		j.note("synced")
	}
}

func diskSync(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	var j journal
	p.do(func() {
		mustWrite(r, f, "content", 0)
		f.Sync(p.main, syncNote(r, &j))
		j.note("returned")
	})
	r.await("the sync has completed", j.has(2))
	r.settle()
	j.wants(r, "returned", "synced")
}

func diskSyncDir(r *rig) {
	p := r.process("a")
	writeAll(p, "folder/sub/file", "content")
	for _, dir := range []string{"", "folder", "folder/sub"} {
		var j journal
		p.do(func() {
			p.Disk().SyncDir(p.main, dir, syncNote(r, &j))
			j.note("returned")
		})
		r.await("the sync has completed", j.has(2))
		r.world.Run(quiet / 10)
		j.wants(r, "returned", "synced")
	}
}

func diskSyncLoop(r *rig) {
	p := r.process("a")
	other, doomed := p.NewLoop("other"), p.NewLoop("doomed")
	f := openFile(p, "file")
	var a alone
	p.do(func() {
		for range 20 {
			f.Sync(other, func(error) { a.enter(); a.leave() })
			p.Disk().SyncDir(other, "", func(error) { a.enter(); a.leave() })
		}
		f.Sync(doomed, func(error) { r.Error("a sync completed on a closed loop") })
		doomed.Close()
		p.main.Close() // the loop that asked is not the one that is told
	})
	r.await("all syncs have completed", func() bool { return a.times.Load() == 40 })
	a.wants(r)
}

func diskSyncClose(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	var j journal
	p.do(func() {
		mustWrite(r, f, "content", 0)
		f.Sync(p.main, syncNote(r, &j))
		f.Sync(p.main, syncNote(r, &j))
		if err := f.Close(); err != nil {
			r.Errorf("Close: %v", err)
		}
	})
	r.await("both syncs have completed", j.has(2))
	wantsFile(p, "file", "content")
}

func diskClosed(r *rig) {
	p := r.process("a")
	f := openFile(p, "file")
	var j journal
	p.do(func() {
		if err := f.Close(); err != nil {
			r.Errorf("Close: %v", err)
		}
		_, err := f.ReadAt(make([]byte, 1), 0)
		wantsErr(r, "ReadAt", err, host.ErrClosed)
		_, err = f.WriteAt([]byte{1}, 0)
		wantsErr(r, "WriteAt", err, host.ErrClosed)
		_, err = f.Size()
		wantsErr(r, "Size", err, host.ErrClosed)
		wantsErr(r, "Truncate", f.Truncate(0), host.ErrClosed)
		wantsErr(r, "Close", f.Close(), host.ErrClosed)
		f.Sync(p.main, func(err error) {
			wantsErr(r, "Sync", err, host.ErrClosed)
			j.note("told")
		})
	})
	r.await("the sync was refused", j.has(1))
}

func diskIsLocal(r *rig) {
	a, b := r.process("a"), r.process("b")
	writeAll(a, "file", "of a")
	wantsList(b, "")
	writeAll(b, "file", "of b")
	wantsFile(a, "file", "of a")
}

func diskOutlivesKill(r *rig) {
	p := r.process("a")
	writeAll(p, "unsynced", "content")
	writeAll(p, "folder/renamed", "other")
	mustRename(p, "folder/renamed", "name")
	p.machine.Kill()
	next := r.start(p.machine)
	wantsFile(next, "unsynced", "content")
	wantsFile(next, "name", "other")
	wantsList(next, "", "name", "unsynced")
}
