package mgr

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// box is a machine that knows itself.
type box struct{ host.SystemHost }

func (box) Name() string { return "box" }

func (box) System() host.System {
	return host.System{OS: "Linux", Arch: "x86_64", KernelVersion: "6.1", CPU: "fast", Distro: "debian", MemoryKB: 8 << 20}
}

func testMaker() beaconMaker {
	addr := msg.EntityAddr{Type: msg.AddrLegacy, Nonce: 77, IP: netip.MustParseAddrPort("10.0.0.1:0")}
	load := func(*module.Manager) (module.Module, error) { return nil, nil }
	modules, err := module.New(module.Env{}, []module.Class{{Name: "status", Active: load}, {Name: "balancer", Active: load}})
	if err != nil {
		panic(err)
	}
	return newBeaconMaker(Config{Name: "x", FSID: wire.UUID{1}}, modules, metadata(box{}, addr))
}

// MS-9 and MS-10: an available manager says where it serves, another one does not.
func TestBeaconMaker(t *testing.T) {
	maker := testMaker()
	server := msg.AddrVec{{Type: msg.AddrLegacy, Nonce: 77, IP: netip.MustParseAddrPort("10.0.0.1:6800")}}
	commands := (&Standby{modules: maker.modules}).descriptions()
	steady := msg.MgrBeacon{
		Paxos: msg.PaxosAt(0), GID: 4101, Name: "x", FSID: wire.UUID{1}, Features: msg.FeaturesAll,
		ModuleNames: []string{"balancer", "status"},
		Modules:     []msg.ModuleInfo{{Name: "balancer", CanRun: true}, {Name: "status", CanRun: true}},
		Metadata: map[string]string{
			"addr": "10.0.0.1", "addrs": "10.0.0.1:0/77", "hostname": "box",
			"ceph_release": "pacific",
			"ceph_version": "ceph version 16.2.15 (wavetank) pacific (stable)", "ceph_version_short": "16.2.15",
			"os": "Linux", "arch": "x86_64", "kernel_version": "6.1", "cpu": "fast", "distro": "debian",
			"mem_total_kb": "8388608", "mem_swap_kb": "0",
		},
	}
	available, announcing := steady, steady
	available.Available, available.ServerAddrs = true, server
	announcing.Available, announcing.ServerAddrs, announcing.Commands = true, server, commands
	for _, tt := range []struct {
		what string
		got  *msg.MgrBeacon
		want msg.MgrBeacon
	}{
		{"standby", maker.beacon(4101, nil, nil), steady},
		{"available", maker.beacon(4101, server, nil), available},
		{"announcing its commands", maker.beacon(4101, server, commands), announcing},
		{"standby again: nothing sticks", maker.beacon(4101, nil, nil), steady},
	} {
		if diff := cmp.Diff(&tt.want, tt.got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.what, diff)
		}
		var e wire.Encoder
		tt.got.EncodePayload(&e, msg.FeaturesAll)
		sent := msg.New(tt.got)
		back, err := msg.Decode(sent.Header, e.Bytes(), nil, nil, msg.FeaturesAll)
		if err != nil {
			t.Fatalf("%s: %v", tt.what, err)
		}
		if diff := cmp.Diff(&tt.want, back.Body, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Errorf("%s over the wire (-want +got):\n%s", tt.what, diff)
		}
	}
	if len(commands) == 0 {
		t.Error("there are no commands to announce: the monitors would wait for them (I-MGR-9)")
	}
}

func BenchmarkBeacon(b *testing.B) {
	maker := testMaker()
	var e wire.Encoder
	b.ReportAllocs()
	for b.Loop() {
		e.Reset()
		maker.beacon(4101, nil, nil).EncodePayload(&e, msg.FeaturesAll)
	}
}
