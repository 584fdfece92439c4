package mon

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// monMapName is the name of the monmap in the store, where it has the numbers beside
// it that the monitors have in the quorum.
const monMapName = "monmap"

// membership is who belongs to the cluster's monitors as of an epoch.
type membership struct {
	monMap msg.MonMap
	ids    map[string]uint64 // numbers in the quorum, by name
	last   uint64            // the highest number that was ever given
}

// founding is the membership that a cluster begins with: each founder's number is one
// above its rank.
func founding(mm msg.MonMap) membership {
	s := membership{monMap: mm.Clone(), ids: map[string]uint64{}, last: uint64(mm.Size())}
	s.monMap.Epoch = 1
	for rank, name := range mm.Ranks {
		s.ids[name] = uint64(rank) + 1
	}
	return s
}

// id is the number of a monitor in the quorum, 0 if it is not known.
func (s *membership) id(name string) uint64 { return s.ids[name] }

// name is the monitor of that number, empty if none has it.
func (s *membership) name(id uint64) string {
	if id == 0 {
		return ""
	}
	for _, name := range s.monMap.Ranks {
		if s.ids[name] == id {
			return name
		}
	}
	return ""
}

// removed reports whether a monitor had the number once.
func (s *membership) removed(id uint64) bool { return id != 0 && id <= s.last && s.name(id) == "" }

// agrees says how the monitors differ from those who vote in the quorum, which are
// changed with them. voters ascend.
func (s *membership) agrees(voters []uint64) error {
	var ids []uint64
	for _, name := range s.monMap.Ranks {
		ids = append(ids, s.ids[name])
	}
	slices.Sort(ids)
	if !slices.Equal(ids, voters) {
		return fmt.Errorf("monmap %d has the monitors %v, the quorum the voters %v", s.monMap.Epoch, ids, voters)
	}
	return nil
}

// clone is a copy that can be changed.
func (s *membership) clone() membership {
	c := membership{monMap: s.monMap.Clone(), ids: map[string]uint64{}, last: s.last}
	for name, id := range s.ids { // into a map
		c.ids[name] = id
	}
	return c
}

func (s *membership) encode() []byte {
	e := wire.NewEncoder(nil)
	e.Envelope(1, 1, func() {
		s.monMap.Encode(e, msg.FeaturesAll)
		wire.PutMap(e, s.ids, e.String, e.U64)
		e.U64(s.last)
	})
	return e.Bytes()
}

func decodeMembership(data []byte) (s membership, err error) {
	d := wire.NewDecoder(data)
	d.Envelope(1, "membership", func(uint8) {
		s.monMap.Decode(d)
		s.ids = wire.Map(d, 12, "numbers", d.String, d.U64)
		s.last = d.U64()
	})
	if err := d.Err(); err != nil {
		return membership{}, err
	}
	return s, s.check()
}

// check refuses what encode never writes: a monitor without a number or an address,
// a number twice. Who joins has no numbers at all before it is told.
func (s *membership) check() error {
	if len(s.ids) == 0 && s.last == 0 {
		return nil
	}
	taken := map[uint64]bool{}
	for rank, name := range s.monMap.Ranks {
		id := s.ids[name]
		if id == 0 || id > s.last || taken[id] || s.monMap.Addr(rank).IsBlank() {
			return fmt.Errorf("mon.%s has number %d of %d: %w", name, id, s.last, store.ErrCorrupt)
		}
		taken[id] = true
	}
	if len(taken) != len(s.ids) {
		return fmt.Errorf("%d monitors and %d numbers: %w", len(taken), len(s.ids), store.ErrCorrupt)
	}
	return nil
}

// monmapMonitor keeps the monmap and changes it one monitor at a time. Ceph:
// src/mon/MonmapMonitor.cc.
//
// A change of the monmap travels with a change of the quorum's members in one entry
// of its log, so that the two are never apart. That entry takes along whatever else
// the other services have changed.
type monmapMonitor struct {
	committed membership
	encoded   []byte        // as the store has it
	pending   *membership   // what the next batch makes of it; nil for nothing
	change    quorum.Change // that goes with it
	// took is told that another epoch was taken over.
	took func(was membership)
}

// load implements service.
func (s *monmapMonitor) load(st *store.State) error {
	_, epoch := st.Epochs(monMapName)
	encoded, _ := st.Map(monMapName, epoch)
	if s.committed.ids != nil && bytes.Equal(encoded, s.encoded) {
		return nil
	}
	next, err := decodeMembership(encoded)
	if err != nil {
		return fmt.Errorf("monmap %d: %w", epoch, err)
	}
	s.encoded = encoded
	was := s.committed
	if was.ids != nil && next.monMap.Epoch == was.monMap.Epoch && next.last == was.last {
		return nil
	}
	s.committed = next
	if s.took != nil {
		s.took(was)
	}
	return nil
}

// begin and discard implement service.
func (s *monmapMonitor) begin() {}
func (s *monmapMonitor) discard() {
	s.pending, s.change = nil, quorum.Change{}
}

// changes implements service.
func (s *monmapMonitor) changes() []store.Op {
	if s.pending == nil {
		return nil
	}
	return []store.Op{store.SetMap{Name: monMapName, Epoch: uint64(s.pending.monMap.Epoch), Map: s.pending.encode()}}
}

// urgent, restart and tick implement service.
func (s *monmapMonitor) urgent() bool                   { return s.pending != nil }
func (s *monmapMonitor) restart(time.Duration)          {}
func (s *monmapMonitor) tick(time.Duration, wire.UTime) {}

// follow is the committed membership as the next epoch, to be changed.
func (s *monmapMonitor) follow(wall wire.UTime) membership {
	next := s.committed.clone()
	next.monMap.Epoch++
	next.monMap.Changed = wall
	next.monMap.RemovedRanks = nil
	return next
}

// add lets a monitor join with the next batch.
func (s *monmapMonitor) add(name string, addrs msg.AddrVec, wall wire.UTime) {
	next := s.follow(wall)
	next.monMap.Join(name, addrs)
	next.last++
	next.ids[name] = next.last
	s.pending, s.change = &next, quorum.Change{Add: next.last}
}

// remove takes a monitor out with the next batch.
func (s *monmapMonitor) remove(name string, wall wire.UTime) {
	next := s.follow(wall)
	s.pending, s.change = &next, quorum.Change{Remove: next.ids[name]}
	next.monMap.Remove(name)
	delete(next.ids, name)
}

func monMapCommittedFact(mon string, s *membership) MapCommitted {
	h := fnv.New64a()
	_, _ = h.Write(s.encode())
	return MapCommitted{Mon: mon, Map: monMapName, Epoch: uint64(s.monMap.Epoch), Hash: h.Sum64()}
}

func membersFact(mon string, s *membership) Members {
	var list, addrs []string
	for rank, name := range s.monMap.Ranks {
		list = append(list, fmt.Sprintf("%d:%s", s.ids[name], name))
		addrs = append(addrs, s.monMap.Addr(rank).IP.String())
	}
	return Members{
		Mon: mon, Number: s.ids[mon], Epoch: uint64(s.monMap.Epoch),
		Members: strings.Join(list, ","), Addrs: strings.Join(addrs, ","),
	}
}
