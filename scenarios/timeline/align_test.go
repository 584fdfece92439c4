package timeline

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// rowsOf aligns two traces with a window of the given size.
func rowsOf(t testing.TB, a, b string, window int) (rows []row) {
	al := newAligner(reader(t, a), reader(t, b), new(Filter))
	al.window = window
	for {
		r, err := al.next()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, r)
	}
}

// TestAligner_losesNothing: the left sides of the rows are the one trace and the
// right sides the other, in order and whole, pairs say the same, and a trace is
// the same as itself. So it is with any window.
func TestAligner_losesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawTrace(rt, "a"), drawTrace(rt, "b")
		window := rapid.SampledFrom([]int{1, 2, 3, 8, 64}).Draw(rt, "window")
		left, right := header, header
		for _, r := range rowsOf(t, a, b, window) {
			if r.matched() && key(r.a) != key(r.b) {
				rt.Fatalf("paired are\n%s\n%s", r.a.Text, r.b.Text)
			}
			if r.a != nil {
				left += r.a.Text + "\n"
			}
			if r.b != nil {
				right += r.b.Text + "\n"
			}
		}
		if left != a || right != b {
			rt.Fatalf("the rows have on the left\n%s\nof\n%s\nand on the right\n%s\nof\n%s", left, a, right, b)
		}
		for _, r := range rowsOf(t, a, a, window) {
			if !r.same() {
				rt.Fatal("a trace differs from itself")
			}
		}
	})
}

// letters is a trace of events that are letters.
func letters(text string) string {
	var trace strings.Builder
	trace.WriteString(header)
	for i, l := range text {
		trace.WriteString(line(time.Duration(i)*time.Second, i, "letter", "a", "is", string(l), "conn", i))
	}
	return trace.String() + end(time.Duration(len(text))*time.Second, len(text))
}

// TestAligner_pairs: as many pairs as there can be in the window.
func TestAligner_pairs(t *testing.T) {
	for _, tt := range []struct{ a, b, want string }{
		{"abc", "abc", "abc"},
		{"abc", "abXc", "ab>Xc"},
		{"abXc", "abc", "ab<Xc"},
		{"aXbYc", "abc", "a<Xb<Yc"},
		{"abcd", "", "<a<b<c<d"},
		{"abc", "xyz", "<a>x<b>y<c>z"},
		{"abcdef", "defabc", ">d>e>fabc<d<e<f"},
	} {
		got := ""
		for _, r := range rowsOf(t, letters(tt.a), letters(tt.b), 64) {
			switch {
			case r.a != nil && r.a.Kind == "end" || r.b != nil && r.b.Kind == "end":
			case r.matched():
				got += r.a.Get("is")
			case r.a != nil:
				got += "<" + r.a.Get("is")
			default:
				got += ">" + r.b.Get("is")
			}
		}
		if strings.Count(got, "<") != strings.Count(tt.want, "<") || len(got) != len(tt.want) {
			t.Errorf("%q and %q: %s, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestDiff_far: after a difference as long as the window the traces meet again.
func TestDiff_far(t *testing.T) {
	common := strings.Repeat("abcdefghij", 300)
	extra := strings.Repeat("XYZ", defaultWindow/6)
	var out bytes.Buffer
	same, err := Diff(&out, reader(t, letters(common+common)), reader(t, letters(common+extra+common)), Options{Width: 200, Context: 1})
	if same || err != nil {
		t.Fatal(same, err)
	}
	want := fmt.Sprintf("%d events of A, %d of B: %d the same, %d but for time or numbers (~), 0 only in A (<), %d only in B (>)\n",
		6001, 6001+len(extra), 3000, 3001, len(extra))
	if got := out.String(); !strings.HasSuffix(got, want) {
		t.Errorf("want %sgot\n%s", want, got[max(0, len(got)-300):])
	}
}

// TestDiff_same: nothing but one line.
func TestDiff_same(t *testing.T) {
	var out bytes.Buffer
	same, err := Diff(&out, reader(t, letters("abc")), reader(t, letters("abc")), Options{Width: 100, Context: 1})
	if !same || err != nil || out.String() != "the same: 4 events\n" {
		t.Errorf("%v, %v, %q", same, err, out.String())
	}
}

// TestDiff_names what differs in the first event that does.
func TestDiff_names(t *testing.T) {
	a := header + line(time.Second, 1, "net.recv", "a", "conn", 1, "hash", 5) + end(time.Second, 3)
	b := header + line(2*time.Second, 2, "net.recv", "a", "conn", 2, "hash", 6) + end(2*time.Second, 3)
	var out bytes.Buffer
	if same, err := Diff(&out, reader(t, a), reader(t, b), Options{Width: 100}); same || err != nil {
		t.Fatal(same, err)
	}
	if want := "The first 0 events are the same. The next one (line 2 of A, 2 of B) differs in t, step, conn, hash:\n"; !strings.HasPrefix(out.String(), want) {
		t.Errorf("got %s", out.String())
	}
}
