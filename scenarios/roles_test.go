package scenarios

import (
	"testing"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
)

// Roles are told apart, numbered in the order of their first holders, and written down
// when they change.
func TestRoleKeeper(t *testing.T) {
	k := &roleKeeper{
		changes: RoleChanges{}, last: map[string]string{"volume.0": "up"}, numbers: map[string][]string{},
		services: map[cinder.Who]string{{Host: "volume.0@lvm", Binary: cinder.BinaryVolume}: "volume.0"},
	}
	see := func(by string, f host.Fact) {
		t.Helper()
		k.observe(cluster.Observation{Host: by, Fact: f})
	}
	active := func(epoch, gid uint64, name string, available bool) mon.MapCommitted {
		return mon.MapCommitted{Map: cluster.MgrMap, Epoch: epoch, ActiveGID: gid, ActiveName: name, Available: available}
	}
	judged := func(up bool) api.Judged {
		return api.Judged{ServiceHost: "volume.0@lvm", Binary: cinder.BinaryVolume, Up: up}
	}
	see("mon.a", active(1, 7, "y", false))
	see("mon.b", active(1, 7, "y", false)) // another monitor, the same map
	see("mon.a", active(2, 7, "y", true))
	see("mon.a", active(3, 0, "", false))
	see("mon.b", active(2, 7, "y", true)) // late
	see("mon.a", active(4, 9, "x", false))
	see("mon.a", active(5, 11, "y", true))
	see("mon.c", mon.Role{Role: cluster.Leader})
	see("mon.c", mon.Role{Role: "peon"})
	see("mon.a", mon.Role{Role: cluster.Leader})
	see("mon.c", mon.Role{Role: cluster.Leader})
	see("api.0", judged(true))
	see("api.0", judged(false))
	see("api.0", judged(false))
	see("api.0", api.Judged{ServiceHost: "somebody@lvm", Up: true})
	const want = `active-mgr: manager 1, manager 1 serves, nobody, manager 2, manager 1 serves
leader: monitor 1, monitor 2, monitor 1
volume.0: down`
	if got := k.changes.String(); got != want {
		t.Errorf("\n%s\nwant\n%s", got, want)
	}
	if got := k.changes.Without([]string{cluster.RoleLeader, cluster.RoleServices}).String(); got != "active-mgr: manager 1, manager 1 serves, nobody, manager 2, manager 1 serves" {
		t.Errorf("without races:\n%s", got)
	}
}
