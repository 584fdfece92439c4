package cluster_test

import (
	"database/sql"
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/sqld"
)

func TestServer_restoresABackup(t *testing.T) {
	d := newReplicated(t, 2, 100)
	d.create(t, "a")
	d.admin(0, `{"prefix": "backup", "name": "monday"}`)
	d.Sim.Run(time.Second)
	d.create(t, "b")
	d.await(t, 1, "caught up", d.caughtUp())
	d.Link(d.servers[1], d.servers[0]).Cut() // so that the replica asks when as many have been written again
	d.admin(0, `{"prefix": "restore", "name": "monday"}`)
	d.Sim.Run(time.Second)
	if got := d.hosts(t, 0); got != "a" || d.status(0).Failure != "" {
		t.Errorf("restored %q, %+v", got, d.status(0))
	}
	d.create(t, "c")
	d.Link(d.servers[1], d.servers[0]).Heal()
	d.Sim.Run(10 * time.Second)
	if got := d.hosts(t, 1); got != "a c" {
		t.Errorf("the replica has %q", got)
	}
	d.admin(0, `{"prefix": "restore", "name": "tuesday"}`)
	d.await(t, 0, "failed", func(s sqld.Status) bool { return strings.Contains(s.Failure, "restore") })
}

// TestServer_restartsBehindIdleConnections: a pool whose connections have ended while nobody
// used them serves all the same.
func TestServer_restartsBehindIdleConnections(t *testing.T) {
	d := newDatabases(1, 1, sqld.Options{})
	defer d.Close()
	d.create(t, "a")
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		s := open(t, h, l, d.URL())
		asked := 0
		for range 3 { // as many connections
			l.Go("asks", func(t2 host.Task) {
				rows(t, s, t2)
				asked++
			})
		}
		for asked < 3 {
			task.Sleep(10 * time.Millisecond)
		}
		d.servers[0].Kill()
		task.Sleep(time.Second)
		d.start(0)
		task.Sleep(time.Second)
		for range 3 {
			if got := rows(t, s, task); got != "a" {
				t.Errorf("%q", got)
			}
		}
	})
}

// TestServer_writersWaitForEachOther: one writes at a time. Who waits for longer than the
// limit is told so, and nothing of his is there.
func TestServer_writersWaitForEachOther(t *testing.T) {
	d := newDatabases(1, 1, sqld.Options{LockTimeout: time.Second})
	defer d.Close()
	d.create(t)
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		s := open(t, h, l, d.URL())
		wrote := func(name string) error {
			return s.CreateService(task, &db.Service{Host: name, Binary: "b"})
		}
		hold := func(d time.Duration) (ended *bool) {
			ended = new(bool)
			l.Go("holder", func(t host.Task) {
				s.Transaction(t, func(o db.Operations) error {
					t.Sleep(d)
					return o.CreateService(t, &db.Service{Host: "holder", Binary: "b"})
				})
				*ended = true
			})
			task.Sleep(50 * time.Millisecond)
			return ended
		}
		first := hold(500 * time.Millisecond)
		if err := wrote("patient"); err != nil || !*first {
			t.Errorf("%v, the lock was held: %v", err, !*first)
		}
		second := hold(5 * time.Second)
		began := h.Clock().Monotonic()
		if err := wrote("late"); !errors.Is(err, db.ErrBusy) {
			t.Errorf("behind a lock: %v", err)
		}
		if took := h.Clock().Monotonic() - began; took < time.Second || took > 1100*time.Millisecond {
			t.Errorf("waited %v", took)
		}
		if got := rows(t, s, task); got != "holder patient" { // readers do not wait
			t.Errorf("%q", got)
		}
		for !*second {
			task.Sleep(time.Second)
		}
		if got := rows(t, s, task); got != "holder patient holder" {
			t.Errorf("%q", got)
		}
	})
	if c := d.running[0].Counts(); c.LockWaits == 0 || c.Timeouts != 1 {
		t.Errorf("%+v", c)
	}
}

// TestServer_whoWaitsForALockHasNoConnection: with two connections, one of them in a
// transaction that writes, a reader is answered at once, however many writers wait; and
// these write when the lock is gone.
func TestServer_whoWaitsForALockHasNoConnection(t *testing.T) {
	for _, log := range []int{0, 10} {
		d := newDatabases(1, 1, sqld.Options{Connections: 2, Log: log})
		defer d.Close()
		d.create(t)
		d.Run(func(h host.Host, l host.Loop, task host.Task) {
			s := open(t, h, l, d.URL())
			under := 0
			begin := func(name string, hold time.Duration) {
				under++
				l.Go(name, func(t2 host.Task) {
					defer func() { under-- }()
					err := s.Transaction(t2, func(o db.Operations) error {
						t2.Sleep(hold)
						return o.CreateService(t2, &db.Service{Host: name, Binary: "b"})
					})
					if err != nil {
						t.Errorf("%s: %v", name, err)
					}
				})
				task.Sleep(50 * time.Millisecond)
			}
			begin("holder", 2*time.Second)
			for _, name := range []string{"second", "third", "fourth"} {
				begin(name, 0)
			}
			l.Go("alone", func(t2 host.Task) {
				under++
				defer func() { under-- }()
				if err := s.CreateService(t2, &db.Service{Host: "alone", Binary: "b"}); err != nil {
					t.Error(err)
				}
			})
			task.Sleep(50 * time.Millisecond)
			began := h.Clock().Monotonic()
			if got := rows(t, s, task); got != "" {
				t.Errorf("%q", got)
			}
			if took := h.Clock().Monotonic() - began; took > 50*time.Millisecond {
				t.Errorf("a reader waited %v", took)
			}
			for under > 0 {
				task.Sleep(time.Second)
			}
			if got := strings.Fields(rows(t, s, task)); len(got) != 5 {
				t.Errorf("%q", got)
			}
		})
	}
}

// TestServer_endsWhatItsClientsLeave: a client that dies in a transaction, or falls
// silent, holds the lock no longer than it takes to notice.
func TestServer_endsWhatItsClientsLeave(t *testing.T) {
	for name, leave := range map[string]func(*databases){
		"killed": func(d *databases) { d.user.Kill() },
		"silent": func(d *databases) { d.user.PowerOff() },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDatabases(1, 1, sqld.Options{IdleTimeout: 10 * time.Second})
			defer d.Close()
			d.create(t)
			d.task(func(h host.Host, l host.Loop, task host.Task) {
				open(t, h, l, d.URL()).Transaction(task, func(o db.Operations) error {
					o.CreateService(task, &db.Service{Host: "left", Binary: "b"})
					task.Sleep(time.Hour)
					return nil
				})
			})
			d.Sim.Run(time.Second)
			leave(d)
			d.Sim.Run(10 * time.Second)
			began := d.Now()
			d.create(t, "next")
			if took := d.Now() - began; took > time.Second {
				t.Errorf("the lock was held for another %v", took)
			}
			if got := d.hosts(t, 0); got != "next" {
				t.Errorf("%q", got)
			}
		})
	}
}

func TestServer_refusesWhatSessionsMustNotDo(t *testing.T) {
	d := newReplicated(t, 1, 10)
	d.create(t, "a")
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		database := sql.OpenDB(&sqld.Connector{Host: h, Loop: l, Addrs: []netip.AddrPort{d.addr(0)}})
		defer database.Close()
		for _, text := range []string{
			"attach 'x' as y", "pragma journal_mode=off", "savepoint a", "select datetime('now')", "select strftime('%s')",
			"delete from sqld_log where position <= 5", "drop table sqld_log", "create table sqld_x (a)", "insert into sqld_log values (99, 1, x'')",
			"select 1; select 2", "", "-- nothing", "select ?, ?", "nonsense", "select randomblob(10)", "commit", "delete from services where nothing = 1",
		} {
			var refusal *sqld.Error
			if _, err := database.Exec(text); !errors.As(err, &refusal) {
				t.Errorf("%q: %v", text, err)
			}
		}
		var n int
		if err := database.QueryRow("select count(*) from services").Scan(&n); err != nil || n != 1 {
			t.Errorf("afterwards: %d, %v", n, err)
		}
	})
}

func TestServer_makesStatementsSlow(t *testing.T) {
	d := newReplicated(t, 1, 0)
	d.create(t, "a")
	d.admin(0, `{"prefix": "delay", "duration": "2s"}`)
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		s := open(t, h, l, d.URL())
		began := h.Clock().Monotonic()
		if _, err := s.Within(time.Second).Services(task, db.ServiceFilter{}); !errors.Is(err, db.ErrTimeout) {
			t.Error(err)
		}
		if took := h.Clock().Monotonic() - began; took != time.Second {
			t.Errorf("the limit of a second came after %v", took)
		}
		rows(t, s, task)
		if took := h.Clock().Monotonic() - began; took < 3*time.Second {
			t.Errorf("took %v", took)
		}
	})
}
