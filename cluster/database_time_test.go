package cluster_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/sqld"
)

// TestDatabase_limitsFollowNoWallClock: a limit is as long as it was meant, though the
// wall clock steps while an operation waits for a connection of the pool.
func TestDatabase_limitsFollowNoWallClock(t *testing.T) {
	for _, step := range []time.Duration{time.Hour, -time.Hour} {
		d := newDatabases(1, 1, sqld.Options{})
		d.Run(func(h host.Host, l host.Loop, task host.Task) {
			s, err := db.Open(h, l, db.Options{URL: d.URL(), MaxPoolSize: 1, MaxOverflow: -1})
			if err != nil {
				t.Error(err)
				return
			}
			if err := s.Migrate(task); err != nil {
				t.Error(err)
			}
			drain := func() { // for half a second, in which the clock steps
				l.Go("another", func(t host.Task) {
					s.Hold(t, func() error {
						t.Sleep(250 * time.Millisecond)
						d.user.SetClockOffset(step)
						t.Sleep(250 * time.Millisecond)
						return nil
					})
				})
				task.Sleep(time.Millisecond)
			}
			drain()
			if _, err := s.Within(time.Second).Services(task, db.ServiceFilter{}); err != nil {
				t.Errorf("a step by %v: %v", step, err)
			}
			d.user.SetClockOffset(0)
			d.running[0].SetDelay(time.Minute)
			drain()
			began := h.Clock().Monotonic()
			if _, err := s.Within(time.Second).Services(task, db.ServiceFilter{}); !errors.Is(err, db.ErrTimeout) {
				t.Errorf("a step by %v: %v", step, err)
			}
			if took := h.Clock().Monotonic() - began; took != time.Second {
				t.Errorf("a step by %v: a limit of a second took %v", step, took)
			}
		})
		d.Close()
	}
}

// past is a context of which the time is over, and that says so to nobody but its driver.
type past struct {
	context.Context
	at time.Time
}

func (p past) Deadline() (time.Time, bool) { return p.at, true }

// TestDatabase_knowsWhatWasNotSent: a write whose time is over before it goes out has
// changed nothing; of one that went out nobody knows.
func TestDatabase_knowsWhatWasNotSent(t *testing.T) {
	d := newDatabases(1, 1, sqld.Options{})
	defer d.Close()
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		database := sql.OpenDB(&sqld.Connector{Host: h, Loop: l, Addrs: []netip.AddrPort{d.addr(0)}})
		defer database.Close()
		if _, err := database.Exec("create table t (a)"); err != nil {
			t.Error(err)
		}
		ctx := past{context.Background(), h.Clock().Now().Add(-time.Second)}
		if _, err := database.ExecContext(ctx, "insert into t values (1)"); !errors.Is(err, sqld.ErrUnsent) {
			t.Errorf("too late: %v", err)
		}
		if _, err := database.Exec("insert into t values (2)"); err != nil {
			t.Error(err)
		}
		d.Link(d.user, d.servers[0]).Cut()
		ctx.at = h.Clock().Now().Add(time.Second)
		if _, err := database.ExecContext(ctx, "insert into t values (3)"); !errors.Is(err, sqld.ErrLost) {
			t.Errorf("behind a cut: %v", err)
		}
	})
}

// TestServer_findsTables: a statement finds a table that was made before, whichever
// connection of the server it gets, also while another one commits. (SQLite cannot look
// whether there are new tables then, and says that there are none.)
func TestServer_findsTables(t *testing.T) {
	d := newDatabases(1, 1, sqld.Options{})
	defer d.Close()
	d.Run(func(h host.Host, l host.Loop, task host.Task) {
		database := sql.OpenDB(&sqld.Connector{Host: h, Loop: l, Addrs: []netip.AddrPort{d.addr(0)}})
		defer database.Close()
		do := func(text string) {
			if _, err := database.Exec(text); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
		do("create table t (a)")
		left := 0
		for i := range 20 {
			do(fmt.Sprintf("create table t%d (a)", i))
			for range 5 {
				left++
				l.Go("user", func(task host.Task) {
					defer func() { left-- }()
					do("insert into t values (1)")
					task.Sleep(time.Duration(h.Rand("nap").IntN(int(time.Millisecond))))
					do(fmt.Sprintf("select a from t%d", i))
				})
			}
			task.Sleep(3 * time.Millisecond)
		}
		for left > 0 {
			task.Sleep(time.Millisecond)
		}
	})
}
