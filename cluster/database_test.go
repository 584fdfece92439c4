package cluster_test

import (
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
