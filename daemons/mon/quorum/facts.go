package quorum

import (
	"hash/crc32"
	"log/slog"

	pb "go.etcd.io/raft/v3/raftpb"
)

// Applied says that a node has executed an entry of the log, which is committed, as
// every node must execute it. A restarted node states entries again.
type Applied struct {
	// Index is the entry's place in the log, Term that of the leader who put it there.
	Index, Term uint64
	// Sum is a CRC-32 of the content. A new leader begins with an empty entry.
	Sum uint32
}

// Kind implements host.Fact.
func (Applied) Kind() string { return "quorum.applied" }

// Attrs implements host.Fact.
func (f Applied) Attrs() []slog.Attr {
	return []slog.Attr{slog.Uint64("index", f.Index), slog.Uint64("term", f.Term), slog.Uint64("sum", uint64(f.Sum))}
}

// Restored says that a node's state is that of a snapshot: the one that its log
// begins with, when it starts, or one from the leader, when it lags too far.
type Restored struct {
	// Index and Term are those of the last entry in it.
	Index, Term uint64
}

// Kind implements host.Fact.
func (Restored) Kind() string { return "quorum.restored" }

// Attrs implements host.Fact.
func (f Restored) Attrs() []slog.Attr {
	return []slog.Attr{slog.Uint64("index", f.Index), slog.Uint64("term", f.Term)}
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func (n *Node) sayApplied(e *pb.Entry) {
	n.h.Probe(Applied{Index: e.GetIndex(), Term: e.GetTerm(), Sum: crc32.Checksum(e.GetData(), castagnoli)})
}

func (n *Node) sayRestored(s *pb.Snapshot) {
	n.h.Probe(Restored{Index: s.GetMetadata().GetIndex(), Term: s.GetMetadata().GetTerm()})
}

// MarkSnapshot: a node that lagged behind what the others keep of their logs has got a
// snapshot.
const MarkSnapshot = "monitor caught up by a snapshot"
