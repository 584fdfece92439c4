package messenger

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/sim"
)

// Kind is a kind of damage.
type Kind string

// The kinds of damage.
const (
	Strike   Kind = "strike"    // the messenger's own fault point breaks its socket
	Reset    Kind = "reset"     // every socket between the two breaks
	Cut      Kind = "cut"       // nothing passes for a while
	Swallow  Kind = "swallow"   // all sockets break, and the next one is accepted by nobody
	MarkDown Kind = "mark-down" // a side gives up its session
	Restart  Kind = "restart"   // a side is killed and comes back
	Respawn  Kind = "respawn"   // a side ends itself and comes back
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Cut, MarkDown, Reset, Respawn, Restart, Strike, Swallow} }

// Fault is the kind as a kind of fault, among those of other scenarios.
func (k Kind) Fault() string { return "messenger-" + string(k) }

// Position is a moment of a run: a fault point is reached, or so much has
// happened.
type Position struct {
	// Point is reached on side On for the Nth time since the damage before it.
	Point string
	On    int
	Nth   uint64
	// Without a Point: Bytes that have arrived, both ways, since the damage before
	// it (or the beginning), and then Steps of the kernel.
	Bytes uint64
	Steps int
}

// String is the position in a word.
func (p Position) String() string {
	if p.Point != "" {
		return fmt.Sprintf("%s/%s#%d", sides[p.On], p.Point, p.Nth)
	}
	return fmt.Sprintf("+%dB+%d", p.Bytes, p.Steps)
}

// Damage strikes once its position is reached.
type Damage struct {
	Kind Kind
	Position
	// Side it strikes, where that matters.
	Side int
	// For is how long a Cut lasts, and OneWay that it only stops what Side sends.
	For    time.Duration
	OneWay bool
	// Inside makes a side mark down from its next callback about the session,
	// not at once. Told makes it do so in the way that tells its dispatchers.
	Inside, Told bool
	// NewNonce gives a restarted side another nonce, as daemons other than
	// monitors do, and Features what its messenger announces from then on. News is how
	// long it takes until a peer that dials hears of the nonce.
	NewNonce bool
	News     time.Duration
	Features uint64
}

// String is the damage in a word.
func (d Damage) String() string {
	what := string(d.Kind)
	switch d.Kind {
	case Cut:
		what += fmt.Sprintf("(%s,%v,one-way=%v)", sides[d.Side], d.For, d.OneWay)
	case MarkDown:
		what += fmt.Sprintf("(%s,inside=%v,told=%v)", sides[d.Side], d.Inside, d.Told)
	case Restart, Respawn:
		what += fmt.Sprintf("(%s,new-nonce=%v,news=%v,features=%x)", sides[d.Side], d.NewNonce, d.News, d.Features)
	}
	return what + "@" + d.Position.String()
}

// Fault is the damage as a fault, among those of other scenarios.
func (d Damage) Fault() string { return "messenger-" + d.String() }

// inflict waits for the damage's position and lets it strike there: inside the
// callback that reaches the point, or after so many bytes. If the position is
// never reached it strikes late.
func (r *run) inflict(d Damage) {
	if d.Point == "" {
		from := r.sim.Counts().BytesReceived
		r.until(damageWait, func() bool { return r.sim.Counts().BytesReceived-from >= d.Bytes })
		for range d.Steps {
			r.sim.Step(time.Millisecond)
		}
		r.strike(d, false)
	} else if !r.inflictAt(d) {
		if d.Kind == Strike {
			d.Kind = Reset
		}
		r.strike(d, true)
	}
	if d.Kind == Cut {
		r.until(d.For, never)
		r.sim.Heal(r.hosts[0], r.hosts[1])
		r.sim.Heal(r.hosts[1], r.hosts[0])
	}
}

// inflictAt lets the damage strike where its point is reached, and reports
// whether it was.
func (r *run) inflictAt(d Damage) bool {
	struck := false
	r.sim.SetPoint(r.hosts[d.On], d.Point, func(reached uint64) bool {
		if reached != d.Nth || struck {
			return false
		}
		struck = true
		r.strike(d, false)
		return d.Kind == Strike
	})
	r.until(damageWait, func() bool { return struck })
	r.sim.SetPoint(r.hosts[d.On], d.Point, nil)
	return struck
}

func (r *run) strike(d Damage, late bool) {
	a, b := r.hosts[0], r.hosts[1]
	r.outcome.Struck = append(r.outcome.Struck, Struck{Damage: d, At: r.sim.Now(), Late: late})
	r.sim.Note("fault."+d.Kind.Fault(), slog.String("fault", d.Fault()))
	switch d.Kind {
	case Reset:
		r.sim.Reset(a, b)
	case Swallow:
		r.swallow++
		r.sim.Reset(a, b)
	case Cut:
		r.cut(r.hosts[d.Side], r.hosts[1-d.Side], d.OneWay)
	case MarkDown:
		r.markDown(d)
	case Restart, Respawn:
		r.restart(d)
	}
}

func (r *run) cut(from, to *sim.Host, oneWay bool) {
	r.sim.Cut(from, to)
	if !oneWay {
		r.sim.Cut(to, from)
	}
}

func (r *run) markDown(d Damage) {
	p := r.parties[d.Side]
	if p.m == nil {
		return
	}
	r.forgotten = true
	r.owed[d.Side] += afterwards
	p.told = d.Told
	if p.leaving = d.Inside; !d.Inside {
		p.loop.Post(p.markDown)
	}
}

// restart ends a side and starts it again. A peer that dials hears of a new nonce
// as daemons do, from a map, and gives up the old instance. Until then it dials that,
// and must not take the new one for it.
func (r *run) restart(d Damage) {
	r.forgotten = true
	dead, other := r.addrOf(d.Side), r.parties[1-d.Side]
	nonce := r.parties[d.Side].nonce
	if d.NewNonce {
		nonce = 100 + r.lives[d.Side]
	}
	r.owed[d.Side] += afterwards
	r.features[d.Side] = d.Features
	r.start(d.Side, nonce, d.Kind == Respawn)
	r.ended()
	if !d.NewNonce || other.m == nil || (!r.plan.Pair.Peers && d.Side == 0) {
		return
	}
	other.loop.NewTimer(func() {
		if other.knows == dead {
			other.giveUp(other.m.ConnectTo(msg.EntityMon, dead))
		}
		other.knows = r.addrOf(d.Side)
		other.target()
	}).Reset(d.News)
}
