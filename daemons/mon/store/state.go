package store

import (
	"errors"
	"fmt"
	"maps"
	"slices"

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
	maps      map[string]*history
	spaces    map[string]*space
}

// history is a map's epochs that are kept.
type history struct {
	first  uint64   // epoch of epochs[0]
	epochs [][]byte // encoded, ascending, at least one
}

// space is a set of keys.
type space struct {
	version uint64 // 0 as long as nothing was ever in it
	values  map[string][]byte
}

// New is the state of a new cluster, the same on every monitor. first has the
// encoded maps of epoch 1, by name; there are no others. keep is how many epochs
// of a map are kept, at least 1.
func New(first map[string][]byte, keep int) *State {
	s := &State{
		keep: max(keep, 1), maxGlobal: FirstGlobalID,
		maps: map[string]*history{}, spaces: map[string]*space{},
	}
	for name, m := range first { // into a map
		s.maps[name] = &history{first: 1, epochs: [][]byte{m}}
	}
	return s
}

// Commits counts the batches that were applied.
func (s *State) Commits() uint64 { return s.commits }

// MaxGlobalID is the highest global id that monitors may hand out now.
func (s *State) MaxGlobalID() uint64 { return s.maxGlobal }

// Maps are the names of the maps, ascending.
func (s *State) Maps() []string { return wire.SortedKeys(s.maps) }

// Epochs are the oldest epoch of a map that is kept, and the current one; both 0
// if there is no map of that name.
func (s *State) Epochs(name string) (oldest, newest uint64) {
	h := s.maps[name]
	if h == nil {
		return 0, 0
	}
	return h.first, h.first + uint64(len(h.epochs)) - 1
}

// Map is the encoded map of an epoch, if it is kept. It must not be changed.
func (s *State) Map(name string, epoch uint64) ([]byte, bool) {
	oldest, newest := s.Epochs(name)
	if newest == 0 || epoch < oldest || epoch > newest {
		return nil, false
	}
	return s.maps[name].epochs[epoch-oldest], true
}

// Version counts the changes of a space.
func (s *State) Version(name string) uint64 {
	if sp := s.spaces[name]; sp != nil {
		return sp.version
	}
	return 0
}

// Value is what a space holds under a key, if anything. It must not be changed.
func (s *State) Value(name, key string) ([]byte, bool) {
	sp := s.spaces[name]
	if sp == nil {
		return nil, false
	}
	v, ok := sp.values[key]
	return v, ok
}

// Keys are the keys of a space, ascending.
func (s *State) Keys(name string) []string {
	sp := s.spaces[name]
	if sp == nil {
		return nil
	}
	return wire.SortedKeys(sp.values)
}

// Apply executes a batch, whole or, if it returns an error (ErrStale), not at
// all.
func (s *State) Apply(b Batch) error {
	for _, op := range b.Ops {
		if err := op.check(s); err != nil {
			return fmt.Errorf("batch %d of monitor %d: %w", b.Seq, b.Proposer, err)
		}
	}
	for _, op := range b.Ops {
		op.apply(s)
	}
	s.commits++
	return nil
}

const snapshotVersion = 2

// Snapshot encodes the whole state.
func (s *State) Snapshot() []byte {
	e := wire.NewEncoder(nil)
	e.Envelope(snapshotVersion, snapshotVersion, func() {
		e.U64(s.commits)
		e.U64(s.maxGlobal)
		wire.PutMap(e, s.maps, e.String, func(h *history) {
			e.U64(h.first)
			e.U32(uint32(len(h.epochs)))
			for _, m := range h.epochs {
				e.Blob(m)
			}
		})
		wire.PutMap(e, s.spaces, e.String, func(sp *space) {
			e.U64(sp.version)
			wire.PutMap(e, sp.values, e.String, e.Blob)
		})
	})
	return e.Bytes()
}

// Restore replaces the state by an encoded one. On an error (ErrCorrupt) the
// state is as before.
func (s *State) Restore(data []byte) error {
	next := State{keep: s.keep}
	d := wire.NewDecoder(data)
	d.Envelope(snapshotVersion, "store snapshot", func(version uint8) {
		if !known(d, version, snapshotVersion) {
			return
		}
		next.commits, next.maxGlobal = d.U64(), d.U64()
		next.maps = wire.Map(d, 4, "maps", d.String, func() *history { return decodeHistory(d) })
		next.spaces = wire.Map(d, 4, "spaces", d.String, func() *space { return decodeSpace(d) })
	})
	if err := d.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	for _, name := range wire.SortedKeys(next.maps) {
		if h := next.maps[name]; h.first == 0 || len(h.epochs) == 0 || h.first+uint64(len(h.epochs)) < h.first {
			return fmt.Errorf("%w: no epoch of %s", ErrCorrupt, name)
		}
	}
	if !slices.Equal(slices.Sorted(maps.Keys(next.maps)), s.Maps()) {
		return fmt.Errorf("%w: snapshot has the maps %v, want %v", ErrCorrupt, next.Maps(), s.Maps())
	}
	*s = next
	return nil
}

func decodeHistory(d *wire.Decoder) *history {
	h := &history{first: d.U64()}
	for range d.Count(4, "epochs") {
		h.epochs = append(h.epochs, d.Blob())
	}
	return h
}

func decodeSpace(d *wire.Decoder) *space {
	return &space{version: d.U64(), values: wire.Map(d, 8, "keys", d.String, d.Blob)}
}
