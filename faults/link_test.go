package faults_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/sim"
)

func TestLinkFaults_landAndAreMended(t *testing.T) {
	path := faults.Path{A: "mons", B: "mgr.x", Direction: faults.To}
	for _, tt := range []struct {
		fault faults.LinkFault
		text  string
	}{
		{
			&faults.Delay{Path: path, Delay: sim.Delay{Shape: sim.DelayPareto, Scale: time.Millisecond, Tail: 1200}},
			"delay mons -> mgr.x pareto min 0s scale 1ms alpha 1.200",
		},
		{&faults.Bandwidth{Path: path, BytesPerSecond: 10_000}, "bandwidth mons -> mgr.x 10000 B/s"},
		{&faults.MTU{Path: path, Payload: 200}, "mtu mons -> mgr.x 200 B"},
		{&faults.Stall{Path: faults.Path{A: "mons", B: "mgr.x"}}, "stall mons <-> mgr.x"},
		{
			&faults.Stall{Path: faults.Path{A: "mons", B: "mgr.x", Direction: faults.From, Network: "public"}},
			"stall mons <- mgr.x on public",
		},
	} {
		t.Run(tt.text, func(t *testing.T) {
			if got := tt.fault.String(); got != tt.text {
				t.Errorf("in words: %s", got)
			}
			w, c := healthy(t, 1)
			if n := strike(t, c, tt.fault) + tt.fault.Landed(c); n != 0 {
				t.Errorf("landed %d before anything happened", n)
			}
			for range 3 {
				strike(t, c, faults.FailMgr{}) // makes monitors talk
				w.Run(20 * time.Second)
			}
			landed := tt.fault.Landed(c)
			if landed == 0 {
				t.Error("never landed")
			}
			mend := faults.LinkMend{Of: tt.fault}
			if n := strike(t, c, mend); n < 3 {
				t.Errorf("mended %d links", n)
			}
			if mend.Undoes() != faults.Fault(tt.fault) || mend.String() != "link-mend "+tt.text {
				t.Errorf("in words: %v", mend)
			}
			strike(t, c, faults.FailMgr{})
			w.Run(5 * time.Minute)
			if n := tt.fault.Landed(c); n != landed {
				t.Errorf("landed %d before it was mended and %d afterwards", landed, n)
			}
			if !c.View().Available() {
				t.Error("the cluster does not serve")
			}
		})
	}
}

func TestLinkFaults_leaveOtherLinksAlone(t *testing.T) {
	w, c := healthy(t, 1)
	f := &faults.Stall{Path: faults.Path{A: "mon.a", B: "mgr.x", Direction: faults.To}}
	strike(t, c, f)
	if n := strike(t, c, faults.LinkMend{Of: f}); n != 1 {
		t.Errorf("struck %d links", n)
	}
	both := &faults.Stall{Path: faults.Path{A: cluster.RoleMons, B: cluster.RoleMons}}
	strike(t, c, both)
	if n := strike(t, c, faults.LinkMend{Of: both}); n != 6 { // each once
		t.Errorf("struck %d links between three monitors", n)
	}
	w.Run(time.Minute)
}

func TestCut_ofOneNetwork(t *testing.T) {
	w, c := healthy(t, 1)
	cut := &faults.Cut{A: cluster.RoleActiveMgr, B: cluster.RoleMons, Direction: faults.Both, Network: "public"}
	gone := c.View().ActiveMgr()
	strike(t, c, cut)
	if !w.Until(time.Minute, func() bool { return c.View().Available() && c.View().ActiveMgr() != gone }) {
		t.Error("nobody takes over")
	}
	if cut.Landed(c) == 0 {
		t.Error("never landed")
	}
	heal := faults.Heal{Cut: cut}
	if n := strike(t, c, heal); n != 6 {
		t.Errorf("healed %d links", n)
	}
	if cut.String() != "cut active-mgr <-> mons on public" || heal.String() != "heal active-mgr <-> mons on public" {
		t.Errorf("in words: %v, %v", cut, heal)
	}
	if _, err := (&faults.Cut{A: "mon.a", B: "mon.b", Network: "cluster"}).Strike(c); err == nil {
		t.Error("cut a network that is not there")
	}
}

func TestClog_isUndoneMachineByMachine(t *testing.T) {
	w, c := healthy(t, 1)
	names := []string{"mon.a", "mon.b", "mon.c", "mgr.x"}
	draws := sim.NewStream(3, "swizzle")
	plan := faults.Swizzle(names, time.Second, 2*time.Second, draws.IntN)
	var clogged, unclogged []string
	began, landed := w.Now(), 0
	for i, step := range plan {
		if want := time.Second + time.Duration(i)*2*time.Second; step.At != want {
			t.Errorf("step %d is at %v, want %v", i, step.At, want)
		}
		w.Run(began + step.At - w.Now())
		n := strike(t, c, step.Fault)
		switch f := step.Fault.(type) {
		case *faults.Clog:
			clogged = append(clogged, f.Who)
			if !w.Sim().Host(f.Who).Clogged() {
				t.Errorf("%v did not", f)
			}
		case faults.Unclog:
			unclogged = append(unclogged, f.Of.Who)
			if n != 1 || w.Sim().Host(f.Of.Who).Clogged() {
				t.Errorf("%v: %d", f, n)
			}
			landed += f.Of.Landed(c)
		}
	}
	if landed == 0 {
		t.Error("never landed")
	}
	if slices.Equal(clogged, unclogged) {
		t.Errorf("unclogged in the same order: %v", clogged)
	}
	for _, order := range [][]string{clogged, unclogged} {
		slices.Sort(order)
		if sorted := []string{"mgr.x", "mon.a", "mon.b", "mon.c"}; !slices.Equal(order, sorted) {
			t.Errorf("struck %v", order)
		}
	}
	if !w.Until(time.Minute, c.View().Available) {
		t.Error("the cluster does not serve")
	}
}

func TestLinkFaults_refuse(t *testing.T) {
	_, c := healthy(t, 1)
	path := faults.Path{A: "mon.a", B: "mon.b"}
	for _, f := range []faults.Fault{
		&faults.Delay{Path: path, Delay: sim.Delay{Shape: sim.DelayPareto}},
		&faults.Bandwidth{Path: path},
		&faults.MTU{Path: path},
		&faults.Stall{Path: faults.Path{A: "mon.a", B: "mon.b", Network: "cluster"}},
	} {
		if _, err := f.Strike(c); err == nil {
			t.Errorf("%v was taken", f)
		}
	}
	for _, f := range []faults.Fault{&faults.Stall{Path: faults.Path{A: "mon.a", B: "nobody"}}, &faults.Clog{Who: "nobody"}} {
		if _, err := f.Strike(c); !errors.Is(err, cluster.ErrUnknown) {
			t.Errorf("%v: %v", f, err)
		}
	}
}

func TestLinkFaults_needSimulatedMachines(t *testing.T) {
	w, err := cluster.NewTCP(cluster.TCPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	c := cluster.Deploy(w, cluster.Topology{Mons: 1, Mgrs: 1})
	path := faults.Path{A: "mon.a", B: "mgr.x"}
	for _, f := range []faults.Fault{
		&faults.Delay{Path: path}, &faults.Bandwidth{Path: path, BytesPerSecond: 1}, &faults.MTU{Path: path, Payload: 1},
		&faults.Stall{Path: path}, &faults.Cut{A: "mon.a", B: "mgr.x", Network: "public"},
	} {
		if _, err := f.Strike(c); !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v: %v", f, err)
		}
	}
}
