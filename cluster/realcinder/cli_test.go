package realcinder

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTable(t *testing.T) {
	const drawn = "+---+-----+\n| A | B c |\n+---+-----+\n| 1 | -   |\n|   | x y |\n+---+-----+\n"
	if diff := cmp.Diff([]Row{{"A": "1", "B c": "-"}, {"A": "", "B c": "x y"}}, table([]byte(drawn))); diff != "" {
		t.Error(diff)
	}
	if rows := table([]byte("nothing matched\n")); rows != nil {
		t.Errorf("%v", rows)
	}
}
