package mon

import (
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// What the active manager reports of services and progress is committed, shown, and
// given to its successor, as Ceph's own monitors do.
func TestMgrStat(t *testing.T) {
	c := newCluster(t, 3, 63).startAll()
	leader := c.settle()
	peon := (leader + 1) % 3
	mgr := c.login(peon)
	mgr.beacon("x", false)
	c.world.Run(2 * time.Second)
	mgr.subscribe("servicemap", 0, false)
	c.world.Run(time.Second)
	services := func(epoch uint32, daemons ...string) *msg.ServiceMap {
		m := &msg.ServiceMap{Epoch: epoch, Services: map[string]msg.Service{"mds": {}, "rgw": {Daemons: map[string]msg.ServiceDaemon{}}}}
		for _, name := range daemons {
			m.Services["rgw"].Daemons[name] = msg.ServiceDaemon{GID: 4500, StartEpoch: 2, Metadata: map[string]string{
				"hostname": "h" + name[:1], "zone_id": "z", "daemon_type": "gateway",
			}}
		}
		return m
	}
	for _, r := range []*msg.MonMgrReport{
		{GID: mgr.gid, Services: services(2, "a", "ab", "c"), Progress: map[string]msg.ProgressEvent{
			"1": {Message: "Rebalancing", Progress: 0.5, AddToStatus: true}, "2": {Message: "hidden"},
		}},
		{GID: mgr.gid, Services: services(2), Progress: map[string]msg.ProgressEvent{"1": {Message: "Rebalancing", Progress: 0.75, AddToStatus: true}}},
		{GID: mgr.gid + 1, Services: services(9)},
	} {
		mgr.send(r)
		c.world.Run(2 * time.Second)
	}
	_, text := mgr.command(`{"prefix":"status"}`)
	for _, want := range []string{
		"    mon: 3 daemons", "    rgw: 3 gateways active (2 hosts, 1 zones)\n", " \n  progress:\n    Rebalancing\n \n",
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(string(text), "mds") || strings.Contains(string(text), "hidden") {
		t.Errorf("too much in\n%s", text)
	}
	_, text = mgr.command(`{"prefix":"status","format":"json"}`)
	for _, want := range []string{
		`"servicemap":{"epoch":2,`, `"c":{"start_epoch":2,`, `"summary":""}`, `"progress_events":{"1":{"message":"Rebalancing","progress":0.75,"add_to_ceph_s":true}}`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	var epochs []uint32
	for _, m := range mgr.got {
		if b, ok := m.Body.(*msg.ServiceMap); ok {
			epochs = append(epochs, b.Epoch)
		}
	}
	if len(epochs) != 2 || epochs[0] != 1 || epochs[1] != 2 {
		t.Errorf("the manager got service maps %v", epochs)
	}
	mgr.send(&msg.MonMgrReport{GID: mgr.gid})
	c.world.Run(2 * time.Second)
	if _, text := mgr.command(`{"prefix":"status"}`); strings.Contains(string(text), "progress") {
		t.Errorf("what is done still shows in\n%s", text)
	}
	c.sameCommits()
}

func TestServiceSummary(t *testing.T) {
	for _, tt := range []struct {
		service msg.Service
		want    string
	}{
		{msg.Service{Summary: "fine"}, "fine"},
		{msg.Service{}, "no daemons active"},
		{msg.Service{Daemons: map[string]msg.ServiceDaemon{"a": {StartStamp: wire.UTime{Sec: 1}}}}, "1 daemon active"},
	} {
		if got := serviceSummary(tt.service); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
}
