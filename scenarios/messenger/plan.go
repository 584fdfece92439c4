package messenger

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
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
