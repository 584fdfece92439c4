package msgr_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msgr"
)

func TestPriorityQueue_isStrictAndFirstInFirstOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type item struct {
			priority uint16
			number   int
		}
		var q msgr.PriorityQueue[item]
		var model []item
		for i := range rapid.IntRange(0, 200).Draw(t, "steps") {
			if rapid.Bool().Draw(t, "pop") {
				got, ok := q.Pop()
				if ok != (len(model) > 0) {
					t.Fatalf("pop of %d items: %v", len(model), ok)
				}
				if ok && got != model[0] {
					t.Fatalf("popped %v, want %v", got, model[0])
				}
				model = model[min(1, len(model)):]
				continue
			}
			x := item{rapid.Uint16Range(0, 20).Draw(t, "priority"), i}
			q.Push(x.priority, x)
			model = append(model, x)
			slices.SortStableFunc(model, func(a, b item) int { return int(b.priority) - int(a.priority) })
		}
		if q.Len() != len(model) {
			t.Fatalf("length %d, want %d", q.Len(), len(model))
		}
	})
}

// TestPriorityQueue_staysSmall: neither a queue that is never empty nor one that
// sees every priority keeps more than it holds.
func TestPriorityQueue_staysSmall(t *testing.T) {
	var q msgr.PriorityQueue[int]
	q.Push(1, 0)
	for i := range 100_000 {
		q.Push(1, i)
		q.Pop()
	}
	if n := q.Cap(); n > 16 {
		t.Errorf("room for %d items where 1 is", n)
	}
	for i := range 0x10000 {
		q.Push(uint16(i), i)
		q.Pop()
	}
	if n := q.Bands(); n > 10 {
		t.Errorf("%d bands kept", n)
	}
}
