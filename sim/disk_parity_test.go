package sim

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// TestDisk_agreesWithTheFileSystem does the same random operations on a simulated
// disk and on a folder of the real file system, and compares every answer. A
// program cannot tell the two apart until the power fails.
func TestDisk_agreesWithTheFileSystem(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		own, err := os.MkdirTemp(dir, "")
		if err != nil {
			t.Fatal(err)
		}
		p := &parity{simulated: newSimulatedDisk(1), real: newRealDisk(filepath.Join(own, "disk"))}
		defer p.real.kill()
		t.Repeat(map[string]func(*rapid.T){
			"open":     p.open,
			"write":    p.write,
			"read":     p.read,
			"truncate": p.truncate,
			"close":    p.close,
			"sync":     p.sync,
			"readFile": p.readFile,
			"rename":   p.rename,
			"remove":   p.remove,
			"list":     p.list,
			"syncDir":  p.syncDir,
			"restart":  p.restart,
			"":         p.sameNames,
		})
	})
}

// anyDisk is a disk that a test can drive from its own goroutine.
type anyDisk interface {
	disk() host.Disk
	// wait begins something and returns the error with which it is done.
	wait(begin func(l host.Loop, done func(error))) error
	kill()
	restart()
}

// parity is two disks and what is open on each.
type parity struct {
	simulated, real anyDisk
	files           []openPair
}

type openPair struct{ simulated, real host.File }

// both does something on each disk, and fails if the answers differ.
func (p *parity) both(t *rapid.T, what string, do func(anyDisk) string) {
	p.same(t, what, do(p.simulated), do(p.real))
}

func (p *parity) same(t *rapid.T, what, simulated, real string) {
	t.Helper()
	if simulated != real {
		t.Fatalf("%s: simulated %s, real %s", what, simulated, real)
	}
}

// named are the errors that a program may test for.
func named(err error) string {
	if err == nil {
		return "ok"
	}
	var is []string
	for _, known := range []error{
		io.EOF, fs.ErrNotExist, fs.ErrExist, fs.ErrInvalid, host.ErrClosed, host.ErrStopped, host.ErrIO, host.ErrNoSpace,
	} {
		if errors.Is(err, known) {
			is = append(is, known.Error())
		}
	}
	if is == nil {
		return "an error without a name: " + err.Error()
	}
	return strings.Join(is, ", ")
}

// aName is short, so that names meet, and sometimes no name at all.
func aName(t *rapid.T) string {
	return rapid.OneOf(
		rapid.SampledFrom([]string{"a", "b", "a/a", "a/b", "a/a/a", "b/a", "c/c/c", "c/c", "c"}),
		rapid.SampledFrom([]string{"a", "b", "a/a", "a/b", "a/a/a", "b/a", "c/c/c", "c/c", "c"}),
		rapid.SampledFrom([]string{"", ".", "..", "/a", "a/", "a//b", "a/../b", "a\x00", strings.Repeat("n", 256)}),
	).Draw(t, "name")
}

func anOffset(t *rapid.T) int64 {
	return rapid.OneOf(rapid.Int64Range(0, 9000), rapid.SampledFrom([]int64{-1, 0, 511, 512, 4095, 4096})).Draw(t, "offset")
}

func (p *parity) open(t *rapid.T) {
	name := aName(t)
	s, errS := p.simulated.disk().Open(name)
	r, errR := p.real.disk().Open(name)
	p.same(t, "Open", named(errS), named(errR))
	if errS == nil {
		p.files = append(p.files, openPair{s, r})
	}
}

// file draws one of the files that were opened, open still or not.
func (p *parity) file(t *rapid.T) openPair {
	if len(p.files) == 0 {
		t.Skip("nothing was opened")
	}
	return rapid.SampledFrom(p.files).Draw(t, "file")
}

func (p *parity) write(t *rapid.T) {
	f, off := p.file(t), anOffset(t)
	data := rapid.SliceOfN(rapid.Byte(), 0, 1500).Draw(t, "data")
	n, errS := f.simulated.WriteAt(data, off)
	m, errR := f.real.WriteAt(data, off)
	p.same(t, "WriteAt", fmt.Sprint(n, named(errS)), fmt.Sprint(m, named(errR)))
	p.sameSize(t, f)
}

func (p *parity) read(t *rapid.T) {
	f, off := p.file(t), anOffset(t)
	size := rapid.IntRange(0, 10000).Draw(t, "size")
	a, b := make([]byte, size), make([]byte, size)
	n, errS := f.simulated.ReadAt(a, off)
	m, errR := f.real.ReadAt(b, off)
	p.same(t, "ReadAt", fmt.Sprintf("%d %s %x", n, named(errS), a), fmt.Sprintf("%d %s %x", m, named(errR), b))
}

func (p *parity) truncate(t *rapid.T) {
	f, size := p.file(t), anOffset(t)
	p.same(t, "Truncate", named(f.simulated.Truncate(size)), named(f.real.Truncate(size)))
	p.sameSize(t, f)
}

func (p *parity) sameSize(t *rapid.T, f openPair) {
	n, errS := f.simulated.Size()
	m, errR := f.real.Size()
	p.same(t, "Size", fmt.Sprint(n, named(errS)), fmt.Sprint(m, named(errR)))
}

func (p *parity) close(t *rapid.T) {
	f := p.file(t)
	p.same(t, "Close", named(f.simulated.Close()), named(f.real.Close()))
}

func (p *parity) sync(t *rapid.T) {
	f := p.file(t)
	if _, err := f.simulated.Size(); errors.Is(err, host.ErrStopped) {
		t.Skip("nothing that a process began ends after it")
	}
	errS := p.simulated.wait(f.simulated.Sync)
	errR := p.real.wait(f.real.Sync)
	p.same(t, "Sync", named(errS), named(errR))
}

func (p *parity) readFile(t *rapid.T) {
	name := aName(t)
	p.both(t, "ReadFile", func(d anyDisk) string {
		b, err := d.disk().ReadFile(name)
		return fmt.Sprintf("%x %s", b, named(err))
	})
}

func (p *parity) rename(t *rapid.T) {
	from, to := aName(t), aName(t)
	p.both(t, "Rename", func(d anyDisk) string { return named(d.disk().Rename(from, to)) })
}

func (p *parity) remove(t *rapid.T) {
	name := aName(t)
	p.both(t, "Remove", func(d anyDisk) string { return named(d.disk().Remove(name)) })
}

func (p *parity) list(t *rapid.T) {
	name := aName(t)
	p.both(t, "List", func(d anyDisk) string {
		names, err := d.disk().List(name)
		return fmt.Sprintf("%q %s", names, named(err))
	})
}

func (p *parity) syncDir(t *rapid.T) {
	name := aName(t)
	p.both(t, "SyncDir", func(d anyDisk) string {
		return named(d.wait(func(l host.Loop, done func(error)) { d.disk().SyncDir(l, name, done) }))
	})
}

func (p *parity) restart(*rapid.T) {
	p.simulated.restart()
	p.real.restart()
}

func (p *parity) sameNames(t *rapid.T) {
	p.both(t, "List", func(d anyDisk) string {
		names, err := d.disk().List("")
		return fmt.Sprintf("%q %s", names, named(err))
	})
}

// realDisk is a folder.
type realDisk struct {
	dir  string
	proc *oshost.Host
	loop host.Loop
}

func newRealDisk(dir string) *realDisk {
	d := &realDisk{dir: dir}
	d.start()
	return d
}

func (d *realDisk) start() {
	d.proc = oshost.New(oshost.Options{Dir: d.dir})
	d.loop = d.proc.NewLoop("main")
}

func (d *realDisk) restart() {
	d.kill()
	d.start()
}

func (d *realDisk) kill()           { d.proc.Kill() }
func (d *realDisk) disk() host.Disk { return d.proc.Disk() }

func (d *realDisk) wait(begin func(host.Loop, func(error))) error {
	done := make(chan error, 1)
	begin(d.loop, func(err error) { done <- err })
	return <-done
}
