package mon_test

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The tests of this file run monitors over real sockets and real time: they show
// that the parts fit, not what the rules are.

// facts collects what the monitors state.
type facts struct {
	mu   sync.Mutex
	list []host.Fact
}

func (f *facts) add(x host.Fact) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, x)
}

func (f *facts) find(match func(host.Fact) bool) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range f.list {
		if match(x) {
			return true
		}
	}
	return false
}

func newHost(t *testing.T, name, dir string, at netip.Addr, seen *facts) *oshost.Host {
	h := oshost.New(oshost.Options{
		Name: name, Dir: dir, Addrs: []netip.Addr{at},
		OnFact: func(f host.Fact) {
			if seen != nil {
				seen.add(f)
			}
		},
		OnExit: func(code int, reason string) { t.Errorf("%s left with %d: %s", name, code, reason) },
	})
	t.Cleanup(h.Kill)
	return h
}

// subscriber is a client that authenticates and then wants the mgrmap.
type subscriber struct {
	msgr.BaseDispatcher
	mu    sync.Mutex
	epoch uint32
	gid   uint64
}

func (s *subscriber) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch b := m.Body.(type) {
	case *msg.AuthReply:
		s.gid = b.GlobalID
		c.Send(msg.New(&msg.MonSubscribe{What: map[string]msg.Subscription{"mgrmap": {}}}))
	case *msg.MgrMapMsg:
		s.epoch = b.Map.Epoch
	}
	return true
}

func (s *subscriber) state() (gid uint64, epoch uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gid, s.epoch
}

func connect(t *testing.T, h host.Host, addr msg.EntityAddr) (*subscriber, *msgr.Connection) {
	t.Helper()
	loop := h.NewLoop("client")
	m := msgr.New(h, loop, msgr.Config{Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: "client"})
	s := &subscriber{}
	m.AddDispatcherTail(s)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	c := m.ConnectTo(msg.EntityMon, addr)
	req := msg.AuthRequest{Methods: []uint32{msg.AuthNone}, Name: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"}}
	c.Send(msg.New(&msg.Auth{Payload: req.Encode()}))
	return s, c
}

func waitFor(t *testing.T, what string, cond func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
	}
}

func fastOptions() mon.Options {
	o := mon.DefaultOptions()
	o.Lease, o.ElectionTimeout = time.Second, 500*time.Millisecond
	return o
}

func TestMon_threeOverTCP(t *testing.T) {
	fsid := wire.UUID{7}
	monmap := msg.NewMonMap(fsid, wire.UTime{Sec: 1700000000})
	seen := &facts{}
	net := loopbacktest.Net(t)
	hosts, dirs, addrs := map[string]*oshost.Host{}, map[string]string{}, map[string]netip.Addr{}
	for i, name := range []string{"a", "b", "c"} {
		dirs[name], addrs[name] = t.TempDir(), net.Addr(byte(i+1))
		hosts[name] = newHost(t, "mon-"+name, dirs[name], addrs[name], seen)
		monmap.Add(name, msg.AddrVec{{Type: msg.AddrLegacy, IP: netip.AddrPortFrom(addrs[name], 6789)}})
	}
	start := func(name string) {
		m, err := mon.New(hosts[name], mon.Config{Name: name, FSID: fsid, MonMap: monmap, Options: fastOptions()})
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range monmap.Ranks {
		start(name)
	}
	active := func(name string, since int) bool {
		seen.mu.Lock()
		defer seen.mu.Unlock()
		for _, f := range seen.list[since:] {
			if r, ok := f.(mon.Role); ok && r.Mon == name && r.Active {
				return true
			}
		}
		return false
	}
	for _, name := range monmap.Ranks {
		waitFor(t, "mon."+name+" in the quorum", func() bool { return active(name, 0) })
	}

	client := newHost(t, "client", "", net.Addr(200), nil)
	sub, c := connect(t, client, monmap.Addr(1))
	waitFor(t, "the first mgrmap", func() bool { _, epoch := sub.state(); return epoch == 1 })
	gid, _ := sub.state()
	c.Send(msg.New(&msg.MgrBeacon{FSID: fsid, GID: gid, Name: "x"}))
	waitFor(t, "the second mgrmap", func() bool { _, epoch := sub.state(); return epoch == 2 })
	for _, name := range monmap.Ranks {
		waitFor(t, "epoch 2 on mon."+name, func() bool {
			return seen.find(func(f host.Fact) bool {
				mc, ok := f.(mon.MapCommitted)
				return ok && mc.Mon == name && mc.Epoch == 2 && mc.ActiveGID == gid
			})
		})
	}

	// One monitor after another dies and comes back with its disk.
	for _, name := range monmap.Ranks {
		hosts[name].Kill()
		seen.mu.Lock()
		since := len(seen.list)
		seen.mu.Unlock()
		hosts[name] = newHost(t, "mon-"+name, dirs[name], addrs[name], seen)
		start(name)
		waitFor(t, "mon."+name+" back in the quorum", func() bool { return active(name, since) })
	}
	last, _ := connect(t, newHost(t, "client2", "", net.Addr(201), nil), monmap.Addr(0))
	waitFor(t, "the map after all restarts", func() bool { _, epoch := last.state(); return epoch == 2 })
}
