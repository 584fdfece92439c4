package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

// aim is a place in what a monitor and its client say to each other.
type aim struct {
	unit   string
	client bool // the client says it
}

// aims are the steps to a session, and what is said in it.
func aims() map[string]aim {
	return map[string]aim{
		"tcp":       {"banner", true},
		"handshake": {"connect", true},
		"auth":      {"MAuth", true},
		"let-in":    {"MAuthReply", false},
		"monmap":    {"MMonMap", false},
		"subscribe": {"MMonSubscribe", true},
		"config":    {"MConfig", false},
		"map":       {"MMgrMap", false},
		"keepalive": {"keepalive2_ack", false},
		"command":   {"MMonCommand", true},
		"tell":      {"MCommandReply", false},
		"log":       {"MLogAck", false},
	}
}

// anAim draws one. What makes a session is aimed at more often.
func anAim(d *Draw) aim {
	return aims()[d.Pick("at",
		"tcp", "handshake", "auth", "auth", "let-in", "let-in", "monmap", "monmap", "subscribe", "subscribe",
		"config", "map", "keepalive", "command", "tell", "log")]
}

// anyStep draws a step to a session that every client takes.
func anyStep(d *Draw) aim {
	return aims()[d.Pick("step", "tcp", "handshake", "auth", "let-in", "subscribe")]
}

// moncReset breaks connections between monitors and their clients at chosen places of
// their protocol: where TCP has let the client in, in the handshake, before the monitor
// hears who it is, before and behind the answer, before the subscriptions, and later.
// Either RST comes at the place, and with it what came just before is lost; or all from
// there on is held, so that what came before is heeded, and RST comes then. All sessions
// of the clients that are struck are reset before, so that they come by.
func moncReset() Scenario {
	return Scenario{
		Name:     "monc-reset",
		Doc:      "connections between clients and monitors break at chosen places on the way to a session and in it",
		Length:   90 * time.Second,
		Lacks:    "rule is simulated",
		Decode:   true,
		Bite:     (&faults.Rule{}).Kind(),
		Topology: manyClients,
		Plan: func(d *Draw, _ cluster.Topology) (faults.Plan, []Goal) {
			var plan faults.Plan
			at := d.Between("first", 2*time.Second, 6*time.Second)
			for i := range d.Int("times", 2, 5) {
				who, rule := cluster.RoleMgrs, aimedAt(d, anyStep(d), cluster.RoleMgrs)
				if i > 0 {
					who = aClient(d)
					rule = aimedAt(d, anAim(d), who)
				}
				reset := faults.Reset{A: cluster.RoleMons, B: who}
				plan = append(plan, faults.Step{At: at, Fault: rule}, faults.Step{At: at + 10*time.Millisecond, Fault: reset})
				at += d.Between("lasts", 500*time.Millisecond, 9*time.Second)
				if rule.Verdict == sim.HoldBack() {
					plan = append(plan, faults.Step{At: at, Fault: reset})
				}
				at += 10 * time.Millisecond
				plan = append(plan, faults.Step{At: at, Fault: faults.LinkMend{Of: rule}})
				at += d.Between("gap", 0, 6*time.Second)
			}
			last := len(plan) - 1
			return plan, []Goal{sessions(last, huntBound), served(last)}
		},
	}
}

// aimedAt draws what becomes of those who come by, and how often on each path RST comes.
func aimedAt(d *Draw, a aim, who string) *faults.Rule {
	r := &faults.Rule{From: cluster.RoleMons, To: who, Unit: a.unit, Verdict: sim.HoldBack()}
	if a.client {
		r.From, r.To = r.To, r.From
	}
	if d.Chance("hold", 2) {
		return r
	}
	r.Verdict, r.Times = sim.BreakOff(), d.Int("hits", 1, 4)
	return r
}
