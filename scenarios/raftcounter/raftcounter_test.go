package raftcounter_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/scenarios/raftcounter"
	"github.com/wavetank/wavetank/sim"
)

// room is three nodes in the simulator, and what is known of them.
type room struct {
	sim     *sim.Sim
	hosts   []*sim.Host
	addrs   []netip.Addr
	draw    *sim.Stream
	bug     bool
	leaders map[uint64]string              // by term
	applied map[uint64]raftcounter.Applied // by index
	counts  map[string]uint64              // by node
	acked   uint64                         // increments
	err     error                          // the first thing that was broken
}

// run plays a seed, and returns the run's hash and what was broken, if anything.
func run(seed uint64, bug bool) (hash uint64, err error) {
	r := &room{draw: sim.NewStream(seed, "faults"), bug: bug,
		leaders: make(map[uint64]string), applied: make(map[uint64]raftcounter.Applied), counts: make(map[string]uint64)}
	r.sim = sim.New(sim.Config{Seed: seed,
		OnFact: func(p *sim.Process, f host.Fact) { r.observe(p.Name(), f) },
		OnExit: func(h *sim.Host, _ int, reason string) { r.broken("%s ended itself: %s", h.Name(), reason) }})
	defer r.sim.Close()
	for i, name := range []string{"a", "b", "c"} {
		r.hosts = append(r.hosts, r.sim.AddHost(name))
		r.addrs = append(r.addrs, r.hosts[i].Addr())
	}
	r.start(0, 1, 2)
	for i := 0; i < 10 && r.err == nil; i++ {
		r.sim.Run(r.upTo(3 * time.Second))
		r.strike()
	}
	before := r.acked
	recovered := func() bool { return min(r.counts["a"], r.counts["b"], r.counts["c"]) >= before+10 }
	if !r.sim.RunUntil(2*time.Minute, func() bool { return r.err != nil || recovered() }) {
		r.broken("no progress once the faults were over: counters %v, %d acknowledged before", r.counts, before)
	}
	return r.sim.Hash(), r.err
}

func (r *room) start(nodes ...int) {
	for _, id := range nodes {
		r.hosts[id].Start(func(h host.Host) {
			raftcounter.Start(h, raftcounter.Config{ID: id, Addrs: r.addrs, SkipSync: r.bug})
		})
	}
}

// strike does something bad, and makes it good again some time later.
func (r *room) strike() {
	id := r.draw.IntN(3)
	victim, other := r.hosts[id], r.hosts[(id+1+r.draw.IntN(2))%3]
	outage := r.upTo(3 * time.Second)
	switch r.draw.IntN(5) {
	case 0: // the process dies
		victim.Kill()
		r.sim.Run(outage)
		r.start(id)
	case 1: // all machines lose their power, and what was not synced
		for _, h := range r.hosts {
			h.PowerOff()
		}
		r.sim.Run(outage)
		r.start(0, 1, 2)
	case 2: // one direction of one link
		r.sim.Cut(victim, other)
		r.sim.Run(outage)
		r.sim.Heal(victim, other)
	case 3: // a machine is heard by nobody
		for _, h := range r.hosts {
			r.sim.Cut(victim, h)
		}
		r.sim.Run(outage)
		for _, h := range r.hosts {
			r.sim.Heal(victim, h)
		}
	case 4: // SIGSTOP, SIGCONT
		victim.Pause()
		r.sim.Run(outage)
		victim.Resume()
	}
}

func (r *room) upTo(d time.Duration) time.Duration { return time.Duration(r.draw.IntN(int(d))) }

func (r *room) broken(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// observe holds what a node says against what must be true, as it happens.
func (r *room) observe(node string, f host.Fact) {
	switch f := f.(type) {
	case raftcounter.Led:
		if other, ok := r.leaders[f.Term]; ok && other != node {
			r.broken("%s and %s both lead term %d", other, node, f.Term)
		}
		r.leaders[f.Term] = node
	case raftcounter.Applied:
		if other, ok := r.applied[f.Index]; ok && other != f {
			r.broken("%s applied %+v, where %+v was applied before", node, f, other)
		} else if !ok && f.Count != uint64(len(r.applied))+1 {
			r.broken("%s applied %+v, the increment after %d others", node, f, len(r.applied))
		}
		r.applied[f.Index], r.counts[node] = f, f.Count
	case raftcounter.Acked:
		if r.acked++; r.applied[f.Index].Op != f.Op {
			r.broken("%s acknowledged %+v, which was not applied", node, f)
		}
	}
}

func TestCounter_losesNothing(t *testing.T) {
	for seed := range uint64(200) {
		if _, err := run(seed, false); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// A suite that would not notice a missing sync proves nothing when it is green.
func TestCounter_findsTheMissingSync(t *testing.T) {
	for seed := range uint64(200) {
		hash, err := run(seed, true)
		if err == nil {
			continue
		}
		again, same := run(seed, true)
		if again != hash || same.Error() != err.Error() {
			t.Errorf("seed %d does not replay: %v, then %v", seed, err, same)
		}
		t.Logf("seed %d: %v", seed, err)
		return
	}
	t.Error("200 seeds and nobody noticed")
}
