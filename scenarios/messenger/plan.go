package messenger

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/sim"
)

// Pair is two policies that meet: that of side 0 towards side 1, and back.
type Pair struct {
	Name     string
	Policies [2]msgr.Policy
	// Peers may both dial; otherwise side 0 dials side 1.
	Peers bool
}

func (p Pair) lossy() bool { return p.Policies[0].Lossy }

// forgiving pairs notice that a peer has lost the session, so that a side may
// drop it or come back at the same address.
func (p Pair) forgiving() bool { return p.lossy() || p.Policies[1].ResetCheck }

// Pairs is every pair of the matrix.
func Pairs() []Pair {
	return []Pair{
		{Name: "lossy", Policies: [2]msgr.Policy{msgr.LossyClient(), msgr.StatelessServer()}},
		{Name: "lossy-registered", Policies: [2]msgr.Policy{msgr.LossyClient(), msgr.StatelessRegisteredServer()}},
		{Name: "lossless", Policies: [2]msgr.Policy{msgr.LosslessClient(), msgr.StatefulServer()}},
		{Name: "peers", Policies: [2]msgr.Policy{msgr.LosslessPeer(), msgr.LosslessPeer()}, Peers: true},
		{Name: "peers-reuse", Policies: [2]msgr.Policy{msgr.LosslessPeerReuse(), msgr.LosslessPeerReuse()}, Peers: true},
	}
}

// Plan is everything that a seed chose.
type Plan struct {
	Seed   uint64
	Pair   Pair
	Window int // bytes that a direction of a socket holds
	// Messages, Gap and Burst of each side: how many in all, how long between
	// two sends, and how many go at once.
	Messages, Burst [2]int
	Gap             [2]time.Duration
	// Features that each side announces.
	Features [2]uint64
	// Fast sides take their messages by fast dispatch.
	Fast [2]bool
	// Throttle bounds the messages that wait for dispatch; 0 is no bound.
	Throttle int64
	// Data is how many bytes every third message carries: none, or more than the
	// receive buffer holds.
	Data int
	// Options are the messengers', with their own injected delays.
	Options msgr.Options
	Damages []Damage
}

// String is the plan on one line.
func (p Plan) String() string {
	return fmt.Sprintf("pair=%s window=%d messages=%v burst=%v gap=%v features=%x fast=%v throttle=%d data=%d delays=%v/%v damage=%v",
		p.Pair.Name, p.Window, p.Messages, p.Burst, p.Gap, p.Features, p.Fast, p.Throttle, p.Data,
		p.Options.InjectDelayProbability, p.Options.InjectInternalDelays, p.Damages)
}

// old is what releases announced that lacked what the messenger asks for.
const old = msg.FeaturesAll &^ (msg.FeatureReconnectSeq | msg.FeatureMsgAuth)

// Choose is the plan of a seed.
func Choose(seed uint64) Plan {
	r := sim.NewStream(seed, "plan")
	pairs := Pairs()
	p := Plan{
		Seed:     seed,
		Pair:     pairs[r.IntN(len(pairs))],
		Window:   []int{19, 61, 150, 400, 4096, 256 << 10}[r.IntN(6)],
		Throttle: int64([]int{0, 1, 3}[r.IntN(3)]),
	}
	for side := range 2 {
		p.Messages[side] = 1 + r.IntN(12)
		p.Burst[side] = 1 + r.IntN(4)
		p.Gap[side] = time.Duration(r.IntN(1500)) * time.Microsecond
		p.Features[side] = chooseFeatures(r, p.Pair)
		p.Fast[side] = r.IntN(4) == 0
	}
	if r.IntN(4) == 0 {
		p.Options = chooseDelays(r)
	}
	if p.Window >= 400 && r.IntN(2) == 0 {
		p.Options.ReceiveBufferBytes, p.Data = 4096, 4096+r.IntN(4096)
	}
	for range 1 + r.IntN(3) {
		p.addDamage(r)
	}
	return p
}

// chooseFeatures is mostly what everybody has today. Without RECONNECT_SEQ a
// lossless session cannot tell what has arrived, and loses at a fault what was
// under way (as Ceph does); so only lossy sessions play with it.
func chooseFeatures(r *sim.Stream, pair Pair) uint64 {
	if r.IntN(4) > 0 {
		return msg.FeaturesAll
	}
	if pair.lossy() {
		return old
	}
	return old | msg.FeatureReconnectSeq
}

func chooseDelays(r *sim.Stream) msgr.Options {
	o := msgr.Options{InjectDelayType: msg.EntityMon, InjectDelayMax: 5 * time.Millisecond}
	o.InjectDelayProbability = float64(r.IntN(3)) * 0.3
	o.InjectInternalDelays = time.Duration(r.IntN(2)) * 700 * time.Microsecond
	return o
}

func (p *Plan) addDamage(r *sim.Stream) {
	d := chooseDamage(r, p.Pair)
	if d.Kind == MarkDown && r.IntN(3) == 0 {
		// The session's end is on its way to the dispatchers when it is given up.
		p.Damages = append(p.Damages, Damage{Kind: Reset, Position: d.Position})
		d.Position, d.Inside = Position{}, false
	}
	p.Damages = append(p.Damages, d)
	if (d.Kind == MarkDown || d.Kind == Restart) && r.IntN(3) > 0 {
		p.Damages = append(p.Damages, chooseAftermath(r))
	}
}

// chooseAftermath breaks the sockets while the sides settle what became of their
// session: some 450 bytes go by before the acceptor's first reply, and 60 more
// before a second connect has arrived.
func chooseAftermath(r *sim.Stream) Damage {
	if r.IntN(2) == 0 {
		return Damage{Kind: Strike, Position: choosePoint(r)}
	}
	return Damage{Kind: Reset, Position: Position{Bytes: 430 + uint64(r.IntN(200)), Steps: r.IntN(6)}}
}

func chooseDamage(r *sim.Stream, pair Pair) Damage {
	kinds := []Kind{Reset, Reset, Strike, Strike, Strike, Cut, Swallow, Restart, Respawn}
	if pair.forgiving() {
		kinds = append(kinds, MarkDown, Restart)
	}
	d := Damage{
		Kind: kinds[r.IntN(len(kinds))],
		Side: r.IntN(2),
		For:  []time.Duration{time.Millisecond, 300 * time.Millisecond, 11 * time.Second}[r.IntN(3)],
	}
	if d.Kind == Strike || r.IntN(2) == 0 {
		d.Position = choosePoint(r)
	} else {
		// A handshake is some 600 bytes, after which messages flow.
		d.Bytes = uint64(r.IntN([]int{1, 300, 700, 3000}[r.IntN(4)]))
		d.Steps = r.IntN(2) * r.IntN(40)
	}
	d.OneWay = r.IntN(2) == 0
	d.Inside = r.IntN(2) == 0
	d.Told = r.IntN(3) == 0
	d.NewNonce = !pair.forgiving() || r.IntN(2) == 0
	d.Features = chooseFeatures(r, pair)
	return d
}

// choosePoint is a position of the protocol, on one side.
func choosePoint(r *sim.Stream) Position {
	points := msgr.Points()
	return Position{Point: points[r.IntN(len(points))], On: r.IntN(2), Nth: uint64(1 + r.IntN(1+r.IntN(4)))}
}
