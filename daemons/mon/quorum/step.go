package quorum

import (
	"context"
	"fmt"
	"log/slog"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
	"go.etcd.io/raft/v3/tracker"
	"google.golang.org/protobuf/proto"
)

// Step takes in messages that the node of that number was asked to Send; it need not
// be one that this node knows, since others may have learned of it first. Bytes
// that no correct node sends are refused with ErrBadMessage; the rest of the
// batch is then dropped too.
func (n *Node) Step(from uint64, msgs [][]byte) error {
	defer n.trap()
	if n.joined && !n.running && len(n.early) < earlyKept {
		n.early = append(n.early, early{from, msgs})
	}
	if !n.running || n.stopped {
		return nil
	}
	for _, data := range msgs {
		if err := n.stepOne(from, data); err != nil {
			return err
		}
	}
	n.pump()
	return nil
}

func (n *Node) stepOne(from uint64, data []byte) error {
	m := &pb.Message{}
	if err := proto.Unmarshal(data, m); err != nil {
		return fmt.Errorf("%w from node %d: %w", ErrBadMessage, from, err)
	}
	if err := n.check(from, m); err != nil {
		return fmt.Errorf("%w from node %d: %w", ErrBadMessage, from, err)
	}
	n.meetCandidate(m)
	if err := n.raw.Step(m); err != nil {
		n.log.Debug("message not taken", "from", from, "err", err)
		return nil
	}
	n.heard(m)
	return nil
}

// check refuses what would make raft panic or act for somebody else.
func (n *Node) check(from uint64, m *pb.Message) error {
	if from == 0 || from == n.id {
		return fmt.Errorf("no peer has that number")
	}
	if m.GetFrom() != from || m.GetTo() != n.id {
		return fmt.Errorf("it says from %d to %d", m.GetFrom(), m.GetTo())
	}
	if len(m.GetResponses()) != 0 {
		return fmt.Errorf("it carries local responses")
	}
	if (m.GetTerm() == 0) != (m.GetType() == pb.MsgReadIndex) {
		return fmt.Errorf("%v of term %d", m.GetType(), m.GetTerm())
	}
	switch m.GetType() {
	case pb.MsgApp:
		return n.checkEntries(m)
	case pb.MsgSnap:
		if _, ok := votersOf(m.GetSnapshot()); !ok {
			return fmt.Errorf("snapshot without voters")
		}
		return n.machine.CheckSnapshot(m.GetSnapshot().GetData())
	case pb.MsgHeartbeat:
		return n.checkHeartbeat(m)
	case pb.MsgAppResp:
		if m.GetReject() && m.GetIndex() <= n.acknowledged(m) {
			return fmt.Errorf("it lacks entry %d, which it had acknowledged", m.GetIndex())
		}
		if !m.GetReject() && m.GetTerm() == n.status.Term && n.status.Role == Leader {
			return n.inLog("acknowledges", m.GetIndex())
		}
	case pb.MsgReadIndex:
		if len(m.GetEntries()) != 1 {
			return fmt.Errorf("read request with %d entries", len(m.GetEntries()))
		}
	case pb.MsgReadIndexResp:
		if len(m.GetEntries()) != 1 {
			return fmt.Errorf("read answer with %d entries", len(m.GetEntries()))
		}
	case pb.MsgVote, pb.MsgVoteResp, pb.MsgPreVote, pb.MsgPreVoteResp, pb.MsgHeartbeatResp:
	default:
		return fmt.Errorf("type %v is not for the network", m.GetType())
	}
	return nil
}

// checkHeartbeat refuses to follow beyond the log's end. A leader commits on a node
// only what that node has acknowledged; so when the leader of our own term goes on
// like that, we have forgotten something. To be asked again by the next leader, who
// does not know, would make the loss good for us and perhaps final for the quorum.
func (n *Node) checkHeartbeat(m *pb.Message) error {
	err := n.inLog("heartbeat commits", m.GetCommit())
	switch {
	case m.GetTerm() != n.raw.BasicStatus().GetTerm():
	case err == nil:
		n.shortSince = 0
	case n.shortSince == 0:
		n.shortSince = n.now()
	case n.now()-n.shortSince >= n.opts.LeaseAckTimeout:
		n.fatal(fmt.Errorf("%w: %w", ErrForgot, err))
	}
	return err
}

// acknowledged is the last entry that the sender has acknowledged to us, who lead. raft
// answers a rejection of what was acknowledged by the same message again, at once and
// for ever; a stale one it would ignore. So they are refused.
func (n *Node) acknowledged(m *pb.Message) (index uint64) {
	if n.status.Role != Leader || m.GetTerm() != n.status.Term {
		return 0
	}
	n.raw.WithProgress(func(id uint64, _ raft.ProgressType, pr tracker.Progress) {
		if id == m.GetFrom() {
			index = pr.Match
		}
	})
	return index
}

func (n *Node) inLog(what string, index uint64) error {
	if index > n.lastIndex {
		return fmt.Errorf("%s %d, the log ends at %d", what, index, n.lastIndex)
	}
	return nil
}

func (n *Node) checkEntries(m *pb.Message) error {
	index, term := m.GetIndex(), m.GetLogTerm()
	for _, e := range m.GetEntries() {
		index++
		if e.GetIndex() != index || e.GetTerm() < term || e.GetTerm() > m.GetTerm() || !known(e) {
			return fmt.Errorf("entry %d/%d of type %v where %d was due", e.GetIndex(), e.GetTerm(), e.GetType(), index)
		}
		term = e.GetTerm()
	}
	return nil
}

// known reports whether an entry is one that nodes propose.
func known(e *pb.Entry) bool {
	if e.GetType() == pb.EntryConfChangeV2 {
		_, _, err := parseChange(e.GetData())
		return err == nil
	}
	return e.GetType() == pb.EntryNormal
}

// assertion is what raft's logger panics with; see Node.trap.
type assertion string

// raftLogger passes raft's words on to the daemon's log: its elections are
// details there, since the node itself logs every change of role.
type raftLogger struct{ log *slog.Logger }

func (l raftLogger) put(level slog.Level, v []any) {
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "raft: "+fmt.Sprint(v...))
	}
}

func (l raftLogger) putf(level slog.Level, format string, v []any) {
	if l.log.Enabled(context.Background(), level) {
		l.log.Log(context.Background(), level, "raft: "+fmt.Sprintf(format, v...))
	}
}

func (l raftLogger) Debug(v ...any)              { l.put(slog.LevelDebug, v) }
func (l raftLogger) Debugf(f string, v ...any)   { l.putf(slog.LevelDebug, f, v) }
func (l raftLogger) Info(v ...any)               { l.put(slog.LevelDebug, v) }
func (l raftLogger) Infof(f string, v ...any)    { l.putf(slog.LevelDebug, f, v) }
func (l raftLogger) Warning(v ...any)            { l.put(slog.LevelInfo, v) }
func (l raftLogger) Warningf(f string, v ...any) { l.putf(slog.LevelInfo, f, v) }
func (l raftLogger) Error(v ...any)              { l.put(slog.LevelError, v) }
func (l raftLogger) Errorf(f string, v ...any)   { l.putf(slog.LevelError, f, v) }
func (l raftLogger) Fatal(v ...any)              { panic(assertion(fmt.Sprint(v...))) }
func (l raftLogger) Fatalf(f string, v ...any)   { panic(assertion(fmt.Sprintf(f, v...))) }
func (l raftLogger) Panic(v ...any)              { panic(assertion(fmt.Sprint(v...))) }
func (l raftLogger) Panicf(f string, v ...any)   { panic(assertion(fmt.Sprintf(f, v...))) }
