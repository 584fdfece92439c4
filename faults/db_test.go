package faults_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/sqld"
	"github.com/wavetank/wavetank/faults"
)

// dbStatus is what a database server says of itself.
func dbStatus(t *testing.T, w *cluster.SimWorld, c *cluster.Cluster, name string) (s sqld.Status) {
	t.Helper()
	h, err := c.Machine(name)
	if err != nil {
		t.Fatal(err)
	}
	told := false
	if err := h.Admin(`{"prefix": "status"}`, func(reply string) {
		told = true
		if err := json.Unmarshal([]byte(reply), &s); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	w.Run(time.Millisecond)
	if !told {
		t.Fatal("no answer")
	}
	return s
}

// TestDBFaults_land: what an operator can do to databases, with services that beat on.
func TestDBFaults_land(t *testing.T) {
	w := cluster.NewSim(cluster.SimConfig{Seed: 1})
	t.Cleanup(w.Close)
	topology := cluster.Topology{Cinder: cluster.DefaultCinder()}
	topology.Cinder.Volumes, topology.Cinder.Replicas = 2, 1
	c := cluster.Deploy(w, topology)
	c.Start()
	w.Run(time.Minute)
	status := func(name string) sqld.Status { t.Helper(); return dbStatus(t, w, c, name) }
	if a, b := status("db.0"), status("db.1"); a.Role != "primary" || b.Role != "replica" || b.Position < 10 || b.Position != a.Position {
		t.Fatalf("after a minute %+v and %+v", a, b)
	}

	for _, tt := range []struct {
		fault faults.Fault
		text  string
		want  time.Duration
	}{
		{faults.DBSlow{Who: cluster.RoleDatabases, By: 2 * time.Second}, "db-slow databases by 2s", 2 * time.Second},
		{faults.DBFast{Who: cluster.RoleDatabases}, "db-fast databases", 0},
	} {
		if n := strike(t, c, tt.fault); n != 2 || tt.fault.String() != tt.text {
			t.Errorf("%v landed %d", tt.fault, n)
		}
		if got := status("db.1").Delay; got != tt.want {
			t.Errorf("%v: a delay of %v", tt.fault, got)
		}
	}

	strike(t, c, faults.DBBackup{Who: "db.0", Name: "a"})
	w.Run(time.Minute)
	before := status("db.0")
	strike(t, c, faults.DBRestore{Who: "db.0", Name: "a"})
	w.Run(time.Second)
	if after := status("db.0"); after.Failure != "" || after.Position >= before.Position {
		t.Errorf("%+v became %+v", before, after)
	}

	strike(t, c, faults.Kill{Who: "db.0"})
	if n, err := (faults.DBSlow{Who: "db.0", By: 1}).Strike(c); n != 0 || err != nil {
		t.Errorf("a server that is dead: %d, %v", n, err)
	}
	strike(t, c, faults.DBFailover{To: "db.1"})
	w.Run(time.Second)
	promoted := status("db.1")
	w.Run(time.Minute)
	if now := status("db.1"); now.Role != "primary" || now.Position < promoted.Position+8 {
		t.Errorf("the services beat no more: %+v, %+v", promoted, now)
	}
	strike(t, c, faults.Restart{Who: "db.0"})
	w.Run(time.Minute)
	if a, b := status("db.0"), status("db.1"); a.Role != "replica" || a.Position != b.Position || a.Epoch != b.Epoch {
		t.Errorf("the old primary is %+v, the new one %+v", a, b)
	}
}
