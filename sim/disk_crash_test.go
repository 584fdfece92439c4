package sim

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
)

// TestPowerOff_outcomes does something without syncing it and cuts the power,
// with many seeds: what is seen afterwards must be exactly what is allowed,
// nothing more and nothing less.
func TestPowerOff_outcomes(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*testing.T, *simulatedDisk)
		see  func(*simulatedDisk) string
		want string // outcomes, sorted
	}{
		{
			name: "the sectors of one write are torn apart in any way",
			do: func(t *testing.T, d *simulatedDisk) {
				d.write(t, d.file(t, "f", sector("ab")), 0, sector("XY"))
			},
			see: func(d *simulatedDisk) string { return sectors(d.read("f")) }, want: "XY Xb aY ab",
		},
		{
			name: "a later write is there and an earlier one is not",
			do: func(t *testing.T, d *simulatedDisk) {
				f := d.file(t, "f", sector("ab"))
				d.write(t, f, sectorSize, sector("Y"))
				d.write(t, f, 0, sector("X"))
			},
			see: func(d *simulatedDisk) string { return sectors(d.read("f")) }, want: "XY Xb aY ab",
		},
		{
			name: "a sector shows one of its contents",
			do: func(t *testing.T, d *simulatedDisk) {
				f := d.file(t, "f", sector("a"))
				d.write(t, f, 0, sector("X"))
				d.write(t, f, 0, sector("Y"))
				d.write(t, f, 0, sector("Z"))
			},
			see: func(d *simulatedDisk) string { return sectors(d.read("f")) }, want: "X Y Z a",
		},
		{
			name: "a part of a sector leaves its neighbours alone",
			do: func(t *testing.T, d *simulatedDisk) {
				d.write(t, d.file(t, "f", "0123456789"), 3, "abc")
			},
			see: func(d *simulatedDisk) string { return d.read("f") }, want: "0123456789 012abc6789",
		},
		{
			name: "two files are torn apart too",
			do: func(t *testing.T, d *simulatedDisk) {
				f, g := d.file(t, "f", "a"), d.file(t, "g", "b")
				d.write(t, f, 0, "X")
				d.write(t, g, 0, "Y")
			},
			see: func(d *simulatedDisk) string { return d.read("f") + d.read("g") }, want: "XY Xb aY ab",
		},
		{
			name: "a file grows with holes",
			do: func(t *testing.T, d *simulatedDisk) {
				f := d.file(t, "f", sector("a"))
				d.write(t, f, sectorSize, sector("X"))
				d.write(t, f, 2*sectorSize, sector("Y"))
			},
			see: func(d *simulatedDisk) string { return sectors(d.read("f")) }, want: "a a0 a00 a0Y aX aX0 aXY",
		},
		{
			name: "what was truncated away does not come back",
			do: func(t *testing.T, d *simulatedDisk) {
				f := d.file(t, "f", sector("ab"))
				f.Truncate(0)
				d.write(t, f, 0, sector("X"))
			},
			see: func(d *simulatedDisk) string { return "<" + sectors(d.read("f")) + ">" }, want: "<0> <> <X> <ab>",
		},
		{
			name: "nor in the middle of a sector",
			do: func(t *testing.T, d *simulatedDisk) {
				f := d.file(t, "f", "abcdef")
				f.Truncate(2)
				f.Truncate(6)
			},
			see: func(d *simulatedDisk) string { return strings.ReplaceAll(d.read("f"), "\x00", "0") }, want: "ab ab0000 abcdef",
		},
		{
			name: "names come in any order",
			do: func(t *testing.T, d *simulatedDisk) {
				d.mustSync(t, d.open(t, "a"))
				d.mustSync(t, d.open(t, "b"))
			},
			see: func(d *simulatedDisk) string { return "<" + d.names() + ">" }, want: "<> <a b> <a> <b>",
		},
		{
			name: "a name does not come before the one it is made of",
			do: func(t *testing.T, d *simulatedDisk) {
				d.mustSync(t, d.open(t, "a"))
				d.disk().Rename("a", "x/b")
				d.disk().Rename("x/b", "c")
			},
			see: func(d *simulatedDisk) string { return "<" + d.names() + ">" }, want: "<> <a> <c> <x/b>",
		},
		{
			name: "a folder does not come before its file has gone",
			do: func(t *testing.T, d *simulatedDisk) {
				d.file(t, "a", "x")
				d.disk().Remove("a")
				d.open(t, "a/b")
			},
			see: func(d *simulatedDisk) string { return "<" + d.names() + ">" }, want: "<> <a/b> <a>",
		},
		{
			name: "a replaced file is whole, old or new",
			do: func(t *testing.T, d *simulatedDisk) {
				d.file(t, "a", "old")
				d.file(t, "b", "new")
				d.disk().Rename("b", "a")
			},
			see: func(d *simulatedDisk) string { return d.names() + "=" + d.read("a") }, want: "a b=old a=new",
		},
		{
			name: "syncing one folder leaves the other to chance",
			do: func(t *testing.T, d *simulatedDisk) {
				d.open(t, "x/a")
				d.open(t, "y/b")
				d.mustSyncDir(t, "y")
			},
			see: func(d *simulatedDisk) string { return d.names() }, want: "x/a y/b y/b",
		},
		{
			name: "a sync takes along what the names follow from",
			do: func(t *testing.T, d *simulatedDisk) {
				d.file(t, "x/a", "1")
				d.disk().Rename("x/a", "y/a")
				d.disk().Rename("y/a", "z/a")
				d.mustSyncDir(t, "z")
			},
			see: func(d *simulatedDisk) string { return d.names() }, want: "z/a",
		},
		{
			name: "a sync covers what came before it and nothing after",
			do: func(t *testing.T, d *simulatedDisk) {
				f := d.file(t, "f", sector("ab"))
				d.write(t, f, 0, sector("X"))
				done := false
				f.Sync(d.loop, func(error) { done = true })
				d.write(t, f, sectorSize, sector("Y"))
				d.RunUntil(1e9, func() bool { return done })
			},
			see: func(d *simulatedDisk) string { return sectors(d.read("f")) }, want: "XY Xb",
		},
		{
			name: "a sync that is not complete promises nothing",
			do: func(t *testing.T, d *simulatedDisk) {
				f := d.file(t, "f", "a")
				d.write(t, f, 0, "X")
				f.Sync(d.loop, func(error) { t.Error("a sync completed without power") })
			},
			see: func(d *simulatedDisk) string { return d.read("f") }, want: "X a",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := make(map[string]int)
			for seed := range uint64(400) {
				d := newSimulatedDisk(seed)
				tt.do(t, d)
				d.powerCycle()
				seen[tt.see(d)]++
				d.Close()
			}
			if got := strings.Join(slices.Sorted(maps.Keys(seen)), " "); got != tt.want {
				t.Errorf("seen %v, want %s", seen, tt.want)
			}
		})
	}
}

// TestPowerOff_sectorsShowTheirPast writes and truncates at random and cuts the
// power: every sector must show a content that it has had since the last sync,
// the size must be one that the file has had, and a second crash changes nothing.
func TestPowerOff_sectorsShowTheirPast(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newSimulatedDisk(rapid.Uint64().Draw(t, "seed"))
		defer d.Close()
		f, err := d.disk().Open("f")
		if err != nil {
			t.Fatal(err)
		}
		d.wait(func(l host.Loop, done func(error)) { d.disk().SyncDir(l, "", done) })
		past := []string{""}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				size := rapid.IntRange(1, 2000).Draw(t, "size")
				letter := rapid.ByteRange('a', 'z').Draw(t, "letter")
				f.WriteAt(slices.Repeat([]byte{letter}, size), rapid.Int64Range(0, 3000).Draw(t, "offset"))
				past = append(past, d.read("f"))
			},
			"truncate": func(t *rapid.T) {
				f.Truncate(rapid.Int64Range(0, 3000).Draw(t, "size"))
				past = append(past, d.read("f"))
			},
			"sync": func(t *rapid.T) {
				d.wait(f.Sync)
				past = past[len(past)-1:]
			},
		})
		d.powerCycle()
		now := d.read("f")
		if !slices.ContainsFunc(past, func(p string) bool { return len(p) == len(now) }) {
			t.Fatalf("%d bytes, which the file never had", len(now))
		}
		for start := 0; start < len(now); start += sectorSize {
			end := min(start+sectorSize, len(now))
			if !slices.ContainsFunc(past, func(p string) bool { return padded(p, end)[start:end] == now[start:end] }) {
				t.Fatalf("sector at %d holds %q, which it never has", start, now[start:end])
			}
		}
		d.powerCycle()
		if d.read("f") != now {
			t.Fatal("a second loss of power changed what was durable")
		}
	})
}

func padded(s string, size int) string {
	return s + strings.Repeat("\x00", max(size-len(s), 0))
}
