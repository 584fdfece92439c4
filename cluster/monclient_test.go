package cluster

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// TestMonClient: clients without a daemon live one life after another, get maps, and
// monitors answer what they ask and write down what they log.
func TestMonClient(t *testing.T) {
	w := NewSim(SimConfig{Seed: 3})
	defer w.Close()
	c := Deploy(w, Topology{Mons: 3, MonClients: 3, Mon: mon.DefaultOptions(), Client: monc.DefaultOptions()})
	lives := map[string][]uint32{}
	got, log := map[string]bool{}, ""
	commands := 0
	w.Observe(func(o Observation) {
		switch f := o.Fact.(type) {
		case monc.HuntBegun:
			if !slices.Contains(lives[o.Host], o.PID) && strings.HasPrefix(o.Host, "monc.") {
				lives[o.Host] = append(lives[o.Host], o.PID)
			}
		case monc.Received:
			got[f.What] = true
		case mon.CommandAcked:
			if f.Prefix == "config-key exists" {
				commands++
			}
		case CommandAnswered:
			log = f.Output
		}
	})
	c.Start()
	w.Run(4 * time.Minute)
	c.Command("log last")
	w.Run(5 * time.Second)
	for _, name := range c.Topology().MonClientNames() {
		if len(lives[name]) < 4 {
			t.Errorf("%s has had %d lives in four minutes", name, len(lives[name]))
		}
	}
	for _, what := range []string{MgrMap, OSDMap, "fsmap"} {
		if !got[what] {
			t.Errorf("nobody has got an epoch of %s", what)
		}
	}
	if commands == 0 {
		t.Error("no command was answered")
	}
	if !strings.Contains(log, "all is well") {
		t.Errorf("the cluster log has not what clients said:\n%s", log)
	}
	if names, err := c.Resolve(RoleMonClients); err != nil || len(names) != 3 {
		t.Errorf("the role stands for %v, %v", names, err)
	}
}
