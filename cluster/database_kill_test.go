package cluster_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// A database may die in any moment of the making of its tables, and whoever waits inside a
// query dies with it: package database/sql holds locks there that nobody gives back.
func TestDatabase_diesWhileItMakesItsTables(t *testing.T) {
	if err := cluster.InitializeCinder(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan bool)
	go func() {
		defer close(ended)
		for steps := range 150 {
			w := cluster.NewSim(cluster.SimConfig{Seed: 1})
			topology := cluster.Topology{Cinder: cluster.DefaultCinder()}
			topology.Cinder.Volumes = 1
			c := cluster.Deploy(w, topology)
			c.Start()
			for range steps {
				w.Sim().Step(time.Second)
			}
			c.Kill(cluster.DatabaseName)
			w.Close()
		}
	}()
	select {
	case <-ended:
	case <-time.After(time.Minute): // of real time: this is about what hangs
		t.Fatal("a process that was killed does not end")
	}
}
