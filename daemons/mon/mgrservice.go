package mon

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Where the mgr service keeps its things in the store.
const (
	mgrMapName       = "mgrmap"
	mgrMetadataSpace = "mgr_metadata" // by name: what the mgr has said about itself, a map of strings
)

// mgrService is the mgrMonitor as a service: it carries the committed map and the
// changes from and to the store.
type mgrService struct {
	*mgrMonitor
	state *store.State
	// took is told about every map taken over, with the one before and its encoding.
	took func(was *msg.MgrMap, encoded []byte)
}

// load implements service.
func (s *mgrService) load(state *store.State) error {
	s.state = state
	_, epoch := state.Epochs(mgrMapName)
	if epoch == uint64(s.committed.Epoch) {
		return nil
	}
	encoded, _ := state.Map(mgrMapName, epoch)
	committed, err := decodeMgrMap(encoded)
	if err != nil {
		return fmt.Errorf("mgrmap %d: %w", epoch, err)
	}
	was := s.committed
	s.refresh(committed)
	s.took(was, encoded)
	return nil
}

// changes implements service.
func (s *mgrService) changes() []store.Op {
	c := s.pending
	if c == nil || c.edits == 0 {
		return nil
	}
	ops := []store.Op{store.SetMap{Name: mgrMapName, Epoch: uint64(c.next.Epoch), Map: encodeMgrMap(c.next)}}
	if len(c.setMeta)+len(c.dropMeta) == 0 {
		return ops
	}
	set := map[string][]byte{}
	for _, name := range wire.SortedKeys(c.setMeta) {
		var e wire.Encoder
		e.StringMap(c.setMeta[name])
		set[name] = e.Bytes()
	}
	return append(ops, store.Edit{
		Space: mgrMetadataSpace, From: s.state.Version(mgrMetadataSpace), Set: set, Drop: wire.SortedKeys(c.dropMeta),
	})
}

// urgent implements service.
func (s *mgrService) urgent() bool { return s.pending != nil && s.pending.immediate }

// metadata is what the mgr of that name has said about itself, nil if the map does
// not hold the name.
func (s *mgrService) metadata(name string) map[string]string {
	encoded, ok := s.state.Value(mgrMetadataSpace, name)
	if !ok {
		return nil
	}
	meta := wire.NewDecoder(encoded).StringMap()
	if meta == nil {
		meta = map[string]string{}
	}
	return meta
}

// described are the names that have metadata, ascending.
func (s *mgrService) described() []string { return s.state.Keys(mgrMetadataSpace) }
