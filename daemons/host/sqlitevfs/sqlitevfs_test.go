package sqlitevfs_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/ncruces/go-sqlite3"
	"go.uber.org/goleak"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/host/sqlitevfs"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// onRealDisk runs a task in a process whose disk is a folder, and returns the
// folder when the task has ended.
func onRealDisk(t *testing.T, fn func(*sqlitevfs.Store, host.Loop, host.Task)) string {
	t.Helper()
	dir := t.TempDir()
	h := oshost.New(oshost.Options{Dir: dir})
	defer h.Kill()
	l := h.NewLoop("main")
	done := make(chan struct{})
	l.Go("test", func(task host.Task) {
		defer close(done)
		fn(sqlitevfs.New(h, l), l, task)
	})
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("not done after a minute")
	}
	return dir
}

func open(t *testing.T, s *sqlitevfs.Store, task host.Task, name string, pragmas ...string) *sqlitevfs.DB {
	t.Helper()
	db, err := s.Open(task, name, pragmas...)
	if err != nil {
		t.Error(err)
		task.Sleep(time.Hour) // the test has failed
	}
	return db
}

func exec(db *sqlitevfs.DB, task host.Task, sql string) error {
	return db.Do(task, func(c *sqlite3.Conn) error { return c.Exec(sql) })
}

// TestStore_onTheRealDisk: what was written through the seam is an ordinary
// database to SQLite on its own file system, in every journal mode.
func TestStore_onTheRealDisk(t *testing.T) {
	for _, mode := range []string{"delete", "truncate", "persist", "wal"} {
		t.Run(mode, func(t *testing.T) {
			dir := onRealDisk(t, func(s *sqlitevfs.Store, _ host.Loop, task host.Task) {
				db := open(t, s, task, "folder/a b?.db", "locking_mode=exclusive", "journal_mode="+mode, "synchronous=full", "cache_size=5")
				defer db.Close(task)
				for i := range 5 {
					err := exec(db, task, fmt.Sprintf(`
						begin; create table if not exists t (a, b); create temp table if not exists u (a);
						insert into t select %d, randomblob(2000) from generate_series(1, 20);
						insert into u select b from t; commit`, i))
					if err != nil {
						t.Error(err)
					}
				}
				if err := exec(db, task, `begin; delete from t; rollback; select * from t order by b desc`); err != nil {
					t.Error(err)
				}
			})
			c, err := sqlite3.Open(filepath.Join(dir, "folder", "a b?.db"))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for query, want := range map[string]string{"pragma integrity_check": "ok", "select count(*) from t": "100"} {
				stmt, _, err := c.Prepare(query)
				if err != nil {
					t.Fatal(err)
				}
				if !stmt.Step() || stmt.ColumnText(0) != want {
					t.Errorf("%s: %q, %v", query, stmt.ColumnText(0), stmt.Err())
				}
				stmt.Close()
			}
		})
	}
}

func TestStore_connectionsLockEachOtherOut(t *testing.T) {
	onRealDisk(t, func(s *sqlitevfs.Store, _ host.Loop, task host.Task) {
		a, b := open(t, s, task, "x.db"), open(t, s, task, "x.db")
		defer a.Close(task)
		defer b.Close(task)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Error(err)
			}
		}
		busy := func(err error) {
			t.Helper()
			if !errors.Is(err, sqlite3.BUSY) {
				t.Errorf("%v, want BUSY", err)
			}
		}
		must(exec(a, task, `create table t (a); begin immediate; insert into t values (1)`))
		must(exec(b, task, `select * from t`)) // a reader beside a writer that has not written yet
		busy(exec(b, task, `begin immediate`))
		must(exec(b, task, `begin; select * from t`))
		busy(exec(a, task, `commit`)) // the reader is still there
		must(exec(b, task, `commit`))
		must(exec(a, task, `commit`))
		must(exec(b, task, `insert into t values (2)`))
		must(exec(a, task, `begin exclusive`))
		busy(exec(b, task, `select * from t`))
		must(a.Close(task)) // and lets go of the lock
		must(exec(b, task, `insert into t values (3)`))
	})
}

func TestDB_isOneTasksAtATime(t *testing.T) {
	onRealDisk(t, func(s *sqlitevfs.Store, l host.Loop, task host.Task) {
		db := open(t, s, task, "x.db", "synchronous=full")
		defer db.Close(task)
		var second error
		l.Go("second", func(other host.Task) { second = exec(db, other, `select 1`) })
		if err := exec(db, task, `create table t (a)`); err != nil { // waits for syncs
			t.Error(err)
		}
		if !errors.Is(second, sqlitevfs.ErrBusy) {
			t.Errorf("the second task got %v, want ErrBusy", second)
		}
	})
}

func TestDB_close(t *testing.T) {
	onRealDisk(t, func(s *sqlitevfs.Store, _ host.Loop, task host.Task) {
		db := open(t, s, task, "x.db")
		db.Do(task, func(c *sqlite3.Conn) error {
			c.Prepare(`select 1`) // and never finalised
			return nil
		})
		for range 2 {
			if err := db.Close(task); err != nil {
				t.Error(err)
			}
		}
		if err := exec(db, task, `select 1`); !errors.Is(err, host.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// TestDB_leavesTheTasksWakesAlone: a Wake that was meant for the task's own Park
// may come while SQLite waits, and must not get lost.
func TestDB_leavesTheTasksWakesAlone(t *testing.T) {
	onRealDisk(t, func(s *sqlitevfs.Store, l host.Loop, task host.Task) {
		db := open(t, s, task, "x.db", "synchronous=full")
		defer db.Close(task)
		l.Post(task.Wake)
		if err := exec(db, task, `create table t (a)`); err != nil {
			t.Error(err)
		}
		task.Park()
	})
}

func TestStore_open(t *testing.T) {
	onRealDisk(t, func(s *sqlitevfs.Store, _ host.Loop, task host.Task) {
		for _, tt := range []struct {
			name    string
			pragmas []string
			want    error
		}{
			{"../up.db", nil, sqlite3.CANTOPEN},
			{"x.db", []string{"= nonsense"}, sqlite3.ERROR},
		} {
			if _, err := s.Open(task, tt.name, tt.pragmas...); !errors.Is(err, tt.want) {
				t.Errorf("Open(%q): %v, want %v", tt.name, err, tt.want)
			}
		}
	})
}
