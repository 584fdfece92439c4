// Package tracefile reads the traces that package sim writes: JSON lines, a
// header first, then what happened, in order, and a last line that says that the
// run is over. docs/trace.md names every kind of line and every field.
//
//	r, err := tracefile.NewReader("trace.jsonl", f)
//	for err == nil {
//		var e tracefile.Event
//		if e, err = r.Next(); err == nil {
//			fmt.Println(e.At, e.Host, e.Kind)
//		}
//	}
//	if err != io.EOF {
//		...             // names the file and the line
//	}
//
// A [Reader] keeps one line at a time, however long the trace is. It checks what
// every reader relies on: that each line is an object with t, step and kind, that
// neither t nor step ever falls, and that the end is there. It does not check
// which kinds and fields there are, so that a trace with more of them, which has
// the same version, can be read.
//
// The package knows neither the simulator nor a daemon: sim imports it for the
// version.
package tracefile
