package invariant

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

type events = []cluster.Observation

// tick is a fact that says nothing, at which checkers look around.
func tick(seconds int) cluster.Observation { return at(seconds, "mon.a", host.Mark{}) }

func hunt(mons, reason string) monc.HuntBegun { return monc.HuntBegun{Mons: mons, Reason: reason} }

var (
	first     = hunt("a,b,c", monc.HuntAuthenticate)
	tooLong   = hunt("a,b,c", monc.HuntTooLong)
	afterLoss = hunt("a,b,c", monc.LostReset)
	opened    = monc.SessionOpened{GID: 9, Mon: "a"}
	reset     = monc.SessionLost{GID: 9, Mon: "a", Reason: monc.LostReset}
	serves    = mon.Role{Role: cluster.Leader, Active: true}
)

// TestClientCheckers is TestCheckers for what monitor clients promise.
func TestClientCheckers(t *testing.T) {
	const client = "mgr.x"
	damaged := calm{damaged: true}
	tests := []struct {
		name, property string
		timeline       calm
		good, bad      events
	}{
		{
			"a hunt is followed by another", "I-MC-2", damaged,
			events{at(1, client, first), at(4, client, tooLong), tick(9), tick(11)},
			events{at(1, client, first), tick(8), tick(9)},
		}, {
			"or by a session", "I-MC-2", damaged,
			events{at(1, client, first), at(3, client, opened), tick(20), tick(99)},
			events{at(1, client, first), at(3, client, opened), at(50, client, reset), at(50, client, afterLoss), tick(60), tick(61)},
		}, {
			"each hunt may take longer", "I-MC-2", damaged,
			events{at(1, client, first), at(2, client, opened), at(3, client, reset), at(3, client, afterLoss), at(7, client, tooLong), at(14, client, tooLong), tick(35)},
			events{at(1, client, first), at(2, client, opened), at(3, client, reset), at(3, client, afterLoss), at(7, client, tooLong), at(14, client, tooLong), tick(35), tick(36)},
		}, {
			"health makes hunts short again", "I-MC-2", damaged,
			events{at(1, client, first), at(2, client, opened), at(3, client, reset), at(3, client, afterLoss), at(7, client, tooLong), at(13, client, tooLong), at(20, client, opened), at(25, client, reset), at(25, client, afterLoss), tick(46)},
			events{at(1, client, first), at(2, client, opened), at(3, client, reset), at(3, client, afterLoss), at(7, client, tooLong), at(13, client, tooLong), at(20, client, opened), at(120, client, reset), at(120, client, afterLoss), tick(130), tick(131)},
		}, {
			"no process hunts for nobody", "I-MC-2", calm{damaged: true, down: true},
			events{at(1, client, first), tick(20), tick(40)}, nil,
		}, {
			"nor one that stands still", "I-MC-2", calm{damaged: true, paused: 100 * time.Second},
			events{at(1, client, first), tick(20), tick(40), tick(80)}, nil,
		}, {
			"a new process hunts anew", "I-MC-2", damaged,
			events{at(1, client, first), tick(8), restarted(9, client, first), tick(10), tick(12)},
			events{at(1, client, first), tick(8), restarted(9, client, first), tick(16), tick(17)},
		}, {
			"hunts do not come too often", "I-MC-2", damaged,
			events{at(1, client, first), at(3, client, tooLong), at(3, client, hunt("a", monc.LostAsked))},
			events{at(1, client, first), at(2, client, tooLong)},
		}, {
			"nor with too many", "I-MC-2", damaged, nil,
			events{at(1, client, hunt("a,b,c,d", monc.HuntAuthenticate))},
		}, {
			"nor like a storm", "I-MC-2", damaged, nil, storm(client),
		}, {
			"a session is found", "I-MC-2", calm{since: 10 * time.Second},
			events{at(8, "mon.a", serves), at(9, client, first), at(12, client, tooLong), at(15, client, tooLong), at(18, client, tooLong), at(21, client, tooLong)},
			events{at(8, "mon.a", serves), at(9, client, first), at(12, client, tooLong), at(15, client, tooLong), at(18, client, tooLong), at(22, client, tooLong)},
		}, {
			"where somebody leads", "I-MC-2", calm{since: 10 * time.Second},
			events{at(8, "mon.a", serves), at(9, client, first), at(12, client, tooLong), at(15, client, tooLong), at(18, "mon.a", mon.Role{Role: "electing"}), at(18, client, tooLong), at(22, client, tooLong)}, nil,
		}, {
			"with a majority", "I-MC-2", calm{since: 10 * time.Second, dead: "mon.b mon.c"},
			events{at(8, "mon.a", serves), at(9, client, first), at(12, client, tooLong), at(15, client, tooLong), at(18, client, tooLong), at(22, client, tooLong)}, nil,
		}, {
			"authenticated means a session", "I-MC-2", damaged,
			events{at(1, client, first), at(2, client, opened), at(2, client, monc.Authenticated{GID: 9})},
			events{at(1, client, first), at(2, client, opened), at(2, client, reset), at(2, client, monc.Authenticated{GID: 9})},
		}, {
			"and an error none", "I-MC-2", damaged,
			events{at(1, client, first), at(3, client, monc.Authenticated{Error: "refused"})}, nil,
		}, {
			"a healthy session is kept", "I-MC-3", calm{since: 10 * time.Second},
			events{at(1, "mon.a", serves), at(20, client, opened), at(30, client, reset)},
			events{at(1, "mon.a", serves), at(20, client, opened), at(90, client, reset)},
		}, {
			"its keepalives are answered", "I-MC-3", calm{since: 10 * time.Second},
			events{at(20, client, opened), at(90, client, monc.SessionLost{Reason: monc.LostAsked}), at(91, client, monc.SessionLost{Reason: monc.LostLeft})},
			events{at(20, client, opened), at(90, client, monc.SessionLost{Reason: monc.LostSilent})},
		}, {
			"unless its monitor has changed", "I-MC-3", calm{since: 10 * time.Second},
			events{at(20, client, opened), at(70, "mon.a", mon.Role{Role: "electing"}), at(90, client, reset)}, nil,
		}, {
			"or is damaged", "I-MC-3", damaged, events{at(20, client, opened), at(90, client, reset)}, nil,
		}, {
			"a new session is told of everything", "I-MAP-7", damaged,
			events{
				at(1, client, monc.Wanted{What: "mgrmap"}), at(1, client, monc.Wanted{What: "osdmap", Start: 3, OneTime: true}), at(1, client, first), at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:0 osdmap:3!"}),
				at(2, client, monc.Received{What: "mgrmap", Epoch: 7}), at(2, client, monc.Received{What: "osdmap", Epoch: 3}),
				at(3, client, reset), at(3, client, afterLoss), at(3, client, opened), at(3, client, monc.Subscribed{What: "mgrmap:8"}), at(4, client, monc.Received{What: "mgrmap", Epoch: 8}),
			},
			events{
				at(1, client, monc.Wanted{What: "mgrmap"}), at(1, client, monc.Wanted{What: "osdmap"}), at(1, client, first), at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:0"}),
				at(2, client, monc.Received{What: "mgrmap", Epoch: 7}),
			},
		}, {
			"from after what it has", "I-MAP-7", damaged, nil,
			events{
				at(1, client, monc.Wanted{What: "mgrmap"}), at(1, client, first), at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:0"}),
				at(2, client, monc.Received{What: "mgrmap", Epoch: 7}), at(3, client, reset), at(3, client, afterLoss), at(3, client, opened), at(3, client, monc.Subscribed{What: "mgrmap:0"}),
			},
		}, {
			"what comes during the hunt may be told later", "I-MAP-7", damaged,
			events{
				at(1, client, monc.Wanted{What: "mgrmap"}), at(1, client, first), at(1, client, monc.Wanted{What: "mgrmap", Start: 5}), at(1, client, monc.Wanted{What: "osdmap"}),
				at(2, client, opened), at(2, client, monc.Subscribed{What: "mgrmap:0"}), at(3, client, monc.Received{What: "mgrmap", Epoch: 5}), at(3, client, monc.Subscribed{What: "osdmap:0"}),
			}, nil,
		}, {
			"subscribers catch up", "I-MAP-8", calm{since: -time.Hour},
			events{at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:0"}), at(2, client, monc.Received{What: "mgrmap", Epoch: 4}), at(5, "mon.a", mgrmap(5, 0, false, "")), tick(16), at(17, client, monc.Received{What: "mgrmap", Epoch: 5}), tick(40)},
			events{at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:0"}), at(2, client, monc.Received{What: "mgrmap", Epoch: 4}), at(5, "mon.a", mgrmap(5, 0, false, "")), tick(16), tick(18)},
		}, {
			"to what they have asked for", "I-MAP-8", calm{since: -time.Hour},
			events{
				at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:7 osdmap:0!"}), at(5, "mon.a", mgrmap(5, 0, false, "")), at(5, "mon.a", blocking(5, "")), tick(16), tick(40),
				at(40, client, reset), at(41, "mon.a", mgrmap(8, 0, false, "")), tick(80),
			}, nil,
		}, {
			"once the damage is over", "I-MAP-8", calm{since: 5 * time.Second},
			events{at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:0"}), at(5, "mon.a", mgrmap(5, 0, false, "")), tick(60)},
			events{at(1, client, opened), at(1, client, monc.Subscribed{What: "mgrmap:0"}), at(5, "mon.a", mgrmap(5, 0, false, "")), tick(60), tick(70)},
		}, {
			"only who is tried is heeded", "I-MC-5", damaged,
			events{at(1, client, first), at(1, client, opened), at(2, client, reset), at(2, client, monc.HuntBegun{Mons: "b,c"}), at(3, client, monc.SessionOpened{GID: 4097, Mon: "c"}), at(3, client, monc.Subscribed{Mon: "c"})},
			events{at(1, client, first), at(1, client, opened), at(2, client, monc.SessionOpened{GID: 4097, Mon: "b"})},
		}, {
			"one who was given up is not", "I-MC-5", damaged, nil,
			events{at(1, client, monc.HuntBegun{Mons: "a,b"}), at(2, client, monc.HuntBegun{Mons: "c"}), at(3, client, monc.SessionOpened{GID: 4097, Mon: "b"})},
		}, {
			"the session is asked, and nobody else", "I-MC-5", damaged, nil,
			events{at(1, client, first), at(1, client, opened), at(1, client, monc.Subscribed{Mon: "b"})},
		}, {
			"nothing after a shutdown", "I-MSG-9", damaged,
			events{at(1, client, reset), at(1, client, monc.ShutDown{}), at(1, client, monc.Authenticated{Error: "shut down"}), restarted(2, client, opened)},
			events{at(1, client, first), at(1, client, monc.ShutDown{}), at(1, client, opened)},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if v := feed(t, tt.property, tt.timeline, tt.good); v != "" {
				t.Errorf("a good history is refused: %s", v)
			}
			if v := feed(t, tt.property, tt.timeline, tt.bad); v == "" && tt.bad != nil {
				t.Error("a bad history passes")
			}
		})
	}
}

// storm is one hunt too many within seconds, each after a session.
func storm(client string) (h events) {
	for range maxHunts {
		h = append(h, at(3, client, afterLoss), at(3, client, opened), at(3, client, reset))
	}
	return append(h, at(3, client, afterLoss))
}
