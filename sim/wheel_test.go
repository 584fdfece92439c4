package sim

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

type countTarget struct{ fired []uint64 }

func (c *countTarget) fire(_ eventKind, arg uint64) { c.fired = append(c.fired, arg) }

// model is the wheel as anyone would write it: a slice of what is pending.
type model struct {
	now     instant
	pending map[uint64]instant
}

func (m *model) next(limit instant) (at instant, ok bool) {
	at = math.MaxInt64
	for _, t := range m.pending {
		at, ok = min(at, t), true
	}
	return at, ok && at <= limit
}

// TestWheel_behavesAsASortedList drives the wheel and a plain map with the same
// operations: what is due, when, and what cancelling removes must be the same.
func TestWheel_behavesAsASortedList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w, m := newWheel(), &model{pending: make(map[uint64]instant)}
		target := &countTarget{}
		handles := make(map[uint64]handle)
		var nextArg uint64
		spans := rapid.SampledFrom([]int64{0, 1, 63, 64, 65, 4095, 1 << 20, 1 << 40, 1 << 62})
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				span := spans.Draw(t, "span")
				d := min(rapid.Int64Range(0, span).Draw(t, "delay"), math.MaxInt64-m.now)
				nextArg++
				handles[nextArg] = w.add(m.now+d, target, eventTimer, 0, nextArg)
				m.pending[nextArg] = m.now + d
			},
			"cancel": func(t *rapid.T) {
				if nextArg == 0 {
					return
				}
				arg := rapid.Uint64Range(1, nextArg).Draw(t, "which")
				_, want := m.pending[arg]
				delete(m.pending, arg)
				if got := w.cancel(handles[arg]); got != want {
					t.Fatalf("cancel(%d) = %v, want %v", arg, got, want)
				}
			},
			"step": func(t *rapid.T) {
				limit := m.now + min(rapid.Int64Range(0, spans.Draw(t, "span")).Draw(t, "limit"), math.MaxInt64-m.now)
				at, want := m.next(limit)
				got := len(w.due) > 0 || w.advance(limit)
				if got != want {
					t.Fatalf("advance(%d) = %v, want %v", limit, got, want)
				}
				if !got {
					w.now, m.now = limit, limit
					return
				}
				e := w.take(rapid.IntRange(0, len(w.due)-1).Draw(t, "pick"))
				if e.at != at || w.now != at || m.pending[e.arg] != at {
					t.Fatalf("event %d at %d with clock %d, want one due at %d", e.arg, e.at, w.now, at)
				}
				delete(m.pending, e.arg)
				m.now = at
			},
			"": func(t *rapid.T) {
				if w.count != len(m.pending) {
					t.Fatalf("%d events pending, want %d", w.count, len(m.pending))
				}
			},
		})
	})
}

// TestWheel_dueTogether: all events of one nanosecond are due at once, so that
// the kernel can draw among them.
func TestWheel_dueTogether(t *testing.T) {
	w, target := newWheel(), &countTarget{}
	for arg := range uint64(5) {
		w.add(1000, target, eventTimer, 0, arg)
	}
	w.add(1001, target, eventTimer, 0, 5)
	if !w.advance(math.MaxInt64) || len(w.due) != 5 {
		t.Fatalf("%d events due, want 5", len(w.due))
	}
	var args []uint64
	for len(w.due) > 0 {
		args = append(args, w.take(0).arg)
	}
	slices.Sort(args)
	if !slices.Equal(args, []uint64{0, 1, 2, 3, 4}) {
		t.Errorf("due: %v", args)
	}
}

// TestWheel_oldHandle: a handle of an event that has happened cancels nothing,
// though its place in the slab is in use again.
func TestWheel_oldHandle(t *testing.T) {
	w, target := newWheel(), &countTarget{}
	old := w.add(1, target, eventTimer, 0, 1)
	w.advance(10)
	w.take(0)
	w.add(5, target, eventTimer, 0, 2)
	if w.cancel(old) || w.count != 1 {
		t.Error("a handle of the past cancelled a later event")
	}
}
