// Package history saves what a run looked like to those who judge it, and lets it pass
// again before others: the facts that daemons stated, the faults of the plan, and how the
// machines stood. docs/trace.md names every kind of line and every field.
//
// A [Writer] is told what happens and writes a line for each; a [Reader] reads them back,
// every fact with its Go type and all its fields; a [World] is the one of which they tell,
// in which time passes by reading. It is a [cluster.World], so that a cluster can be
// deployed in it, of which nothing runs and everything can be observed.
//
//	r, err := history.NewReader("history.jsonl", f)
//	w := history.NewWorld(r.Header())
//	w.Observe(func(o cluster.Observation) { ... })
//	for err == nil {
//		var record history.Record
//		if record, err = r.Next(); err == nil {
//			err = w.Pass(record)
//		}
//	}
//	if err != io.EOF {
//		... // names the file and the line
//	}
//
// A trace tells people and tools more, but it is of the simulator alone, and its fields are
// texts and numbers that stand for facts and are not all of them.
package history
