package addresses

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
)

type node struct {
	name string
	next *node
}

type holder struct{ done chan int }

// hidden has a name of its own, but fmt cannot call it below a field that is not
// exported.
type hidden struct{ id *named }

func bad(w io.Writer, l *slog.Logger, x *int, c chan int, f func(), n *node, e error) {
	_ = fmt.Sprintf("at %p", x)                  // want `%p: addresses differ from run to run; print an identifier`
	_ = fmt.Errorf("%d %-5p", 1, x)              // want `%p: `
	_ = fmt.Sprintf("%v", x)                     // want `printing x with %v: addresses differ from run to run`
	_ = fmt.Sprintf("%d %x", 7, x)               // want `printing x with %x: `
	_ = fmt.Sprintf("%*d %v", 5, 7, c)           // want `printing c with %v: `
	_ = fmt.Sprintf("%s: %+v: %w", "a", n, e)    // want `printing n with %\+?v: `
	_ = fmt.Sprintf("%[2]d %[1]v", c, 1)         // want `printing c: `
	_ = fmt.Sprint("f", f)                       // want `printing f: `
	_ = fmt.Sprintln([]*int{x})                  // want `printing \[\]\*int\{\S*\}: `
	_ = fmt.Sprint(map[*int]bool{x: true})       // want `printing map\[\*int\]bool\{\S*\}: `
	_ = fmt.Sprint(holder{c})                    // want `printing holder\{\S*\}: `
	_ = fmt.Sprint(hidden{})                     // want `printing hidden\{\}: `
	_ = fmt.Appendf(nil, "%v", f)                // want `printing f with %v: `
	fmt.Fprintln(w, x)                           // want `printing x: `
	fmt.Fprintf(w, "%v", n.next)                 // want `printing n\.next with %v: `
	l.Info("joined", "node", n)                  // want `printing n: `
	l.Warn("joined", slog.Any("done", c))        // want `printing c: `
	_ = l.With("who", x)                         // want `printing x: `
	_ = reflect.ValueOf(x).Pointer()             // want `reflect\.Value\.Pointer: `
	fmt.Println("hello")                         // want `fmt\.Println: it uses the process's standard streams; log to host\.Host\.Log`
	_ = reflect.ValueOf(map[string]int{}).Seq()  // want `reflect\.Value\.Seq: it yields a map's keys in map order`
	_ = reflect.ValueOf(map[string]int{}).Seq2() // want `reflect\.Value\.Seq2: `
}

func badMaps(m map[string]int) {
	_ = reflect.ValueOf(m).MapKeys()  // want `reflect\.Value\.MapKeys: it yields a map's keys in map order`
	_ = reflect.ValueOf(m).MapRange() // want `reflect\.Value\.MapRange: `
}
