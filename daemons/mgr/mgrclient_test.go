package mgr_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// somebody is a manager elsewhere that only listens.
type somebody struct {
	msgr.BaseDispatcher
	messenger *msgr.Messenger
	got       []msg.Body
}

func (s *somebody) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	s.got = append(s.got, m.Body)
	return true
}

func (m *manager) newSomebody() *somebody {
	m.t.Helper()
	p := m.world.NewProcess("mgr.y")
	s := &somebody{messenger: msgr.New(p, p.NewLoop("y"), msgr.Config{Name: msg.EntityName{Type: msg.EntityMgr, Num: 4242}, Nonce: p.PID(), Label: "y", Workers: 1})}
	s.messenger.SetDefaultPolicy(msgr.StatelessServer())
	s.messenger.AddDispatcherTail(s)
	if err := s.messenger.Bind(netip.AddrPortFrom(p.Network().Addrs()[0], 0)); err != nil {
		m.t.Fatal(err)
	}
	if err := s.messenger.Start(); err != nil {
		m.t.Fatal(err)
	}
	return s
}

// MS-3 and MS-16: a manager map is the Standby's before it is the manager client's, and
// both see it; an OSD map is the objecter's before the Standby goes by it.
func TestStandby_dispatchOrder(t *testing.T) {
	m := standingBy(t, nil)
	y := m.newSomebody()
	n := available(m.names(5, 4242))
	n.ActiveAddrs = y.messenger.Addrs()
	m.push(n)
	m.world.Run(time.Second)
	at := func(of func(host.Fact) bool) int { return slices.IndexFunc(m.process.Facts, of) }
	standby := at(func(f host.Fact) bool { a, ok := f.(mgr.MapApplied); return ok && a.Map == "mgrmap" })
	client := at(func(f host.Fact) bool { _, ok := f.(mgrc.SessionOpened); return ok })
	if standby < 0 || client < standby {
		t.Errorf("the Standby has the map as fact %d, the manager client as fact %d", standby, client)
	}
	if len(y.got) != 1 {
		t.Fatalf("the active manager got %v", y.got)
	}
	if o, ok := y.got[0].(*msg.MgrOpen); !ok || o.DaemonName != "x" || o.ServiceName != "" || o.ServiceDaemon {
		t.Errorf("the session begins with %+v", y.got[0])
	}
	old := m.names(4, 0)
	m.push(old) // strict: nobody gets to see it
	m.world.Run(time.Second)
	if lost := facts[mgrc.SessionLost](m); len(lost) != 0 {
		t.Errorf("a map that is not taken has cost the session: %+v", lost)
	}
}

// A map that waits for the fence goes on with the OSD map in which it is: the objecter
// has it by then.
func TestStandby_objecterFirst(t *testing.T) {
	m := standingBy(t, nil)
	n := m.names(5, m.gid())
	n.LastFailureOSDEpoch = 3
	m.push(n)
	m.world.Run(10 * time.Second)
	if m.mode() != mgr.ModeStarting {
		t.Fatalf("mode %q before the fence", m.mode())
	}
	full, _ := osdHistory(t, 3)
	m.pushOSDMap(&msg.OSDMap{Full: pick(full, 3), Oldest: 1, Newest: 3})
	m.within(5*time.Second, "available manager", func() bool { return m.mode() == mgr.ModeActive })
}

// An active manager reports to itself, once the monitors have told it what it is.
func TestMgr_reportsToItself(t *testing.T) {
	m := serving(t, nil)
	m.mons.Each(func(mon *monctest.Mon) { mon.Output = []byte(`{"name": "x", "hostname": "h"}`) })
	n := available(m.names(6, m.gid()))
	beacons := m.beacons()
	n.ActiveAddrs = beacons[slices.IndexFunc(beacons, func(b *msg.MgrBeacon) bool { return b.Available })].ServerAddrs
	m.push(n)
	m.world.Run(10 * time.Second)
	if n := m.call(client(), "admin").status().Daemons; n != 1 {
		t.Errorf("%d daemons report, want the manager itself", n)
	}
	if r := facts[mgrc.Reported](m); len(r) < 2 || r[0].Entity != "mgr.x" {
		t.Errorf("reported %+v", r)
	}
	m.standby.Shutdown(nil)
	m.world.Run(time.Second)
	before := len(facts[mgrc.Reported](m))
	m.world.Run(10 * time.Second)
	if after := len(facts[mgrc.Reported](m)); after != before {
		t.Errorf("%d reports after a shutdown", after-before)
	}
}

// Managers are asked about when they are in the map, and forgotten when they are not.
func TestMgr_followsTheManagerMap(t *testing.T) {
	m := serving(t, nil)
	m.mons.Each(func(mon *monctest.Mon) { mon.Output = []byte(`{"name": "y", "hostname": "h"}`) })
	c := m.call(client(), "admin")
	known := func() bool {
		r := c.ask(9, &msg.MgrCommand{Cmd: []string{`{"prefix": "config show", "who": "mgr.y"}`}})
		return r.Body.(*msg.MgrCommandReply).Code == 0
	}
	n := m.names(6, m.gid())
	n.Standbys = []msg.MgrStandby{{GID: 4242, Name: "y"}}
	m.push(n)
	m.world.Run(time.Second)
	if !known() {
		t.Error("a standby of the map is not known")
	}
	m.mons.Each(func(mon *monctest.Mon) { mon.Output = []byte(`{"name": "x", "hostname": "h"}`) })
	n.Epoch, n.Standbys = 7, nil
	m.push(n)
	if m.world.Run(time.Second); known() {
		t.Error("a standby that has left the map is known")
	}
}
