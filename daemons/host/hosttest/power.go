package hosttest

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
)

func powerChecks() []check {
	return []check{
		{"a power cut keeps what was synced", powerKeepsSynced},
		{"a power cut keeps synced names", powerKeepsNames},
		{"a power cut keeps synced bytes under unsynced ones", powerKeepsUnderWrites},
		{"a power cut leaves a rename whole", powerRenameIsWhole},
		{"a power cut leaves each sector as it was or as it was written", powerTearsAtSectors},
		{"a power cut loses no file on its way to another folder", powerMoves},
		{"a power cut leaves what was truncated away", powerKeepsTruncated},
		{"a power cut stops every loop", powerStops},
	}
}

// powered is a process on a machine whose power can be cut.
func powered(r *rig) *process {
	m := r.world.NewHost("a")
	if !m.CanPowerCut() {
		r.Skip("there is no power to cut here")
	}
	return r.start(m)
}

// synced makes a file that survives.
func synced(p *process, name, content string) {
	p.rig.Helper()
	f := openFile(p, name)
	p.do(func() { mustWrite(p.rig, f, content, 0) })
	p.wait("the sync has completed", func(done func(error)) { f.Sync(p.main, done) })
	p.do(func() { f.Close() })
	syncFolderOf(p, name)
}

func syncFolderOf(p *process, name string) {
	p.rig.Helper()
	dir := ""
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		dir = name[:i]
	}
	p.wait("the folder is synced", func(done func(error)) { p.Disk().SyncDir(p.main, dir, done) })
}

// wait begins something on the main loop and waits until it is done.
func (p *process) wait(what string, begin func(done func(error))) {
	p.rig.Helper()
	var j journal
	p.do(func() { begin(syncNote(p.rig, &j)) })
	p.rig.await(what, j.has(1))
}

func powerKeepsSynced(r *rig) {
	p := powered(r)
	content := string(pattern(0, 10000, 1))
	synced(p, "folder/file", content)
	for range 3 {
		p.machine.PowerCut()
		p = r.start(p.machine)
		wantsFile(p, "folder/file", content)
	}
}

func powerKeepsNames(r *rig) {
	p := powered(r)
	synced(p, "file", "content")
	synced(p, "gone", "x")
	mustRename(p, "file", "new name")
	p.do(func() { p.Disk().Remove("gone") })
	syncFolderOf(p, "new name")
	p.machine.PowerCut()
	p = r.start(p.machine)
	wantsList(p, "", "new name")
	wantsFile(p, "new name", "content")
}

func powerKeepsUnderWrites(r *rig) {
	for range 10 {
		p := powered(r)
		const sector = 512
		before := pattern(0, 4*sector, 1)
		synced(p, "file", string(before))
		f := openFile(p, "file")
		p.do(func() { mustWrite(r, f, string(pattern(0, sector, 2)), sector) })
		p.machine.PowerCut()
		p = r.start(p.machine)
		p.do(func() {
			got, err := p.Disk().ReadFile("file")
			if err != nil || len(got) != len(before) {
				r.Errorf("ReadFile: %d bytes, %v; want %d", len(got), err, len(before))
				return
			}
			if !slices.Equal(got[:sector], before[:sector]) || !slices.Equal(got[2*sector:], before[2*sector:]) {
				r.Error("bytes that were synced and not written again have changed")
			}
		})
	}
}

func powerRenameIsWhole(r *rig) {
	for range 10 {
		p := powered(r)
		synced(p, "current", "old content")
		synced(p, "next", "new content")
		mustRename(p, "next", "current")
		p.machine.PowerCut()
		p = r.start(p.machine)
		p.do(func() {
			got, err := p.Disk().ReadFile("current")
			if err != nil || string(got) != "old content" && string(got) != "new content" {
				r.Errorf("after a rename and a power cut: %q, %v", got, err)
			}
			next, err := p.Disk().ReadFile("next")
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil || string(next) != "new content":
				r.Errorf("the old name shows %q, %v", next, err)
			}
		})
	}
}

func powerTearsAtSectors(r *rig) {
	for range 10 {
		p := powered(r)
		const sector, n = 512, 8
		old, written := pattern(0, n*sector, 1), pattern(0, n*sector, 2)
		synced(p, "file", string(old))
		f := openFile(p, "file")
		p.do(func() {
			mustWrite(r, f, string(written[3*sector:]), 3*sector)
			mustWrite(r, f, string(written[:3*sector]), 0)
		})
		p.machine.PowerCut()
		p = r.start(p.machine)
		p.do(func() {
			got, err := p.Disk().ReadFile("file")
			if err != nil || len(got) != n*sector {
				r.Errorf("ReadFile: %d bytes, %v; want %d", len(got), err, n*sector)
				return
			}
			for i := 0; i < n*sector; i += sector {
				if s := got[i : i+sector]; !slices.Equal(s, old[i:i+sector]) && !slices.Equal(s, written[i:i+sector]) {
					r.Errorf("the sector at %d is neither old nor new", i)
				}
			}
		})
	}
}

func powerMoves(r *rig) {
	for range 10 {
		p := powered(r)
		synced(p, "one/file", "content")
		mustRename(p, "one/file", "two/file")
		p.machine.PowerCut()
		p = r.start(p.machine)
		p.do(func() {
			names, err := p.Disk().List("")
			if err != nil || len(names) != 1 {
				r.Errorf("after a renaming and a power cut: %q, %v", names, err)
				return
			}
			if got, err := p.Disk().ReadFile(names[0]); string(got) != "content" {
				r.Errorf("%s holds %q, %v", names[0], got, err)
			}
		})
	}
}

func powerKeepsTruncated(r *rig) {
	p := powered(r)
	synced(p, "file", string(pattern(0, 2000, 1)))
	f := openFile(p, "file")
	p.do(func() {
		if err := f.Truncate(700); err != nil {
			r.Errorf("Truncate: %v", err)
		}
		mustWrite(r, f, "x", 1500)
	})
	p.wait("the file is synced", func(done func(error)) { f.Sync(p.main, done) })
	p.machine.PowerCut()
	want := append(pattern(0, 700, 1), make([]byte, 801)...)
	want[1500] = 'x'
	wantsFile(r.start(p.machine), "file", string(want))
}

func powerStops(r *rig) {
	p := powered(r)
	ran := p.busy()
	p.machine.PowerCut()
	wantsStopped(r, ran)
	r.start(p.machine).do(func() {})
}
