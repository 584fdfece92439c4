package msgr_test

import (
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// An anonymous connection is beside the one that is known by its peer's address: it
// neither is nor becomes that one, and its end does not touch that one.
func TestConnectAnonymously(t *testing.T) {
	p := newPair(t, msgr.Options{})
	to := p.mon.m.Addr()
	first := p.mgr.m.ConnectAnonymously(msg.EntityMon, to)
	known := p.connect()
	second := p.mgr.m.ConnectAnonymously(msg.EntityMon, to)
	p.w.settle()
	if first == known || first == second || second == known {
		t.Fatal("two of the connections are one")
	}
	if s := p.mgr.m.Stats(); s.Connections != 3 || s.Registered != 1 {
		t.Errorf("%+v, want 3 connections, one of them registered", s)
	}
	for i, c := range []*msgr.Connection{first, second, known} {
		m := msg.New(&msg.Ping{})
		m.Header.Tid = uint64(i + 1)
		c.Send(m)
		p.w.settle()
	}
	wantTids(t, p.mon.journal, 1, 2, 3)
	first.MarkDown()
	second.MarkDown()
	p.w.settle()
	if again := p.connect(); again != known {
		t.Error("the known connection is not known any more")
	}
	p.mgr.m.Shutdown()
	if s := p.mgr.m.Stats(); s.Connections != 0 {
		t.Errorf("%+v after the shutdown", s)
	}
	if c := p.mgr.m.ConnectAnonymously(msg.EntityMon, to); p.mgr.m.Stats().Connections != 0 || c == nil {
		t.Error("a connection after the shutdown")
	}
}
