package formats

import (
	"fmt"
	"reflect"
)

func bad(x *int, m map[string]int) {
	_ = fmt.Sprintf("at %p", x)       // want `%p: addresses differ from run to run; print an identifier`
	_ = fmt.Errorf("%d %-5p", 1, x)   // no claim to parse flags
	fmt.Println("hello")              // want `fmt\.Println: it uses the process's standard streams; log to host\.Host\.Log`
	_ = reflect.ValueOf(m).MapKeys()  // want `reflect\.Value\.MapKeys: it yields the keys in map order`
	_ = reflect.ValueOf(m).MapRange() // want `reflect\.Value\.MapRange: `
	_ = reflect.ValueOf(x).Pointer()  // want `reflect\.Value\.Pointer: `
}

func good(x *int, m map[string]int) string {
	_ = reflect.ValueOf(m).Len()
	return fmt.Sprintf("100%%p %v %d", m, *x) + fmt.Sprint("%p")[:0] // want `%p: `
}
