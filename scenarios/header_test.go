package scenarios

import (
	"errors"
	"strings"
	"testing"
)

func TestHeader_roundTrip(t *testing.T) {
	for _, h := range []Header{
		{Signature: "I-MGR-2 fence before serve on mgr", Seed: 7, Hash: 0xff, Mutant: "noFenceWait"},
		{Signature: "panic on mon: loop mon/x: a, b", Seed: 1<<64 - 1, Hash: 1<<64 - 1, Profile: ProfileFast, Necessary: "1 of 2 lines"},
	} {
		full := h
		full.Property, full.Detail = "I-MGR-2 fence before serve", "seen\nmore of it\n# seed 9"
		got, err := ReadHeader(full.String() + "scenario a\n# seed 12, hash 3\nat 0s kill mon.a\n")
		if err != nil || got != h {
			t.Errorf("%+v became %+v, %v", h, got, err)
		}
	}
}

func TestReadHeader_badInput(t *testing.T) {
	for text, want := range map[string]string{
		"":                             "it has no lines",
		"scenario a\n# seed 1, hash 2": "it has no lines",
		"# fails as: x":                `it has no lines "# fails as: ..." and "# seed N, ..."`,
		"# fails as: x\n# seed 1, hash 2, mutant nobody": `line 2: "mutant nobody": no mutant "nobody"; there are`,
		"# fails as: x\n# seed one":                      `line 2: "seed one"`,
		"# fails as: x\n# seed 1, hash zz":               `"hash zz"`,
		"# fails as: x\n# seed 1, colour red":            `"colour red": want seed, hash, mutant or profile`,
		"# fails as: x\n# seed 1, profile slow":          `"profile slow"`,
	} {
		if _, err := ReadHeader(text); !errors.Is(err, ErrHeader) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", text, err, want)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add("# a\n#   b\n# fails as: c\n# seed 1, hash 2, mutant noFenceWait\n# necessary: 1 of 1 lines\n")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ReadHeader(text)
		if err != nil {
			return
		}
		if again, err := ReadHeader(h.String()); err != nil || again != h {
			t.Errorf("%q is read as %+v, and its print as %+v, %v", text, h, again, err)
		}
	})
}
