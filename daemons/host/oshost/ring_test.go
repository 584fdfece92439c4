package oshost

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// A ring against a model: a slice.
func TestRing_isAQueueOfBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r ring
		var model []byte
		next := byte(0)
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "write") {
				space := r.free()
				if len(space) == 0 != r.full() {
					t.Fatalf("free space %d, full %v", len(space), r.full())
				}
				n := rapid.IntRange(0, len(space)).Draw(t, "n")
				for i := range n {
					space[i] = next
					next = next*5 + 7
				}
				model = append(model, space[:n]...)
				r.commit(n)
			} else {
				p := make([]byte, rapid.IntRange(0, maxReceive).Draw(t, "n"))
				n := r.read(p)
				if want := min(len(p), len(model)); n != want || !bytes.Equal(p[:n], model[:n]) {
					t.Fatalf("read %d bytes, want the first %d", n, want)
				}
				model = model[n:]
			}
			if r.size != len(model) || len(r.buf) > maxReceive {
				t.Fatalf("holds %d of %d bytes, want %d", r.size, len(r.buf), len(model))
			}
		}
	})
}
