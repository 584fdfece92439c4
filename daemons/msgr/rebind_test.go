package msgr_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// TestRebind_takesAnotherIdentity: another nonce, a port that is not avoided,
// and every session ended and told so.
func TestRebind_takesAnotherIdentity(t *testing.T) {
	for _, tt := range []struct {
		name      string
		low, high uint16
		avoid     []uint16
		want      uint16 // 0: any
		err       error
	}{
		{"the port it had", 6800, 6810, nil, 6800, nil},
		{"the next port", 6800, 6810, []uint16{6800}, 6801, nil},
		{"past taken and avoided ones", 6800, 6810, []uint16{6800, 6801}, 6803, nil},
		{"any port", 0, 0, nil, 0, nil},
		{"any port but some", 0, 0, []uint16{40001, 40002, 40003, 40004, 40005}, 0, nil},
		{"no port left", 6800, 6800, []uint16{6800}, 6800, host.ErrAddrInUse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := newPair(t, msgr.Options{})
			d := p.w.daemon("mon.b", "10.0.0.5", msgr.Config{Name: monName(1), Nonce: 500})
			d.m.SetDefaultPolicy(msgr.StatelessServer())
			other := p.w.daemon("other", "10.0.0.5", msgr.Config{})
			other.bind(t, 6802)
			if err := errors.Join(d.m.BindRange(d.h.addr, tt.low, tt.high), d.m.Start()); err != nil {
				t.Fatal(err)
			}
			old := d.m.Addr()
			if !d.m.ConnectTo(msg.EntityMon, old).IsLoopback() {
				t.Error("the connection to ourselves is one to another")
			}
			ours := d.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
			theirs := p.mgr.m.ConnectTo(msg.EntityMon, old)
			p.w.settle()
			if err := d.m.Rebind(tt.avoid...); !errors.Is(err, tt.err) {
				t.Fatalf("%v, want %v", err, tt.err)
			}
			p.w.settle()

			got := d.m.Addr()
			if got.Nonce != 1_000_500 || got.IP.Addr() != d.h.addr {
				t.Errorf("the address is %v", got)
			}
			for _, port := range tt.avoid {
				if tt.err == nil && got.IP.Port() == port {
					t.Errorf("port %d was to be avoided", port)
				}
			}
			if port := got.IP.Port(); port == 0 || tt.want != 0 && port != tt.want {
				t.Errorf("the port is %d, want %d", port, tt.want)
			}
			wantEvents(t, d, "connect", "accept", "reset", "reset")
			wantEvents(t, p.mgr, "connect", "reset")
			if ours.IsConnected() || theirs.IsConnected() || d.m.Connections() != 0 {
				t.Error("a session has survived")
			}
			checkListensOnlyAt(t, p, d, old, tt.err == nil)
		})
	}
}

// checkListensOnlyAt looks for d at its address, if it listens, and in vain at
// the old one.
func checkListensOnlyAt(t *testing.T, p *pair, d *daemon, old msg.EntityAddr, listens bool) {
	t.Helper()
	n := 2 // mon and other
	p.mgr.m.SendTo(msg.EntityMon, old, ping(1, nil))
	if listens {
		n++
		if c := d.m.ConnectTo(msg.EntityMon, d.m.Addr()); !c.IsLoopback() || c.PeerAddr() != d.m.Addr() {
			t.Errorf("the connection to ourselves is one to %v", c.PeerAddr())
		}
		p.mgr.m.SendTo(msg.EntityMon, d.m.Addr(), ping(2, nil))
		d.m.SendTo(msg.EntityMon, d.m.Addr(), ping(3, nil))
	}
	p.w.run(time.Second)
	if listens {
		wantTids(t, d.journal, 3, 2)
	}
	if len(p.w.listeners) != n {
		t.Errorf("%d listeners, want %d", len(p.w.listeners), n)
	}
}

func TestRebind_refuses(t *testing.T) {
	d := newWorld().daemon("osd", "10.0.0.1", msgr.Config{Nonce: 5})
	if err := d.m.Rebind(); !errors.Is(err, msgr.ErrNotBound) {
		t.Errorf("before Bind: %v", err)
	}
	d.bind(t, 6800)
	if err := d.m.Rebind(6800); !errors.Is(err, host.ErrAddrInUse) {
		t.Errorf("with no port left: %v", err)
	}
	if err := d.m.Rebind(); !errors.Is(err, msgr.ErrNotBound) {
		t.Errorf("after one that failed: %v", err)
	}
	if err := d.m.Bind(addrPort("10.0.0.1:6801")); err != nil {
		t.Errorf("Bind after one that failed: %v", err)
	}
	d.m.Shutdown()
	if err := d.m.Rebind(); !errors.Is(err, msgr.ErrShutdown) {
		t.Errorf("after Shutdown: %v", err)
	}
}

// TestRebind_isAgainAndAgain: each one adds to the nonce.
func TestRebind_isAgainAndAgain(t *testing.T) {
	d := newWorld().daemon("osd", "10.0.0.1", msgr.Config{Nonce: 5})
	if err := d.m.BindRange(d.h.addr, 6800, 6810); err != nil {
		t.Fatal(err)
	}
	var avoid []uint16
	for i := range uint32(5) {
		if got := d.m.Addr(); got.Nonce != 5+1_000_000*i || got.IP.Port() != uint16(6800+i) {
			t.Errorf("after %d: %v", i, got)
		}
		avoid = append(avoid, d.m.Addr().IP.Port())
		if err := d.m.Rebind(avoid...); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClientReset_isAnotherInstanceToPeers, who keep lossless sessions apart.
func TestClientReset_isAnotherInstanceToPeers(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.mon.m.SetDefaultPolicy(msgr.StatefulServer())
	p.mgr.m.SetDefaultPolicy(msgr.LosslessClient())
	first := p.connect()
	first.Send(ping(1, nil))
	p.w.settle()
	p.mgr.m.ClientReset()
	p.w.settle()
	first.Send(ping(2, nil))
	second := p.connect()
	second.Send(ping(3, nil))
	p.w.settle()
	wantEvents(t, p.mgr, "connect", "reset", "connect")
	wantEvents(t, p.mon, "accept", "accept")
	wantTids(t, p.mon.journal, 1, 3)
	if a, b := p.mon.conns[0].PeerAddr(), p.mon.conns[1].PeerAddr(); a.Nonce != 77 || b.Nonce != 1_000_077 {
		t.Errorf("the peer saw %v and %v", a, b)
	}
}
