package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// simulatedDisk is the disk of the only machine of a simulation.
type simulatedDisk struct {
	*Sim
	h    *Host
	proc host.Host
	loop host.Loop
}

func newSimulatedDisk(seed uint64) *simulatedDisk {
	s := New(Config{Seed: seed})
	d := &simulatedDisk{Sim: s, h: s.AddHost("a")}
	d.restart()
	return d
}

func (d *simulatedDisk) restart() {
	d.h.Start(func(h host.Host) { d.proc, d.loop = h, h.NewLoop("main") })
	d.Run(time.Millisecond)
}

func (d *simulatedDisk) kill()           { d.h.Kill() }
func (d *simulatedDisk) disk() host.Disk { return d.proc.Disk() }

func (d *simulatedDisk) wait(begin func(host.Loop, func(error))) (result error) {
	done := false
	begin(d.loop, func(err error) { result, done = err, true })
	if !d.RunUntil(time.Hour, func() bool { return done }) {
		panic("sim: what was begun is not done after an hour")
	}
	return result
}

// powerCycle takes the power and starts another process.
func (d *simulatedDisk) powerCycle() {
	d.h.PowerOff()
	d.restart()
}

func (d *simulatedDisk) open(t testing.TB, name string) host.File {
	t.Helper()
	f, err := d.disk().Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// write writes without syncing.
func (d *simulatedDisk) write(t testing.TB, f host.File, off int64, content string) {
	t.Helper()
	if n, err := f.WriteAt([]byte(content), off); n != len(content) || err != nil {
		t.Fatalf("WriteAt = %d, %v", n, err)
	}
}

// file makes a file that a crash does not touch.
func (d *simulatedDisk) file(t testing.TB, name, content string) host.File {
	t.Helper()
	f := d.open(t, name)
	d.write(t, f, 0, content)
	d.mustSync(t, f)
	d.mustSyncDir(t, folder(name))
	return f
}

func (d *simulatedDisk) mustSync(t testing.TB, f host.File) {
	t.Helper()
	if err := d.wait(f.Sync); err != nil {
		t.Fatalf("Sync: %v", err)
	}
}

func (d *simulatedDisk) mustSyncDir(t testing.TB, dir string) {
	t.Helper()
	err := d.wait(func(l host.Loop, done func(error)) { d.disk().SyncDir(l, dir, done) })
	if err != nil {
		t.Fatalf("SyncDir: %v", err)
	}
}

// read is what a file holds; empty if there is none.
func (d *simulatedDisk) read(name string) string {
	b, _ := d.disk().ReadFile(name)
	return string(b)
}

func (d *simulatedDisk) names() string {
	names, _ := d.disk().List("")
	return strings.Join(names, " ")
}

// sectors shortens a content to one letter for each sector: its own if all bytes
// are alike, "0" for zeros, "?" for a mixture.
func sectors(content string) string {
	var b strings.Builder
	for s := range slices.Chunk([]byte(content), sectorSize) {
		switch {
		case slices.ContainsFunc(s, func(c byte) bool { return c != s[0] }):
			b.WriteByte('?')
		case s[0] == 0:
			b.WriteByte('0')
		default:
			b.WriteByte(s[0])
		}
	}
	return b.String()
}

// sector is one sector full of a letter, for each letter.
func sector(letters string) string {
	var b strings.Builder
	for _, c := range letters {
		b.WriteString(strings.Repeat(string(c), sectorSize))
	}
	return b.String()
}
