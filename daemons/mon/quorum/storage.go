package quorum

import (
	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// storage is raft's memory of the log, which knows where its snapshot is: to ask
// MemoryStorage for that copies the whole snapshot.
type storage struct {
	*raft.MemoryStorage
	snapshotAt uint64 // index of the last entry that the snapshot stands for
}

func newStorage() *storage { return &storage{MemoryStorage: raft.NewMemoryStorage()} }

// ApplySnapshot replaces everything.
func (s *storage) ApplySnapshot(snap *pb.Snapshot) error {
	if err := s.MemoryStorage.ApplySnapshot(snap); err != nil {
		return err
	}
	s.snapshotAt = snap.GetMetadata().GetIndex()
	return nil
}

// CreateSnapshot keeps the entries.
func (s *storage) CreateSnapshot(index uint64, members *pb.ConfState, data []byte) (*pb.Snapshot, error) {
	snap, err := s.MemoryStorage.CreateSnapshot(index, members, data)
	if err == nil {
		s.snapshotAt = index
	}
	return snap, err
}
