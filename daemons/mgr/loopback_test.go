package mgr_test

import (
	"sync"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// A manager over real sockets, in real time, from its first session to its
// respawn. It shows that the parts fit; the rules are tested in virtual time.
func TestLoopback(t *testing.T) {
	monHost := oshost.New(oshost.Options{Name: "mon.a"})
	t.Cleanup(monHost.Kill)
	mons := monctest.NewMonsOn([]host.Host{monHost})
	mon := mons.List[0]

	facts := make(chan host.Fact, 1000)
	respawned := make(chan string, 1)
	h := oshost.New(oshost.Options{
		Name:      "mgr.x",
		OnFact:    func(f host.Fact) { facts <- f },
		OnRespawn: func(reason string) { respawned <- reason },
	})
	t.Cleanup(h.Kill)
	s, err := mgr.New(h, mgr.Config{
		Name: "x", FSID: monctest.FSID(), MonMap: mons.MonMap(),
		Options: mgr.Options{TickPeriod: 50 * time.Millisecond, StrictMgrMapEpoch: true},
	})
	if err == nil {
		err = s.Start()
	}
	if err != nil {
		t.Fatal(err)
	}

	first := await[mgr.BeaconSent](t, facts, func(mgr.BeaconSent) bool { return true })
	push := func(m msg.MgrMap) { mon.Do(func() { mon.Push(&msg.MgrMapMsg{Map: m}) }) }
	push(msg.MgrMap{Epoch: 5, ActiveGID: first.GID, ActiveName: "x"})
	await(t, facts, func(f mgr.ModeChanged) bool { return f.Mode == mgr.ModeActive })
	reply := askOverLoopback(t, serverAddr(t, mon))
	if reply.Code != 0 {
		t.Errorf("version: code %d, %s", reply.Code, reply.Status)
	}
	push(msg.MgrMap{Epoch: 6, ActiveGID: first.GID + 1, ActiveName: "y"})
	if gone := await(t, facts, func(mgr.Respawning) bool { return true }); gone.Epoch != 6 || gone.GID != first.GID {
		t.Errorf("respawning with %+v", gone)
	}
	select {
	case <-respawned:
	case <-time.After(10 * time.Second):
		t.Fatal("the host was not respawned")
	}
}

// await takes facts until one matches.
func await[F host.Fact](t *testing.T, facts <-chan host.Fact, match func(F) bool) F {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		select {
		case f := <-facts:
			if f, ok := f.(F); ok && match(f) {
				return f
			}
		case <-limit:
			var none F
			t.Fatalf("no fact %q within 10 s", none.Kind())
		}
	}
}

// serverAddr is where the manager's beacons say that it serves.
func serverAddr(t *testing.T, mon *monctest.Mon) msg.EntityAddr {
	t.Helper()
	found := make(chan msg.EntityAddr, 1)
	var look func()
	look = func() {
		for _, r := range mon.Got(msg.TypeMgrBeacon) {
			if b := r.Body.(*msg.MgrBeacon); b.Available {
				found <- b.ServerAddrs.Legacy()
				return
			}
		}
		time.AfterFunc(10*time.Millisecond, func() { mon.Do(look) })
	}
	mon.Do(look)
	select {
	case addr := <-found:
		return addr
	case <-time.After(10 * time.Second):
		t.Fatal("no beacon of an available manager within 10 s")
		return msg.EntityAddr{}
	}
}

// asker waits for one command's answer.
type asker struct {
	msgr.BaseDispatcher
	once  sync.Once
	reply chan *msg.CommandReply
}

func (a *asker) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	if b, ok := m.Body.(*msg.CommandReply); ok {
		a.once.Do(func() { a.reply <- b })
	}
	return true
}

func askOverLoopback(t *testing.T, addr msg.EntityAddr) *msg.CommandReply {
	t.Helper()
	h := oshost.New(oshost.Options{Name: "client"})
	t.Cleanup(h.Kill)
	a := &asker{reply: make(chan *msg.CommandReply, 1)}
	m := msgr.New(h, h.NewLoop("dispatch"), msgr.Config{
		Name: client(), Nonce: h.PID(), Label: "client", Auth: msgr.AuthNone{Own: msg.EntityClient},
	})
	m.AddDispatcherTail(a)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	m.ConnectTo(msg.EntityMgr, addr).Send(msg.New(tell(`{"prefix": "version"}`)))
	select {
	case reply := <-a.reply:
		return reply
	case <-time.After(10 * time.Second):
		t.Fatal("no answer within 10 s")
		return nil
	}
}
