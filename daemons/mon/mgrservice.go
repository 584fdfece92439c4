package mon

import (
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Where the mgr service keeps its things in the store.
const (
	mgrMapName       = "mgrmap"
	mgrMetadataSpace = "mgr_metadata" // by name: what the mgr has said about itself, a map of strings
	mgrGoneSpace     = "mgr_gone"     // under one key: the gids that are never taken again
	mgrGoneKey       = "gids"
	mgrCommandSpace  = "mgr_commands" // under mgrCommandKey: what the last mgr that became available answers
	mgrCommandKey    = "active"
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
	gone, err := decodeGone(state)
	if err != nil {
		return err
	}
	was := s.committed
	s.refresh(committed, gone)
	s.took(was, encoded)
	return nil
}

// decodeGone reads the gids that are never taken again.
func decodeGone(state *store.State) ([]uint64, error) {
	encoded, ok := state.Value(mgrGoneSpace, mgrGoneKey)
	if !ok {
		return nil, nil
	}
	d := wire.NewDecoder(encoded)
	gone := make([]uint64, 0, maxGone)
	for range d.Count(8, "gids") {
		gone = append(gone, d.U64())
	}
	if err := d.Err(); err != nil {
		return nil, fmt.Errorf("gids of mgrs that are gone: %w", err)
	}
	return gone, nil
}

func (s *mgrService) editGone(gone []uint64) store.Op {
	var e wire.Encoder
	e.U32(uint32(len(gone)))
	for _, gid := range gone {
		e.U64(gid)
	}
	return store.Edit{Space: mgrGoneSpace, From: s.state.Version(mgrGoneSpace), Set: map[string][]byte{mgrGoneKey: e.Bytes()}}
}

// changes implements service.
func (s *mgrService) changes() []store.Op {
	c := s.pending
	if c == nil || c.edits == 0 {
		return nil
	}
	ops := []store.Op{store.SetMap{Name: mgrMapName, Epoch: uint64(c.next.Epoch), Map: encodeMgrMap(c.next)}}
	if !slices.Equal(c.gone, s.gone) {
		ops = append(ops, s.editGone(c.gone))
	}
	if op, changed := s.commandChange(); changed {
		ops = append(ops, op)
	}
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

// commandChange writes down what the mgr that has become available answers, if that is
// other than before.
func (s *mgrService) commandChange() (store.Op, bool) {
	if !s.pending.newCommands {
		return nil, false
	}
	var e wire.Encoder
	msg.EncodeCommandDescriptions(&e, s.pending.commands)
	if old, ok := s.state.Value(mgrCommandSpace, mgrCommandKey); ok && string(old) == string(e.Bytes()) {
		return nil, false
	}
	return store.Edit{
		Space: mgrCommandSpace, From: s.state.Version(mgrCommandSpace), Set: map[string][]byte{mgrCommandKey: e.Bytes()},
	}, true
}

// commands are what the mgr that became available last answers; it may be gone.
func (s *mgrService) commands() []msg.CommandDescription {
	encoded, _ := s.state.Value(mgrCommandSpace, mgrCommandKey)
	if encoded == nil {
		return nil
	}
	return msg.DecodeCommandDescriptions(wire.NewDecoder(encoded))
}
