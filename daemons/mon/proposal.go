package mon

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/store"
)

// proposals is the leader's way to change the replicated state: changes gather
// in the services' pending maps, then travel as one batch, one batch at a time.
type proposals struct {
	seq        uint64 // of the last batch; starts at a random number in each process
	open       bool   // the services may be changed
	flying     bool   // the batch seq is proposed and neither committed nor given up
	waiters    []func(committed bool)
	gathering  []func(committed bool) // waiting for the next batch
	unplugged  []store.Op             // what NoPaxosPlug has taken out of the batch
	timer      host.Timer
	lastCommit time.Duration
	ticking    bool // the services are to look at their clocks once the batch is through
	waking     bool // requests that had to wait are being tried
	gathered   int  // changes of theirs that are to be proposed together when all were tried
}

// maxGathered bounds how many commands share a batch: their inputs are in it.
const maxGathered = 64

// writeable reports whether services may change their pending maps now: this
// monitor leads, knows everything committed, and has no batch under way.
func (m *Mon) writeable() bool {
	s := m.status()
	return s.Role == quorum.Leader && s.Active && !m.prop.flying && m.prop.open
}

// await runs fn once the changes made so far are committed (true), or it is
// known that they will not be by this proposal (false): then what asked for them
// has to be tried again.
func (m *Mon) await(fn func(committed bool)) {
	m.prop.gathering = append(m.prop.gathering, fn)
}

// schedule proposes what the services have changed: now if it is urgent,
// otherwise after a while, so that changes go together (SV-2).
func (m *Mon) schedule(immediate bool) {
	if immediate {
		m.propose()
		return
	}
	if m.prop.timer.Armed() {
		return
	}
	delay := m.opts.ProposeMinWait
	if left := m.prop.lastCommit + m.opts.ProposeInterval - m.now(); left > 0 && m.prop.lastCommit > 0 {
		delay = max(delay, left)
	}
	m.prop.timer.Reset(delay)
}

// gather is schedule for a command whose change may go in one batch with others of its
// kind: those that had to wait for a commit go together with the next.
func (m *Mon) gather() {
	if m.prop.gathered++; !m.prop.waking || m.prop.gathered >= maxGathered {
		m.propose()
	}
}

// propose hands all pending changes to the quorum as one batch.
func (m *Mon) propose() {
	m.prop.gathered = 0
	m.prop.timer.Stop()
	if !m.writeable() {
		return
	}
	ops := m.pendingOps()
	if len(ops) == 0 {
		return
	}
	if m.cfg.Defects.NoPaxosPlug {
		ops, m.prop.unplugged = m.unplug(ops)
	}
	m.carry(ops)
}

// carry proposes a batch.
func (m *Mon) carry(ops []store.Op) {
	p := &m.prop
	p.seq++
	p.flying, p.waiters, p.gathering = true, p.gathering, nil
	change := m.mons.change
	m.endPending()
	batch := store.Batch{Proposer: uint32(m.node.ID()), Seq: p.seq, Ops: ops}
	if change != (quorum.Change{}) {
		m.carryChange(change, batch)
		return
	}
	m.carried(m.node.Propose(batch.Encode()))
}

// carryChange proposes a batch that changes the members, in a callback of its own: the
// quorum must have come to the end of the one before.
func (m *Mon) carryChange(change quorum.Change, batch store.Batch) {
	if m.cfg.Defects.MonMapApart {
		m.prop.waiters = append(m.prop.waiters, func(committed bool) {
			if committed {
				m.loop.Post(func() { _ = m.node.ProposeChange(change, store.Batch{}.Encode()) })
			}
		})
		m.carried(m.node.Propose(batch.Encode()))
		return
	}
	m.loop.Post(func() {
		if m.prop.flying && m.prop.seq == batch.Seq {
			m.carried(m.node.ProposeChange(change, batch.Encode()))
		}
	})
}

// carried gives a batch up that the quorum has not taken.
func (m *Mon) carried(err error) {
	if err != nil {
		m.log.Info("proposal not taken", "err", err)
		m.giveUp()
		m.beginPending()
	}
}

// unplug parts the changes of the osdmap from others that go with them.
func (m *Mon) unplug(ops []store.Op) (now, afterwards []store.Op) {
	if osd := len(m.osd.changes()); osd < len(ops) {
		return ops[osd:], ops[:osd]
	}
	return ops, nil
}

// pendingOps are the services' changes.
func (m *Mon) pendingOps() (ops []store.Op) {
	for _, service := range m.services {
		ops = append(ops, service.changes()...)
	}
	return ops
}

// giveUp ends a batch that will not be committed by us, and forgets changes not
// yet proposed; everybody who waits is told to try again (SV-3).
func (m *Mon) giveUp() {
	p := &m.prop
	waiters := append(p.waiters, p.gathering...)
	p.flying, p.waiters, p.gathering, p.unplugged = false, nil, nil, nil
	p.gathered, p.ticking = 0, false
	p.timer.Stop()
	m.endPending()
	for _, fn := range waiters {
		fn(false)
	}
}

// landed reports whether a committed batch is the one we are waiting for, and
// hands over who else waits for it.
func (m *Mon) landed(b store.Batch) (waiters []func(bool), ours bool) {
	p := &m.prop
	if !p.flying || uint64(b.Proposer) != m.node.ID() || b.Seq != p.seq {
		return nil, false
	}
	waiters, p.waiters, p.flying = p.waiters, nil, false
	return waiters, true
}

// beginPending opens the services for changes, on the leader.
func (m *Mon) beginPending() {
	if s := m.status(); s.Role == quorum.Leader && s.Active && !m.prop.flying {
		m.prop.open = true
		for _, service := range m.services {
			service.begin()
		}
	}
}

// endPending closes the services, whose changes were proposed or are void.
func (m *Mon) endPending() {
	m.prop.open = false
	for _, service := range m.services {
		service.discard()
	}
}

// proposeChanges schedules what the services have changed, if anything.
func (m *Mon) proposeChanges() {
	changed, urgent := false, false
	for _, service := range m.services {
		changed = changed || len(service.changes()) > 0
		urgent = urgent || service.urgent()
	}
	if changed {
		m.schedule(urgent)
	}
}

// tickServices lets the services act on the passing of time, on the leader. While a batch
// is under way they cannot, and do when it is through: if they waited for the next tick,
// one request after another over slow disks could keep a silent mgr in the map for ever.
func (m *Mon) tickServices() {
	m.prop.ticking = m.prop.flying
	if !m.writeable() {
		return
	}
	for _, service := range m.services {
		service.tick(m.now(), m.wall())
	}
	m.proposeChanges()
}
