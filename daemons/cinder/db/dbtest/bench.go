package dbtest

import (
	"fmt"
	"testing"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// listed is how many services a list has in [Bench].
const listed = 10_000

// Bench measures a database: a heartbeat, which reads a row and writes it, and a list of
// 10,000 services.
func Bench(b *testing.B, newWorld func(t testing.TB) World) {
	b.Run("heartbeat", func(b *testing.B) {
		with(b, newWorld, func(r *rig) {
			s := r.create(r.full())
			b.ResetTimer()
			for range b.N {
				row, err := r.Service(r.task, db.ServiceFilter{ID: s.ID})
				r.must(err)
				row.ReportCount++
				_, err = r.UpdateServices(r.task, db.ServiceFilter{ID: s.ID}, row, db.ServiceReportCount, db.ServiceUpdatedAt)
				r.must(err)
			}
		})
	})
	b.Run("list", func(b *testing.B) {
		with(b, newWorld, func(r *rig) {
			r.must(r.store.Transaction(r.task, func(o db.Operations) error { return fill(r, o, r.task) }))
			b.ResetTimer()
			for range b.N {
				r.equal(len(r.list(db.ServiceFilter{})), listed)
			}
		})
	})
}

func fill(r *rig, o db.Operations, t host.Task) error {
	for i := range listed {
		s := r.full()
		s.Host = fmt.Sprintf("node%d@lvm", i)
		if err := o.CreateService(t, &s); err != nil {
			return err
		}
	}
	return nil
}
