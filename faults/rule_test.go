package faults_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

func TestRule_inWords(t *testing.T) {
	for want, r := range map[string]faults.Rule{
		"rule mons -> mgr.y MMgrMap:12 hold": {
			From: "mons", To: "mgr.y", Unit: "MMgrMap", Number: 12, Verdict: sim.HoldBack(),
		},
		"rule mgr.x -> mon.a MMonSubscribe delay 2s skip 1 times 1": {
			From: "mgr.x", To: "mon.a", Unit: "MMonSubscribe", Skip: 1, Times: 1, Verdict: sim.DelayBy(2 * time.Second),
		},
		"rule mon.a -> mon.b connect_reply.RETRY_SESSION reset": {
			From: "mon.a", To: "mon.b", Unit: "connect_reply.RETRY_SESSION", Verdict: sim.BreakOff(),
		},
		"rule mon.a -> mon.b connection 2 byte 300 cut after 0": {
			From: "mon.a", To: "mon.b", Connection: 2, Byte: 300, Verdict: sim.CutAfter(0),
		},
		"rule mons -> mgrs flip bit 3 of 60 one in 4": {
			From: "mons", To: "mgrs", OneIn: 4, Verdict: sim.FlipBit(60, 3),
		},
		"rule mgrs -> mons ack open for 1s open for at most 2s pass": {
			From: "mgrs", To: "mons", Unit: "ack", MinAge: time.Second, MaxAge: 2 * time.Second,
		},
		"rule mons -> mgrs pass": {From: "mons", To: "mgrs"},
	} {
		if got := r.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if got := (faults.LinkMend{Of: &r}).String(); got != "link-mend "+want {
			t.Errorf("taken back it is %q", got)
		}
	}
}

// Rules strike at places in the real protocol, the cluster sees what that does to
// it, and is well again once they are gone.
func TestRule_atPlacesInTheProtocol(t *testing.T) {
	for _, tt := range []struct {
		rule faults.Rule
		want []string // in the trace
	}{
		{
			// Ceph's checksum finds what TCP's would not.
			faults.Rule{From: "mons", To: "mgrs", Unit: "MMgrMap", Times: 1, Verdict: sim.FlipBit(70, 3)},
			[]string{`"msg":"MMgrMap:`, "front: bad crc"},
		},
		{
			faults.Rule{From: "mons", To: "mgrs", Unit: "connect_reply.SEQ", Times: 1, Verdict: sim.BreakOff()},
			[]string{`"verdict":"reset","at":281,"msg":"connect_reply.SEQ"`, "connection reset by peer"},
		},
		{
			faults.Rule{From: "mons", To: "mons", Unit: "connect_reply.RETRY_SESSION", Verdict: sim.DelayBy(time.Second)},
			[]string{`"msg":"connect_reply.RETRY_SESSION"`},
		},
		{
			faults.Rule{From: "mons", To: "mgrs", Unit: "MMonMap", Times: 1, Verdict: sim.CutAfter(60)},
			[]string{`"verdict":"cut after 60","at":`, `"msg":"MMonMap:1"`},
		},
		{
			faults.Rule{From: "mgrs", To: "mons", Unit: "MMonSubscribe", Skip: 1, Times: 1, Verdict: sim.HoldBack()},
			[]string{`"verdict":"hold"`, `"msg":"MMonSubscribe"`},
		},
		{
			faults.Rule{From: "mgrs", To: "mons", Connection: 2, Byte: 9, Verdict: sim.DelayBy(3 * time.Second)},
			[]string{`"verdict":"delay 3s","at":8`},
		},
	} {
		t.Run(tt.rule.String(), func(t *testing.T) {
			var trace bytes.Buffer
			w := cluster.NewSim(cluster.SimConfig{Seed: 1, Trace: &trace, Decode: true})
			c := cluster.Deploy(w, cluster.Topology{Mons: 3, Mgrs: 2})
			c.Start()
			if !w.Until(time.Minute, c.View().Available) {
				t.Fatal("the cluster does not become healthy")
			}
			strike(t, c, &tt.rule)
			for range 3 {
				strike(t, c, faults.Reset{A: "mons", B: "mons"})
				strike(t, c, faults.Reset{A: "mons", B: "mgrs"})
				w.Run(time.Second)
			}
			strike(t, c, faults.FailMgr{})
			w.Run(time.Minute)
			if tt.rule.Landed(c) == 0 {
				t.Error("the rule has never struck")
			}
			strike(t, c, faults.LinkMend{Of: &tt.rule})
			w.Run(2 * time.Minute)
			if !c.View().Available() {
				t.Error("the cluster does not become healthy again")
			}
			w.Close()
			for _, want := range append(tt.want, `"kind":"net.rule"`) {
				if !strings.Contains(trace.String(), want) {
					t.Errorf("no %s in the trace", want)
				}
			}
		})
	}
}

// Units have names only where somebody reads along.
func TestRule_needsADecoder(t *testing.T) {
	_, c := healthy(t, 1)
	r := &faults.Rule{From: "mons", To: "mgrs", Unit: "MMgrMap", Verdict: sim.HoldBack()}
	if _, err := r.Strike(c); err == nil || !strings.Contains(err.Error(), "Config.Decoder is nil") {
		t.Errorf("got %v", err)
	}
}

// What is held is let go when the rule is taken back, and nothing is held after.
func TestRule_holdsUntilItIsTakenBack(t *testing.T) {
	w := cluster.NewSim(cluster.SimConfig{Seed: 1, Decode: true})
	defer w.Close()
	c := cluster.Deploy(w, cluster.Topology{Mons: 3, Mgrs: 2})
	c.Start()
	if !w.Until(time.Minute, func() bool { return c.View().Available() && c.View().NextMgr() != "" }) {
		t.Fatal("the cluster does not become healthy")
	}
	next := c.View().NextMgr()
	r := &faults.Rule{From: "mons", To: cluster.RoleNextMgr, Unit: "MMgrMap", Verdict: sim.HoldBack()}
	strike(t, c, r)
	strike(t, c, faults.FailMgr{})
	w.Run(5 * time.Second)
	if mode := c.View().Mode(next); c.View().ActiveMgr() != next || mode != mgr.ModeStandby {
		t.Errorf("%s is %s and %s is active, though the map that says so is held", next, mode, c.View().ActiveMgr())
	}
	strike(t, c, faults.LinkMend{Of: r})
	landed := r.Landed(c)
	w.Run(5 * time.Second)
	if mode := c.View().Mode(next); mode != mgr.ModeActive {
		t.Errorf("%s is %s, though the map was let go", next, mode)
	}
	strike(t, c, faults.FailMgr{})
	w.Run(time.Minute)
	if n := r.Landed(c) - landed; n != 0 {
		t.Errorf("the rule has struck %d times after it was taken back", n)
	}
}

// Skip, Times and OneIn are those of the rule. To let pass changes nothing, so that
// the runs are the same but for what is counted.
func TestRule_counts(t *testing.T) {
	landed := func(r faults.Rule) int {
		r.From, r.To, r.Unit = "mon.a", "mon.b", "MMonRaft"
		w := cluster.NewSim(cluster.SimConfig{Seed: 1, Decode: true})
		defer w.Close()
		c := cluster.Deploy(w, cluster.Topology{Mons: 3, Mgrs: 2})
		c.Start()
		strike(t, c, &r)
		w.Run(time.Minute)
		return r.Landed(c)
	}
	all := landed(faults.Rule{})
	if n := landed(faults.Rule{Skip: 3}); all < 10 || n != all-3 {
		t.Errorf("%d with 3 skipped, %d without", n, all)
	}
	if n := landed(faults.Rule{Times: 2}); n != 2 {
		t.Errorf("%d, want 2", n)
	}
	old, young := landed(faults.Rule{MinAge: 20 * time.Second}), landed(faults.Rule{MaxAge: 20 * time.Second})
	if old == 0 || young == 0 || old+young < all {
		t.Errorf("%d on old connections and %d on young ones of %d", old, young, all)
	}
	if old >= all || young >= all {
		t.Errorf("%d on old connections and %d on young ones, no less than all %d", old, young, all)
	}
	if n := landed(faults.Rule{OneIn: 3}); n == 0 || n >= all {
		t.Errorf("%d of %d, want a third", n, all)
	}
}
