// Package timeline shows traces to people, as plain text: [Write] draws one as a
// timeline with a column for each host, [Diff] puts two side by side where they
// differ.
//
//	r, err := tracefile.NewReader("trace.jsonl", f)
//	err = timeline.Write(os.Stdout, r, timeline.Options{Width: 100})
//
// What is drawn depends on the trace and the [Options] only, so that two people
// with one seed look at the same page. Nothing is kept of a trace but a window of
// it, however long it is.
//
// The package knows the kinds of docs/trace.md by name, and shows kinds it does
// not know in a general form. It knows no scenario and no daemon.
package timeline
