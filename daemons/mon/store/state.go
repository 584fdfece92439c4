// Package store is the monitors' replicated state: the maps and counters that
// all monitors agree on, and the operations that change them.
//
// A leader gathers operations into a [Batch] and hands its encoding to the
// quorum; every monitor then applies the same batches in the same order to its
// [State]. A batch is applied whole or not at all, so that changes which belong
// together can never be seen apart. Each operation names what it was based on,
// and is refused if that is not what is there: a proposal that a deposed leader
// made before it knew, and that only now gets through, changes nothing.
//
//	b := store.Batch{Proposer: rank, Seq: n, Ops: []store.Op{store.RaiseGlobalID{From: 4096, To: 4196}}}
//	...                                          // quorum carries b.Encode()
//	b, err := store.DecodeBatch(data)
//	err = state.Apply(b)                         // ErrStale: refused
//
// Maps are opaque encoded blobs here: the services that own them decode them.
// Only daemons/mon uses the package. A State belongs to one loop.
package store

import (
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Errors of this package (wrapped, so test with errors.Is).
var (
	// ErrStale: a batch is based on a state that is not the present one.
	ErrStale = errors.New("based on another state")
	// ErrCorrupt: bytes that Encode or Snapshot did not write.
	ErrCorrupt = errors.New("corrupt store data")
)

// FirstGlobalID is the id below which none is handed out: the first is one
// above (Ceph: MIN_GLOBAL_ID in src/mon/AuthMonitor.cc).
const FirstGlobalID = 4096

// State is what all monitors agree on.
type State struct {
	keep      int // epochs of a map to keep
	commits   uint64
	maxGlobal uint64
	mgrFirst  uint64   // epoch of mgrMaps[0]
	mgrMaps   [][]byte // encoded, ascending epochs
	mgrMeta   map[string]map[string]string
}

// New is the state of a new cluster, the same on every monitor. firstMgrMap is
// the encoded mgrmap of epoch 1. keep is how many epochs of a map are kept, at
// least 1.
func New(firstMgrMap []byte, keep int) *State {
	return &State{
		keep: max(keep, 1), maxGlobal: FirstGlobalID,
		mgrFirst: 1, mgrMaps: [][]byte{firstMgrMap},
		mgrMeta: map[string]map[string]string{},
	}
}

// Commits counts the batches that were applied.
func (s *State) Commits() uint64 { return s.commits }

// MaxGlobalID is the highest global id that monitors may hand out now.
func (s *State) MaxGlobalID() uint64 { return s.maxGlobal }

// MgrMapEpochs are the oldest epoch that is kept, and the current one.
func (s *State) MgrMapEpochs() (oldest, newest uint64) {
	return s.mgrFirst, s.mgrFirst + uint64(len(s.mgrMaps)) - 1
}

// MgrMap is the encoded mgrmap of an epoch, if it is kept. It must not be
// changed.
func (s *State) MgrMap(epoch uint64) ([]byte, bool) {
	oldest, newest := s.MgrMapEpochs()
	if epoch < oldest || epoch > newest {
		return nil, false
	}
	return s.mgrMaps[epoch-oldest], true
}

// MgrMetadata is what the mgr of that name has said about itself; nil if the
// map does not hold the name. It must not be changed.
func (s *State) MgrMetadata(name string) map[string]string { return s.mgrMeta[name] }

// MgrMetadataNames are the names that have metadata, ascending.
func (s *State) MgrMetadataNames() []string { return wire.SortedKeys(s.mgrMeta) }

// Apply executes a batch, whole or, if it returns an error (ErrStale), not at
// all.
func (s *State) Apply(b Batch) error {
	for _, op := range b.Ops {
		if err := op.check(s); err != nil {
			return fmt.Errorf("batch %d of rank %d: %w", b.Seq, b.Proposer, err)
		}
	}
	for _, op := range b.Ops {
		op.apply(s)
	}
	s.commits++
	return nil
}

const snapshotVersion = 1

// Snapshot encodes the whole state.
func (s *State) Snapshot() []byte {
	e := wire.NewEncoder(nil)
	e.Envelope(snapshotVersion, 1, func() {
		e.U64(s.commits)
		e.U64(s.maxGlobal)
		e.U64(s.mgrFirst)
		e.U32(uint32(len(s.mgrMaps)))
		for _, m := range s.mgrMaps {
			e.Blob(m)
		}
		encodeMetadata(e, s.mgrMeta)
	})
	return e.Bytes()
}

// Restore replaces the state by an encoded one. On an error (ErrCorrupt) the
// state is as before.
func (s *State) Restore(data []byte) error {
	next := State{keep: s.keep}
	d := wire.NewDecoder(data)
	d.Envelope(snapshotVersion, "store snapshot", func(uint8) {
		next.commits, next.maxGlobal, next.mgrFirst = d.U64(), d.U64(), d.U64()
		for range d.Count(4, "mgrmaps") {
			next.mgrMaps = append(next.mgrMaps, d.Blob())
		}
		next.mgrMeta = decodeMetadata(d)
	})
	if err := d.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if len(next.mgrMaps) == 0 || next.mgrFirst == 0 {
		return fmt.Errorf("%w: snapshot without a mgrmap", ErrCorrupt)
	}
	*s = next
	return nil
}

func encodeMetadata(e *wire.Encoder, meta map[string]map[string]string) {
	e.U32(uint32(len(meta)))
	for _, name := range wire.SortedKeys(meta) {
		e.String(name)
		e.StringMap(meta[name])
	}
}

func decodeMetadata(d *wire.Decoder) map[string]map[string]string {
	meta := map[string]map[string]string{}
	for range d.Count(8, "metadata") {
		name := d.String()
		meta[name] = d.StringMap()
	}
	return meta
}
