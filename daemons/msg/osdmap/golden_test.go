package osdmap_test

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// history is what testdata/history.hex has, by epoch.
type history struct {
	incremental, full map[uint32][]byte
	last              uint32
}

func readHistory(t testing.TB) history {
	t.Helper()
	f, err := os.Open("testdata/history.hex")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := history{incremental: map[uint32][]byte{}, full: map[uint32][]byte{}}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var kind string
		var epoch uint32
		head, digits, found := strings.Cut(lines.Text(), "=")
		if _, err := fmt.Sscan(head, &kind, &epoch); !found || err != nil {
			continue // a comment
		}
		b, err := hex.DecodeString(digits)
		if err != nil {
			t.Fatalf("%s: %v", head, err)
		}
		switch kind {
		case "incremental":
			h.incremental[epoch] = b
			h.last = max(h.last, epoch)
		case "full":
			h.full[epoch] = b
		}
	}
	if h.last == 0 || lines.Err() != nil {
		t.Fatalf("%d incrementals: %v", h.last, lines.Err())
	}
	return h
}

// TestGolden_sameBytes: what a real monitor has written encodes to the same bytes
// again, checksums and all.
func TestGolden_sameBytes(t *testing.T) {
	h := readHistory(t)
	for _, epoch := range wire.SortedKeys(h.full) {
		m, err := osdmap.Decode(h.full[epoch])
		if err != nil {
			t.Errorf("full %d: %v", epoch, err)
			continue
		}
		b, _ := m.Encode()
		same(t, fmt.Sprintf("full %d", epoch), b, h.full[epoch])
	}
	for epoch := uint32(1); epoch <= h.last; epoch++ {
		inc, err := osdmap.DecodeIncremental(h.incremental[epoch])
		if err != nil {
			t.Errorf("incremental %d: %v", epoch, err)
			continue
		}
		same(t, fmt.Sprintf("incremental %d", epoch), inc.Encode(), h.incremental[epoch])
	}
}

// TestApply_realHistory: from nothing, one incremental after another, we arrive at
// each epoch at the map whose checksum the real monitor has put into the
// incremental, and where we have that map at the same bytes.
func TestApply_realHistory(t *testing.T) {
	h := readHistory(t)
	m := &osdmap.Map{}
	for epoch := uint32(1); epoch <= h.last; epoch++ {
		inc, err := osdmap.DecodeIncremental(h.incremental[epoch])
		if err != nil {
			t.Fatal(err)
		}
		before, _ := m.Encode()
		next, err := m.Apply(inc)
		if err != nil {
			t.Fatalf("epoch %d: %v", epoch, err)
		}
		if after, _ := m.Encode(); !bytes.Equal(before, after) {
			t.Fatalf("epoch %d: the map that it was applied to has changed", epoch)
		}
		b, crc := next.Encode()
		if full := h.full[epoch]; full != nil {
			same(t, fmt.Sprintf("epoch %d", epoch), b, full)
		}
		if crc != inc.FullCRC {
			t.Fatalf("epoch %d: checksum %#x, the monitor has %#x", epoch, crc, inc.FullCRC)
		}
		m = next
	}
}

func same(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	at := 0
	for at < min(len(got), len(want)) && got[at] == want[at] {
		at++
	}
	t.Errorf("%s differs at byte %d of %d (got %d bytes)", what, at, len(want), len(got))
}
