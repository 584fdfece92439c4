package faults_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// struckIn has a plan for each kind of fault that strikes it, on monitors, managers and a
// database.
func struckIn(kind string) string {
	return map[string]string{
		"kill": "kill mon.a", "restart": "restart mon.a", "pause": "pause mon.a", "resume": "resume mon.a",
		"slow": "slow mon.a 2 times", "fast": "slow mon.a 2 times | fast mon.a",
		"crash-at": "crash-at mon.x mon.a nth 1 by kill", "disarm": "crash-at mon.x mon.a nth 1 by kill | disarm crash-at mon.x mon.a nth 1 by kill",
		"fire": "fire mon.x mon.a", "power-off": "power-off mon.a", "power-on": "power-off mon.a | power-on mon.a",
		"clock-step": "clock-step mon.a by 1s", "clock-offset": "clock-offset mon.a 1s", "clock-drift": "clock-drift mon.a 5 ppm",
		"cut": "cut mon.a <-> mgr.x", "heal": "cut mon.a <-> mgr.x | heal mon.a <-> mgr.x",
		"hold": "hold mon.a -> mgr.x MMgrMap", "release": "hold mon.a -> mgr.x | release mon.a -> mgr.x",
		"reset": "reset mon.a <-> mgr.x", "stall": "stall mon.a -> mgr.x", "delay": "delay mon.a -> mgr.x constant 1s",
		"bandwidth": "bandwidth mon.a -> mgr.x 10 B/s", "mtu": "mtu mon.a -> mgr.x 10 B", "rule": "rule mon.a -> mgr.x pass",
		"link-mend": "stall mon.a -> mgr.x | link-mend stall mon.a -> mgr.x", "clog": "clog mon.a", "unclog": "clog mon.a | unclog mon.a",
		"disk-error": "disk-error mon.a every read", "disk-full": "disk-full mon.a but for 9 B", "disk-slow": "disk-slow mon.a by 1s..2s",
		"disk-lie": "disk-lie mon.a every sync", "disk-rot": "disk-rot mon.a 1 bits",
		"disk-mend": "disk-error mon.a every read | disk-mend disk-error mon.a every read",
		"db-slow":   "db-slow db.0 by 1s", "db-fast": "db-fast db.0", "db-failover": "db-failover db.0",
		"db-backup": "db-backup db.0 as b", "db-restore": "db-backup db.0 as b | db-restore db.0 from b",
		"mgr-fail": "mgr-fail", "mon-add": "mon-add mon.b", "mon-rm": "mon-rm mon.b", "command": "command status",
		"os-service": "os-service disable volume.0", "service-remove": "service-remove volume.0", "create-volume": "create-volume volume.0",
		"mend":       "clog mon.a | clock-offset mon.a 1s | hold mon.a -> mgr.x | mend mon.a mgr.x",
		"os-cluster": "os-cluster disable volume.0", "work-cleanup": "work-cleanup volume.0",
	}[kind]
}

// A world of real machines has every fault that does not say why not, and none that does;
// docs/scripts.md says the same.
func TestVocabulary_worlds(t *testing.T) {
	doc, err := os.ReadFile("../docs/scripts.md")
	if err != nil {
		t.Fatal(err)
	}
	topology := cluster.DefaultTopology()
	topology.Mons, topology.Mgrs, topology.SpareMons, topology.Cinder.Volumes, topology.Cinder.APIs = 1, 1, 1, 1, 1
	inBothWorlds(t, topology, func(t *testing.T, w cluster.World, c *cluster.Cluster) {
		for _, word := range faults.Vocabulary() {
			var text strings.Builder
			for _, f := range strings.Split(struckIn(word.Kind()), " | ") {
				fmt.Fprintf(&text, "at 0s %s\n", f)
			}
			plan, err := faults.ParsePlan(text.String())
			if err != nil {
				t.Errorf("%s: %v", word.Kind(), err)
				continue
			}
			real := w.Kind() == "tcp"
			lacks := real && word.Simulated != ""
			if why := plan.Lacks(); real && (why != "") != lacks {
				t.Errorf("%s is lacking: %q", word.Kind(), why)
			}
			for _, step := range plan {
				if _, err = step.Fault.Strike(c); err != nil {
					break
				}
			}
			if errors.Is(err, errors.ErrUnsupported) != lacks || err != nil && !lacks {
				t.Errorf("%s: in %s %v, and the word says %q", word.Kind(), w.Kind(), err, word.Simulated)
			}
			row := fmt.Sprintf("| `%s` | yes | %s |\n", word.Kind(), map[bool]string{true: "yes", false: "no: " + word.Simulated}[word.Simulated == ""])
			if !strings.Contains(string(doc), row) {
				t.Errorf("docs/scripts.md lacks\n%s", row)
			}
			w.Run(10 * time.Millisecond)
		}
	})
}

func TestPlan_lacksNetworks(t *testing.T) {
	plan, err := faults.ParsePlan("at 0s cut mon.a <-> mgr.x on public\n")
	if err != nil || !strings.Contains(plan.Lacks(), "one loopback network") {
		t.Errorf("%v: %q", err, plan.Lacks())
	}
}
