package messenger

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/scenarios/vary"
	"github.com/wavetank/wavetank/sim"
)

// Choose is the plan of a seed, some of whose choices may be drawn anew.
func Choose(seed uint64, v vary.Vary) Plan {
	return choices{kinds: []Kind{Reset, Reset, Strike, Strike, Strike, Cut, Swallow, Restart, Respawn}, points: msgr.Points()}.plan(seed, v)
}

// choices are what plans are made of: the kinds of damage, with those that are to
// be more frequent repeated, and the fault points at which it may strike.
type choices struct {
	kinds  []Kind
	points []string
}

// draw is where a choice comes from: a stream of its own, named after what it is
// about, so that another choice, kind or point leaves the plans alone that have
// nothing of it.
type draw struct {
	seed  uint64
	vary  vary.Vary
	about string
}

// of is the draw of a part.
func (d draw) of(part string) draw { return draw{d.seed, d.vary, d.about + "/" + part} }

// intN is uniform over [0, n).
func (d draw) intN(name string, n int) int { return sim.NewStream(d.of(name).stream()).IntN(n) }

// stream is that of the choice, and its seed.
func (d draw) stream() (seed uint64, stream string) { return d.vary.Of(d.seed, d.about), d.about }

// pick draws one of the options.
func pick[T ~string](d draw, name string, options []T) T {
	seed, stream := d.of(name).stream()
	return sim.Pick(seed, stream, options)
}

func (c choices) plan(seed uint64, v vary.Vary) Plan {
	d := draw{seed, v, "plan"}
	p := Plan{
		Seed:     seed,
		Pair:     choosePair(d),
		Window:   []int{19, 61, 150, 400, 4096, 256 << 10}[d.intN("window", 6)],
		Throttle: int64([]int{0, 1, 3}[d.intN("throttle", 3)]),
	}
	for side, name := range sides {
		own := d.of(name)
		p.Messages[side] = 1 + own.intN("messages", 12)
		p.Burst[side] = 1 + own.intN("burst", 4)
		p.Gap[side] = time.Duration(own.intN("gap", 1500)) * time.Microsecond
		p.Features[side] = chooseFeatures(own, p.Pair)
		p.Fast[side] = own.intN("fast", 4) == 0
	}
	if d.intN("delays", 4) == 0 {
		p.Options = chooseDelays(d.of("delays"))
	}
	if p.Window >= 400 && d.intN("large", 2) == 0 {
		p.Options.ReceiveBufferBytes, p.Data = 4096, 4096+d.intN("data", 4096)
	}
	for i := range 1 + d.intN("damages", 3) {
		p.Damages = append(p.Damages, c.damages(d.of(fmt.Sprintf("damage/%d", i)), p.Pair)...)
	}
	return p
}

func choosePair(d draw) Pair {
	pairs := make(map[string]Pair)
	var names []string
	for _, p := range Pairs() {
		pairs[p.Name] = p
		names = append(names, p.Name)
	}
	return pairs[pick(d, "pair", names)]
}

// chooseFeatures is mostly what everybody has today. Without RECONNECT_SEQ a
// lossless session cannot tell what has arrived, and loses at a fault what was
// under way (as Ceph does); so only lossy sessions play with it.
func chooseFeatures(d draw, pair Pair) uint64 {
	if d.intN("features", 4) > 0 {
		return msg.FeaturesAll
	}
	if pair.lossy() {
		return old
	}
	return old | msg.FeatureReconnectSeq
}

func chooseDelays(d draw) msgr.Options {
	o := msgr.Options{InjectDelayType: msg.EntityMon, InjectDelayMax: 5 * time.Millisecond}
	o.InjectDelayProbability = float64(d.intN("probability", 3)) * 0.3
	o.InjectInternalDelays = time.Duration(d.intN("internal", 2)) * 700 * time.Microsecond
	return o
}

// damages are one, with what comes before and after it.
func (c choices) damages(d draw, pair Pair) (list []Damage) {
	one := c.damage(d, pair)
	if one.Kind == MarkDown && d.intN("reset-first", 3) == 0 {
		// The session's end is on its way to the dispatchers when it is given up.
		list = append(list, Damage{Kind: Reset, Position: one.Position})
		one.Position, one.Inside = Position{}, false
	}
	list = append(list, one)
	if (one.Kind == MarkDown || one.Kind == Restart) && d.intN("more", 3) > 0 {
		list = append(list, c.aftermath(d.of("aftermath")))
	}
	return list
}

// aftermath breaks the sockets while the sides settle what became of their
// session: some 450 bytes go by before the acceptor's first reply, and 60 more
// before a second connect has arrived.
func (c choices) aftermath(d draw) Damage {
	if d.intN("strike", 2) == 0 {
		return Damage{Kind: Strike, Position: c.point(d)}
	}
	return Damage{Kind: Reset, Position: Position{Bytes: 430 + uint64(d.intN("bytes", 200)), Steps: d.intN("steps", 6)}}
}

func (c choices) damage(d draw, pair Pair) Damage {
	kinds := c.kinds
	if pair.forgiving() {
		kinds = append(kinds[:len(kinds):len(kinds)], MarkDown, Restart)
	}
	one := Damage{
		Kind: pick(d, "kind", kinds),
		Side: d.intN("side", 2),
		For:  []time.Duration{time.Millisecond, 300 * time.Millisecond, 11 * time.Second}[d.intN("for", 3)],
	}
	if one.Kind == Strike || d.intN("at-point", 2) == 0 {
		one.Position = c.point(d)
	} else {
		// A handshake is some 600 bytes, after which messages flow.
		one.Bytes = uint64(d.intN("bytes", []int{1, 300, 700, 3000}[d.intN("phase", 4)]))
		one.Steps = d.intN("stepwise", 2) * d.intN("steps", 40)
	}
	one.OneWay = d.intN("one-way", 2) == 0
	one.Inside = d.intN("inside", 2) == 0
	one.Told = d.intN("told", 3) == 0
	one.NewNonce = !pair.forgiving() || d.intN("new-nonce", 2) == 0
	if one.NewNonce {
		one.News = []time.Duration{0, 0, 50 * time.Millisecond, 3 * time.Second}[d.intN("news", 4)]
	}
	one.Features = chooseFeatures(d, pair)
	return one
}

// point is a position of the protocol, on one side.
func (c choices) point(d draw) Position {
	return Position{
		Point: pick(d, "point", c.points),
		On:    d.intN("on", 2), Nth: uint64(1 + d.intN("nth", 1+d.intN("often", 4))),
	}
}
