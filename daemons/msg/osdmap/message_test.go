package osdmap_test

import (
	"encoding/hex"
	"os"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// readMessage reads a captured message of maps.
func readMessage(t testing.TB, name string) *msg.OSDMap {
	t.Helper()
	text, err := os.ReadFile("../testdata/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if digits, found := strings.CutPrefix(strings.TrimSpace(line), "front="); found {
			front, err := hex.DecodeString(digits)
			body := &msg.OSDMap{}
			if err == nil {
				err = body.DecodePayload(wire.NewDecoder(front), 4, msg.FeaturesAll)
			}
			if err != nil {
				t.Fatal(err)
			}
			return body
		}
	}
	t.Fatalf("%s: no front", name)
	return nil
}

// TestGolden_messages: the maps in captured messages encode to the same bytes.
func TestGolden_messages(t *testing.T) {
	for epoch, blob := range readMessage(t, "MOSDMap-full-no-osds").Full {
		m, err := osdmap.Decode(blob)
		if err != nil || m.Epoch != epoch {
			t.Fatalf("epoch %d: %+v, %v", epoch, m, err)
		}
		b, _ := m.Encode()
		same(t, "full", b, blob)
	}
	for epoch, blob := range readMessage(t, "MOSDMap-incremental").Incremental {
		inc, err := osdmap.DecodeIncremental(blob)
		if err != nil || inc.Epoch != epoch {
			t.Fatalf("epoch %d: %+v, %v", epoch, inc, err)
		}
		same(t, "incremental", inc.Encode(), blob)
	}
}
