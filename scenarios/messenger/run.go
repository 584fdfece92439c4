package messenger

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
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
	maxSteps   = 1_000_000 // of the kernel: far more than any run that comes to rest
	afterwards = 2         // more messages of a side that gave up its session
	epilogue   = 3         // messages each way in a round at the end
)

// Config says what to run, and who looks on.
type Config struct {
	Plan    Plan
	Defects Defects
	// Trace receives the run's trace, with Line in its first line and of logs those
	// from LogLevel up; OnPacket is told
	// every packet that arrives, Witness everything. See sim.Config.
	Trace    io.Writer
	Line     string
	LogLevel slog.Level
	OnPacket func(sim.Packet)
	// Schedule is the order among loops, up to the end of the damage; Watch can be
	// asked where the run is. See sim.Config.
	Schedule sim.Schedule
	Watch    *sim.Watch
	Witness  sim.Witness
}

// Defects are the planted bugs of a run.
type Defects struct {
	// Messenger are those of both messengers.
	Messenger msgr.Defects
	// LeakSockets makes programs that respawn leave their sockets open.
	LeakSockets bool
}

// Outcome is everything a run has to say.
type Outcome struct {
	// Wrong are the properties that did not hold, in the order in which that
	// showed; a few at most.
	Wrong []Violation
	// Struck is the damage that was done.
	Struck []Struck
	// Points are the counts of the fault points that were reached or set.
	Points []sim.PointCount
	// Hash, Steps and Virtual are the simulation's.
	Hash, Steps uint64
	Virtual     time.Duration
}

// Struck is damage that was done. Late is what never saw its position.
type Struck struct {
	Damage Damage
	At     time.Duration
	Late   bool
}

// Err is what went wrong as an error, nil if nothing did.
func (o *Outcome) Err() error {
	var all []error
	for _, v := range o.Wrong {
		all = append(all, v)
	}
	return errors.Join(all...)
}

// Violation is a property that did not hold.
type Violation struct {
	// Property is its name, Detail what was seen, and At and Step when that was.
	Property, Detail string
	At               time.Duration
	Step             uint64
}

// Error is the violation on a line.
func (v Violation) Error() string {
	return fmt.Sprintf("%s at %v (step %d): %s", v.Property, v.At, v.Step, v.Detail)
}

// run is one plan being carried out.
type run struct {
	plan      Plan
	defects   Defects
	sim       *sim.Sim
	hosts     [2]*sim.Host
	parties   [2]*party
	lives     [2]uint32
	features  [2]uint64
	owed      [2]int // messages still to be sent, by side
	swallow   int    // sockets that will be accepted by nobody
	forgotten bool   // a side gave up a session or was restarted
	outcome   Outcome
}

// machineRoom is an empty simulation for the run.
func (c *Config) machineRoom() *sim.Sim {
	config := sim.Config{
		Seed: c.Plan.Seed, Window: c.Plan.Window, LeakSockets: c.Defects.LeakSockets,
		Trace: c.Trace, Line: c.Line, LogLevel: c.LogLevel, OnPacket: c.OnPacket, Witness: c.Witness,
		Schedule: c.Schedule, Watch: c.Watch,
	}
	if c.Trace != nil {
		config.Decoder = func() sim.Decoder { return new(msgr.Follower) }
	}
	return sim.New(config)
}

// Run carries out a plan. Runs share nothing.
func Run(c Config) Outcome {
	r := &run{
		plan: c.Plan, defects: c.Defects, owed: c.Plan.Messages, features: c.Plan.Features,
		sim: c.machineRoom(),
	}
	defer r.sim.Close()
	for side, name := range sides {
		r.hosts[side] = r.sim.AddHost(name)
	}
	r.start(1, 0, false)
	r.start(0, 0, false)
	for _, d := range c.Plan.Damages {
		r.inflict(d)
	}
	if c.Schedule.Kind != sim.Uniform {
		r.sim.SetSchedule(sim.Schedule{Kind: sim.Fair})
	}
	r.until(settleWait, never)
	for _, p := range r.parties {
		p.leaving = false
	}
	r.finish()
	r.outcome.Points = r.sim.Points()
	r.outcome.Hash, r.outcome.Steps, r.outcome.Virtual = r.sim.Hash(), r.sim.Steps(), r.sim.Now()
	return r.outcome
}

// until lets time pass until done or d is over. A run that finds no rest is ended.
func (r *run) until(d time.Duration, done func() bool) {
	r.sim.RunUntil(d, func() bool { return done() || r.sim.Steps() >= maxSteps })
	r.check(r.sim.Steps() < maxSteps, "I-MSG-6", "no rest after %d steps", maxSteps)
	r.check(r.sim.Err() == nil, "livelock", "%v", r.sim.Err())
}

func never() bool { return false }

// sides are the names of the two machines.
var sides = [2]string{"a", "b"}

// must notes an error that is nobody's fault but the harness's.
func (r *run) must(err error) { r.check(err == nil, "harness", "%v", err) }

// check notes a property that does not hold, a few of them at most.
func (r *run) check(ok bool, property, format string, args ...any) {
	if ok || len(r.outcome.Wrong) == 5 {
		return
	}
	v := Violation{Property: property, Detail: fmt.Sprintf(format, args...), At: r.sim.Now(), Step: r.sim.Steps()}
	r.outcome.Wrong = append(r.outcome.Wrong, v)
	r.sim.Note("failure", slog.String("property", v.Property), slog.String("detail", v.Detail))
}

// String names a party in errors.
func (p *party) String() string { return fmt.Sprintf("%s/%d", sides[p.side], p.life) }

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

// finish sends the last messages over a network that is whole, and looks at what
// is left afterwards. The first round may find out that the other side has lost
// the session, and be lost with it; the second may not.
func (r *run) finish() {
	r.exchange()
	r.exchange()
	for side, p := range r.parties {
		to := r.parties[1-side]
		r.check(r.owed[side] == 0, "I-MSG-6", "%v: nothing to send on", p)
		r.check(to.last[p.life] == p.sent, "I-MSG-6", "%v: sent %d messages, the last to arrive was %d", p, p.sent, to.last[p.life])
	}
	r.until(time.Second, never)
	r.checkKeepalives()
	r.checkHeld()
	r.checkShutdown()
}

// exchange sends some messages, first from side 0, so that there is a session.
func (r *run) exchange() {
	for side, p := range r.parties {
		r.owed[side] = epilogue
		p.loop.Post(p.tick)
		r.until(settleWait, func() bool { return r.owed[side] == 0 })
	}
	r.until(settleWait, r.complete)
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
	r.until(answerWait, never)
	for side, c := range asked {
		r.check(c != nil && c.LastKeepaliveAck() > now, "I-MC-3", "%v: no answer to a keepalive", r.parties[side])
	}
}

// checkHeld looks at idle messengers.
func (r *run) checkHeld() {
	for side, p := range r.parties {
		s := p.m.Stats()
		r.check(s.HeldMessages == 0 && s.HeldBytes == 0 && s.DispatchBytes == 0, "I-MSG-8", "%v: %+v when idle", p, s)
		// Nobody tells a messenger that a lossless peer is gone for good, and one
		// that was killed may have been granted a session since.
		most := int(r.lives[1-side])
		r.check(s.Connections <= most, "I-MSG-5", "%v: %d connections with one peer", p, s.Connections)
		p.judgeEnd()
	}
}

// checkShutdown looks for what outlives Shutdown.
func (r *run) checkShutdown() {
	ended := 0
	for _, p := range r.parties {
		p.timer.Stop()
		p.loop.Post(p.m.Shutdown)
		p.m.Wait(p.loop, func() { ended++ })
	}
	r.until(time.Second, never)
	r.check(ended == len(r.parties), "I-MSG-9", "%d messengers came to an end", ended)
	for side, p := range r.parties {
		r.check(p.m.Stats() == msgr.Stats{}, "I-MSG-9", "%v: %+v after Shutdown", p, p.m.Stats())
		held := r.hosts[side].Held()
		r.check(held == sim.Held{}, "I-DET-3", "%v: its machine holds %+v after Shutdown", p, held)
	}
	r.check(r.sim.Counts().Buffers == 0, "I-DET-3", "%d buffers are held after Shutdown", r.sim.Counts().Buffers)
	r.check(!r.sim.Step(time.Hour), "I-MSG-9", "something still happens after Shutdown")
}
