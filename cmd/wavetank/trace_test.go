package main

import (
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/scenarios/timeline"
)

func TestMoment(t *testing.T) {
	for _, tt := range []struct {
		text string
		want time.Duration // -1 for an error
	}{
		{"0", 0}, {"9.7", 9700 * time.Millisecond}, {"9.615892158", 9615892158}, {"9.7s", 9700 * time.Millisecond},
		{"1m20s", 80 * time.Second}, {"150ms", 150 * time.Millisecond}, {"1e2", 100 * time.Second},
		{"", -1}, {"soon", -1}, {"-1", -1}, {"-1s", -1}, {"NaN", -1}, {"Inf", -1}, {"1e300", -1},
	} {
		var m moment
		err := m.UnmarshalText([]byte(tt.text))
		if got := time.Duration(m); (err != nil) != (tt.want < 0) || err == nil && got != tt.want {
			t.Errorf("%q is %v, %v; want %v", tt.text, got, err, tt.want)
		}
	}
}

// TestTrace_page: what is no terminal gets a page of one width, without colour,
// unless the caller says how wide.
func TestTrace_page(t *testing.T) {
	io := &streams{out: new(writer), err: new(writer)}
	for _, tt := range []struct{ flag, want int }{{0, 100}, {timeline.MinWidth, timeline.MinWidth}, {500, 500}} {
		o, err := (&traceCmd{Width: tt.flag}).options(io)
		if err != nil || o.Width != tt.want || o.Colour {
			t.Errorf("--width %d: width %d, colour %v, %v", tt.flag, o.Width, o.Colour, err)
		}
	}
}

func TestEqualLines(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		line int
		same bool
	}{
		{"", "", 1, true}, {"a\nb\n", "a\nb\n", 3, true}, {"a\nb", "a\nb\n", 2, false},
		{"a\nb\n", "a\n", 2, false}, {"a\n", "a\nb", 2, false}, {"a\nb\n", "a\nc\n", 2, false},
	} {
		if line, same := equalLines(strings.NewReader(tt.a), strings.NewReader(tt.b)); line != tt.line || same != tt.same {
			t.Errorf("%q and %q: line %d, %v", tt.a, tt.b, line, same)
		}
	}
}
