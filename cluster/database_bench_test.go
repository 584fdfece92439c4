package cluster_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/db/dbtest"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/sqld"
)

// BenchmarkDatabase is a simulated server and a client on another machine.
func BenchmarkDatabase(b *testing.B) {
	for name, log := range map[string]int{"alone": 0, "logging": 1000} {
		b.Run(name, func(b *testing.B) {
			dbtest.Bench(b, func(testing.TB) dbtest.World { return newDatabases(1, 1, sqld.Options{Log: log}) })
		})
	}
}

// BenchmarkDatabase_services: as many services, each a process with a pool of
// connections of its own, beat every 10 s; a round is a virtual minute.
func BenchmarkDatabase_services(b *testing.B) {
	for _, n := range []int{100, 1000, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			d := newDatabases(1, 1, sqld.Options{})
			defer d.Close()
			d.Run(func(h host.Host, l host.Loop, t host.Task) {
				if err := open(b, h, l, d.URL()).Migrate(t); err != nil {
					b.Error(err)
				}
			})
			beats, failed := 0, 0
			for i := range n {
				d.AddHost(fmt.Sprint("node", i)).Start(func(h host.Host) {
					l := h.NewLoop("service")
					l.Go("service", func(t host.Task) {
						s := open(b, h, l, d.URL())
						me := db.Service{Host: h.Name(), Binary: "cinder-volume", CreatedAt: h.Clock().Now()}
						t.Sleep(time.Duration(h.Rand("start").IntN(int(10 * time.Second))))
						for s.CreateService(t, &me) != nil {
							t.Sleep(time.Second)
						}
						for {
							t.Sleep(10 * time.Second)
							if beat(t, h, s, me.ID) == nil {
								beats++
							} else {
								failed++
							}
						}
					})
				})
			}
			d.Sim.Run(30 * time.Second)
			beats = 0
			b.ResetTimer()
			for range b.N {
				d.Sim.Run(time.Minute)
			}
			b.ReportMetric(float64(beats)/b.Elapsed().Seconds(), "beats/s")
			b.ReportMetric(float64(beats)/float64(b.N), "beats/round")
			if failed > 0 || beats < 5*n*b.N {
				b.Errorf("%d beats, %d failed", beats, failed)
			}
		})
	}
}

// beat is a heartbeat as Cinder's.
func beat(t host.Task, h host.Host, s *db.Store, id int64) error {
	row, err := s.Service(t, db.ServiceFilter{ID: id})
	if err != nil {
		return err
	}
	row.ReportCount++
	row.UpdatedAt = h.Clock().Now()
	_, err = s.UpdateServices(t, db.ServiceFilter{ID: id}, row, db.ServiceReportCount, db.ServiceUpdatedAt)
	return err
}
