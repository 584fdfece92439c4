package scenarios

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestParseQuarantine(t *testing.T) {
	got, err := ParseQuarantine("known", "# known failures\n\n"+
		`until 2026-12-31 "I-MGR-10 no false drop on mon" raft's next release has it`+"\r\n"+
		"\t until  2027-01-02\t"+`"panic: \"x\" | 0" two   words `+"\n")
	if err != nil || len(got) != 2 {
		t.Fatalf("%v, %v", got, err)
	}
	for i, want := range []string{
		`until 2026-12-31 "I-MGR-10 no false drop on mon" raft's next release has it`,
		`until 2027-01-02 "panic: \"x\" | 0" two   words`,
	} {
		if got[i].String() != want || got[i].Line != i+3 {
			t.Errorf("line %d: %v", got[i].Line, got[i])
		}
		if again, err := ParseQuarantine("", got[i].String()); err != nil || again[0].String() != want {
			t.Errorf("printed and read: %v, %v", again, err)
		}
	}
}

// TestParseQuarantine_errors: each names the place.
func TestParseQuarantine_errors(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{`til 2026-12-31 "a" b`, `known:1:1: want until DATE "SIGNATURE" REASON, not "til"`},
		{"# ok\n  til", "known:2:3: want until"},
		{`until`, `known:1:6: want a day such as 2026-12-31, not ""`},
		{`until soon "a" b`, `known:1:7: want a day such as 2026-12-31, not "soon"`},
		{`until 2026-02-30 "a" b`, `known:1:7: want a day`},
		{`until 2026-12-31 a b`, `known:1:18: want the signature of a failure in double quotes`},
		{`until 2026-12-31 'a' b`, `known:1:18: want the signature`},
		{`until 2026-12-31 "a b`, `known:1:18: want the signature`},
		{`until 2026-12-31 "" b`, `known:1:18: want the signature`},
		{`until 2026-12-31`, `known:1:17: want the signature`},
		{`until 2026-12-31 "a"  `, `known:1:21: want the reason`},
		{"until 2026-12-31 \"a\" b\nuntil 2026-12-31 \"a\" c", `known:2:18: "a" is on line 1 already`},
	} {
		got, err := ParseQuarantine("known", tt.text)
		if !errors.Is(err, ErrQuarantine) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

func FuzzParseQuarantine(f *testing.F) {
	f.Add("# x\nuntil 2026-12-31 \"I-MGR-10 no false drop on mon\" reason\n")
	f.Add("until 2026-12-31 \"\\x00\" \xff")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := ParseQuarantine("f", text)
		if err != nil && !errors.Is(err, ErrQuarantine) {
			t.Errorf("unknown error: %v", err)
		}
		for _, q := range all {
			again, err := ParseQuarantine("f", q.String())
			if err != nil || len(again) != 1 || again[0].Signature != q.Signature || !again[0].Until.Equal(q.Until) {
				t.Errorf("%q: printed and read: %v, %v", q.String(), again, err)
			}
		}
	})
}

func TestReadQuarantine(t *testing.T) {
	name := filepath.Join(t.TempDir(), "known")
	if _, err := ReadQuarantine(name); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
	if err := os.WriteFile(name, []byte(strings.Repeat("#\n", maxQuarantine)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadQuarantine(name); !errors.Is(err, ErrQuarantine) {
		t.Errorf("a file that is too large: %v", err)
	}
}

// TestQuarantined_Holds: whole days, by the date of today.
func TestQuarantined_Holds(t *testing.T) {
	q := Quarantined{Until: time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)}
	for _, tt := range []struct {
		today time.Time
		want  bool
	}{
		{time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), true},
		{time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), true},
		{time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), false},
	} {
		if got := q.Holds(tt.today); got != tt.want {
			t.Errorf("%v: %v", tt.today, got)
		}
	}
}
