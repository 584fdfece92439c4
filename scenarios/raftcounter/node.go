// Package raftcounter is a replicated counter on go.etcd.io/raft that runs on
// host.Host: an example of a system to be tested, of the size of an afternoon. It
// comes in three parts, of which none knows the simulator:
//
//   - node.go drives raft from one loop, with timers for its time;
//   - log.go keeps what raft must not forget on the disk;
//   - wire.go carries raft's messages over streams.
//
// The scenario beside them, raftcounter_test.go, is the page to copy: it puts three
// nodes into the simulator, strikes them with faults drawn from a seed, and holds
// what they say against what must be true.
package raftcounter

import (
	"encoding/binary"
	"log/slog"
	"net/netip"
	"time"

	"go.etcd.io/raft/v3"

	"github.com/wavetank/wavetank/daemons/host"
)

// heartbeat is how often a leader speaks; who hears nothing for 10 to 20 of them
// campaigns.
const heartbeat = 50 * time.Millisecond

// Config is what makes a node this one.
type Config struct {
	// ID is the node's place in Addrs, from 0.
	ID int
	// Addrs are the addresses of all nodes.
	Addrs []netip.Addr
	// SkipSync plants a bug: what must be durable is written and not synced.
	SkipSync bool
}

// node is one member. It lives on one loop, so nothing is locked.
type node struct {
	Config
	h              host.Host
	loop           host.Loop
	raw            *raft.RawNode
	log            *diskLog
	peers          []*peer
	tick, campaign host.Timer
	saving         bool // a sync is under way: nothing may leave before it is done
	leading        bool
	count          uint64
	waiting        map[uint64]bool // our increments that were not acknowledged yet
}

// Start is the program: it runs a node on h.
func Start(h host.Host, c Config) {
	n := &node{Config: c, h: h, loop: h.NewLoop("raft"), waiting: make(map[uint64]bool)}
	n.tick, n.campaign = n.loop.NewTimer(n.guard(n.onTick)), n.loop.NewTimer(n.guard(n.onCampaign))
	n.loop.Post(n.guard(func() {
		log, err := openLog(h.Disk(), len(c.Addrs))
		check(err)
		n.log = log
		n.raw, err = raft.NewRawNode(&raft.Config{ID: uint64(c.ID + 1), ElectionTick: 10, HeartbeatTick: 1,
			Storage: log.memory, MaxSizePerMsg: maxFrame / 2, MaxInflightMsgs: 64, Logger: logger{h.Log()}})
		check(err)
		n.saving = true
		log.settle(n.loop, func(err error) {
			n.guard(func() {
				check(err)
				n.saving = false
				check(n.openNetwork())
				n.waitForLeader()
			})()
		})
	}))
}

// guard makes a callback of fn: it carries out what raft has ready afterwards, and
// ends the process when something failed. A node that cannot trust its disk, or of
// which raft says that it has forgotten something, must not vote.
func (n *node) guard(fn func()) func() {
	return func() {
		defer func() {
			switch f := recover().(type) {
			case nil:
			case failure:
				n.h.Exit(1, string(f))
			default:
				panic(f)
			}
		}()
		fn()
		n.pump()
	}
}

// failure is the panic that guard turns into an exit.
type failure string

func check(err error) {
	if err != nil {
		panic(failure(err.Error()))
	}
}

// waitForLeader campaigns unless a leader is heard of soon. Raft itself would draw
// the time from crypto/rand when a follower is ticked, which no seed replays; so
// only leaders are ticked here.
func (n *node) waitForLeader() {
	n.campaign.Reset(10*heartbeat + time.Duration(n.h.Rand("election").IntN(int(10*heartbeat))))
}

func (n *node) onCampaign() {
	n.waitForLeader()
	check(n.raw.Campaign())
}

// onTick is the leader's clock, and its client: one increment at each tick.
func (n *node) onTick() {
	n.tick.Reset(heartbeat)
	n.raw.Tick()
	op := n.h.Rand("op").Uint64()
	if n.raw.Propose(binary.BigEndian.AppendUint64(nil, op)) == nil {
		n.waiting[op] = true
	}
}

// pump does what raft has ready: save, and once that is durable send and apply.
func (n *node) pump() {
	for !n.saving && n.raw.HasReady() {
		rd := n.raw.Ready()
		check(n.log.save(rd))
		if !rd.MustSync || n.SkipSync {
			n.finish(rd)
			continue
		}
		n.saving = true
		n.log.file.Sync(n.loop, func(err error) {
			n.guard(func() {
				check(err)
				n.saving = false
				n.finish(rd)
			})()
		})
	}
}

func (n *node) finish(rd raft.Ready) {
	n.send(rd.Messages)
	if st := n.raw.BasicStatus(); n.leading != (st.RaftState == raft.StateLeader) {
		n.turn(st.GetTerm())
	}
	for _, e := range rd.CommittedEntries {
		if data := e.GetData(); len(data) == 8 { // a new leader's first entry is empty
			n.apply(e.GetIndex(), binary.BigEndian.Uint64(data))
		}
	}
	n.raw.Advance(rd)
}

// turn makes a leader of a follower, or the reverse.
func (n *node) turn(term uint64) {
	n.leading = !n.leading
	if n.leading {
		n.campaign.Stop()
		n.tick.Reset(0)
		n.h.Probe(Led{term})
	} else {
		n.tick.Stop()
		n.waitForLeader()
	}
}

func (n *node) apply(index, op uint64) {
	n.count++
	n.h.Probe(Applied{index, op, n.count})
	if n.waiting[op] {
		delete(n.waiting, op)
		n.h.Probe(Acked{index, op})
	}
}

// Led says that the node leads a term.
type Led struct{ Term uint64 }

// Applied says that the node has applied an increment: the entry's index, the
// increment's own number, and the counter after it.
type Applied struct{ Index, Op, Count uint64 }

// Acked says that whoever asked for an increment was told that it is safe.
type Acked struct{ Index, Op uint64 }

// Kind implements host.Fact.
func (Led) Kind() string { return "raft.led" }

// Kind implements host.Fact.
func (Applied) Kind() string { return "counter.applied" }

// Kind implements host.Fact.
func (Acked) Kind() string { return "counter.acked" }

// Attrs implements host.Fact.
func (f Led) Attrs() []slog.Attr { return []slog.Attr{slog.Uint64("term", f.Term)} }

// Attrs implements host.Fact.
func (f Applied) Attrs() []slog.Attr {
	return []slog.Attr{slog.Uint64("index", f.Index), slog.Uint64("op", f.Op), slog.Uint64("count", f.Count)}
}

// Attrs implements host.Fact.
func (f Acked) Attrs() []slog.Attr {
	return []slog.Attr{slog.Uint64("index", f.Index), slog.Uint64("op", f.Op)}
}
