package msgr_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// bare is a daemon whose messenger nothing was done to yet: its journal is no
// dispatcher.
func (w *world) bare(name, addr string, cfg msgr.Config) *daemon {
	d := &daemon{journal: &journal{}, h: w.host(name, addr)}
	cfg.Label = name
	d.loop = d.h.NewLoop("dispatch")
	d.m = msgr.New(d.h, d.loop, cfg)
	d.m.SetDefaultPolicy(msgr.StatelessServer())
	return d
}

func TestBindRange_takesTheFirstPortThatIsFreeAndNotAvoided(t *testing.T) {
	for _, tt := range []struct {
		name      string
		taken     []uint16
		low, high uint16
		avoid     []uint16
		want      uint16
		err       error
	}{
		{"the first", nil, 6800, 6803, nil, 6800, nil},
		{"a range of one", nil, 6800, 6800, nil, 6800, nil},
		{"after taken ones", []uint16{6800, 6801}, 6800, 6803, nil, 6802, nil},
		{"after avoided ones", nil, 6800, 6803, []uint16{6801, 6800}, 6802, nil},
		{"after both", []uint16{6800, 6802}, 6800, 6803, []uint16{6801}, 6803, nil},
		{"the last port there is", []uint16{65534}, 65534, 65535, nil, 65535, nil},
		{"all taken", []uint16{6800, 6801}, 6800, 6801, nil, 0, host.ErrAddrInUse},
		{"all avoided", nil, 6800, 6801, []uint16{6800, 6801}, 0, host.ErrAddrInUse},
		{"an empty range", nil, 6801, 6800, nil, 0, host.ErrAddrInUse},
		{"the last port is taken", []uint16{65535}, 65535, 65535, nil, 0, host.ErrAddrInUse},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld()
			for _, port := range tt.taken {
				other := w.daemon(fmt.Sprintf("other-%d", port), "10.0.0.1", msgr.Config{})
				other.bind(t, port)
			}
			d := w.bare("osd", "10.0.0.1", msgr.Config{})
			err := d.m.BindRange(d.h.addr, tt.low, tt.high, tt.avoid...)
			if got := d.m.Addr().IP.Port(); got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("bound to port %d, %v; want %d, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestBind_refuses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		prepare func(*msgr.Messenger)
		at      string
		want    error
	}{
		{"a foreign address", func(*msgr.Messenger) {}, "10.0.0.99:1", host.ErrAddrNotAvailable},
		{"twice", func(m *msgr.Messenger) { _ = m.Bind(addrPort("10.0.0.1:1")) }, "10.0.0.1:2", msgr.ErrBound},
		{"after Shutdown", (*msgr.Messenger).Shutdown, "10.0.0.1:1", msgr.ErrShutdown},
	} {
		d := newWorld().bare("osd", "10.0.0.1", msgr.Config{})
		tt.prepare(d.m)
		if err := d.m.Bind(addrPort(tt.at)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
	d := newWorld().bare("osd", "10.0.0.1", msgr.Config{})
	if d.m.Bind(addrPort("10.0.0.99:1")) == nil || d.m.Bind(addrPort("10.0.0.1:0")) != nil || d.m.Addr().IP.Port() == 0 {
		t.Errorf("after a Bind that failed another one left us at %v", d.m.Addr())
	}
	d.m.Shutdown()
	if err := d.m.Start(); !errors.Is(err, msgr.ErrShutdown) {
		t.Errorf("Start after Shutdown: %v", err)
	}
}

// TestReady_takesBindStartAndADispatcher in any order. Before the last of them
// nobody is served, and who came early is served then.
func TestReady_takesBindStartAndADispatcher(t *testing.T) {
	type step struct {
		name string
		do   func(*daemon) error
	}
	bind := step{"bind", func(d *daemon) error { return d.m.Bind(addrPort("10.0.0.1:6789")) }}
	start := step{"start", func(d *daemon) error { return d.m.Start() }}
	dispatcher := step{"dispatcher", func(d *daemon) error { d.m.AddDispatcherHead(d.journal); return nil }}
	for _, steps := range [][]step{
		{bind, start, dispatcher}, {bind, dispatcher, start}, {start, bind, dispatcher},
		{start, dispatcher, bind}, {dispatcher, bind, start}, {dispatcher, start, bind},
	} {
		t.Run(fmt.Sprint(steps[0].name, " ", steps[1].name, " ", steps[2].name), func(t *testing.T) {
			w := newWorld()
			d := w.bare("mon.a", "10.0.0.1", msgr.Config{Name: monName(0)})
			peer := w.daemon("mgr.x", "10.0.0.2", msgr.Config{Name: mgrName(1), Nonce: 7})
			to := msg.EntityAddr{Type: msg.AddrLegacy, IP: addrPort("10.0.0.1:6789")}
			peer.m.SendTo(msg.EntityMon, to, ping(1, nil))
			for i, s := range steps {
				if w.run(time.Second); slices.Contains(peer.events, "connect") || len(d.messages) > 0 {
					t.Fatalf("served before %s", s.name)
				}
				if err := s.do(d); err != nil {
					t.Fatal(err)
				}
				if i < len(steps)-1 && len(d.messages)+len(d.events) > 0 {
					t.Errorf("told %q after %s", d.events, s.name)
				}
			}
			w.run(9 * time.Second)
			wantEvents(t, d, "accept")
			wantTids(t, d.journal, 1)
		})
	}
}

// TestReady_isNotWaitedForByAClient: only accepted connections need a first
// dispatcher and Start.
func TestReady_isNotWaitedForByAClient(t *testing.T) {
	p := newPair(t, msgr.Options{})
	d := p.w.bare("client", "10.0.0.3", msgr.Config{Nonce: 3})
	d.m.SendTo(msg.EntityMon, p.mon.m.Addr(), ping(1, nil))
	p.w.settle()
	wantTids(t, p.mon.journal, 1)
}

// TestClient_neverBinds: such a messenger has no port, learns its address, and
// each of two with one address has its own session.
func TestClient_neverBinds(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.mon.m.SetDefaultPolicy(msgr.StatefulServer())
	other := p.w.daemon("client", "10.0.0.2", msgr.Config{Name: mgrName(2), Nonce: 78})
	if got := p.mgr.m.Addr().IP; got != addrPort("0.0.0.0:0") {
		t.Errorf("the address is %v before anybody told it", got)
	}
	for i, d := range []*daemon{p.mgr, other} {
		if err := d.m.Start(); err != nil {
			t.Error(err)
		}
		d.m.SendTo(msg.EntityMon, p.mon.m.Addr(), ping(uint64(i+1), nil))
		p.w.settle()
		if got := d.m.Addr(); got.IP != addrPort("10.0.0.2:0") {
			t.Errorf("the address is %v", got)
		}
	}
	wantTids(t, p.mon.journal, 1, 2)
	wantEvents(t, p.mon, "accept", "accept")
	if n := len(p.w.listeners); n != 1 {
		t.Errorf("%d listeners, want the monitor's", n)
	}
	if err := p.mgr.m.Rebind(); !errors.Is(err, msgr.ErrNotBound) {
		t.Errorf("Rebind of a client: %v", err)
	}
	wantEvents(t, p.mgr, "connect")
}

// TestMessengers_shareAProcess: a public and a cluster one, and a client's; what
// happens to one is nothing to the others.
func TestMessengers_shareAProcess(t *testing.T) {
	w := newWorld()
	osd, osd0 := w.host("osd.0", "10.0.0.1"), msg.EntityName{Type: msg.EntityOSD, Num: 0}
	var all []*daemon
	for i, label := range []string{"public", "cluster", "client"} {
		d := &daemon{journal: &journal{}, h: osd, loop: osd.NewLoop(label)}
		d.m = msgr.New(osd, d.loop, msgr.Config{Label: label, Name: osd0, Nonce: uint32(i + 1), Workers: 2})
		d.m.SetDefaultPolicy(msgr.LosslessPeer())
		d.m.AddDispatcherTail(d.journal)
		all = append(all, d)
	}
	public, cluster, client := all[0], all[1], all[2]
	public.bind(t, 6800)
	cluster.bind(t, 6801)
	for _, d := range []*daemon{cluster, client} {
		d.m.SendTo(msg.EntityOSD, public.m.Addr(), ping(uint64(d.m.Addr().Nonce), nil))
	}
	client.m.SendTo(msg.EntityOSD, cluster.m.Addr(), ping(9, nil))
	w.settle()
	wantTids(t, public.journal, 2, 3)
	wantTids(t, cluster.journal, 9)
	public.m.Shutdown()
	client.m.SendTo(msg.EntityOSD, cluster.m.Addr(), ping(10, nil))
	w.run(time.Second)
	wantTids(t, cluster.journal, 9, 10)
	for name, l := range osd.loops {
		if want := name == "public/worker-0" || name == "public/worker-1"; l.closed != want {
			t.Errorf("loop %s: closed is %v", name, l.closed)
		}
	}
}

func TestSendTo_isConnectToAndSend(t *testing.T) {
	p := newPair(t, msgr.Options{})
	conns := p.w.watchConns()
	for i := range uint64(3) {
		p.mgr.m.SendTo(msg.EntityMon, p.mon.m.Addr(), ping(i+1, nil))
	}
	p.w.settle()
	p.mon.m.SendTo(msg.EntityMon, p.mon.m.Addr(), ping(4, nil))
	p.w.settle()
	wantTids(t, p.mon.journal, 1, 2, 3, 4)
	if len(*conns) != 1 {
		t.Errorf("%d sockets were dialled", len(*conns))
	}
}
