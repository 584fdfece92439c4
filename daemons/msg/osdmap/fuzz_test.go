package osdmap_test

import (
	"bytes"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/daemons/wire/wiretest"
)

// memoryFor is how much memory the decoding of n bytes may take.
func memoryFor(n int) int { return 64*n + 128<<10 }

// checkFull decodes a full map and, if it is one, holds that what it encodes to
// decodes and encodes to the same again.
func checkFull(t *testing.T, b []byte) {
	var m *osdmap.Map
	var err error
	wiretest.CheckAllocated(t, memoryFor(len(b)), func() { m, err = osdmap.Decode(b) })
	if err != nil {
		return
	}
	first, _ := m.Encode()
	again, err := osdmap.Decode(first)
	if err != nil {
		t.Fatalf("cannot read what was written: %v", err)
	}
	second, _ := again.Encode()
	same(t, "second encoding", second, first)
	m.Count()
	m.Blocked(addr("10.0.0.1:6800", 5))
	m.Blocklist.Expired(wire.UTime{Sec: 1 << 30})
}

// FuzzDecode decodes anything as a full map, as it is and with checksum and length
// put right.
func FuzzDecode(f *testing.F) {
	h := readHistory(f)
	for _, epoch := range wire.SortedKeys(h.full) {
		f.Add(h.full[epoch])
	}
	b, _ := osdmap.New(fsid(f), wire.UTime{Sec: 7}).Encode()
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) {
		checkFull(t, b)
		if b = bytes.Clone(b); osdmap.Repair(b, 0) {
			checkFull(t, b)
		}
	})
}

func checkIncremental(t *testing.T, base *osdmap.Map, b []byte) {
	var inc *osdmap.Incremental
	var err error
	wiretest.CheckAllocated(t, memoryFor(len(b)), func() { inc, err = osdmap.DecodeIncremental(b) })
	if err != nil {
		return
	}
	first := inc.Encode()
	again, err := osdmap.DecodeIncremental(first)
	if err != nil {
		t.Fatalf("cannot read what was written: %v", err)
	}
	same(t, "second encoding", again.Encode(), first)
	inc.FSID, inc.Epoch = base.FSID, base.Epoch+1
	if next, err := base.Apply(inc); err == nil {
		b, _ := next.Encode()
		checkFull(t, b)
		if _, err := osdmap.Decode(b); err != nil {
			t.Errorf("the next map cannot be read: %v", err)
		}
	}
}

// FuzzDecodeIncremental decodes anything as an incremental, and applies what is one
// to a map with OSDs and pools.
func FuzzDecodeIncremental(f *testing.F) {
	h := readHistory(f)
	for _, epoch := range wire.SortedKeys(h.incremental) {
		f.Add(h.incremental[epoch])
	}
	base, err := osdmap.Decode(h.full[45])
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		checkIncremental(t, base, b)
		if b = bytes.Clone(b); osdmap.Repair(b, 4) {
			checkIncremental(t, base, b)
		}
	})
}
