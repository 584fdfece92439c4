package mon

import (
	"strings"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
)

// counts is what a monitor counts from its start on.
type counts struct {
	elections, won, lost       uint64
	trimmed                    uint64 // sessions
	commits, bytes, operations uint64
	refreshed, restored        uint64
}

// elected counts what an election has made of this monitor.
func (c *counts) elected(was, now quorum.Status) {
	if now.Term != was.Term {
		c.elections++
	}
	if now.Role == was.Role && now.Leader == was.Leader && now.Term == was.Term {
		return
	}
	switch now.Role {
	case quorum.Leader:
		c.won++
	case quorum.Peon:
		c.lost++
	}
}

// committed counts a batch.
func (c *counts) committed(data []byte, b *store.Batch) {
	c.commits++
	c.bytes += uint64(len(data))
	c.operations += uint64(len(b.Ops))
}

// counters are the performance counters, those of Ceph's that there is something to
// count for, with its names and priorities. What Ceph counts of Paxos is counted here of
// the replicated log; a key of a transaction is an operation of a batch. Only the leader
// speaks for the cluster.
func (m *Mon) counters() []mgrc.Counter {
	const gauge, grows, average = msg.CounterU64, msg.CounterU64 | msg.CounterGrows, msg.CounterU64 | msg.CounterAverage
	const debug, useful, interesting = msg.CounterDebugOnly, msg.CounterUseful, msg.CounterInteresting
	all := make([]mgrc.Counter, 0, 20)
	add := func(path, nick, text string, kind, priority, unit uint8, value, count uint64) {
		all = append(all, mgrc.Counter{
			CounterType: msg.CounterType{Path: path, Description: text, Nick: nick, Type: kind, Priority: priority, Unit: unit},
			Value:       value, Count: count,
		})
	}
	plain := func(path, nick, text string, kind, priority uint8, value uint64) {
		add(path, nick, text, kind, priority, msg.CounterNone, value, 0)
	}
	c, q := &m.counts, m.node.Counts()
	plain("mon.num_sessions", "sess", "Open sessions", gauge, useful, uint64(len(m.sessions.list)))
	plain("mon.session_add", "sadd", "Created sessions", grows, interesting, m.sessions.last)
	plain("mon.session_rm", "srm", "Removed sessions", grows, interesting, m.sessions.last-uint64(len(m.sessions.list)))
	plain("mon.session_trim", "strm", "Trimmed sessions", grows, useful, c.trimmed)
	plain("mon.num_elections", "ecnt", "Elections participated in", grows, useful, c.elections)
	plain("mon.election_call", "estt", "Elections started", grows, interesting, q.Campaigns)
	plain("mon.election_win", "ewon", "Elections won", grows, interesting, c.won)
	plain("mon.election_lose", "elst", "Elections lost", grows, interesting, c.lost)
	plain("paxos.start_leader", "", "Starts in leader role", grows, useful, c.won)
	plain("paxos.start_peon", "", "Starts in peon role", grows, useful, c.lost)
	plain("paxos.refresh", "", "Refreshes", grows, useful, c.refreshed)
	plain("paxos.commit", "cmt", "Commits", grows, useful, c.commits)
	add("paxos.commit_keys", "", "Keys in transaction on commit", average, useful, msg.CounterNone, c.operations, c.commits)
	add("paxos.commit_bytes", "", "Data in transaction on commit", average, useful, msg.CounterBytes, c.bytes, c.commits)
	plain("paxos.store_state", "", "Store a shared state on disk", grows, useful, c.restored)
	plain("paxos.lease_timeout", "", "Lease timeouts", grows, useful, q.LeaseTimeouts)
	if m.status().Role == quorum.Leader {
		plain("cluster.num_mon", "", "Monitors", gauge, debug, uint64(m.size()))
		plain("cluster.num_mon_quorum", "", "Monitors in quorum", gauge, debug, uint64(len(m.quorumRanks())))
	}
	return all
}

// perf is what the operator sees of the counters at the admin socket: those that are plain
// numbers, and what the messenger holds.
func (m *Mon) perf() map[string]admin.Counters {
	all := map[string]admin.Counters{}
	for _, k := range m.counters() {
		if k.Type&msg.CounterAverage != 0 {
			continue
		}
		part, name, _ := strings.Cut(k.Path, ".")
		if all[part] == nil {
			all[part] = admin.Counters{}
		}
		all[part][name] = int64(k.Value)
	}
	if m.messenger != nil {
		s := m.messenger.Stats()
		all["messenger"] = admin.Counters{
			"connections": int64(s.Connections), "registered": int64(s.Registered),
			"held_messages": s.HeldMessages, "held_bytes": s.HeldBytes, "dispatch_bytes": s.DispatchBytes,
		}
	}
	return all
}
