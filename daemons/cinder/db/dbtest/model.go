package dbtest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// RunModel does random operations on services and compares what a database has with a
// model: a slice. Databases that agree with it agree with each other.
func RunModel(t *testing.T, newWorld func(t testing.TB) World) {
	w := newWorld(t)
	defer w.Close()
	rapid.Check(t, func(t *rapid.T) {
		ops := rapid.SliceOfN(operations(w.Precision()), 1, 30).Draw(t, "operations")
		var problem string
		w.Run(func(h host.Host, l host.Loop, task host.Task) {
			problem = compare(h, l, task, w.URL(), ops)
		})
		if problem != "" {
			t.Fatal(problem)
		}
	})
}

// operation is something to do with services. Its results are a number of rows or a list.
type operation struct {
	What    string // create, update, delete, purge or list
	Service db.Service
	Filter  db.ServiceFilter
	Nth     int // if not 0 the filter has the id of the nth row, too
	Columns []db.ServiceColumn
}

// setters are the columns that are drawn, and what an update of each does.
var setters = []struct {
	column db.ServiceColumn
	set    func(to, from *db.Service)
}{
	{db.ServiceReportCount, func(to, from *db.Service) { to.ReportCount = from.ReportCount }},
	{db.ServiceUpdatedAt, func(to, from *db.Service) { to.UpdatedAt = from.UpdatedAt }},
	{db.ServiceModifiedAt, func(to, from *db.Service) { to.ModifiedAt = from.ModifiedAt }},
	{db.ServiceIsDisabled, func(to, from *db.Service) { to.Disabled = from.Disabled }},
	{db.ServiceDisabledReason, func(to, from *db.Service) { to.DisabledReason = from.DisabledReason }},
	{db.ServiceFrozen, func(to, from *db.Service) { to.Frozen = from.Frozen }},
	{db.ServiceReplicationStatus, func(to, from *db.Service) { to.ReplicationStatus = from.ReplicationStatus }},
	{db.ServiceClusterName, func(to, from *db.Service) { to.ClusterName = from.ClusterName }},
	{db.ServiceHost, func(to, from *db.Service) { to.Host = from.Host }},
}

var (
	someHost   = rapid.SampledFrom([]string{"a", "a@x", "a#p", "A", "b", "b_@x", "%"})
	someBinary = rapid.SampledFrom([]string{"cinder-volume", "cinder-backup"})
	someStatus = rapid.SampledFrom([]string{db.ReplicationEnabled, db.ReplicationFailingOver, db.ReplicationFailedOver})
	someText   = rapid.SampledFrom([]*string{nil, new(""), new("x"), new("it's"), new("c@lvm")})
	someFlag   = rapid.SampledFrom([]*bool{nil, nil, new(false), new(true)})
)

// someTime is a moment around the start, or none.
func someTime(precision time.Duration) *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		if rapid.IntRange(0, 3).Draw(t, "none") == 0 {
			return time.Time{}
		}
		// Few, so that some are equal or next to each other.
		us := rapid.SampledFrom([]int{-1_000_001, -1_000_000, 0, 1, 999_999, 1_000_000}).Draw(t, "us")
		return start.Add(time.Duration(us) * time.Microsecond).Truncate(precision)
	})
}

func operations(precision time.Duration) *rapid.Generator[operation] {
	at := someTime(precision)
	return rapid.Custom(func(t *rapid.T) operation {
		op := operation{
			What: rapid.SampledFrom([]string{"create", "create", "update", "update", "delete", "purge", "list"}).Draw(t, "what"),
			Service: db.Service{
				Host: someHost.Draw(t, "host"), Binary: someBinary.Draw(t, "binary"), CreatedAt: at.Draw(t, "created"),
				UpdatedAt: at.Draw(t, "updated"), ModifiedAt: at.Draw(t, "modified"), DeletedAt: start,
				ReportCount: rapid.IntRange(0, 1<<31-1).Draw(t, "count"), Disabled: rapid.Bool().Draw(t, "disabled"),
				DisabledReason: someText.Draw(t, "reason"), Frozen: rapid.Bool().Draw(t, "frozen"),
				ReplicationStatus: someStatus.Draw(t, "status"), ClusterName: someText.Draw(t, "cluster"),
			},
			Filter: db.ServiceFilter{Disabled: someFlag.Draw(t, "if disabled"), Frozen: someFlag.Draw(t, "if frozen"), Deleted: rapid.Bool().Draw(t, "deleted")},
			Nth:    rapid.IntRange(0, 3).Draw(t, "nth"),
		}
		switch rapid.IntRange(0, 5).Draw(t, "filter") {
		case 0:
			op.Filter.Host = someHost.Draw(t, "of host")
		case 1:
			op.Filter.Matching = someHost.Draw(t, "matching")
		case 2:
			op.Filter.Binary = someBinary.Draw(t, "of binary")
		case 3:
			op.Filter.Cluster = someText.Draw(t, "in cluster")
		case 4:
			op.Filter.ReplicationStatus = rapid.SliceOfN(someStatus, 0, 2).Draw(t, "of status")
		case 5:
			op.Filter.UpSince = at.Draw(t, "since")
		}
		for _, s := range setters {
			if rapid.Bool().Draw(t, string(s.column)) {
				op.Columns = append(op.Columns, s.column)
			}
		}
		if len(op.Columns) == 0 {
			op.Columns = []db.ServiceColumn{db.ServiceReportCount}
		}
		return op
	})
}

// compare does the operations on an empty table and on the model, and says where they
// differ.
func compare(h host.Host, l host.Loop, task host.Task, url string, ops []operation) string {
	store, err := db.Open(h, l, db.Options{URL: url})
	if err != nil {
		return err.Error()
	}
	defer store.Close()
	if err := store.Migrate(task); err != nil {
		return err.Error()
	}
	if _, err := store.PurgeServices(task, db.ServiceFilter{Deleted: true}); err != nil {
		return err.Error()
	}
	m := new(model)
	for i, op := range ops {
		op.Service.UUID = fmt.Sprintf("uuid %d", i)
		got, err := do(store, task, op, m.id(op.Nth))
		if err != nil {
			return fmt.Sprintf("operation %d, %s: %v", i, op.What, err)
		}
		want := m.do(op, got)
		all, err := store.Services(task, db.ServiceFilter{Deleted: true})
		if err != nil {
			return err.Error()
		}
		if d := cmp.Diff(want, got) + cmp.Diff(m.rows, all); d != "" {
			return fmt.Sprintf("operation %d, %+v: -model +database\n%s", i, op, d)
		}
	}
	return ""
}

// outcome is what an operation gave.
type outcome struct {
	ID   int64
	N    int
	Rows []db.Service
}

func do(store *db.Store, task host.Task, op operation, id int64) (o outcome, err error) {
	op.Filter.ID = id
	switch op.What {
	case "create":
		err = store.CreateService(task, &op.Service)
		o.ID = op.Service.ID
	case "update":
		o.N, err = store.UpdateServices(task, op.Filter, op.Service, op.Columns...)
	case "delete":
		o.N, err = store.DeleteServices(task, op.Filter, op.Service.DeletedAt)
	case "purge":
		o.N, err = store.PurgeServices(task, op.Filter)
	case "list":
		o.Rows, err = store.Services(task, op.Filter)
	}
	return o, err
}

// model is the table services.
type model struct{ rows []db.Service }

// id is that of the nth row from 1; 0 is any.
func (m *model) id(nth int) int64 {
	if nth == 0 || nth > len(m.rows) {
		return 0
	}
	return m.rows[nth-1].ID
}

// do does an operation. Which id a new row gets is up to the database, as long as it is
// the highest.
func (m *model) do(op operation, got outcome) (o outcome) {
	op.Filter.ID = m.id(op.Nth)
	if op.What == "create" {
		if n := len(m.rows); n > 0 && got.ID <= m.rows[n-1].ID || got.ID <= 0 {
			return outcome{ID: -1}
		}
		op.Service.ID, op.Service.DeletedAt = got.ID, start
		m.rows = append(m.rows, op.Service)
		return outcome{ID: got.ID}
	}
	var left []db.Service
	for _, row := range m.rows {
		if !matches(op.Filter, row) {
			left = append(left, row)
			continue
		}
		o.N++
		switch op.What {
		case "list":
			o.Rows = append(o.Rows, row)
		case "update":
			for _, s := range setters {
				if slices.Contains(op.Columns, s.column) {
					s.set(&row, &op.Service)
				}
			}
		case "delete":
			row.Deleted, row.DeletedAt = true, op.Service.DeletedAt
		case "purge":
			continue
		}
		left = append(left, row)
	}
	if m.rows = left; op.What == "list" {
		o.N = 0
	}
	return o
}

// matches is what a filter means.
func matches(f db.ServiceFilter, s db.Service) bool {
	seen := s.UpdatedAt
	if seen.IsZero() {
		seen = s.CreatedAt
	}
	return (f.ID == 0 || f.ID == s.ID) &&
		(f.Host == "" || f.Host == s.Host) &&
		(f.Matching == "" || f.Matching == s.Host || strings.HasPrefix(s.Host, f.Matching+"@") || strings.HasPrefix(s.Host, f.Matching+"#")) &&
		(f.Binary == "" || f.Binary == s.Binary) &&
		(f.Disabled == nil || *f.Disabled == s.Disabled) &&
		(f.Frozen == nil || *f.Frozen == s.Frozen) &&
		(f.Cluster == nil || s.ClusterName == nil && *f.Cluster == "" || s.ClusterName != nil && *s.ClusterName == *f.Cluster) &&
		(len(f.ReplicationStatus) == 0 || slices.Contains(f.ReplicationStatus, s.ReplicationStatus)) &&
		(f.UpSince.IsZero() || !seen.IsZero() && !seen.Before(f.UpSince)) &&
		(f.Deleted || !s.Deleted)
}
