// Package store is the monitors' replicated state: the maps, keys and counters
// that all monitors agree on, and the operations that change them.
//
// It holds three kinds of things:
//
//   - maps, each by its name ("mgrmap"), with their last epochs: a new epoch takes
//     the place of the one before;
//   - spaces of keys ("config-key"), each with a version that every change raises;
//   - the highest global id that may be handed out.
//
// A leader gathers operations into a [Batch] and hands its encoding to the
// quorum; every monitor then applies the same batches in the same order to its
// [State]. A batch is applied whole or not at all, so that changes which belong
// together can never be seen apart. Each operation names what it was based on,
// and is refused if that is not what is there: a proposal that a deposed leader
// made before it knew, and that only now gets through, changes nothing.
//
//	b := store.Batch{Proposer: rank, Seq: n, Ops: []store.Op{
//		store.SetMap{Name: "mgrmap", Epoch: 7, Map: encoded},
//		store.Edit{Space: "mgr_metadata", From: 3, Drop: []string{"x"}},
//	}}
//	...                                          // quorum carries b.Encode()
//	b, err := store.DecodeBatch(data)
//	err = state.Apply(b)                         // ErrStale: refused
//
// Maps and values are opaque bytes here: the services that own them decode them.
// Only daemons/mon uses the package. A State belongs to one loop.
package store
