package rpc

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

// FuzzCutFrame: whatever comes, it is a frame, a part of one, or an error; a frame that
// was read is written as one that reads the same.
func FuzzCutFrame(f *testing.F) {
	whole, err := appendFrame(nil, &frame{Op: opPublish, ID: 7, Queue: "q", Body: json.RawMessage(`{"id":"x"}`)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(append(whole, whole...))
	f.Add(whole[:len(whole)-1])
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Add([]byte{0, 0, 0, 2, '{', '}'})
	f.Add([]byte{0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		first, rest, err := cutFrame(b)
		if err != nil || first == nil {
			if !bytes.Equal(rest, b) || err != nil && !errors.Is(err, errFrame) {
				t.Fatalf("rest %x, error %v", rest, err)
			}
			return
		}
		again, err := appendFrame(nil, first)
		if err != nil {
			return // escapes have made it too large
		}
		second, rest, err := cutFrame(again)
		if err != nil || len(rest) > 0 || second.Op != first.Op || second.ID != first.ID || second.Queue != first.Queue {
			t.Fatalf("%+v comes back as %+v, %v", first, second, err)
		}
	})
}

// TestFrame_bounds: nobody allocates what a peer merely claims, and nothing larger is sent.
func TestFrame_bounds(t *testing.T) {
	if _, _, err := cutFrame(binary.BigEndian.AppendUint32(nil, maxFrame+1)); !errors.Is(err, errFrame) {
		t.Errorf("a length beyond the bound: %v", err)
	}
	if _, err := appendFrame(nil, &frame{Op: opBeat, Queue: strings.Repeat("q", maxFrame)}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a frame beyond the bound: %v", err)
	}
}
