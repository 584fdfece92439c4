package novelty

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// shownBy draws what some runs have shown.
func shownBy(t *rapid.T, label string) [][]Feature {
	one := rapid.Custom(func(t *rapid.T) Feature {
		a, b := rapid.StringMatching("[a-c]").Draw(t, "a"), rapid.StringMatching("[a-c]").Draw(t, "b")
		return rapid.SampledFrom([]Feature{Pair(a, b), Target(a, b), New(Epochs, a+" > "+b), New(Roles, a), Reached(a, 5)}).Draw(t, "feature")
	})
	list := rapid.SliceOfN(rapid.SliceOfN(one, 0, 5), 0, 12).Draw(t, label)
	for i := range list {
		list[i] = Sorted(list[i])
	}
	return list
}

func tallied(runs [][]Feature, first int) *Tally {
	t := NewTally()
	for i, shown := range runs {
		t.Add(shown, func() string { return fmt.Sprint("w1:s:seed=", first+i) })
	}
	return t
}

func written(t interface{ Fatal(...any) }, b Book) string {
	var out bytes.Buffer
	if err := b.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// Parts of a campaign that are written down, read and merged are the campaign, whatever is
// in them.
func TestBook_partsMakeTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := shownBy(t, "a"), shownBy(t, "b")
		whole := Book{"s": tallied(slices.Concat(a, b), 0)}
		sum := make(Book)
		for _, part := range []Book{{"s": tallied(a, 0)}, {"s": tallied(b, len(a))}} {
			read, err := ReadBook(strings.NewReader(written(t, part)))
			if err != nil {
				t.Fatal(err)
			}
			if got, want := written(t, read), written(t, part); got != want {
				t.Fatalf("it came back as\n%s\nnot\n%s", got, want)
			}
			sum.Merge(read)
		}
		if got, want := written(t, sum), written(t, whole); got != want {
			t.Fatalf("the parts make\n%s\nnot\n%s", got, want)
		}
		if got, want := sum["s"].String(), whole["s"].String(); got != want {
			t.Fatalf("%s, want %s", got, want)
		}
	})
}

func TestTally(t *testing.T) {
	tally := NewTally()
	for i := range 20 {
		shown := []Feature{Pair("kill", "cut")}
		if i == 3 {
			shown = append(shown, Pair("cut", "cut"))
		}
		if i >= 18 {
			shown = append(shown, New(Roles, fmt.Sprint("mon ", i, " peon")))
		}
		if news := tally.Add(shown, func() string { return fmt.Sprint("line ", i) }); news != len(shown) && i == 0 || i == 1 && news != 0 {
			t.Errorf("run %d: %d new", i, news)
		}
	}
	if got, want := tally.String(), "2 role tuples, 2 fault pairs (2 new in the last tenth)"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if c := tally.Of("faults cut + cut"); c.Runs != 1 || c.First != "line 3" {
		t.Errorf("%+v", c)
	}
	if c := tally.Of("faults cut + kill"); c.Runs != 20 || c.First != "line 0" {
		t.Errorf("%+v", c)
	}
	if got := tally.Never(); !slices.Equal(got, []Feature{"faults kill + kill"}) {
		t.Errorf("never %q", got)
	}
}

// What comes after something else in some pair may come after another one, and never does.
func TestTally_neverOfTwo(t *testing.T) {
	tally := NewTally()
	tally.Add([]Feature{New(Epochs, "a > b"), New(Epochs, "b > c"), Target("kill", "mon leader"), Target("cut", "mon peon")}, func() string { return "" })
	want := []Feature{"epochs a > c", "epochs b > b", "targets cut @ mon leader", "targets kill @ mon peon"}
	if got := tally.Never(); !slices.Equal(got, want) {
		t.Errorf("never %q, want %q", got, want)
	}
}

func TestReadBook_badInput(t *testing.T) {
	const head = bookHead + "\n"
	for text, want := range map[string]string{
		"":                             "it is empty",
		"hello":                        `line 1: it begins with "hello"`,
		head + "1\t1\tl\tfaults a + b": "line 2: a feature before the first scenario",
		head + "scenario s 3":          "line 2: \"s 3\": want a name in quotes",
		head + "scenario \"s\" x":      "want a number of runs",
		head + "scenario \"s\" 1\nscenario \"s\" 1":                                          "line 3: scenario \"s\" is there twice",
		head + "scenario \"s\" 1\n1\t1\tl":                                                   "line 3: \"1\\t1\\tl\": want RUNS",
		head + "scenario \"s\" 1\n2\t1\tl\tfaults a":                                         "want two numbers up to 1",
		head + "scenario \"s\" 1\n1\t0\tl\tfaults a":                                         "want two numbers up to 1",
		head + "scenario \"s\" 1\n1\t1\tl\tcolours red":                                      "is of no kind",
		head + "scenario \"s\" 1\n1\t1\tl\tfaults a\n1\t1\tl\tfaults a":                      "line 4: feature \"faults a\" is there twice",
		head + "scenario \"s\" 1\n1\t1\tl\tfaults " + strings.Repeat("long ", 20_000) + "\n": "line 3: ",
	} {
		if _, err := ReadBook(strings.NewReader(text)); !errors.Is(err, ErrBook) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.80q: %v, want it to say %q", text, err, want)
		}
	}
}

func FuzzReadBook(f *testing.F) {
	f.Add(bookHead + "\nscenario \"s\" 2\n1\t2\tw1:s:seed=2\tfaults cut + kill\n0\t0\t-\tfaults kill + kill\n")
	f.Fuzz(func(t *testing.T, text string) {
		book, err := ReadBook(strings.NewReader(text))
		if err != nil {
			return
		}
		again, err := ReadBook(strings.NewReader(written(t, book)))
		if err != nil || written(t, again) != written(t, book) {
			t.Errorf("%q reads, what it is written as does not: %v", text, err)
		}
	})
}

func TestReached(t *testing.T) {
	for times, want := range map[uint64]Feature{1: "points p 4^0", 3: "points p 4^0", 4: "points p 4^1", 15: "points p 4^1", 16: "points p 4^2", 1 << 63: "points p 4^31"} {
		if got := Reached("p", times); got != want {
			t.Errorf("%d times is %q, want %q", times, got, want)
		}
	}
}
