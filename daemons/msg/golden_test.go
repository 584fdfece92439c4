package msg

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/wire"
)

// vector is a message captured from real Ceph 16.2.15.
type vector struct {
	name                                string
	header, front, middle, data, footer []byte
}

func readVector(t testing.TB, path string) vector {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	v := vector{name: strings.TrimSuffix(filepath.Base(path), ".hex")}
	parts := map[string]*[]byte{"header": &v.header, "front": &v.front, "middle": &v.middle, "data": &v.data, "footer": &v.footer}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		key, value, found := strings.Cut(lines.Text(), "=")
		part := parts[key]
		if !found || part == nil {
			continue
		}
		if *part, err = hex.DecodeString(strings.TrimSpace(value)); err != nil {
			t.Fatalf("%s: %s: %v", path, key, err)
		}
	}
	return v
}

func vectors(t testing.TB) []vector {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.hex")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no golden vectors: %v", err)
	}
	var out []vector
	for _, p := range paths {
		out = append(out, readVector(t, p))
	}
	return out
}

// TestGolden_sameBytes decodes every captured message and encodes it again: each
// part must come out as real Ceph sent it.
func TestGolden_sameBytes(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			h, err := ParseHeader(v.header)
			if err != nil {
				t.Fatal(err)
			}
			footer := ParseFooter(v.footer)
			m, err := Decode(h, v.front, v.middle, v.data, FeaturesAll)
			if err != nil {
				t.Fatal(err)
			}
			if _, unknown := m.Body.(*Unknown); unknown {
				t.Fatalf("%v is not known", h.Type)
			}
			checkAgain(t, v, m, footer)
		})
	}
}

func checkAgain(t *testing.T, v vector, m *Message, footer Footer) {
	t.Helper()
	var e wire.Encoder
	m.Body.EncodePayload(&e, FeaturesAll)
	same(t, "front", e.Bytes(), v.front)
	header := make([]byte, HeaderLen)
	m.Header.Put(header)
	same(t, "header", header, v.header)
	head, compat := m.Body.Version()
	if head != m.Header.Version || compat != m.Header.CompatVersion {
		t.Errorf("we send version %d/%d, Ceph sent %d/%d", head, compat, m.Header.Version, m.Header.CompatVersion)
	}
	again := make([]byte, FooterLen)
	(&Footer{
		FrontCRC: wire.CRC32C(e.Bytes()), MiddleCRC: wire.CRC32C(v.middle), DataCRC: wire.CRC32C(m.Data),
		Flags: footer.Flags,
	}).Put(again)
	same(t, "footer", again, v.footer)
}

func same(t testing.TB, what string, got, want []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		t.Errorf("%s differs at byte %d of %d (got %d bytes)", what, at, len(want), len(got))
	}
}
