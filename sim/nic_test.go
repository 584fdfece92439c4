package sim

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// twoNetworks is a server and a client that are on two networks, with a connection
// on each.
type twoNetworks struct {
	*Sim
	server, osd     *Host
	sinks           map[netip.AddrPort]*sink // of the server, by the address dialled
	public, cluster *sink                    // of the client
}

func newTwoNetworks(t *testing.T) *twoNetworks {
	t.Helper()
	k := &twoNetworks{Sim: New(Config{Seed: 1}), sinks: make(map[netip.AddrPort]*sink)}
	t.Cleanup(k.Close)
	k.server = k.AddHost("osd.0", DefaultNetwork, "cluster")
	k.osd = k.AddHost("osd.1", DefaultNetwork, "cluster")
	k.server.Start(func(p host.Host) {
		l := p.NewLoop("l")
		for _, addr := range p.Network().Addrs() {
			_, err := p.Network().Listen(l, netip.AddrPortFrom(addr, 6800), func(c host.Conn) {
				s := &sink{sim: k.Sim, conn: c}
				k.sinks[c.LocalAddr()] = s
				c.Attach(l, s)
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	k.public, k.cluster = &sink{sim: k.Sim}, &sink{sim: k.Sim}
	k.osd.Start(func(p host.Host) {
		l := p.NewLoop("l")
		dial := func(s *sink, network string) {
			s.conn = p.Network().Dial(l, netip.AddrPortFrom(k.server.AddrOn(network), 6800), s)
		}
		dial(k.public, DefaultNetwork)
		dial(k.cluster, "cluster")
	})
	k.Run(5 * time.Second)
	if !k.public.opened || !k.cluster.opened || len(k.sinks) != 2 {
		t.Fatal("the connections do not open")
	}
	return k
}

func TestAddHost_givesAddressesOnEveryNetwork(t *testing.T) {
	s := New(Config{})
	defer s.Close()
	plain := s.AddHost("plain")
	osd := s.AddHost("osd", DefaultNetwork, "cluster")
	inner := s.AddHost("inner", "cluster")
	for _, tt := range []struct {
		host *Host
		want []string
	}{
		{plain, []string{"10.0.0.1"}},
		{osd, []string{"10.0.0.2", "10.16.0.2"}},
		{inner, []string{"10.16.0.3"}},
	} {
		var got []string
		for _, a := range tt.host.Addrs() {
			got = append(got, a.String())
		}
		if !slices.Equal(got, tt.want) || tt.host.Addr() != tt.host.Addrs()[0] {
			t.Errorf("%s has %v, want %v", tt.host.Name(), got, tt.want)
		}
	}
	if osd.AddrOn("cluster").String() != "10.16.0.2" || plain.AddrOn("cluster").IsValid() {
		t.Errorf("AddrOn: %v, %v", osd.AddrOn("cluster"), plain.AddrOn("cluster"))
	}
	if s.Link(plain, inner) != nil || s.LinkOn("cluster", plain, osd) != nil || s.LinkOn("nowhere", osd, inner) != nil {
		t.Error("there is a link between networks")
	}
	if l := s.Link(osd, inner); l == nil || l.Network() != "cluster" {
		t.Errorf("link %v", l)
	}
}

func TestNetworks_connectionsUseTheTargets(t *testing.T) {
	k := newTwoNetworks(t)
	for network, s := range map[string]*sink{DefaultNetwork: k.public, "cluster": k.cluster} {
		far := k.sinks[s.conn.RemoteAddr()]
		if s.conn.LocalAddr().Addr() != k.osd.AddrOn(network) || far.conn.RemoteAddr() != s.conn.LocalAddr() {
			t.Errorf("%s: from %v to %v, seen as from %v", network, s.conn.LocalAddr(), s.conn.RemoteAddr(), far.conn.RemoteAddr())
		}
	}
}

func TestNetworks_failApart(t *testing.T) {
	k := newTwoNetworks(t)
	send := func() { k.public.send(t, 1); k.cluster.send(t, 1); k.Run(time.Second) }
	got := func() [2]int {
		return [2]int{k.sinks[k.public.conn.RemoteAddr()].total, k.sinks[k.cluster.conn.RemoteAddr()].total}
	}
	k.LinkOn("cluster", k.osd, k.server).Cut()
	send()
	if got() != [2]int{1, 0} || k.Held(k.osd, k.server) != 1 {
		t.Errorf("with the cluster network cut: %v arrived, %d held", got(), k.Held(k.osd, k.server))
	}
	k.Cut(k.osd, k.server) // the other one too
	send()
	if got() != [2]int{1, 0} {
		t.Errorf("with both networks cut: %v arrived", got())
	}
	k.Heal(k.osd, k.server)
	k.Run(time.Minute)
	if got() != [2]int{2, 2} {
		t.Errorf("after the heal: %v arrived", got())
	}
}

func TestNetworks_areNotRouted(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	k.AddHost("inner", "cluster")
	client := k.dial("inner")
	k.Run(5 * time.Minute)
	if !errors.Is(client.err, host.ErrTimeout) {
		t.Errorf("dialled from another network: %v", client.err)
	}
}

func TestListen_atSeveralAddresses(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	h := s.AddHost("a", DefaultNetwork, "cluster")
	h.Start(func(p host.Host) {
		l := p.NewLoop("l")
		listen := func(addr string) (host.Listener, error) {
			return p.Network().Listen(l, netip.MustParseAddrPort(addr), func(host.Conn) {})
		}
		one, err := listen("10.0.0.1:7000")
		if err != nil {
			t.Error(err)
		}
		two, err := listen("10.16.0.1:7000")
		if err != nil {
			t.Errorf("the port at another address: %v", err)
		}
		if _, err := listen("0.0.0.0:7000"); !errors.Is(err, host.ErrAddrInUse) {
			t.Errorf("everywhere, where somebody listens: %v", err)
		}
		if _, err := listen("10.16.0.2:7000"); !errors.Is(err, host.ErrAddrNotAvailable) {
			t.Errorf("at another machine's address: %v", err)
		}
		one.Close()
		if _, err := listen("0.0.0.0:7000"); !errors.Is(err, host.ErrAddrInUse) {
			t.Errorf("everywhere, where one of two still listens: %v", err)
		}
		two.Close()
		if _, err := listen("0.0.0.0:7000"); err != nil {
			t.Errorf("everywhere: %v", err)
		}
		if _, err := listen("10.16.0.1:7000"); !errors.Is(err, host.ErrAddrInUse) {
			t.Errorf("where somebody listens everywhere: %v", err)
		}
	})
	s.Run(time.Second)
}

func TestListen_everywhere(t *testing.T) {
	for _, network := range []string{DefaultNetwork, "cluster"} {
		k := &tank{Sim: New(Config{Seed: 1}), t: t}
		defer k.Close()
		k.server = k.AddHost("server", DefaultNetwork, "cluster")
		k.AddHost("client", DefaultNetwork, "cluster")
		k.serve(k.server, netip.MustParseAddrPort("0.0.0.0:6789"))
		k.addr = netip.AddrPortFrom(k.server.AddrOn(network), 6789)
		if _, far := k.open("client"); far.conn.LocalAddr() != k.addr {
			t.Errorf("%s: accepted at %v, dialled %v", network, far.conn.LocalAddr(), k.addr)
		}
	}
}
