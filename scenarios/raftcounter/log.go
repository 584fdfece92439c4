package raftcounter

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/wavetank/wavetank/daemons/host"
)

// diskLog is what raft must not forget: a file of records, each u32 length, u32
// checksum, kind, content. The checksum covers kind and content and goes on from
// the record before: so a record that a crash brings back from an earlier life of
// the file fits nowhere.
type diskLog struct {
	memory *raft.MemoryStorage // the same, for raft to read
	disk   host.Disk
	file   host.File
	end    int64
	sum    uint32
}

// Kinds of records.
const (
	kindHard  = 1 // raftpb.HardState: term, vote, commit
	kindEntry = 2 // raftpb.Entry; replaces those from its index on
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// openLog reads the log up to where a crash has cut it; nobody relied on the rest.
// Every log begins behind one snapshot that names the nodes.
func openLog(disk host.Disk, nodes int) (*diskLog, error) {
	l := &diskLog{disk: disk, memory: raft.NewMemoryStorage()}
	voters := make([]uint64, nodes)
	for i := range voters {
		voters[i] = uint64(i + 1)
	}
	one := proto.Uint64(1)
	first := &pb.Snapshot{Metadata: &pb.SnapshotMetadata{Index: one, Term: one, ConfState: &pb.ConfState{Voters: voters}}}
	err := errors.Join(l.memory.ApplySnapshot(first), l.memory.SetHardState(&pb.HardState{Term: one, Commit: one}))
	if err != nil {
		return nil, err
	}
	if l.file, err = disk.Open("raft.log"); err != nil {
		return nil, err
	}
	return l, l.read()
}

func (l *diskLog) read() error {
	size, err := l.file.Size()
	if err != nil {
		return err
	}
	text := make([]byte, size)
	if _, err := l.file.ReadAt(text, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for len(text) > 8 {
		length, sum, rest := int64(binary.BigEndian.Uint32(text)), binary.BigEndian.Uint32(text[4:]), text[8:]
		if length == 0 || length > int64(len(rest)) || crc32.Update(l.sum, castagnoli, rest[:length]) != sum {
			return nil
		}
		if err := l.replay(rest[0], rest[1:length]); err != nil {
			return fmt.Errorf("raft.log at %d: %w", l.end, err)
		}
		l.end, l.sum, text = l.end+8+length, sum, rest[length:]
	}
	return nil
}

// settle makes durable what was read, which is all that raft now builds on: the
// content, which the process before may not have synced, and the file's name.
func (l *diskLog) settle(loop host.Loop, done func(error)) {
	l.file.Sync(loop, func(err error) {
		if err != nil {
			done(err)
			return
		}
		l.disk.SyncDir(loop, "", done)
	})
}

func (l *diskLog) replay(kind byte, data []byte) error {
	if kind == kindEntry {
		e := &pb.Entry{}
		return errors.Join(proto.Unmarshal(data, e), l.memory.Append([]*pb.Entry{e}))
	}
	hard := &pb.HardState{}
	return errors.Join(proto.Unmarshal(data, hard), l.memory.SetHardState(hard))
}

// save writes what a Ready wants to be kept. The state comes last, so that a log
// that is cut in between never commits what it lacks.
func (l *diskLog) save(rd raft.Ready) error {
	for _, e := range rd.Entries {
		if err := l.append(kindEntry, e); err != nil {
			return err
		}
	}
	if err := l.memory.Append(rd.Entries); err != nil || raft.IsEmptyHardState(rd.HardState) {
		return err
	}
	return errors.Join(l.append(kindHard, rd.HardState), l.memory.SetHardState(rd.HardState))
}

func (l *diskLog) append(kind byte, m proto.Message) error {
	record, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend([]byte{8: kind}, m)
	if err != nil {
		return err
	}
	l.sum = crc32.Update(l.sum, castagnoli, record[8:])
	binary.BigEndian.PutUint32(record, uint32(len(record)-8))
	binary.BigEndian.PutUint32(record[4:], l.sum)
	written, err := l.file.WriteAt(record, l.end)
	l.end += int64(written)
	return err
}
