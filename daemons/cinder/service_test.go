package cinder_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
)

// TestService_beats: the first beat comes after an interval, and beats write what they may
// and nothing else.
func TestService_beats(t *testing.T) {
	r := newRig(t)
	r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
	r.w.Run(9 * time.Second)
	if s := r.row(); s.ReportCount != 0 || !s.UpdatedAt.IsZero() || s.AvailabilityZone != "nova" || s.CreatedAt.IsZero() {
		t.Errorf("before the first beat: %+v", s)
	}
	r.db.services[0].AvailabilityZone = "elsewhere"
	r.w.Run(time.Minute)
	if s := r.row(); s.ReportCount != 6 || s.AvailabilityZone != "nova" {
		t.Errorf("after a minute: %+v", s)
	}
	if want := []string{"ctl: report_count updated_at availability_zone", "ctl: report_count updated_at"}; !slices.Equal(r.db.writes[:2], want) {
		t.Errorf("beats write %q", r.db.writes[:2])
	}
}

// TestService_databaseAway: a database that is away costs the beats of that time, one line
// in the log, and another one when it is back.
func TestService_databaseAway(t *testing.T) {
	r := newRig(t)
	r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
	r.w.Run(11 * time.Second)
	r.db.fail = db.ErrUnavailable
	r.w.Run(5 * time.Minute)
	r.db.fail = nil
	r.w.Run(10 * time.Second)
	if s := r.row(); s.ReportCount != 2 {
		t.Errorf("%d beats", s.ReportCount)
	}
	if gone, back := r.logged("model server went away"), r.logged("recovered model server connection"); gone != 1 || back != 1 {
		t.Errorf("logged %d and %d times", gone, back)
	}
}

// TestService_slowDatabase: a beat ends with its interval, and the next one is in time.
func TestService_slowDatabase(t *testing.T) {
	r := newRig(t)
	p := r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
	r.w.Run(11 * time.Second)
	r.db.slow = 70 * time.Second
	r.w.Run(105 * time.Second)
	failed := 0
	for _, f := range p.Facts {
		if _, ok := f.(cinder.BeatFailed); ok {
			failed++
		}
	}
	if failed != 9 { // one each interval, from 20 s on
		t.Errorf("%d beats failed", failed)
	}
	r.db.slow = 0
	r.w.Run(10 * time.Second)
	if s := r.row(); s.ReportCount < 2 {
		t.Error("no beat after it is fast again")
	}
}

// TestService_rowGone: a row that disappears comes back, without what operators wrote.
func TestService_rowGone(t *testing.T) {
	r := newRig(t)
	r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
	r.w.Run(31 * time.Second)
	old := r.row()
	r.db.services[0].Disabled = true
	r.db.services[0].Deleted = true
	r.w.Run(10 * time.Second)
	if s := r.row(); s.ReportCount != 1 || s.UUID == old.UUID || s.Disabled {
		t.Errorf("the new row is %+v", s)
	}
	r.w.Run(2 * time.Minute) // it no longer looks by name
	r.db.services[1].UUID = "of another row with this id"
	r.w.Run(10 * time.Second)
	if n := len(r.db.services); n != 3 {
		t.Errorf("%d rows", n)
	}
}

// TestService_rowGoneSlowly: a beat that makes the row anew ends with its interval too, all
// its statements together.
func TestService_rowGoneSlowly(t *testing.T) {
	r := newRig(t)
	p := r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
	r.w.Run(11 * time.Second)
	r.db.services[0].Deleted = true
	r.db.slow = 4870 * time.Millisecond
	r.w.Run(19*time.Second + 500*time.Millisecond) // the beat of 20 s needs five statements
	failed := 0
	for _, f := range p.Facts {
		if _, ok := f.(cinder.BeatFailed); ok {
			failed++
		}
	}
	if failed != 1 || len(r.db.services) != 2 {
		t.Errorf("%d beats failed, %d rows", failed, len(r.db.services))
	}
}

// TestService_rowComesLate: a row that was being made when the database was put back comes
// into the older one, in which the service has its row again.
func TestService_rowComesLate(t *testing.T) {
	r := newRig(t)
	r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
	r.w.Run(11 * time.Second)
	before := r.db.services[0]
	var late db.Service
	r.db.services[0].Deleted, r.db.late = true, &late
	r.w.Run(10 * time.Second)
	r.db.services[0] = before
	r.w.Run(10 * time.Second)
	r.db.services = append(r.db.services, late)
	r.w.Run(10 * time.Second)
	if rows := r.db.services; late.ID == 0 || !rows[1].Deleted || rows[0].Deleted || rows[0].ReportCount <= before.ReportCount {
		t.Errorf("the rows are %+v", rows)
	}
}

// TestService_formerRowComesLate: a row that a process was making when it was killed comes
// when the next one has its own.
func TestService_formerRowComesLate(t *testing.T) {
	r := newRig(t)
	var late db.Service
	r.db.late = &late
	p, _ := r.volume("ctl@lvm")
	r.w.Run(time.Second)
	p.Exit(0, "")
	r.volume("ctl@lvm")
	r.w.Run(11 * time.Second)
	r.db.services = append(r.db.services, late)
	r.w.Run(10 * time.Second)
	if rows := r.db.services; len(rows) != 2 || late.Host == "" || !rows[1].Deleted || rows[0].Deleted || rows[0].ReportCount == 0 {
		t.Errorf("the rows are %+v", rows)
	}
}

// TestService_restart: a new process takes its row over as it is, and that is no sign of
// life.
func TestService_restart(t *testing.T) {
	r := newRig(t)
	p, _ := r.volume("ctl@lvm")
	r.w.Run(31 * time.Second)
	p.Exit(0, "")
	r.db.services[0].Frozen = true
	before := r.row()
	r.w.Run(time.Minute)
	r.volume("ctl@lvm")
	r.w.Run(9 * time.Second)
	if s := r.row(); s.UpdatedAt != before.UpdatedAt || s.ReportCount != before.ReportCount || !s.Frozen || len(r.db.services) != 1 {
		t.Errorf("a restart makes of %+v %+v", before, s)
	}
}

// TestService_twins: of two processes that make a row of one name at the same time one
// gives way.
func TestService_twins(t *testing.T) {
	r := newRig(t)
	r.db.slow = time.Second // between looking and making
	r.volume("ctl@lvm")
	r.volume("ctl@lvm")
	r.w.Run(40 * time.Second)
	if n := len(r.db.services); n != 2 || !r.db.services[1].Deleted || r.row().ReportCount < 3 {
		t.Errorf("rows: %+v", r.db.services)
	}
}

// TestService_driver: a service whose driver is not set up sends no heartbeats, and does
// once it is.
func TestService_driver(t *testing.T) {
	for _, tt := range []struct {
		fails int
		beats bool
	}{{0, true}, {3, true}, {4, false}} {
		r := newRig(t)
		p := r.start("ctl@lvm", cinder.BinaryVolume, cinder.NewVolume(&driver{setUps: tt.fails}))
		r.w.Run(time.Minute)
		if s := r.row(); s.UpdatedAt.IsZero() == tt.beats {
			t.Errorf("after %d failures: %+v", tt.fails, s)
		}
		skipped := slices.ContainsFunc(p.Facts, func(f host.Fact) bool { return f.Kind() == "cinder.beat.skipped" })
		if skipped == tt.beats {
			t.Errorf("after %d failures beats were skipped: %v", tt.fails, skipped)
		}
	}
}

// TestService_rowGoesBeforeItsDriver: a row that is removed before the driver is set up is
// made anew.
func TestService_rowGoesBeforeItsDriver(t *testing.T) {
	r := newRig(t)
	r.start("ctl@lvm", cinder.BinaryVolume, cinder.NewVolume(&driver{setUps: 1}))
	r.w.Run(500 * time.Millisecond) // the driver has failed once
	r.db.services = nil
	r.w.Run(time.Minute)
	if s := r.row(); s.UpdatedAt.IsZero() {
		t.Errorf("it does not beat: %+v", s)
	}
}

// TestService_databaseGoesBeforeItsDriver: a database that goes away before the driver is
// set up is waited for, as at the start, and is no failure of the driver's.
func TestService_databaseGoesBeforeItsDriver(t *testing.T) {
	for _, tt := range []struct {
		away  time.Duration
		ended string
	}{{50 * time.Second, ""}, {2 * time.Minute, "exit"}} {
		r := newRig(t)
		p := r.start("ctl@lvm", cinder.BinaryVolume, cinder.NewVolume(&driver{setUps: 3}))
		r.w.Run(500 * time.Millisecond) // the driver has failed once
		r.db.fail = db.ErrUnavailable
		r.w.Run(tt.away)
		r.db.fail = nil
		r.w.Run(time.Minute)
		if beats := !r.row().UpdatedAt.IsZero(); p.Ended != tt.ended || beats != (tt.ended == "") {
			t.Errorf("away for %v: it has ended by %q, %s; beats: %v", tt.away, p.Ended, p.Reason, beats)
		}
	}
}

// TestService_beatsTooLate: a heartbeat does not set back a row in which somebody has
// counted since it was read; it counts on from there.
func TestService_beatsTooLate(t *testing.T) {
	r := newRig(t)
	r.start("ctl@lvm", cinder.BinaryVolume, cinder.NewVolume(&driver{}))
	r.w.Run(5 * time.Second)
	late := true
	r.db.onUpdate = func() {
		if late {
			late = false
			r.db.services[0].ReportCount = 40
		}
	}
	r.w.Run(10 * time.Second)
	if s := r.row(); late || s.ReportCount != 41 {
		t.Errorf("it has counted to %d", s.ReportCount)
	}
}

// TestService_intervals: a service_down_time that beats cannot keep is set right.
func TestService_intervals(t *testing.T) {
	for _, tt := range []struct{ report, down, want time.Duration }{
		{10 * time.Second, 60 * time.Second, 60 * time.Second},
		{10 * time.Second, 10 * time.Second, 25 * time.Second},
		{11 * time.Second, 5 * time.Second, 27 * time.Second},
		{100 * time.Millisecond, 50 * time.Millisecond, 250 * time.Millisecond},
		{0, 5 * time.Second, 5 * time.Second},
	} {
		r := newRig(t)
		r.opt.ReportInterval, r.opt.ServiceDownTime = tt.report, tt.down
		p := r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
		r.w.Run(time.Second)
		i := slices.IndexFunc(p.Facts, func(f host.Fact) bool { return f.Kind() == "cinder.started" })
		if got := p.Facts[i].(cinder.Started).DownTime; got != tt.want {
			t.Errorf("report_interval %v with service_down_time %v: %v, want %v", tt.report, tt.down, got, tt.want)
		}
	}
}

// TestService_noDatabase: a process that never reaches its database gives up.
func TestService_noDatabase(t *testing.T) {
	r := newRig(t)
	r.db.fail = db.ErrUnavailable
	p := r.start("ctl", cinder.BinaryBackup, cinder.NewBackup(r.w.NewProcess("disk")))
	r.w.Run(99 * time.Second)
	if p.Ended != "" {
		t.Errorf("ended too early: %s", p.Reason)
	}
	r.w.Run(2 * time.Second)
	if p.Ended != "exit" || !strings.Contains(p.Reason, "ctl") {
		t.Errorf("%q, %q", p.Ended, p.Reason)
	}
}

// TestLiveness: the border counts, either way, and what was never heard of counts from its
// creation.
func TestLiveness(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	seen := func(age time.Duration) db.Service {
		return db.Service{CreatedAt: now.Add(-time.Hour), UpdatedAt: now.Add(-age)}
	}
	for _, tt := range []struct {
		s  db.Service
		up bool
	}{
		{seen(0), true}, {seen(time.Minute), true}, {seen(time.Minute + time.Microsecond), false},
		{seen(-time.Minute), true}, {seen(-time.Minute - time.Microsecond), false}, {seen(-time.Hour), false},
		{db.Service{CreatedAt: now.Add(-time.Minute)}, true}, {db.Service{CreatedAt: now.Add(-time.Hour)}, false},
	} {
		if got := (cinder.Liveness{DownTime: time.Minute}).Up(tt.s, now); got != tt.up {
			t.Errorf("updated %v, created %v: up is %v", tt.s.UpdatedAt, tt.s.CreatedAt, got)
		}
	}
}

// TestVolume_replication: how freeze, thaw and failover leave the row.
func TestVolume_replication(t *testing.T) {
	const topic = "cinder-volume.ctl@lvm"
	target, back, no := "replica", cinder.DefaultTarget, false
	type outcome struct {
		status, active, reason string
		disabled               bool
	}
	for _, tt := range []struct {
		name, method string
		args         any
		fail         error
		active       string
		frozen       bool
		answer       *bool
		want         outcome
	}{
		{name: "freeze", method: "freeze_host", frozen: true, want: outcome{"enabled", "", "frozen", true}},
		{name: "freeze of a backend that cannot", method: "freeze_host", frozen: true, fail: errors.New("no"), want: outcome{"enabled", "", "frozen", true}},
		{name: "thaw", method: "thaw_host", want: outcome{status: "enabled"}},
		{name: "thaw of a backend that cannot", method: "thaw_host", fail: errors.New("no"), answer: &no, want: outcome{status: "enabled"}},
		{name: "failover", method: "failover", args: &target, want: outcome{"failed-over", "replica", "failed-over", true}},
		{name: "failback", method: "failover", args: &back, active: "replica", want: outcome{"enabled", "", "", false}},
		{name: "failback, frozen", method: "failover", args: &back, active: "replica", frozen: true, want: outcome{"enabled", "", "", true}},
		{name: "no such target", method: "failover", args: &target, fail: cinder.ErrInvalidTarget, want: outcome{status: "enabled"}},
		{name: "no such target, failed over", method: "failover", args: &target, fail: cinder.ErrInvalidTarget, active: "x", want: outcome{status: "failed-over", active: "x"}},
		{name: "failover fails", method: "failover", args: &target, fail: errors.New("no"), want: outcome{"failover-error", "", "", true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			_, d := r.volume("ctl@lvm")
			d.replicas, d.fail = true, tt.fail
			r.w.Run(5 * time.Second)
			row := &r.db.services[0]
			if row.ReplicationStatus != db.ReplicationEnabled {
				t.Errorf("a backend with replicas starts as %q", row.ReplicationStatus)
			}
			row.Frozen = tt.frozen
			if tt.active != "" {
				row.ActiveBackendID = &tt.active
			}
			stamp := row.UpdatedAt
			done := true
			err := r.call(topic, tt.method, map[string]any{"secondary_backend_id": tt.args}, &done)
			if err != nil || tt.answer != nil && done != *tt.answer {
				t.Fatalf("%v, %v", done, err)
			}
			got := outcome{row.ReplicationStatus, text(row.ActiveBackendID), text(row.DisabledReason), row.Disabled}
			if got != tt.want || row.UpdatedAt != stamp {
				t.Errorf("the row says %+v, want %+v; it was stamped: %v", got, tt.want, row.UpdatedAt != stamp)
			}
		})
	}
}

// TestVolume_freezeAndThawAtOnce: the backend and the row are left as the later request has
// it, also if the earlier one is the last to arrive, or to be written down.
func TestVolume_freezeAndThawAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name, method string
		before       bool // the row's flag when the service is called
		during       bool // when it writes
	}{
		{"a freeze is overtaken by a thaw", "freeze_host", true, false},
		{"a thaw is overtaken by a freeze", "thaw_host", false, true},
		{"a freeze that was thawed before it arrived", "freeze_host", false, false},
		{"a thaw of what was frozen again before it arrived", "thaw_host", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			_, d := r.volume("ctl@lvm")
			r.w.Run(5 * time.Second)
			row := &r.db.services[0]
			row.Frozen, row.Disabled, d.frozen = tt.before, !tt.during, !tt.during
			r.db.onUpdate = func() { row.Frozen = tt.during }
			done := false
			if err := r.call("cinder-volume.ctl@lvm", tt.method, nil, &done); err != nil || !done {
				t.Fatalf("%v, %v", done, err)
			}
			if row.Disabled != tt.during || d.frozen != tt.during || tt.during != (text(row.DisabledReason) == "frozen") {
				t.Errorf("the row is frozen: %v, disabled: %v (%q), and the backend frozen: %v",
					tt.during, row.Disabled, text(row.DisabledReason), d.frozen)
			}
		})
	}
}

// TestVolume_neitherFrozenNorNot: a flag that changes all the time is an error.
func TestVolume_neitherFrozenNorNot(t *testing.T) {
	r := newRig(t)
	r.volume("ctl@lvm")
	r.w.Run(5 * time.Second)
	row := &r.db.services[0]
	r.db.onUpdate = func() { row.Frozen = !row.Frozen }
	row.Frozen = true
	if err := r.call("cinder-volume.ctl@lvm", "freeze_host", nil, nil); err == nil || !strings.Contains(err.Error(), "neither frozen nor not") {
		t.Errorf("freeze: %v", err)
	}
	if row.Disabled {
		t.Error("disabled")
	}
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// TestVolume_cleansUp: what a former process was in the middle of is cleaned up by the next
// one, and nobody else's is.
func TestVolume_cleansUp(t *testing.T) {
	r := newRig(t)
	p, _ := r.volume("ctl@lvm")
	r.w.Run(time.Second)
	err := r.call("cinder-volume.ctl@lvm", "create_volume", cinder.CreateVolume{Volume: "v1"}, nil)
	if err == nil || len(r.db.workers) != 1 {
		t.Fatalf("%v, %d workers", err, len(r.db.workers))
	}
	r.db.workers = append(r.db.workers, db.Worker{ID: 77, ResourceID: "other", ServiceID: 99})
	p.Exit(0, "")
	_, d := r.volume("ctl@lvm")
	r.w.Run(time.Second)
	if !slices.Equal(d.cleaned, []string{"v1"}) || len(r.db.workers) != 1 {
		t.Errorf("cleaned %v, left %v", d.cleaned, r.db.workers)
	}
}

// TestScheduler_pools: only backends whose services are up, enabled and not frozen, and
// that have reported.
func TestScheduler_pools(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*rig, *db.Service)
		pools  int
	}{
		{"all is well", func(*rig, *db.Service) {}, 1},
		{"disabled", func(_ *rig, s *db.Service) { s.Disabled = true }, 0},
		{"frozen", func(_ *rig, s *db.Service) { s.Frozen = true }, 0},
		{"of long ago", func(_ *rig, s *db.Service) { s.UpdatedAt = s.UpdatedAt.Add(-2 * time.Minute) }, 0},
		{"of the future", func(_ *rig, s *db.Service) { s.UpdatedAt = s.UpdatedAt.Add(2 * time.Minute) }, 0},
		{"in a cluster that is disabled", func(r *rig, s *db.Service) {
			name := "c@lvm"
			s.ClusterName, s.Disabled = &name, false
			r.db.clusters = append(r.db.clusters, db.Cluster{Name: name, Binary: cinder.BinaryVolume, Disabled: true})
		}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t)
			r.volume("ctl@lvm")
			r.start("ctl", cinder.BinaryScheduler, cinder.NewScheduler())
			r.w.Run(22 * time.Second)
			tt.change(r, &r.db.services[0])
			var pools []struct{ Name string }
			if err := r.call("cinder-scheduler", "get_pools", nil, &pools); err != nil || len(pools) != tt.pools {
				t.Fatalf("%v, %v", pools, err)
			}
			if tt.pools > 0 && pools[0].Name != "ctl@lvm#pool" {
				t.Errorf("pool %v", pools)
			}
		})
	}
}

// TestScheduler_workCleanup: a live member of the cluster of a dead service cleans up
// after it; for one without a cluster there is nobody.
func TestScheduler_workCleanup(t *testing.T) {
	r := newRig(t)
	r.opt.Cluster = "c"
	dead, _ := r.volume("a@lvm")
	_, d := r.volume("b@lvm")
	r.opt.Cluster = ""
	alone, _ := r.volume("z@lvm")
	r.start("ctl", cinder.BinaryScheduler, cinder.NewScheduler())
	r.w.Run(2 * time.Minute)
	if len(r.db.clusters) != 1 {
		t.Fatalf("clusters %v", r.db.clusters)
	}
	dead.Exit(0, "")
	alone.Exit(0, "")
	r.db.workers = []db.Worker{{ID: 50, ResourceID: "v", ServiceID: 1}}
	r.w.Run(70 * time.Second)
	no := false
	var said struct{ Cleaning, Unavailable []struct{ Host string } }
	if err := r.call("cinder-scheduler", "work_cleanup", map[string]any{"cleanup_request": map[string]any{"is_up": &no}}, &said); err != nil {
		t.Fatal(err)
	}
	r.w.Run(time.Second)
	if len(said.Cleaning) != 1 || said.Cleaning[0].Host != "a@lvm" || len(said.Unavailable) != 1 || said.Unavailable[0].Host != "z@lvm" {
		t.Errorf("%+v", said)
	}
	if !slices.Equal(d.cleaned, []string{"v"}) {
		t.Errorf("cleaned %v", d.cleaned)
	}
}

// TestService_logLevels: what is below the level that an operator has set is not logged.
func TestService_logLevels(t *testing.T) {
	r := newRig(t)
	r.start("ctl@lvm", cinder.BinaryVolume, cinder.NewVolume(&driver{setUps: 9}))
	r.w.Run(30 * time.Second)
	type level struct{ Prefix, Level string }
	ask := func(prefix string) (got []level) {
		if err := r.call("cinder-volume.ctl@lvm", "get_log_levels", map[string]any{"log_request": level{Prefix: prefix}}, &got); err != nil {
			t.Fatal(err)
		}
		return got
	}
	if got := ask("cinder"); !slices.Equal(got, []level{{"cinder.service", "INFO"}}) || len(ask("nova")) != 0 {
		t.Errorf("levels %v", got)
	}
	if err := r.call("cinder-volume.ctl@lvm", "set_log_levels", map[string]any{"log_request": level{"", "critical"}}, nil); err == nil {
		t.Error("an unknown level is set")
	}
	if err := r.call("cinder-volume.ctl@lvm", "set_log_levels", map[string]any{"log_request": level{"", "WARNING"}}, nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(""); !slices.Equal(got, []level{{"cinder.service", "WARNING"}}) {
		t.Errorf("levels %v", got)
	}
}

// TestService_secondRow: of two rows of a name the later one is deleted, by a process that
// starts, and by the next heartbeat if that was not possible when the row was made.
func TestService_secondRow(t *testing.T) {
	r := newRig(t)
	for _, id := range []int64{1, 2} {
		r.db.services = append(r.db.services, db.Service{ID: id, UUID: string(rune('a' + id)), Host: "ctl@lvm", Binary: cinder.BinaryVolume})
	}
	r.db.last = 2
	r.volume("ctl@lvm")
	r.w.Run(time.Second)
	if r.db.services[0].Deleted || !r.db.services[1].Deleted {
		t.Fatalf("after the start: %+v", r.db.services)
	}
	r.db.services[0].Deleted = true // so that it makes another one, beside that of somebody else
	r.db.onCreate = func() {
		r.db.services = append(r.db.services, db.Service{ID: 1, UUID: "z", Host: "ctl@lvm", Binary: cinder.BinaryVolume})
		slices.SortFunc(r.db.services, func(a, b db.Service) int { return int(a.ID - b.ID) })
		r.db.fail, r.db.onCreate = errors.New("away"), nil
	}
	r.w.Until(time.Minute, func() bool { return r.db.fail != nil })
	r.db.fail = nil
	r.w.Run(time.Minute)
	alive := slices.DeleteFunc(slices.Clone(r.db.services), func(s db.Service) bool { return s.Deleted })
	if len(alive) != 1 || alive[0].UUID != "z" || alive[0].ReportCount == 0 {
		t.Errorf("after heartbeats: %+v", alive)
	}
}

// TestVolume_clusterFailover: whoever does it, all members go on at the target, and one that
// starts later does so too.
func TestVolume_clusterFailover(t *testing.T) {
	r := newRig(t)
	r.opt.Cluster = "c"
	_, first := r.volume("a@lvm")
	_, second := r.volume("b@lvm")
	first.replicas, second.replicas = true, true
	r.w.Run(5 * time.Second)
	if len(r.db.clusters) != 1 {
		t.Fatalf("clusters %v", r.db.clusters)
	}
	if err := r.call("cinder-volume.c@lvm", "failover", map[string]any{"secondary_backend_id": "replica"}, nil); err != nil {
		t.Fatal(err)
	}
	r.w.Run(5 * time.Second)
	_, third := r.volume("c@lvm")
	r.w.Run(5 * time.Second)
	if c := r.db.clusters[0]; c.ReplicationStatus != db.ReplicationFailedOver || text(c.ActiveBackendID) != "replica" {
		t.Errorf("the cluster is %+v", c)
	}
	for i, s := range r.db.services {
		if s.ReplicationStatus != db.ReplicationFailedOver || text(s.ActiveBackendID) != "replica" {
			t.Errorf("member %d is %s at %q", i, s.ReplicationStatus, text(s.ActiveBackendID))
		}
	}
	for i, d := range []*driver{first, second, third} {
		if !slices.Contains(d.completed, "replica") {
			t.Errorf("the driver of member %d was told %q", i, d.completed)
		}
	}
}
