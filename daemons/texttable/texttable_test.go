package texttable_test

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/texttable"
)

func ExampleFormat() {
	fmt.Printf("%q", texttable.Format([][]string{{"NAME", "VALUE"}, {"a", "long enough"}, {"b", ""}}))
	// Output: "NAME  VALUE\na     long enough\nb                \n"
}
