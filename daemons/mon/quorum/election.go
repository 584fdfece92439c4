package quorum

import (
	"time"

	"go.etcd.io/raft/v3"
	pb "go.etcd.io/raft/v3/raftpb"
)

// onTick drives raft's clock, on the leader only.
func (n *Node) onTick() {
	defer n.trap()
	if n.stopped || n.status.Role != Leader {
		return
	}
	n.tick.Reset(n.opts.Tick)
	n.raw.Tick()
	n.giveUpSnapshots()
	if n.cfg.Defects.TimerDuringWrite {
		n.saving = false
	}
	n.pump()
}

// giveUpSnapshots tells raft of snapshots that were sent long ago. It waits for their
// acknowledgement and sends nothing else, for ever if they got lost; of those that were
// acknowledged it does not care.
func (n *Node) giveUpSnapshots() {
	sent := n.outbox.snapshots
	for len(sent) > 0 && n.now()-sent[0].at >= n.opts.LeaseAckTimeout { // the oldest is first
		n.raw.ReportSnapshot(sent[0].to, raft.SnapshotFailure)
		sent = sent[1:]
	}
	n.outbox.snapshots = sent
}

// onLease looks whether the leader has been silent for too long. The timer is
// not moved at each message: it finds out here how long is left.
func (n *Node) onLease() {
	defer n.trap()
	if n.stopped || n.status.Role != Peon {
		return
	}
	if left := n.lastLeader + n.opts.LeaseAckTimeout - n.now(); left > 0 {
		n.lease.Reset(left)
		return
	}
	n.counts.LeaseTimeouts++
	n.log.Info("leader is silent, calling an election", "leader", n.status.Leader, "term", n.status.Term)
	_ = n.raw.ForgetLeader()
	n.refresh()
	n.pump()
}

// onCampaign asks for votes. Pre-vote makes a campaign harmless while a
// majority still hears its leader.
func (n *Node) onCampaign() {
	defer n.trap()
	if n.stopped || n.status.Role != Electing {
		return
	}
	n.armCampaign()
	if !n.member() { // raft would refuse, and say so
		return
	}
	n.counts.Campaigns++
	_ = n.raw.Campaign()
	n.pump()
}

func (n *Node) armCampaign() {
	lo := min(time.Second, n.opts.ElectionTimeout)
	n.campaign.Reset(n.between(max(lo/2, minCampaignDelay), n.opts.ElectionTimeout))
}

// refresh brings Status in line with raft, sets the timers that go with the
// role, and tells the monitor if anything changed.
func (n *Node) refresh() {
	now := n.view()
	was := n.status
	if now.Role != was.Role || now.Term != was.Term || now.Leader != was.Leader {
		n.ownTerm, n.readKnown, n.leaving = false, false, false
		n.status = now
		n.enter(now.Role)
	}
	now.Active = n.upToDate()
	if now == was {
		return
	}
	n.status = now
	n.log.Info("quorum", "role", now.Role.String(), "term", now.Term, "leader", now.Leader, "active", now.Active)
	n.peers.QuorumChanged(now)
	if now.Role != was.Role || now.Term != was.Term || now.Leader != was.Leader {
		n.dismiss()
	}
}

// view is what raft says, without Active.
func (n *Node) view() Status {
	st := n.raw.BasicStatus()
	s := Status{Role: Electing, Term: st.GetTerm()}
	switch {
	case st.RaftState == raft.StateLeader:
		s.Role, s.Leader = Leader, n.id
	case st.RaftState == raft.StateFollower && st.Lead != raft.None:
		s.Role, s.Leader = Peon, st.Lead
	}
	return s
}

func (n *Node) enter(r Role) {
	n.tick.Stop()
	n.lease.Stop()
	switch r {
	case Leader:
		n.campaign.Stop()
		n.tick.Reset(n.opts.Tick)
	case Peon:
		n.campaign.Stop()
		n.lastLeader = n.now()
		n.lease.Reset(n.opts.LeaseAckTimeout)
		n.askReadIndex()
	case Electing:
		if !n.campaign.Armed() {
			n.campaign.Reset(n.between(minCampaignDelay, n.opts.ElectionTimeout))
		}
	}
}

// upToDate: a leader has applied an entry of its own term, hence all that was
// committed before; a peon has applied all that its leader had committed when
// it was asked.
func (n *Node) upToDate() bool {
	switch n.status.Role {
	case Leader:
		return n.ownTerm
	case Peon:
		return n.readKnown && n.applied >= n.readIndex
	}
	return false
}

// askReadIndex asks the leader how far its log is committed. A lost question is
// asked again at a later heartbeat.
func (n *Node) askReadIndex() {
	n.asked++
	n.askedAt = n.now()
	n.raw.ReadIndex(n.name())
}

// heard notes a message that raft has taken in.
func (n *Node) heard(m *pb.Message) {
	switch m.GetType() {
	case pb.MsgApp, pb.MsgHeartbeat, pb.MsgSnap:
		n.heardLeader(m)
	case pb.MsgVote:
		if n.campaign.Armed() { // give the candidate a chance first (Ceph: defer)
			n.armCampaign()
		}
	}
}

func (n *Node) heardLeader(m *pb.Message) {
	n.refresh()
	s := n.status
	if s.Role != Peon || m.GetTerm() != s.Term || m.GetFrom() != s.Leader {
		return
	}
	n.lastLeader = n.now()
	if (!n.readKnown || n.unread()) && !n.asking() && m.GetType() == pb.MsgHeartbeat && n.now()-n.askedAt >= n.opts.Tick {
		n.askReadIndex() // not sooner: the leader answers each question by heartbeats to all
	}
}

// meetCandidate deals with what a vote request tells before raft sees it.
//
// On a peon: a leader that asks for votes in a newer term has restarted and
// leads no more, so the lease that would make us ignore it is void.
// On the leader: the candidate has lost us, so speak up at once (a restarted
// monitor is back in the quorum within a round trip, not a lease interval) and
// do not trust what we believe it has.
func (n *Node) meetCandidate(m *pb.Message) {
	if t := m.GetType(); t != pb.MsgPreVote && t != pb.MsgVote {
		return
	}
	switch n.status.Role {
	case Peon:
		if m.GetFrom() == n.status.Leader && m.GetTerm() > n.status.Term {
			_ = n.raw.ForgetLeader()
			n.refresh()
		}
	case Leader:
		n.raw.ReportUnreachable(m.GetFrom())
		n.askReadIndex()
	}
}
