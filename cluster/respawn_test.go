package cluster_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
)

// What an operator does makes managers respawn, each once. The one that was active comes
// back under another global id, fences its predecessor and is active again, for its name
// was (MS-14a, MM-20, MM-3).
func TestMgr_respawnsByCommand(t *testing.T) {
	for _, tt := range []struct {
		what    string
		command func(c *cluster.Cluster, now mon.MapCommitted)
		who     func(active string) []string
	}{
		{"modules",
			func(c *cluster.Cluster, _ mon.MapCommitted) {
				c.Command("mgr module enable", "module", "dashboard", "force", "--force")
			},
			func(string) []string { return []string{"x", "y", "z"} }},
		{"blocks",
			func(c *cluster.Cluster, now mon.MapCommitted) {
				c.Command("osd blocklist", "blocklistop", "add", "addr", now.ActiveAddrs)
			},
			func(active string) []string { return []string{active} }},
	} {
		t.Run(tt.what, func(t *testing.T) {
			for seed := range uint64(20) {
				w := cluster.NewSim(cluster.SimConfig{Seed: seed})
				topology := cluster.DefaultTopology()
				topology.Mons, topology.Mgrs = 3, 3
				c := cluster.Deploy(w, topology)
				var respawned []string
				w.Observe(func(o cluster.Observation) {
					if f, ok := o.Fact.(mgr.Respawning); ok && strings.Contains(f.Reason, tt.what) {
						respawned = append(respawned, f.Name)
					}
				})
				c.Start()
				settled := func() bool {
					return c.View().Available() && len(cluster.Standbys(c.View().MgrMap())) == topology.Mgrs-1
				}
				if !w.Until(time.Minute, settled) {
					t.Fatalf("seed %d: no available manager with its standbys: %+v", seed, c.View().MgrMap())
				}
				before := c.View().MgrMap()
				tt.command(c, before)
				w.Until(time.Minute, func() bool { return settled() && c.View().MgrMap().ActiveGID != before.ActiveGID })
				w.Run(time.Minute) // and nobody once more
				slices.Sort(respawned)
				after := c.View().MgrMap()
				if !slices.Equal(respawned, tt.who(before.ActiveName)) || !settled() ||
					after.ActiveName != before.ActiveName || after.ActiveGID == before.ActiveGID || after.FencedAt <= before.FencedAt {
					t.Errorf("seed %d: respawned are %v; the map was %+v and is %+v", seed, respawned, before, after)
				}
				w.Close()
			}
		})
	}
}
