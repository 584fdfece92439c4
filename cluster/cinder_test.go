package cluster

import (
	"testing"
	"time"
)

// cinderTopology is a small Cinder.
func cinderTopology() Topology {
	t := DefaultTopology()
	t.Mons, t.Mgrs = 0, 0
	t.Cinder.Volumes, t.Cinder.Schedulers, t.Cinder.Backups, t.Cinder.APIs = 2, 1, 1, 2
	t.Cinder.Service.DBRetryInterval = time.Second
	return t
}

// allUp reports whether the last lists have all services as up.
func allUp(c *Cluster) bool {
	t := c.Topology().Cinder
	for _, name := range t.ServiceNames() {
		if up, _ := c.View().Cinder().Listed(t.ServiceOf(name)); !up {
			return false
		}
	}
	return true
}

// TestCinder_worlds: services come up, a killed one goes down in its time, an operator's
// request is answered; in both worlds.
func TestCinder_worlds(t *testing.T) {
	for name, w := range worlds(t) {
		t.Run(name, func(t *testing.T) {
			defer w.Close()
			topology := cinderTopology()
			if name == "tcp" {
				topology.Scale(20)
			}
			scale := topology.Cinder.Service.ReportInterval
			c := Deploy(w, topology)
			c.Start()
			if !w.Until(6*scale+5*time.Second, func() bool { return allUp(c) && c.View().Cinder().Started("volume.1") > 0 }) {
				t.Fatalf("not up: %+v", c.View().Cinder())
			}
			w.Run(2 * scale)
			c.Kill("volume.0")
			killed := w.Now()
			gone := topology.Cinder.ServiceOf("volume.0")
			down := func() bool { up, at := c.View().Cinder().Listed(gone); return !up && at > killed }
			if w.Until(6*scale-2*scale, down) {
				t.Errorf("down already after %v", w.Now()-killed)
			}
			if !w.Until(4*scale, down) {
				t.Error("up for ever")
			}
			c.CinderRequest("PUT", "/v3/os-services/disable", `{"host": "volume.0@lvm", "binary": "cinder-volume"}`)
			c.CinderRequest("PUT", "/v3/os-services/freeze", `{"host": "volume.1@lvm"}`)
			if !w.Until(time.Minute, func() bool { return len(c.View().Cinder().Answers()) == 2 }) {
				t.Fatal("no answers")
			}
			for _, a := range c.View().Cinder().Answers() {
				if a.Status != 200 {
					t.Errorf("%+v", a)
				}
			}
			c.RemoveService("backup.0")
			backup := topology.Cinder.ServiceOf("backup.0")
			_, before := c.View().Cinder().Beat(backup)
			if !w.Until(3*scale+time.Second, func() bool { _, row := c.View().Cinder().Beat(backup); return row != before }) {
				t.Error("a removed row does not come back")
			}
		})
	}
}
