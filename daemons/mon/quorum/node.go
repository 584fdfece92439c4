// Package quorum keeps the monitors' replicated log: it elects a leader among the
// monitors and applies the same entries in the same order on each.
//
// The algorithm is not ours: a [Node] drives a RawNode of go.etcd.io/raft/v3 from
// the monitor's loop. What is ours is everything around it that must be
// deterministic or durable: the clocks, the disk, the order of effects.
//
//	node, err := quorum.New(h, loop, quorum.Config{ID: 1, Founders: []uint64{1, 2, 3}, ...}, machine, peers)
//	node.Start()
//	node.Step(from, msgs)      // bytes that another node's Peers.Send was given
//	node.Propose(data)         // on the leader; Machine.Apply follows on every node
//
// # Time
//
// raft draws election time-outs from crypto/rand when it is ticked as a follower,
// which no seed could replay. So only a leader is ticked; everyone else keeps
// time here. A peon counts from the leader's last message: after
// LeaseAckTimeout of silence it forgets the leader, waits for a drawn delay and
// campaigns (Ceph: mon_lease_ack_timeout, then an election). Pre-vote keeps a
// monitor that merely lost its way from disturbing a working quorum, and a
// leader that hears no majority steps down by itself.
//
// # Durability
//
// Nothing is sent or applied before what raft says must be saved has been synced.
// A log that is not as it was synced is refused, see package wal. While a sync is under way the node goes on taking messages in, but hands
// nothing out. A write or sync that fails ends the process: what the disk then
// holds is unknown, and a monitor that forgot its vote is worse than a dead one.
//
// Fault points stand where a crash tells whether that is so: mon.quorum.save before
// anything of a step is written, mon.quorum.saved when it is durable,
// mon.quorum.sent when its messages are on their way, mon.quorum.applied when its
// committed entries are executed, and mon.quorum.restore before a leader's snapshot
// replaces the log. A point that fires does nothing by itself.
//
// # Members
//
// Nodes have numbers, which are never used again: a node whose disk was emptied is
// another node, for it has forgotten its vote. Who votes is part of the log. A node
// begins with the founders, or, when it joins a quorum that exists, with an empty log
// and no voters at all; [Node.ProposeChange] adds or removes one, together with what
// the machine has to know of it, when the entry is applied. One change is under way at
// a time, so that any majority before it meets any majority after it. A removed leader
// steps down when it applies its removal. A removed node goes on answering, since
// others may need its log to learn of that; when it may end is the monitor's affair.
//
// Only daemons/mon uses the package. All methods belong to the loop given to New.
package quorum

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/wal"
)

// Errors of a node (wrapped, so test with errors.Is).
var (
	// ErrNotLeader: only the leader may propose.
	ErrNotLeader = errors.New("not the leader")
	// ErrBadMessage: bytes from a peer that no correct node sends. They are
	// dropped.
	ErrBadMessage = errors.New("bad quorum message")
	// ErrCorrupt: the log on the disk is not as this package wrote it. A node that
	// took part without what it has lost would break its promises.
	ErrCorrupt = wal.ErrCorrupt
	// ErrForgot: the log lacks entries that this node had acknowledged, and which it
	// alone may have. Its disk has lost what it said was synced.
	ErrForgot = errors.New("the log has forgotten entries that were acknowledged")
)

// Machine is the replicated state machine. The same calls with the same bytes
// must have the same effect on every node.
type Machine interface {
	// Apply executes a committed entry. Indexes ascend and are not contiguous.
	// It may call Propose. data must not be kept. It reports whether data had an
	// effect: a change of members that came with it has none either then.
	Apply(index uint64, data []byte) bool
	// Snapshot encodes the state as of the last Apply.
	Snapshot() []byte
	// Restore replaces the state by an encoded one.
	Restore(data []byte) error
	// CheckSnapshot says what is wrong with an encoded state, without taking it
	// over: one that comes from a peer is refused before raft relies on it.
	CheckSnapshot(data []byte) error
}

// Peers is what a node needs of its monitor.
type Peers interface {
	// Send carries messages to the Step of the node with that number. They may be
	// lost, or delivered twice: raft repeats what matters.
	Send(id uint64, msgs [][]byte)
	// QuorumChanged tells that Status has changed.
	QuorumChanged(Status)
}

// Config is what makes a node this one.
type Config struct {
	// ID is this node's number if it is a founder. A node without a number, 0, waits
	// to be told, see Join. What the log says of it counts more.
	ID uint64
	// Founders are the numbers of those that begin the quorum, ascending, ID among
	// them; none on a node that joins one.
	Founders []uint64
	// File is the log's name on the host's disk. Default "quorum/log".
	File string
	// Options are the timings; see DefaultOptions.
	Options Options
	// Defects are planted bugs.
	Defects Defects
}

// Role is what a node currently is.
type Role uint8

// The roles.
const (
	// Electing: no leader is known.
	Electing Role = iota
	// Peon: another node leads.
	Peon
	// Leader: this node leads.
	Leader
)

// String is Ceph's name of the state: "electing", "peon", "leader".
func (r Role) String() string {
	return [...]string{"electing", "peon", "leader"}[r]
}

// Status is a node's view of the quorum.
type Status struct {
	// Role is the node's own role.
	Role Role
	// Term counts elections; it never falls. It stands where Ceph has the
	// election epoch.
	Term uint64
	// Leader is the leader's number, 0 while none is known.
	Leader uint64
	// Active is true once the node's state is at least as new as everything
	// that was committed before it got this role in this term. Before that it
	// must not answer from its state (Ceph: services go active after recovery).
	Active bool
}

// Counts are how often something has happened.
type Counts struct {
	Campaigns     uint64 // this node asked for votes
	LeaseTimeouts uint64 // the leader was silent for too long
}

// Node is one member of the quorum.
type Node struct {
	h       host.Host
	loop    host.Loop
	log     *slog.Logger
	cfg     Config
	opts    Options
	machine Machine
	peers   Peers
	draw    host.Rand

	raw     *raft.RawNode
	storage *storage
	wal     *wal.Log
	id      uint64        // 0 as long as nobody has told it
	joined  bool          // the log begins with the number, which no Config has
	voters  []uint64      // as of applied, ascending
	rewrite bool          // the log is due to be rewritten
	early   []early       // came before the number was durable
	hard    *pb.HardState // last one saved

	running bool       // Start's sync is done
	stopped bool       // after a fatal error
	pumping bool       // inside pump: do not enter it again
	saving  bool       // a sync or a rewrite is under way
	ready   raft.Ready // what is being saved

	counts     Counts
	status     Status
	applied    uint64 // index of the last entry applied
	ownTerm    bool   // leader: an entry of its own term is applied
	leaving    bool   // leader: its own removal is proposed
	readIndex  uint64 // peon: what must be applied before it is up to date
	readKnown  bool
	asked      uint64        // number of the last read request, after the process's own
	askedAt    time.Duration // when
	readers    []reader
	lastIndex  uint64 // of the log, as far as it was handed out
	lastLeader time.Duration
	shortSince time.Duration // when a leader's heartbeat first spoke of more than the log has; 0 if the last one did not

	tick, lease, campaign host.Timer
	outbox                outbox
}

// New opens the node's log and rebuilds the state: machine.Restore is called
// once, inside New. On an empty disk the state that machine.Snapshot returns now
// is where the log begins; it must be the same on every node. Errors: those of
// the disk, ErrCorrupt.
func New(h host.Host, loop host.Loop, cfg Config, machine Machine, peers Peers) (*Node, error) {
	if !slices.IsSorted(cfg.Founders) || slices.Contains(cfg.Founders, cfg.ID) != (cfg.ID != 0) || slices.Contains(cfg.Founders, 0) {
		return nil, fmt.Errorf("quorum: %d among the founders %v: no such node", cfg.ID, cfg.Founders)
	}
	if err := cfg.Options.Validate(); err != nil {
		return nil, err
	}
	if cfg.File == "" {
		cfg.File = "quorum/log"
	}
	n := &Node{
		h: h, loop: loop, log: h.Log(), cfg: cfg, opts: cfg.Options,
		machine: machine, peers: peers, draw: h.Rand("election"),
		id: cfg.ID, asked: uint64(h.PID()) << 32,
	}
	n.tick = loop.NewTimer(n.onTick)
	n.lease = loop.NewTimer(n.onLease)
	n.campaign = loop.NewTimer(n.onCampaign)
	if err := n.recover(); err != nil {
		return nil, err
	}
	if n.id == 0 {
		return n, nil
	}
	return n, n.startRaft()
}

func (n *Node) startRaft() error {
	raw, err := raft.NewRawNode(&raft.Config{
		ID:                        n.id,
		ElectionTick:              n.opts.electionTicks(),
		HeartbeatTick:             n.opts.heartbeatTicks(),
		Storage:                   n.storage,
		Applied:                   n.applied,
		MaxSizePerMsg:             1 << 20,
		MaxUncommittedEntriesSize: 64 << 20,
		MaxInflightMsgs:           256,
		CheckQuorum:               true,
		PreVote:                   true,
		DisableProposalForwarding: true,
		StepDownOnRemoval:         true,
		Logger:                    raftLogger{n.log},
	})
	if err != nil {
		return fmt.Errorf("quorum: start raft: %w", err)
	}
	n.raw = raw
	n.status.Term = n.hard.GetTerm()
	return nil
}

// Start begins to take part, as soon as the log on the disk is known to be
// durable. A node that has no number yet takes part once it is told.
func (n *Node) Start() {
	if n.id == 0 {
		return
	}
	if n.wal.New() {
		n.wal.Replace(n.loop, n.records(), n.started)
		return
	}
	n.wal.Secure(n.loop, n.started)
}

func (n *Node) started(err error) {
	defer n.trap()
	if err != nil {
		n.fatal(err)
		return
	}
	n.running = true
	if len(n.voters) == 1 && n.member() {
		n.campaign.Reset(0)
	} else {
		n.campaign.Reset(n.between(n.opts.FirstCampaignMin, n.opts.FirstCampaignMax))
	}
	waiting := n.early
	n.early = nil
	for _, e := range waiting {
		if err := n.Step(e.from, e.msgs); err != nil {
			n.log.Info("message refused", "err", err)
		}
	}
	n.pump()
}

// Status is the node's present view.
func (n *Node) Status() Status { return n.status }

// Counts are what the node has done since it started.
func (n *Node) Counts() Counts { return n.counts }

// Readable reports whether the state may be shown to clients: the node is active
// and, if it is a peon, the leader's lease has not run out (Ceph: Paxos
// is_readable).
func (n *Node) Readable() bool {
	if !n.status.Active {
		return false
	}
	return n.status.Role == Leader || n.now()-n.lastLeader < n.opts.Lease
}

// Propose hands data to the log. It may still be lost; if it is not,
// Machine.Apply gets it on every node. Errors: ErrNotLeader, or one of raft's if
// too much is waiting.
func (n *Node) Propose(data []byte) error {
	defer n.trap()
	if !n.mayPropose() {
		return ErrNotLeader
	}
	if err := n.raw.Propose(data); err != nil {
		return fmt.Errorf("propose: %w", err)
	}
	n.pump()
	return nil
}

// mayPropose reports whether this node leads, and goes on to.
func (n *Node) mayPropose() bool {
	return n.status.Role == Leader && n.running && !n.stopped && !n.leaving
}

// Unreachable tells that messages to a peer may have been lost.
func (n *Node) Unreachable(id uint64) {
	defer n.trap()
	if n.stopped || n.raw == nil || id == n.id || id == 0 {
		return
	}
	n.raw.ReportUnreachable(id)
	n.raw.ReportSnapshot(id, raft.SnapshotFailure)
	n.pump()
}

// fatal ends the process: the disk or the algorithm broke a promise that
// everything else relies on.
func (n *Node) fatal(err error) {
	n.stopped = true
	n.tick.Stop()
	n.lease.Stop()
	n.campaign.Stop()
	n.h.Exit(1, fmt.Sprintf("quorum: %v", err))
}

// trap turns an assertion that failed inside raft into the end of the process.
// Any other panic is ours and goes on.
func (n *Node) trap() {
	switch p := recover().(type) {
	case nil:
	case assertion:
		n.fatal(errors.New(string(p)))
	default:
		panic(p)
	}
}

func (n *Node) now() time.Duration { return n.h.Clock().Monotonic() }

// between draws a duration in [lo, hi], to the millisecond.
func (n *Node) between(lo, hi time.Duration) time.Duration {
	span := int((hi-lo)/time.Millisecond) + 1
	return lo + time.Duration(n.draw.IntN(span))*time.Millisecond
}
