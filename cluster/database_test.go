package cluster_test

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/db/dbtest"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/sqld"
	"github.com/wavetank/wavetank/sim"
)

// databases is a simulated room with database servers and a machine that uses them.
type databases struct {
	*sim.Sim
	servers []*sim.Host
	running []*sqld.Server
	user    *sim.Host
	options sqld.Options
}

const databasePort = 7070

// newDatabases starts servers of which those after the first are replicas.
func newDatabases(seed uint64, n int, options sqld.Options) *databases {
	d := &databases{Sim: sim.New(sim.Config{Seed: seed}), options: options, running: make([]*sqld.Server, n)}
	for i := range n {
		d.servers = append(d.servers, d.AddHost(fmt.Sprintf("db%d", i)))
	}
	d.user = d.AddHost("user")
	for i := range n {
		d.start(i)
	}
	return d
}

func (d *databases) addr(i int) netip.AddrPort {
	return netip.AddrPortFrom(d.servers[i].Addr(), databasePort)
}

// start starts server i.
func (d *databases) start(i int) {
	o := d.options
	o.Addr = d.addr(i)
	if i > 0 {
		o.Follow = d.addr(0)
	}
	for j := range d.servers {
		if o.Log > 0 && j != i {
			o.Peers = append(o.Peers, d.addr(j))
		}
	}
	d.servers[i].Start(func(p host.Host) {
		l := p.NewLoop("sqld")
		l.Post(func() {
			s, err := sqld.Start(p, l, o)
			if err != nil {
				panic(err)
			}
			d.running[i] = s
		})
	})
}

func (d *databases) URL() string {
	var addrs []string
	for i := range d.servers {
		addrs = append(addrs, d.addr(i).String())
	}
	return "sqld://" + strings.Join(addrs, ",")
}

func (d *databases) Precision() time.Duration { return time.Microsecond }

// Run implements dbtest.World.
func (d *databases) Run(fn func(host.Host, host.Loop, host.Task)) {
	if !d.RunUntil(time.Hour, d.task(fn)) {
		panic("the task did not end within an hour")
	}
}

// task starts a task on the user's machine, and returns whether it has ended.
func (d *databases) task(fn func(host.Host, host.Loop, host.Task)) (ended func() bool) {
	done := false
	d.user.Start(func(p host.Host) {
		l := p.NewLoop("user")
		l.Go("user", func(t host.Task) {
			defer func() { done = true }()
			fn(p, l, t)
		})
	})
	return func() bool { return done }
}

// TestDatabase_keepsThePromises holds a simulated server to what real databases are held
// to.
func TestDatabase_keepsThePromises(t *testing.T) {
	dbtest.Run(t, func(testing.TB) dbtest.World { return newDatabases(1, 1, sqld.Options{}) })
}

// open opens a store, or fails.
func open(t testing.TB, h host.Host, l host.Loop, url string) *db.Store {
	t.Helper()
	s, err := db.Open(h, l, db.Options{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestDatabase_refusesOthersInTheSimulator: drivers that block would stop time.
func TestDatabase_refusesOthersInTheSimulator(t *testing.T) {
	d := newDatabases(1, 1, sqld.Options{})
	defer d.Close()
	d.Run(func(h host.Host, l host.Loop, _ host.Task) {
		if _, err := db.Open(h, l, db.Options{URL: "sqlite:///x.db"}); err == nil || !strings.Contains(err.Error(), "sqld") {
			t.Error(err)
		}
	})
}

// heartbeats is a life with everything: several writers, transactions, a server that
// loses power and comes back. It returns what the writers were told.
func heartbeats(t testing.TB, seed uint64) (hash uint64, told []string) {
	d := newDatabases(seed, 1, sqld.Options{})
	defer d.Close()
	ended := d.task(func(h host.Host, l host.Loop, task host.Task) {
		s := open(t, h, l, d.URL())
		for err := s.Migrate(task); err != nil; err = s.Migrate(task) {
			task.Sleep(time.Millisecond)
		}
		left := 10
		for i := range left {
			l.Go("service", func(task host.Task) {
				defer func() { left-- }()
				me := db.Service{Host: fmt.Sprint("n", i), Binary: "cinder-volume", CreatedAt: h.Clock().Now()}
				err := s.CreateService(task, &me)
				told = append(told, fmt.Sprintf("%d created %d %s %v", i, me.ID, me.UUID, err))
				for range 10 {
					task.Sleep(time.Duration(h.Rand("nap").IntN(int(50 * time.Millisecond))))
					me.ReportCount++
					me.UpdatedAt = h.Clock().Now()
					n, err := s.Within(30*time.Millisecond).UpdateServices(task, db.ServiceFilter{ID: me.ID}, me, db.ServiceReportCount, db.ServiceUpdatedAt)
					told = append(told, fmt.Sprintf("%d beat %d %v", i, n, err))
				}
			})
		}
		for left > 0 {
			task.Sleep(time.Millisecond)
		}
	})
	d.Sim.Run(200 * time.Millisecond)
	d.servers[0].PowerOff()
	d.Sim.Run(30 * time.Millisecond)
	d.start(0)
	if !d.RunUntil(time.Hour, ended) {
		t.Fatal("not done")
	}
	return d.Hash(), told
}

func TestDatabase_sameSeedSameRun(t *testing.T) {
	first, told := heartbeats(t, 7)
	second, again := heartbeats(t, 7)
	if first != second {
		t.Errorf("hashes %x and %x", first, second)
	}
	if a, b := strings.Join(told, "\n"), strings.Join(again, "\n"); a != b {
		t.Errorf("%s\n--\n%s", a, b)
	}
	other, _ := heartbeats(t, 8)
	if other == first {
		t.Error("another seed gave the same run")
	}
	if len(told) != 110 {
		t.Errorf("%d entries", len(told))
	}
	failed := 0
	for _, line := range told {
		if !strings.HasSuffix(line, "<nil>") {
			failed++
		}
	}
	if failed == 0 || failed > 60 {
		t.Errorf("%d of %d operations failed:\n%s", failed, len(told), strings.Join(told, "\n"))
	}
}

// TestDatabase_aCommitThatWasAnsweredIsThere counts: power fails again and again while a
// counter is written. What was answered is there after each restart; what failed was not
// done, unless the error says that nobody knows.
func TestDatabase_aCommitThatWasAnsweredIsThere(t *testing.T) {
	unknown := map[bool]int{}
	for seed := range uint64(20) {
		d := newDatabases(seed, 1, sqld.Options{Log: int(seed % 2 * 100)})
		lengths := sim.NewStream(seed, "lengths")
		stop := false
		ended := d.task(func(h host.Host, l host.Loop, task host.Task) {
			s := open(t, h, l, d.URL())
			for err := s.Within(time.Second).Migrate(task); err != nil; err = s.Within(time.Second).Migrate(task) {
				task.Sleep(time.Millisecond)
			}
			o := s.Within(50 * time.Millisecond)
			me := db.Service{Host: "n", Binary: "b", UUID: "the only one"}
			for o.CreateService(task, &me) != nil {
				if got, err := o.Service(task, db.ServiceFilter{Host: "n"}); err == nil {
					me = got
					break
				}
				task.Sleep(time.Millisecond)
			}
			for !stop {
				me.ReportCount++
				var err error
				if me.ReportCount%2 == 0 {
					_, err = o.UpdateServices(task, db.ServiceFilter{ID: me.ID}, me, db.ServiceReportCount)
				} else {
					err = o.Transaction(task, func(o db.Operations) error {
						_, err := o.UpdateServices(task, db.ServiceFilter{ID: me.ID}, me, db.ServiceReportCount)
						return err
					})
				}
				if err == nil {
					continue
				}
				got, again := o.Service(task, db.ServiceFilter{ID: me.ID})
				for again != nil {
					task.Sleep(time.Millisecond)
					got, again = o.Service(task, db.ServiceFilter{ID: me.ID})
				}
				done := got.ReportCount == me.ReportCount
				switch {
				case errors.Is(err, db.ErrUnknownOutcome):
					unknown[done]++
				case done:
					t.Errorf("seed %d: %v, but it was done", seed, err)
				}
				if !done && got.ReportCount != me.ReportCount-1 {
					t.Errorf("seed %d: the count is %d after %d was answered", seed, got.ReportCount, me.ReportCount-1)
				}
				me = got
			}
		})
		for range 20 {
			d.Sim.Run(time.Duration(lengths.IntN(int(60 * time.Millisecond))))
			if lengths.IntN(2) == 0 {
				d.servers[0].PowerOff()
			} else {
				d.servers[0].Kill()
			}
			d.start(0)
		}
		stop = true
		if !d.RunUntil(time.Hour, ended) {
			t.Errorf("seed %d: not done", seed)
		}
		d.Close()
	}
	if unknown[true] == 0 || unknown[false] == 0 {
		t.Errorf("unknown outcomes: %v; want done ones and others", unknown)
	}
}

// lostAnswers has many sessions count at once, each in a row of its own, while power fails
// again and again, and tells how many counts were answered and are not there, and how many
// statements were committed with others.
func lostAnswers(t *testing.T, seed uint64, options sqld.Options) (lost int, grouped uint64) {
	t.Helper()
	const writers = 12
	d := newDatabases(seed, 1, options)
	defer d.Close()
	d.create(t, strings.Fields(strings.Repeat("n ", writers))...)
	stop, running := false, writers
	d.task(func(h host.Host, l host.Loop, task host.Task) {
		for i := range int64(writers) {
			l.Go("writer", func(task host.Task) {
				defer func() { running-- }()
				o := open(t, h, l, d.URL()).Within(50 * time.Millisecond)
				me := db.ServiceFilter{ID: i + 1}
				for answered := 0; ; {
					_, err := o.UpdateServices(task, me, db.Service{ReportCount: answered + 1}, db.ServiceReportCount)
					if err == nil && !stop {
						answered++
						continue
					}
					got, err := o.Service(task, me)
					for ; err != nil; got, err = o.Service(task, me) {
						task.Sleep(time.Millisecond)
					}
					if got.ReportCount < answered {
						lost++
					}
					if answered = got.ReportCount; stop {
						return
					}
				}
			})
		}
	})
	lengths := sim.NewStream(seed, "lengths")
	for range 10 {
		d.Sim.Run(50*time.Millisecond + time.Duration(lengths.IntN(int(200*time.Millisecond))))
		var s sqld.Status
		if json.Unmarshal([]byte(d.admin(0, `{"prefix": "status"}`)), &s) == nil {
			grouped += s.Counts.Grouped
		}
		d.servers[0].PowerOff()
		d.start(0)
	}
	stop = true
	if !d.RunUntil(time.Hour, func() bool { return running == 0 }) {
		t.Errorf("seed %d: not done", seed)
	}
	return lost, grouped
}

// TestDatabase_groupsAreAnsweredOnceTheyAreThere: statements of several sessions are
// committed together, and none is answered before it would survive a loss of power.
func TestDatabase_groupsAreAnsweredOnceTheyAreThere(t *testing.T) {
	early := 0
	for seed := range uint64(2) {
		log := int(seed % 2 * 100)
		lost, grouped := lostAnswers(t, seed, sqld.Options{Log: log})
		if lost > 0 || grouped == 0 {
			t.Errorf("seed %d: %d answered counts are lost, %d statements were committed with others", seed, lost, grouped)
		}
		lost, _ = lostAnswers(t, seed, sqld.Options{Log: log, Defects: sqld.Defects{AnswersEarly: true}})
		early += lost
	}
	if early == 0 {
		t.Error("a server that answers early is not found out")
	}
}

// rows are the hosts of the services that a store sees.
func rows(t testing.TB, s *db.Store, task host.Task) string {
	t.Helper()
	all, err := s.Services(task, db.ServiceFilter{})
	if err != nil {
		return err.Error()
	}
	var names []string
	for _, one := range all {
		names = append(names, one.Host)
	}
	return strings.Join(names, " ")
}

// admin is what server i answers an operator.
func (d *databases) admin(i int, request string) (reply string) {
	told := false
	if err := d.servers[i].Admin(request, func(r string) { reply, told = r, true }); err != nil {
		return err.Error()
	}
	if !d.RunUntil(time.Minute, func() bool { return told }) {
		panic("no answer within a minute")
	}
	return reply
}

// status is what server i says of itself.
func (d *databases) status(i int) sqld.Status {
	var s sqld.Status
	if err := json.Unmarshal([]byte(d.admin(i, `{"prefix": "status"}`)), &s); err != nil {
		panic(err)
	}
	return s
}

// await lets time pass until server i's status fulfils something.
func (d *databases) await(t testing.TB, i int, what string, cond func(sqld.Status) bool) {
	t.Helper()
	for range 1000 {
		if cond(d.status(i)) {
			return
		}
		d.Sim.Run(10 * time.Millisecond)
	}
	t.Fatalf("server %d never %s: %+v", i, what, d.status(i))
}

// create writes services of these names.
func (d *databases) create(t testing.TB, names ...string) {
	t.Helper()
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		s := open(t, h, l, d.URL())
		for tries := 0; ; tries++ {
			err := s.Migrate(task)
			if err == nil {
				break
			}
			if tries == 1000 {
				t.Errorf("tables: %v", err)
				return
			}
			task.Sleep(10 * time.Millisecond)
		}
		for _, name := range names {
			if err := s.CreateService(task, &db.Service{Host: name, Binary: "b", CreatedAt: h.Clock().Now()}); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// hosts are the services that server i has.
func (d *databases) hosts(t testing.TB, i int) (names string) {
	t.Helper()
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		names = rows(t, open(t, h, l, "sqld://"+d.addr(i).String()+"?replicas"), task)
	})
	return names
}

// caughtUp reports whether a server has everything that the first one has.
func (d *databases) caughtUp() func(sqld.Status) bool {
	want := d.status(0)
	return func(s sqld.Status) bool { return s.Position == want.Position && s.Epoch == want.Epoch }
}

func newReplicated(t testing.TB, n, log int) *databases {
	d := newDatabases(1, n, sqld.Options{Log: log})
	t.Cleanup(d.Close)
	d.Sim.Run(time.Second)
	return d
}

func TestReplica_has_whatItsPrimaryHas(t *testing.T) {
	d := newReplicated(t, 3, 100)
	d.create(t, "a", "b")
	for i := range 3 {
		d.await(t, i, "caught up", d.caughtUp())
		if got := d.hosts(t, i); got != "a b" {
			t.Errorf("server %d has %q", i, got)
		}
	}
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		s := open(t, h, l, "sqld://"+d.addr(1).String()+"?replicas")
		if err := s.CreateService(task, &db.Service{Host: "c"}); !errors.Is(err, db.ErrReadOnly) {
			t.Errorf("a write to a replica: %v", err)
		}
	})
}

func TestReplica_lagsAndLosesWhatItHasNotSeen(t *testing.T) {
	d := newReplicated(t, 2, 100)
	d.create(t, "a")
	d.await(t, 1, "caught up", d.caughtUp())
	d.Link(d.servers[0], d.servers[1]).Cut()
	d.create(t, "b")
	d.Sim.Run(time.Second)
	if got := d.hosts(t, 1); got != "a" {
		t.Errorf("behind a cut the replica has %q", got)
	}
	d.servers[0].Kill()
	d.admin(1, `{"prefix": "promote"}`)
	d.await(t, 1, "became primary", func(s sqld.Status) bool { return s.Role == "primary" })
	d.create(t, "c") // by the list of addresses, of which the first is dead
	if got := d.hosts(t, 1); got != "a c" {
		t.Errorf("the promoted replica has %q", got)
	}

	// The old primary comes back with a transaction that nobody else has. It takes writes
	// as long as it cannot ask, then follows, and takes a copy.
	d.start(0)
	d.Sim.Run(5 * time.Second)
	if s := d.status(0); s.Role != "primary" {
		t.Errorf("behind a cut it is %+v", s)
	}
	d.Link(d.servers[0], d.servers[1]).Heal()
	want := d.status(1)
	d.await(t, 0, "caught up", func(s sqld.Status) bool { return s.Position == want.Position && s.Epoch == want.Epoch })
	if got := d.hosts(t, 0); got != "a c" {
		t.Errorf("the old primary has %q", got)
	}
	d.servers[0].PowerOff()
	d.start(0)
	d.Sim.Run(time.Second)
	if s := d.status(0); s.Role != "replica" || s.Position != want.Position {
		t.Errorf("after a restart %+v", s)
	}
}

func TestReplica_farBehindCopiesEverything(t *testing.T) {
	d := newReplicated(t, 2, 5)
	d.servers[1].Kill()
	d.create(t, "a", "b", "c", "d", "e", "f", "g", "h")
	d.start(1)
	d.Sim.Run(time.Second)
	d.await(t, 1, "caught up", d.caughtUp())
	if got := d.hosts(t, 1); got != "a b c d e f g h" {
		t.Errorf("the replica has %q", got)
	}
	d.create(t, "i")
	d.await(t, 1, "caught up", d.caughtUp())
}

func TestReplica_usesThePrimarysTimeAndChance(t *testing.T) {
	d := newReplicated(t, 2, 100)
	d.servers[1].SetClockOffset(time.Hour)
	var simulated string // the date
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		simulated = h.Clock().Now().UTC().Format("2006-01-02")
		database := sql.OpenDB(&sqld.Connector{Host: h, Loop: l, Addrs: []netip.AddrPort{d.addr(0)}})
		defer database.Close()
		for _, text := range []string{
			"create table t (at text default current_timestamp, n integer default (random()), m)",
			"insert into t (m) values (1), (2), (random())",
			"update t set m = random() where m = 2",
		} {
			if _, err := database.Exec(text); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
	d.await(t, 1, "caught up", d.caughtUp())
	var got []string
	for i := range 2 {
		d.Run(func(h host.Host, l host.Loop, task host.Task) {
			database := sql.OpenDB(&sqld.Connector{Host: h, Loop: l, Addrs: []netip.AddrPort{d.addr(i)}, Replicas: true})
			defer database.Close()
			var text string
			if err := database.QueryRow("select group_concat(at || ' ' || n || ' ' || m, ', ') from t").Scan(&text); err != nil {
				t.Error(err)
			}
			got = append(got, text)
		})
	}
	if got[0] != got[1] || !strings.HasPrefix(got[0], simulated) {
		t.Errorf("primary and replica have\n%s\n%s", got[0], got[1])
	}
}

// TestReplica_survivesLossesOfPower: whatever loses power, replicas are a beginning of
// their primary, and catch up.
func TestReplica_survivesLossesOfPower(t *testing.T) {
	for seed := range uint64(4) {
		d := newDatabases(seed, 2, sqld.Options{Log: 20, PullInterval: 5 * time.Millisecond})
		draw := sim.NewStream(seed, "losses")
		stop := false
		ended := d.task(func(h host.Host, l host.Loop, task host.Task) {
			s := open(t, h, l, d.URL()).Within(100 * time.Millisecond)
			for i := 0; !stop; i++ {
				s.Migrate(task)
				s.CreateService(task, &db.Service{Host: fmt.Sprint(i), Binary: "b", UpdatedAt: h.Clock().Now()})
				s.DeleteServices(task, db.ServiceFilter{Host: fmt.Sprint(i - 10)}, h.Clock().Now())
			}
		})
		for range 20 {
			d.Sim.Run(time.Duration(draw.IntN(int(200 * time.Millisecond))))
			for i := range 2 {
				switch draw.IntN(3) {
				case 0:
					d.servers[i].PowerOff()
					d.start(i)
				case 1:
					d.servers[i].Kill()
					d.start(i)
				}
			}
		}
		stop = true
		if !d.RunUntil(time.Hour, ended) {
			t.Fatalf("seed %d: not done", seed)
		}
		d.Sim.Run(5 * time.Second)
		d.await(t, 1, "caught up", d.caughtUp())
		if a, b := d.hosts(t, 0), d.hosts(t, 1); a != b || a == "" {
			t.Errorf("seed %d: the primary has %q, the replica %q", seed, a, b)
		}
		if got := d.status(1); got.Position < 20 {
			t.Errorf("seed %d: little was written: %+v", seed, got)
		}
		d.Close()
	}
}

func TestDatabase_isTheModel(t *testing.T) {
	dbtest.RunModel(t, func(testing.TB) dbtest.World { return newDatabases(1, 1, sqld.Options{}) })
}
