package quorum

import (
	"errors"
	"fmt"
	"slices"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"
)

// ErrChange: the members cannot be changed like that, or not yet.
var ErrChange = errors.New("no such change of members")

// Change is one change of who votes. Exactly one of the two is set.
type Change struct {
	Add    uint64 // a number that no node has or has had
	Remove uint64
}

func (c Change) proto(data []byte) *pb.ConfChangeV2 {
	single := &pb.ConfChangeSingle{Type: pb.ConfChangeAddNode.Enum(), NodeId: proto.Uint64(c.Add)}
	if c.Remove != 0 {
		single = &pb.ConfChangeSingle{Type: pb.ConfChangeRemoveNode.Enum(), NodeId: proto.Uint64(c.Remove)}
	}
	return &pb.ConfChangeV2{Changes: []*pb.ConfChangeSingle{single}, Context: data}
}

// parseChange reads what proto wrote. raft takes more, which no node of ours
// proposes: several changes at once, learners.
func parseChange(data []byte) (c Change, context []byte, err error) {
	cc := &pb.ConfChangeV2{}
	if err := proto.Unmarshal(data, cc); err != nil {
		return Change{}, nil, err
	}
	if len(cc.GetChanges()) != 1 || cc.GetTransition() != pb.ConfChangeTransitionAuto || cc.GetChanges()[0].GetNodeId() == 0 {
		return Change{}, nil, fmt.Errorf("%w: %v", ErrChange, cc)
	}
	switch id := cc.GetChanges()[0].GetNodeId(); cc.GetChanges()[0].GetType() {
	case pb.ConfChangeAddNode:
		return Change{Add: id}, cc.GetContext(), nil
	case pb.ConfChangeRemoveNode:
		return Change{Remove: id}, cc.GetContext(), nil
	}
	return Change{}, nil, fmt.Errorf("%w: %v", ErrChange, cc)
}

// after is the voters once the change is made, ascending, or false if it makes no
// sense: who is added must be new, who is removed a voter and not the last one.
func (c Change) after(voters []uint64) ([]uint64, bool) {
	if c.Add != 0 {
		i, found := slices.BinarySearch(voters, c.Add)
		return slices.Insert(slices.Clone(voters), i, c.Add), !found
	}
	i, found := slices.BinarySearch(voters, c.Remove)
	if !found || len(voters) == 1 {
		return nil, false
	}
	return slices.Delete(slices.Clone(voters), i, i+1), true
}

// ProposeChange is Propose for data that comes with a change of the members: both
// take effect together, on each node when it applies the entry. There is one such
// change at a time, and it must not be called from Machine.Apply. A leader that has
// proposed its own removal takes no proposals any more: what it appended behind that
// would make its log longer than those of the others, who may need its vote until they
// know that it is not one of them. Errors: ErrNotLeader, ErrChange, or one of raft's if
// too much is waiting.
func (n *Node) ProposeChange(c Change, data []byte) error {
	defer n.trap()
	if !n.mayPropose() {
		return ErrNotLeader
	}
	if _, ok := c.after(n.voters); !ok {
		return fmt.Errorf("%+v with the voters %v: %w", c, n.voters, ErrChange)
	}
	encoded, err := marshal.Marshal(c.proto(data))
	if err != nil {
		return err
	}
	m := &pb.Message{
		Type: pb.MsgProp.Enum(), From: proto.Uint64(n.id),
		Entries: []*pb.Entry{{Type: pb.EntryConfChangeV2.Enum(), Data: encoded}},
	}
	if err := n.raw.Step(m); err != nil {
		return fmt.Errorf("propose %+v: %w", c, err)
	}
	n.leaving = c.Remove == n.id && m.GetEntries()[0].GetType() == pb.EntryConfChangeV2
	n.pump()
	if m.GetEntries()[0].GetType() != pb.EntryConfChangeV2 { // raft puts an empty entry in its place
		return fmt.Errorf("%+v while another is under way: %w", c, ErrChange)
	}
	return nil
}

// applyChange executes a committed change: the machine first, which may refuse it,
// then raft. The log is rewritten with the next snapshot right after it, for the one
// before names other voters and would be of no use to the new one.
func (n *Node) applyChange(e *pb.Entry) {
	change, data, err := parseChange(e.GetData())
	if err != nil {
		n.fatal(fmt.Errorf("entry %d: %w", e.GetIndex(), err)) // checked when it came
		return
	}
	voters, ok := change.after(n.voters)
	if n.cfg.Defects.ChangeWhenAppended && !ok { // it has been made
		n.machine.Apply(e.GetIndex(), data)
		n.rewrite = true
		return
	}
	if !ok || !n.machine.Apply(e.GetIndex(), data) {
		n.log.Info("change of members refused", "index", e.GetIndex(), "change", fmt.Sprintf("%+v", change))
		n.leaving = n.leaving && change.Remove != n.id
		return
	}
	n.voters = voters
	n.rewrite = true
	n.raw.ApplyConfChange(change.proto(nil))
	if n.status.Role == Peon && change.Remove == n.status.Leader {
		_ = n.raw.ForgetLeader() // it has stepped down by now: do not wait for its lease
	}
}

// changeEarly is what Defects.ChangeWhenAppended does.
func (n *Node) changeEarly(entries []*pb.Entry) {
	for _, e := range entries {
		if e.GetType() != pb.EntryConfChangeV2 {
			continue
		}
		change, _, _ := parseChange(e.GetData())
		if voters, ok := change.after(n.voters); ok {
			n.voters = voters
			n.raw.ApplyConfChange(change.proto(nil))
		}
	}
}

// Voters are the numbers of the nodes that belong to the quorum as of what this node
// has applied, ascending; none on one that waits to be told its own.
func (n *Node) Voters() []uint64 { return n.voters }

// ID is this node's number, 0 as long as it was not told.
func (n *Node) ID() uint64 { return n.id }

// early is messages that came while the node's number was not durable yet.
type early struct {
	from uint64
	msgs [][]byte
}

// earlyKept bounds how many batches wait: the first of them is all it takes.
const earlyKept = 16

// Join tells a node that waits for it which number it has, for ever. It takes part
// as soon as that is durable; what is stepped before waits.
func (n *Node) Join(id uint64) error {
	defer n.trap()
	if n.id != 0 || id == 0 {
		return fmt.Errorf("quorum: node %d is told that it is %d: %w", n.id, id, ErrChange)
	}
	n.id, n.joined = id, true
	if err := n.startRaft(); err != nil {
		return err
	}
	n.Start()
	return nil
}

// votersOf are those that a snapshot names, or false if no node of ours made it.
func votersOf(snap *pb.Snapshot) ([]uint64, bool) {
	cs := snap.GetMetadata().GetConfState()
	last := uint64(0)
	for _, id := range cs.GetVoters() {
		if id <= last {
			return nil, false
		}
		last = id
	}
	ours := &pb.ConfState{Voters: cs.GetVoters()} // without learners, joint states and unknown fields
	return cs.GetVoters(), len(cs.GetVoters()) > 0 && ours.Equivalent(cs) == nil
}

// member reports whether this node is a voter.
func (n *Node) member() bool {
	_, found := slices.BinarySearch(n.voters, n.id)
	return found
}
