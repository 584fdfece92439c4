package quorum

import (
	"fmt"
	"slices"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"

	"github.com/wavetank/wavetank/daemons/host"
)

// pump carries out what raft has ready, in raft's order: save, then send, then
// apply, then ask for more. It stops while something is being saved.
func (n *Node) pump() {
	if n.pumping || !n.running {
		return
	}
	n.pumping = true
	defer func() { n.pumping = false }()
	for !n.saving && !n.stopped {
		if !n.raw.HasReady() {
			n.refresh() // may propose or campaign, hence the loop
			if !n.raw.HasReady() {
				return
			}
			continue
		}
		n.ready = n.raw.Ready()
		if n.cfg.Defects.SendBeforeSave {
			n.outbox.send(n.ready.Messages, n.peers, n.now())
			n.ready.Messages = nil
		}
		n.h.Point(PointSave)
		if n.save(n.ready) {
			n.saving = true
			return
		}
		if !n.stopped {
			n.finish()
		}
	}
}

// saved continues where pump stopped.
func (n *Node) saved(err error) {
	defer n.trap()
	n.saving = false
	if err != nil {
		n.fatal(err)
		return
	}
	if n.stopped {
		return
	}
	n.pumping = true // what finish calls may propose or read: not before Advance
	n.finish()
	n.pumping = false
	n.pump()
}

// finish does the rest of a Ready whose content is safe.
func (n *Node) finish() {
	rd := n.ready
	n.ready = raft.Ready{}
	n.h.Point(PointSaved)
	if err := n.store(rd); err != nil {
		n.fatal(err)
		return
	}
	n.outbox.send(rd.Messages, n.peers, n.now())
	n.h.Point(PointSent)
	n.refresh()
	n.learn(rd.ReadStates)
	if n.cfg.Defects.ChangeWhenAppended {
		n.changeEarly(rd.Entries)
	}
	if n.cfg.Defects.ApplyBeforeCommit {
		n.apply(rd.Entries)
		rd.CommittedEntries = slices.DeleteFunc(rd.CommittedEntries, func(e *pb.Entry) bool { return e.GetIndex() <= n.applied })
	}
	n.apply(rd.CommittedEntries)
	n.h.Point(PointApplied)
	n.raw.Advance(rd)
	n.refresh()
	n.serve()
	n.compact()
}

func (n *Node) store(rd raft.Ready) error {
	if !raft.IsEmptySnap(rd.Snapshot) {
		if err := n.storage.ApplySnapshot(rd.Snapshot); err != nil {
			return fmt.Errorf("store snapshot: %w", err)
		}
		n.sayRestored(rd.Snapshot) // before what the machine states about its content
		if err := n.machine.Restore(rd.Snapshot.GetData()); err != nil {
			return fmt.Errorf("restore snapshot: %w", err)
		}
		n.applied = rd.Snapshot.GetMetadata().GetIndex()
		n.voters, _ = votersOf(rd.Snapshot)
		host.Sometimes(n.h, MarkSnapshot)
	}
	if err := n.storage.SetHardState(n.hard); err != nil {
		return err
	}
	return n.storage.Append(rd.Entries)
}

func (n *Node) apply(entries []*pb.Entry) {
	for _, e := range entries {
		n.applied = e.GetIndex()
		n.sayApplied(e)
		if n.status.Role == Leader && e.GetTerm() == n.status.Term {
			n.ownTerm = true
		}
		switch {
		case e.GetType() == pb.EntryConfChangeV2:
			n.applyChange(e)
		case len(e.GetData()) > 0:
			n.machine.Apply(e.GetIndex(), e.GetData())
		}
	}
}
