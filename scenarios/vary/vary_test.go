package vary

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// A salt takes a share of the streams for itself, and no other stream is another's then.
func TestVary_takesAShare(t *testing.T) {
	if got := Vary(nil).Of(7, "s"); got != 7 {
		t.Errorf("without salts the seed is %d", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := Vary(rapid.SliceOfN(rapid.Uint64Range(1000, 1<<60), 0, Most-1).Draw(t, "v"))
		salt := rapid.Uint64Range(1, 999).Draw(t, "salt")
		taken := 0
		for i := range 400 {
			stream := fmt.Sprint("scenario/swarm/x/", i)
			before, after := v.Of(0, stream), v.With(salt).Of(0, stream)
			switch after {
			case salt:
				taken++
			case before:
			default:
				t.Fatalf("%s is of %d, was of %d", stream, after, before)
			}
		}
		if taken < 40 || taken > 180 {
			t.Fatalf("a salt takes %d of 400", taken)
		}
	})
}

func TestWith_sharesNothing(t *testing.T) {
	v := make(Vary, 1, 4)
	a, b := v.With(1), v.With(2)
	if a.String() != "0.1" || b.String() != "0.2" || a.Last(9) != 1 || Vary(nil).Last(9) != 9 {
		t.Errorf("%v, %v", a, b)
	}
}

func TestParse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := Vary(rapid.SliceOfN(rapid.Uint64(), 1, Most).Draw(t, "v"))
		if got, err := Parse(v.String()); err != nil || got.String() != v.String() {
			t.Fatalf("%v came back as %v, %v", v, got, err)
		}
	})
	for _, text := range []string{"", ".", "1.", "x", "1,2", "-1", "18446744073709551616", strings.Repeat("1.", Most) + "1"} {
		if got, err := Parse(text); !errors.Is(err, ErrVary) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}
