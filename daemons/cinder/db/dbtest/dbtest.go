// Package dbtest is the conformance suite of package db: whatever database passes [Run]
// behaves as Cinder's services expect.
package dbtest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// World is an empty database and a process that uses it.
type World interface {
	// Run runs fn as a task and returns when it has ended.
	Run(fn func(h host.Host, l host.Loop, t host.Task))
	// URL is that of the database.
	URL() string
	// Precision is that of times.
	Precision() time.Duration
	// Close removes the database and ends the process.
	Close()
}

// rig is one check's world.
type rig struct {
	testing.TB
	db.Operations
	store     *db.Store
	task      host.Task
	host      host.Host
	loop      host.Loop
	url       string
	precision time.Duration
}

// stop ends a check from within a task, where FailNow must not be called.
type stop struct{}

// must ends the check if err is not nil.
func (r *rig) must(err error) {
	r.Helper()
	if err != nil {
		r.Error(err)
		panic(stop{})
	}
}

// wants reports an error that is none of the wanted kind.
func (r *rig) wants(err, kind error) {
	r.Helper()
	if !errors.Is(err, kind) {
		r.Errorf("got error %v, want %v", err, kind)
	}
}

// equal reports a difference.
func (r *rig) equal(got, want any) {
	r.Helper()
	if d := cmp.Diff(want, got); d != "" {
		r.Errorf("-want +got\n%s", d)
	}
}

// start is when the checks begin.
var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// at is a moment after the start, as the database keeps it.
func (r *rig) at(d time.Duration) time.Time { return start.Add(d).Truncate(r.precision) }

// Run checks a database, each check in a new world.
func Run(t *testing.T, newWorld func(t testing.TB) World) {
	for _, c := range checks() {
		t.Run(strings.ReplaceAll(c.promise, " ", "_"), func(t *testing.T) {
			with(t, newWorld, c.test)
		})
	}
}

// with runs a check on migrated tables.
func with(t testing.TB, newWorld func(t testing.TB) World, check func(*rig)) {
	w := newWorld(t)
	defer w.Close()
	w.Run(func(h host.Host, l host.Loop, task host.Task) {
		defer func() {
			if p := recover(); p != nil && p != (any)(stop{}) {
				panic(p)
			}
		}()
		r := &rig{TB: t, task: task, host: h, loop: l, url: w.URL(), precision: w.Precision()}
		store, err := db.Open(h, l, db.Options{URL: w.URL(), MaxPoolSize: 2, MaxOverflow: 2, PoolTimeout: time.Second})
		r.must(err)
		defer store.Close()
		r.store, r.Operations = store, store.Operations
		r.must(store.Migrate(task))
		check(r)
	})
}

type check struct {
	promise string
	test    func(*rig)
}

func checks() []check {
	return []check{
		{"a row comes back as it was written", roundTrip},
		{"what is not set is null", nulls},
		{"an update writes the named columns only", updateColumns},
		{"the filter is the condition of an update", compareAndSet},
		{"a host matches its backends and pools and nothing else", matching},
		{"a deleted service is out of sight", softDelete},
		{"a sign of life is an update, or else the creation", upSince},
		{"migrating again changes nothing", migrateAgain},
		{"several may migrate at once", migrateTogether},
		{"a cluster lives once", clusterOnce},
		{"a cluster's health is its members'", clusterHealth},
		{"a cluster that is held does not change", heldCluster},
		{"work is claimed by one", claim},
		{"claims that compare seconds are lost", claimByStamp},
		{"work of a service that is there keeps it there", foreignKey},
		{"a transaction is all or nothing", transaction},
		{"a transaction that failed cannot be committed", failedTransaction},
		{"a transaction that has taken too long is not committed", lateTransaction},
		{"a transaction is seen when it is committed", isolation},
		{"odd text is text", oddText},
		{"the pool has an end", poolEnds},
	}
}

func (r *rig) create(s db.Service) db.Service {
	r.Helper()
	r.must(r.CreateService(r.task, &s))
	return s
}

func (r *rig) list(f db.ServiceFilter) []db.Service {
	r.Helper()
	all, err := r.Services(r.task, f)
	r.must(err)
	return all
}

// hosts are the names of a list.
func hosts(all []db.Service) []string {
	names := []string{}
	for _, s := range all {
		names = append(names, s.Host)
	}
	return names
}

func (r *rig) full() db.Service {
	return db.Service{
		CreatedAt: r.at(0), UpdatedAt: r.at(1500001 * time.Microsecond), ModifiedAt: r.at(2 * time.Second),
		Host: "n1@lvm", Binary: "cinder-volume", Topic: "cinder-volume", ReportCount: 7, Disabled: true,
		DisabledReason: new("maintenance"), AvailabilityZone: "nova", RPCVersion: new("3.17"), ObjectVersion: new("1.39"),
		ReplicationStatus: db.ReplicationEnabled, Frozen: true, ActiveBackendID: new(""), ClusterName: new("c@lvm"),
	}
}

func roundTrip(r *rig) {
	s := r.create(r.full())
	if s.ID == 0 || len(s.UUID) != 36 {
		r.Errorf("id %d, uuid %q", s.ID, s.UUID)
	}
	got, err := r.Service(r.task, db.ServiceFilter{ID: s.ID})
	r.must(err)
	r.equal(got, s)
}

func nulls(r *rig) {
	s := r.create(db.Service{Host: "h", Binary: "b"})
	got := r.list(db.ServiceFilter{})
	r.equal(got, []db.Service{s})
	if got[0].DisabledReason != nil || !got[0].UpdatedAt.IsZero() {
		r.Errorf("%+v", got[0])
	}
	_, err := r.Service(r.task, db.ServiceFilter{Host: "nobody"})
	r.wants(err, db.ErrNotFound)
}

func updateColumns(r *rig) {
	s := r.create(r.full())
	set := db.Service{ReportCount: 8, UpdatedAt: r.at(time.Minute), Disabled: false, Host: "not written"}
	n, err := r.UpdateServices(r.task, db.ServiceFilter{ID: s.ID}, set, db.ServiceReportCount, db.ServiceUpdatedAt)
	r.must(err)
	r.equal(n, 1)
	s.ReportCount, s.UpdatedAt = 8, r.at(time.Minute)
	r.equal(r.list(db.ServiceFilter{}), []db.Service{s})
	n, err = r.UpdateServices(r.task, db.ServiceFilter{ID: s.ID}, s, db.ServiceReportCount)
	r.must(err)
	r.equal(n, 1)                          // found, though it has the value already
	for want, count := range []int{7, 8} { // only if nobody has counted since
		n, err = r.UpdateServices(r.task, db.ServiceFilter{ID: s.ID, ReportCount: &count}, db.Service{ReportCount: 9}, db.ServiceReportCount)
		r.must(err)
		r.equal(n, want)
	}
}

func compareAndSet(r *rig) {
	s := r.create(db.Service{Host: "h", Binary: "b", UpdatedAt: r.at(0), ReplicationStatus: db.ReplicationEnabled})
	f := db.ServiceFilter{
		ID: s.ID, ReplicationStatus: []string{db.ReplicationEnabled, db.ReplicationFailedOver},
		UpSince: r.at(0), Frozen: new(false), Disabled: new(false), Cluster: new(""),
	}
	set := db.Service{ReplicationStatus: db.ReplicationFailingOver}
	for _, want := range []int{1, 0} {
		n, err := r.UpdateServices(r.task, f, set, db.ServiceReplicationStatus)
		r.must(err)
		r.equal(n, want)
	}
}

func matching(r *rig) {
	for _, h := range []string{"ctl", "ctl@a", "ctl#pool", "ctl2", "Ctl", "ct%", "ctl_", "xctl"} {
		r.create(db.Service{Host: h, Binary: "b"})
	}
	r.equal(hosts(r.list(db.ServiceFilter{Matching: "ctl"})), []string{"ctl", "ctl@a", "ctl#pool"})
	r.equal(hosts(r.list(db.ServiceFilter{Host: "ctl"})), []string{"ctl"})
	r.equal(hosts(r.list(db.ServiceFilter{Matching: "ct%"})), []string{"ct%"})
	r.equal(hosts(r.list(db.ServiceFilter{Matching: "zoë"})), []string{})
}

func softDelete(r *rig) {
	s := r.create(db.Service{Host: "h", Binary: "b"})
	n, err := r.DeleteServices(r.task, db.ServiceFilter{ID: s.ID}, r.at(0))
	r.must(err)
	r.equal(n, 1)
	r.equal(hosts(r.list(db.ServiceFilter{})), []string{})
	s.Deleted, s.DeletedAt = true, r.at(0)
	r.equal(r.list(db.ServiceFilter{Deleted: true}), []db.Service{s})
	n, err = r.PurgeServices(r.task, db.ServiceFilter{Deleted: true})
	r.must(err)
	r.equal(n, 1)
	r.equal(hosts(r.list(db.ServiceFilter{Deleted: true})), []string{})
}

func upSince(r *rig) {
	r.create(db.Service{Host: "updated", Binary: "b", CreatedAt: r.at(0), UpdatedAt: r.at(time.Minute)})
	r.create(db.Service{Host: "created", Binary: "b", CreatedAt: r.at(time.Minute)})
	r.create(db.Service{Host: "neither", Binary: "b"})
	r.equal(hosts(r.list(db.ServiceFilter{UpSince: r.at(0)})), []string{"updated", "created"})
	r.equal(hosts(r.list(db.ServiceFilter{UpSince: r.at(time.Minute)})), []string{"updated", "created"})
	r.equal(hosts(r.list(db.ServiceFilter{UpSince: r.at(time.Minute + time.Second)})), []string{})
}

func migrateAgain(r *rig) {
	s := r.create(r.full())
	for range 2 {
		r.must(r.Migrate(r.task))
	}
	r.equal(r.list(db.ServiceFilter{}), []db.Service{s})
}

// migrateTogether removes the tables and has several stores make them.
func migrateTogether(r *rig) {
	for _, table := range []string{"workers", "clusters", "services", "schema_migrations"} {
		r.must(r.store.Exec(r.task, "drop table "+table))
	}
	const n = 4
	left := n
	for range n {
		store, err := db.Open(r.host, r.loop, db.Options{URL: r.url})
		r.must(err)
		defer store.Close()
		r.loop.Go("migration", func(t host.Task) {
			defer func() { left-- }()
			if err := store.Migrate(t); err != nil {
				r.Error(err)
			}
		})
	}
	for left > 0 {
		r.task.Sleep(time.Millisecond)
	}
	r.create(r.full())
}

func clusterOnce(r *rig) {
	c := db.Cluster{Name: "c", Binary: "cinder-volume", CreatedAt: r.at(0)}
	r.must(r.CreateCluster(r.task, &c))
	again := c
	r.wants(r.CreateCluster(r.task, &again), db.ErrDuplicate)
	r.must(r.DeleteCluster(r.task, c.ID, r.at(time.Second)))
	r.wants(r.DeleteCluster(r.task, c.ID, r.at(time.Second)), db.ErrNotFound)
	r.must(r.CreateCluster(r.task, &again))
	got, err := r.Cluster(r.task, db.ClusterFilter{Name: "c"})
	r.must(err)
	r.equal(got, again)
	n, err := r.UpdateClusters(r.task, db.ClusterFilter{Name: "c", Frozen: new(false)}, db.Cluster{Frozen: true}, db.ClusterFrozen)
	r.must(err)
	r.equal(n, 1)
}

func clusterHealth(r *rig) {
	a, b := db.Cluster{Name: "a", Binary: "cinder-volume"}, db.Cluster{Name: "b", Binary: "cinder-volume"}
	r.must(r.CreateCluster(r.task, &a))
	r.must(r.CreateCluster(r.task, &b))
	for i := range 3 {
		r.create(db.Service{Host: fmt.Sprint(i), Binary: "cinder-volume", ClusterName: new("a"), UpdatedAt: r.at(time.Duration(i) * time.Minute)})
	}
	r.create(db.Service{Host: "gone", ClusterName: new("a"), UpdatedAt: r.at(time.Hour), Deleted: true})
	got, err := r.Clusters(r.task, db.ClusterFilter{}, r.at(time.Minute))
	r.must(err)
	r.equal(got, []db.ClusterHealth{{Cluster: a, LastHeartbeat: r.at(2 * time.Minute), NumHosts: 3, NumDownHosts: 1}, {Cluster: b}})
	got, err = r.Clusters(r.task, db.ClusterFilter{Name: "b", Binary: "cinder-volume", ActiveBackendID: new("")}, r.at(0))
	r.must(err)
	r.equal(got, []db.ClusterHealth{{Cluster: b}})
}

func claim(r *rig) {
	s := r.create(db.Service{Host: "h", Binary: "b"})
	w := db.Worker{ResourceType: "Volume", ResourceID: "1", Status: "creating", ServiceID: s.ID, UpdatedAt: r.at(0)}
	r.must(r.CreateWorker(r.task, &w))
	second := w
	for i, w := range []*db.Worker{&w, &second} {
		won, err := r.ClaimWorker(r.task, w, s.ID, r.at(time.Second))
		r.must(err)
		r.equal(won, i == 0)
	}
	for _, other := range []func(*db.Worker){
		func(w *db.Worker) { w.ResourceID = "2" }, func(w *db.Worker) { w.ResourceType = "Snapshot" },
		func(w *db.Worker) { w.Status = "deleting" }, func(w *db.Worker) { w.ServiceID++ },
	} {
		another := w // that had the number before
		other(&another)
		won, err := r.ClaimWorker(r.task, &another, s.ID, r.at(2*time.Second))
		r.must(err)
		r.equal(won, false)
	}
	all, err := r.Workers(r.task, db.WorkerFilter{ServiceID: s.ID, UpdatedBefore: r.at(time.Second)})
	r.must(err)
	r.equal(all, []db.Worker{w})
	again := db.Worker{ResourceType: "Volume", ResourceID: "1"}
	r.wants(r.CreateWorker(r.task, &again), db.ErrDuplicate)
	n, err := r.DeleteWorkers(r.task, db.WorkerFilter{ID: w.ID})
	r.must(err)
	r.equal(n, 1)
}

// claimByStamp shows the defect: two claims within a second both succeed.
func claimByStamp(r *rig) {
	store, err := db.Open(r.host, r.loop, db.Options{URL: r.url, Defects: db.Defects{StampAsVersion: true}})
	r.must(err)
	defer store.Close()
	s := r.create(db.Service{Host: "h", Binary: "b"})
	w := db.Worker{ResourceType: "Volume", ResourceID: "1", ServiceID: s.ID, UpdatedAt: r.at(0)}
	r.must(r.CreateWorker(r.task, &w))
	second := w
	for _, w := range []*db.Worker{&w, &second} {
		won, err := store.ClaimWorker(r.task, w, s.ID, r.at(300*time.Millisecond))
		r.must(err)
		r.equal(won, true)
	}
}

func foreignKey(r *rig) {
	s := r.create(db.Service{Host: "h", Binary: "b"})
	r.must(r.CreateWorker(r.task, &db.Worker{ResourceType: "Volume", ResourceID: "1", ServiceID: s.ID}))
	r.must(r.CreateWorker(r.task, &db.Worker{ResourceType: "Volume", ResourceID: "2"}))
	if _, err := r.PurgeServices(r.task, db.ServiceFilter{}); err == nil || errors.Is(err, db.ErrUnknownOutcome) {
		r.Errorf("error %v, want a refusal", err)
	}
	r.equal(len(r.list(db.ServiceFilter{})), 1)
}

func heldCluster(r *rig) {
	named := db.ClusterFilter{Name: "c", Binary: "b"}
	_, err := r.HeldCluster(r.task, named)
	r.wants(err, db.ErrNotFound)
	r.must(r.CreateCluster(r.task, &db.Cluster{Name: "c", Binary: "b"}))
	done := false
	r.must(r.store.Transaction(r.task, func(o db.Operations) error {
		c, err := o.HeldCluster(r.task, named)
		r.must(err)
		r.equal(c.Name, "c")
		r.loop.Go("another", func(t host.Task) {
			defer r.task.Wake()
			defer func() { done = true }()
			err := db.ErrBusy
			for errors.Is(err, db.ErrBusy) {
				_, err = r.UpdateClusters(t, named, db.Cluster{Frozen: true}, db.ClusterFrozen)
			}
			if err != nil {
				r.Error(err)
			}
		})
		r.task.Sleep(50 * time.Millisecond)
		r.equal(done, false)
		c, err = o.Cluster(r.task, named)
		r.must(err)
		r.equal(c.Frozen, false)
		return nil
	}))
	for !done {
		r.task.ParkFor("the other")
	}
	c, err := r.Cluster(r.task, named)
	r.must(err)
	r.equal(c.Frozen, true)
}

func transaction(r *rig) {
	mine := errors.New("changed my mind")
	for _, result := range []error{mine, nil} {
		err := r.store.Transaction(r.task, func(o db.Operations) error {
			r.must(o.CreateService(r.task, &db.Service{Host: "a", Binary: "b"}))
			r.must(o.CreateService(r.task, &db.Service{Host: "b", Binary: "b"}))
			return result
		})
		r.wants(err, result)
		r.equal(len(r.list(db.ServiceFilter{})) == 2, result == nil)
	}
	r.equal(r.store.InUse(), 0)
}

func failedTransaction(r *rig) {
	err := r.store.Transaction(r.task, func(o db.Operations) error {
		c := db.Cluster{Name: "c", Binary: "b"}
		r.must(o.CreateCluster(r.task, &c))
		r.wants(o.CreateCluster(r.task, &c), db.ErrDuplicate)
		return nil
	})
	r.wants(err, db.ErrDuplicate)
	_, err = r.Cluster(r.task, db.ClusterFilter{})
	r.wants(err, db.ErrNotFound)
}

func isolation(r *rig) {
	r.must(r.store.Transaction(r.task, func(o db.Operations) error {
		r.must(o.CreateService(r.task, &db.Service{Host: "a", Binary: "b"}))
		all, err := o.Services(r.task, db.ServiceFilter{})
		r.must(err)
		r.equal(len(all), 1)
		r.equal(len(r.list(db.ServiceFilter{})), 0) // another connection
		return nil
	}))
	r.equal(len(r.list(db.ServiceFilter{})), 1)
}

func oddText(r *rig) {
	for _, text := range []string{`'; drop table services; --`, `"`, "`", "?", "$1", `\`, `\'`, "%_", " both ", "zoë", "line\nbreak", "日本"} {
		s := r.create(db.Service{Host: text, Binary: "b", DisabledReason: &text})
		r.equal(r.list(db.ServiceFilter{Host: text}), []db.Service{s})
	}
}

// The limit is that of the whole, not of each statement.
func lateTransaction(r *rig) {
	const limit = time.Second // long enough to begin in
	err := r.Within(limit).Transaction(r.task, func(o db.Operations) error {
		if err := o.CreateService(r.task, &db.Service{Host: "late", Binary: "cinder-volume"}); err != nil {
			return err
		}
		r.task.Sleep(limit)
		return nil
	})
	r.wants(err, db.ErrTimeout)
	err = r.Within(limit).Transaction(r.task, func(o db.Operations) error {
		r.task.Sleep(limit)
		_, err := o.Services(r.task, db.ServiceFilter{})
		return err
	})
	r.wants(err, db.ErrTimeout)
	r.equal(len(r.list(db.ServiceFilter{})), 0)
}

// poolEnds takes all four connections, by transactions that have written nothing yet.
func poolEnds(r *rig) {
	release := false
	var sleepers int
	for range 3 {
		r.loop.Go("sleeper", func(t host.Task) {
			r.store.Hold(t, func() error {
				for sleepers++; !release; {
					t.Sleep(time.Millisecond)
				}
				return nil
			})
		})
	}
	for sleepers < 3 {
		r.task.Sleep(time.Millisecond)
	}
	r.list(db.ServiceFilter{}) // the fourth
	r.must(r.store.Hold(r.task, func() error {
		r.equal(r.store.InUse(), 4)
		_, err := r.Within(5*time.Millisecond).Services(r.task, db.ServiceFilter{})
		r.wants(err, db.ErrPoolTimeout)
		return nil
	}))
	waited := false
	r.must(r.store.Hold(r.task, func() error {
		r.loop.Go("waiter", func(t host.Task) {
			_, err := r.Services(t, db.ServiceFilter{})
			waited = err == nil
			r.task.Wake()
		})
		r.task.Sleep(time.Millisecond)
		return nil
	}))
	r.task.Park()
	r.equal(waited, true)
	release = true
	for r.store.InUse() > 0 {
		r.task.Sleep(time.Millisecond)
	}
}
