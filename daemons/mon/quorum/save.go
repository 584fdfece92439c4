package quorum

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/wavetank/wavetank/daemons/mon/wal"
)

// Kinds of records in the log file. A founder's begins with one snapshot; that of a
// node that has joined with its number, and the snapshot that it was given, if any.
const (
	kindSnapshot wal.Kind = 1 // raftpb.Snapshot
	kindHard     wal.Kind = 2 // raftpb.HardState: term, vote, commit
	kindEntry    wal.Kind = 3 // raftpb.Entry; replaces those from its index on
	kindNode     wal.Kind = 4 // the number of a node that has joined, 8 bytes; comes first
)

var marshal = proto.MarshalOptions{Deterministic: true}

// recover opens the log and rebuilds storage and machine from it.
func (n *Node) recover() error {
	log, records, err := wal.Open(n.h.Disk(), n.cfg.File, n.cfg.Defects.Log)
	if err != nil {
		return fmt.Errorf("quorum: %w", err)
	}
	n.wal, n.storage, n.hard = log, newStorage(), &pb.HardState{}
	if log.New() {
		if len(n.cfg.Founders) == 0 {
			n.id = 0
			return nil
		}
		return n.bootstrap()
	}
	if torn := log.Torn(); torn > 0 {
		n.log.Warn("cut off what a crash has left of a write that was never synced",
			"file", n.cfg.File, "offset", log.Size(), "bytes", torn)
	}
	if len(records) == 0 {
		return fmt.Errorf("quorum: %s: %w: no snapshot", n.cfg.File, ErrCorrupt)
	}
	if records[0].Kind == kindNode {
		if len(records[0].Data) != 8 || binary.LittleEndian.Uint64(records[0].Data) == 0 {
			return fmt.Errorf("quorum: %s record 0: %w: %d bytes", n.cfg.File, ErrCorrupt, len(records[0].Data))
		}
		n.id, n.joined = binary.LittleEndian.Uint64(records[0].Data), true
		records = records[1:]
	}
	if n.id == 0 {
		return fmt.Errorf("quorum: %s is the log of a founder, which %w", n.cfg.File, errNotNamed)
	}
	for i, rec := range records {
		if err := n.replay(i, rec); err != nil {
			return fmt.Errorf("quorum: %s record %d: %w", n.cfg.File, i, err)
		}
	}
	n.lastIndex, _ = n.storage.LastIndex()
	if n.cfg.Defects.ForgetHardState {
		snap, _ := n.storage.Snapshot()
		n.hard = &pb.HardState{Term: proto.Uint64(snap.GetMetadata().GetTerm()), Commit: n.hard.Commit}
	}
	if commit := n.hard.GetCommit(); commit > n.lastIndex || commit < n.applied {
		return fmt.Errorf("quorum: %s: %w: commit %d, log from %d to %d", n.cfg.File, ErrCorrupt, commit, n.applied, n.lastIndex)
	}
	return n.storage.SetHardState(n.hard)
}

var errNotNamed = errors.New("the configuration does not name")

// bootstrap begins a new log. Every founder begins with the same snapshot at index
// 1, which names the voters.
func (n *Node) bootstrap() error {
	n.voters = slices.Clone(n.cfg.Founders)
	n.hard = &pb.HardState{Term: proto.Uint64(1), Commit: proto.Uint64(1)}
	snap := &pb.Snapshot{
		Data: n.machine.Snapshot(),
		Metadata: &pb.SnapshotMetadata{
			Index: proto.Uint64(1), Term: proto.Uint64(1),
			ConfState: &pb.ConfState{Voters: n.voters},
		},
	}
	n.applied, n.lastIndex = 1, 1
	n.sayRestored(snap)
	if err := n.storage.ApplySnapshot(snap); err != nil {
		return err
	}
	return n.storage.SetHardState(n.hard)
}

// replay takes one record of the log in, checking what raft takes for granted.
func (n *Node) replay(i int, rec wal.Record) error {
	switch {
	case (rec.Kind == kindSnapshot) != (i == 0) && !(n.joined && i == 0):
		return fmt.Errorf("%w: kind %d at this place", ErrCorrupt, rec.Kind)
	case rec.Kind == kindSnapshot:
		return n.replaySnapshot(rec.Data)
	case rec.Kind == kindHard:
		hard := &pb.HardState{}
		if err := proto.Unmarshal(rec.Data, hard); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		n.hard = hard
		return nil
	case rec.Kind == kindEntry:
		return n.replayEntry(rec.Data)
	}
	return fmt.Errorf("%w: kind %d", ErrCorrupt, rec.Kind)
}

func (n *Node) replaySnapshot(data []byte) error {
	snap := &pb.Snapshot{}
	if err := proto.Unmarshal(data, snap); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	voters, ok := votersOf(snap)
	if !ok {
		return fmt.Errorf("%w: snapshot without voters", ErrCorrupt)
	}
	if err := n.machine.CheckSnapshot(snap.GetData()); err != nil {
		return fmt.Errorf("%w: snapshot: %w", ErrCorrupt, err)
	}
	if err := n.storage.ApplySnapshot(snap); err != nil {
		return fmt.Errorf("%w: snapshot: %w", ErrCorrupt, err)
	}
	n.applied, n.voters = snap.GetMetadata().GetIndex(), voters
	n.sayRestored(snap)
	return n.machine.Restore(snap.GetData())
}

func (n *Node) replayEntry(data []byte) error {
	e := &pb.Entry{}
	if err := proto.Unmarshal(data, e); err != nil {
		return fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	last, _ := n.storage.LastIndex()
	if e.GetIndex() <= n.applied || e.GetIndex() > last+1 {
		return fmt.Errorf("%w: entry %d after %d", ErrCorrupt, e.GetIndex(), last)
	}
	if term, err := n.storage.Term(e.GetIndex() - 1); err != nil || e.GetTerm() < term || !known(e) {
		return fmt.Errorf("%w: entry %d of term %d and type %v after one of term %d", ErrCorrupt, e.GetIndex(), e.GetTerm(), e.GetType(), term)
	}
	return n.storage.Append([]*pb.Entry{e})
}

// save writes what the Ready asks to keep, and reports whether to wait for done.
func (n *Node) save(rd raft.Ready) (wait bool) {
	changed := !raft.IsEmptyHardState(rd.HardState)
	if changed {
		n.hard = rd.HardState
	}
	if !raft.IsEmptySnap(rd.Snapshot) {
		n.h.Point(PointRestore)
		n.lastIndex = rd.Snapshot.GetMetadata().GetIndex()
		n.wal.Replace(n.loop, n.whole(rd.Snapshot, rd.Entries), n.saved)
		return true
	}
	for _, e := range rd.Entries {
		n.append(kindEntry, e)
		n.lastIndex = e.GetIndex()
	}
	if changed { // last: a log cut in between never commits what it lacks
		n.append(kindHard, n.hard)
	}
	if (rd.MustSync || changesMembers(rd.CommittedEntries)) && !n.cfg.Defects.AckBeforeSync {
		n.wal.Sync(n.loop, n.saved)
		return true
	}
	if err := n.wal.Flush(); err != nil {
		n.fatal(err)
	}
	return false
}

// changesMembers reports whether a change of the members is among entries that are about to
// be applied. That they are committed must be safe before: once the rest of the members knows
// that one was removed, that one may be destroyed. A member that forgot what it knew would
// need the vote of the one that is gone.
func changesMembers(committed []*pb.Entry) bool {
	return slices.ContainsFunc(committed, func(e *pb.Entry) bool { return e.GetType() == pb.EntryConfChangeV2 })
}

func (n *Node) append(kind wal.Kind, m proto.Message) {
	rec := record(kind, m)
	n.wal.Append(rec.Kind, rec.Data)
}

// tail is the records that follow the snapshot in a rewritten log.
func (n *Node) tail(entries []*pb.Entry) []wal.Record {
	recs := make([]wal.Record, 0, len(entries)+1)
	for _, e := range entries {
		recs = append(recs, record(kindEntry, e))
	}
	return append(recs, record(kindHard, n.hard))
}

func record(kind wal.Kind, m proto.Message) wal.Record {
	data, err := marshal.Marshal(m)
	if err != nil { // only a string that is not UTF-8 can do that; there are none
		panic(assertion(err.Error()))
	}
	return wal.Record{Kind: kind, Data: data}
}

// records is the whole log, for a rewrite.
func (n *Node) records() []wal.Record {
	snap, _ := n.storage.Snapshot()
	var entries []*pb.Entry
	if last, _ := n.storage.LastIndex(); last > snap.GetMetadata().GetIndex() {
		entries, _ = n.storage.Entries(snap.GetMetadata().GetIndex()+1, last+1, ^uint64(0))
	}
	return n.whole(snap, entries)
}

// whole is a log from its beginning.
func (n *Node) whole(snap *pb.Snapshot, entries []*pb.Entry) (recs []wal.Record) {
	if n.joined {
		recs = append(recs, wal.Record{Kind: kindNode, Data: binary.LittleEndian.AppendUint64(nil, n.id)})
	}
	if !raft.IsEmptySnap(snap) {
		recs = append(recs, record(kindSnapshot, snap))
	}
	return append(recs, n.tail(entries)...)
}

// compact rewrites the log as one snapshot once enough was applied, and reports
// whether it has begun to.
func (n *Node) compact() bool {
	since := n.applied - n.storage.snapshotAt
	if n.stopped || since < uint64(n.opts.SnapshotEvery) && !n.rewrite {
		return false
	}
	n.rewrite = false
	if since > 0 {
		if _, err := n.storage.CreateSnapshot(n.applied, &pb.ConfState{Voters: n.voters}, n.machine.Snapshot()); err != nil {
			n.fatal(fmt.Errorf("snapshot at %d: %w", n.applied, err))
			return true
		}
	}
	if first, _ := n.storage.FirstIndex(); n.applied > first+uint64(n.opts.KeepEntries) {
		if err := n.storage.Compact(n.applied - uint64(n.opts.KeepEntries)); err != nil {
			n.fatal(fmt.Errorf("compact at %d: %w", n.applied, err))
			return true
		}
	}
	n.saving = true
	n.wal.Replace(n.loop, n.records(), n.rewritten)
	return true
}

func (n *Node) rewritten(err error) {
	defer n.trap()
	n.saving = false
	if err != nil {
		n.fatal(err)
		return
	}
	n.pump()
}
