package messenger

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/sim"
)

// Waits of a run, in virtual time.
const (
	damageWait = 20 * time.Second // for a position to be reached; else the damage strikes late
	settleWait = 60 * time.Second // longer than ready timeout, back-off and TCP's retransmission together
	answerWait = 5 * time.Second
	afterwards = 2 // more messages of a side that gave up its session
	epilogue   = 3 // messages each way in a round at the end
)

// run is one plan being carried out.
type run struct {
	plan      Plan
	defects   msgr.Defects
	sim       *sim.Sim
	hosts     [2]*sim.Host
	parties   [2]*party
	lives     [2]uint32
	owed      [2]int // messages still to be sent, by side
	swallow   int    // sockets that will be accepted by nobody
	forgotten bool   // a side gave up a session or was restarted
	wrong     []error
}

// Run carries out a plan against messengers with the given bugs. Its error names
// each property that did not hold. Runs share nothing.
func Run(plan Plan, defects msgr.Defects) error {
	r := &run{
		plan: plan, defects: defects, owed: plan.Messages,
		sim: sim.New(sim.Config{Seed: plan.Seed, Window: plan.Window}),
	}
	defer r.sim.Close()
	for side, name := range []string{"a", "b"} {
		r.hosts[side] = r.sim.AddHost(name)
	}
	r.start(1, 0)
	r.start(0, 0)
	for _, d := range plan.Damages {
		r.reach(d)
		r.strike(d)
	}
	r.sim.Run(settleWait)
	for _, p := range r.parties {
		p.leaving = false
	}
	r.finish()
	return errors.Join(r.wrong...)
}

// must notes an error that is nobody's fault but the harness's.
func (r *run) must(err error) { r.check(err == nil, "harness: %v", err) }

// check notes a property that does not hold, a few of them at most.
func (r *run) check(ok bool, format string, args ...any) {
	if !ok && len(r.wrong) < 5 {
		r.wrong = append(r.wrong, fmt.Errorf("%v: "+format, append([]any{r.sim.Now()}, args...)...))
	}
}

// String names a party in errors.
func (p *party) String() string { return fmt.Sprintf("%s/%d", []string{"a", "b"}[p.side], p.life) }

// addrOf is the address of a side that listens.
func (r *run) addrOf(side int) msg.EntityAddr {
	return msg.EntityAddr{
		Type: msg.AddrLegacy, Nonce: r.parties[side].nonce,
		IP: netip.AddrPortFrom(r.hosts[side].Addr(), port),
	}
}

// ended notes that a session has ended: what was sent up to now may be lost.
func (r *run) ended() {
	for _, p := range r.parties {
		p.doomed = p.sent
	}
}

// reach lets the run go on to where the damage is to strike.
func (r *run) reach(d Damage) {
	from := r.sim.Counts().BytesReceived
	r.sim.RunUntil(damageWait, func() bool { return r.sim.Counts().BytesReceived-from >= d.Bytes })
	for range d.Steps {
		r.sim.Step(time.Millisecond)
	}
}

func (r *run) strike(d Damage) {
	a, b := r.hosts[0], r.hosts[1]
	switch d.Kind {
	case Reset:
		r.sim.Reset(a, b)
	case Swallow:
		r.swallow++
		r.sim.Reset(a, b)
	case Cut:
		r.sim.Cut(a, b)
		r.sim.Cut(b, a)
		r.sim.Run(d.For)
		r.sim.Heal(a, b)
		r.sim.Heal(b, a)
	case MarkDown:
		if p := r.parties[d.Side]; p.m != nil {
			r.forgotten = true
			r.owed[d.Side] += afterwards
			if p.leaving = d.Inside; !d.Inside {
				p.loop.Post(p.markDown)
			}
		}
	case Restart:
		r.restart(d)
	}
}

// restart kills a side and starts it again. A peer that dials hears of a new
// nonce as daemons do, from a map, and gives up the old instance.
func (r *run) restart(d Damage) {
	r.forgotten = true
	old, other := r.addrOf(d.Side), r.parties[1-d.Side]
	nonce := r.parties[d.Side].nonce
	if d.NewNonce {
		nonce = 100 + r.lives[d.Side]
	}
	r.owed[d.Side] += afterwards
	r.start(d.Side, nonce)
	r.ended()
	if !d.NewNonce || other.m == nil || (!r.plan.Pair.Peers && d.Side == 0) {
		return
	}
	other.loop.Post(func() {
		other.giveUp(other.m.ConnectTo(msg.EntityMon, old))
		other.target()
	})
}

// finish sends the last messages over a network that is whole, and looks at what
// is left afterwards. The first round may find out that the other side has lost
// the session, and be lost with it; the second may not.
func (r *run) finish() {
	r.exchange()
	r.exchange()
	for side, p := range r.parties {
		to := r.parties[1-side]
		r.check(r.owed[side] == 0, "I-MSG-6: %v: nothing to send on", p)
		r.check(to.last[p.life] == p.sent, "I-MSG-6: %v: sent %d messages, the last to arrive was %d", p, p.sent, to.last[p.life])
	}
	r.sim.Run(time.Second)
	r.checkKeepalives()
	r.checkHeld()
	r.checkShutdown()
}

// exchange sends some messages, first from side 0, so that there is a session.
func (r *run) exchange() {
	for side, p := range r.parties {
		r.owed[side] = epilogue
		p.loop.Post(p.tick)
		r.sim.RunUntil(settleWait, func() bool { return r.owed[side] == 0 })
	}
	r.sim.RunUntil(settleWait, r.complete)
}

// complete reports that each side has the other's last message.
func (r *run) complete() bool {
	a, b := r.parties[0], r.parties[1]
	return a.last[b.life] == b.sent && b.last[a.life] == a.sent
}

// checkKeepalives asks for signs of life while nothing else is sent.
func (r *run) checkKeepalives() {
	var asked [2]*msgr.Connection
	for side, p := range r.parties {
		p.loop.Post(func() {
			if asked[side] = p.target(); asked[side] != nil {
				asked[side].SendKeepalive()
			}
		})
	}
	now := r.parties[0].h.Clock().Monotonic()
	r.sim.Run(answerWait)
	for side, c := range asked {
		r.check(c != nil && c.LastKeepaliveAck() > now, "I-MC-3: %v: no answer to a keepalive", r.parties[side])
	}
}

// checkHeld looks at idle messengers.
func (r *run) checkHeld() {
	for side, p := range r.parties {
		s := p.m.Stats()
		r.check(s.HeldMessages == 0 && s.HeldBytes == 0 && s.DispatchBytes == 0, "I-MSG-8: %v: %+v when idle", p, s)
		// Nobody tells a messenger that a lossless peer is gone for good, and one
		// that was killed may have been granted a session since.
		most := int(r.lives[1-side])
		r.check(s.Connections <= most, "I-MSG-5: %v: %d connections with one peer", p, s.Connections)
	}
}

// checkShutdown looks for what outlives Shutdown.
func (r *run) checkShutdown() {
	for _, p := range r.parties {
		p.timer.Stop()
		p.loop.Post(p.m.Shutdown)
	}
	r.sim.Run(time.Second)
	for _, p := range r.parties {
		s := p.m.Stats()
		r.check(s.Connections == 0 && s.Registered == 0, "I-MSG-9: %v: %+v after Shutdown", p, s)
	}
	// Timers of a process that was killed stay on the agenda and do nothing.
	if r.lives == [2]uint32{1, 1} {
		r.check(!r.sim.Step(time.Hour), "I-MSG-9: something still happens after Shutdown")
	}
}
