package messenger

import (
	"fmt"
	"time"

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

// Kind is a kind of damage.
type Kind string

// The kinds of damage.
const (
	Reset    Kind = "reset"     // every socket between the two breaks
	Cut      Kind = "cut"       // nothing passes for a while
	Swallow  Kind = "swallow"   // all sockets break, and the next one is accepted by nobody
	MarkDown Kind = "mark-down" // a side gives up its session
	Restart  Kind = "restart"   // a side is killed and comes back
)

// Damage strikes once its position is reached.
type Damage struct {
	Kind Kind
	// Bytes that have arrived, both ways, since the damage before it (or the
	// beginning), and then Steps of the kernel.
	Bytes uint64
	Steps int
	// Side it strikes, where that matters.
	Side int
	// For is how long a Cut lasts.
	For time.Duration
	// Inside makes a side mark down from its next callback about the session,
	// not at once.
	Inside bool
	// NewNonce gives a restarted side another nonce, as daemons other than
	// monitors do.
	NewNonce bool
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
	// Throttle bounds the messages that wait for dispatch; 0 is no bound.
	Throttle int64
	Damages  []Damage
}

// String is the plan on one line.
func (p Plan) String() string {
	return fmt.Sprintf("seed %d: %s window=%d messages=%v burst=%v gap=%v throttle=%d damage=%+v",
		p.Seed, p.Pair.Name, p.Window, p.Messages, p.Burst, p.Gap, p.Throttle, p.Damages)
}

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
	}
	for range r.IntN(4) {
		d := chooseDamage(r, p.Pair)
		if d.Kind == MarkDown && r.IntN(3) > 0 {
			// The session's end is on its way to the dispatchers when it is given up.
			p.Damages = append(p.Damages, Damage{Kind: Reset, Bytes: d.Bytes, Steps: d.Steps})
			d.Bytes, d.Steps, d.Inside = 0, 0, false
		}
		p.Damages = append(p.Damages, d)
		if (d.Kind == MarkDown || d.Kind == Restart) && r.IntN(3) > 0 {
			p.Damages = append(p.Damages, chooseAftermath(r))
		}
	}
	return p
}

// chooseAftermath breaks the sockets while the sides settle what became of their
// session: some 450 bytes go by before the acceptor's first reply, and 60 more
// before a second connect has arrived.
func chooseAftermath(r *sim.Stream) Damage {
	return Damage{Kind: Reset, Bytes: 430 + uint64(r.IntN(200)), Steps: r.IntN(6)}
}

func chooseDamage(r *sim.Stream, pair Pair) Damage {
	kinds := []Kind{Reset, Reset, Reset, Reset, Cut, Swallow, Restart}
	if pair.forgiving() {
		kinds = append(kinds, MarkDown, Restart)
	}
	d := Damage{
		Kind: kinds[r.IntN(len(kinds))],
		Side: r.IntN(2),
		For:  []time.Duration{time.Millisecond, 300 * time.Millisecond, 11 * time.Second}[r.IntN(3)],
	}
	// A handshake is some 600 bytes, after which messages flow.
	d.Bytes = uint64(r.IntN([]int{1, 300, 700, 3000}[r.IntN(4)]))
	d.Steps = r.IntN(2) * r.IntN(40)
	d.Inside = r.IntN(2) == 0
	d.NewNonce = !pair.forgiving() || r.IntN(2) == 0
	return d
}
