package sim

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/ncruces/go-sqlite3"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/sqlitevfs"
)

// TestSQLite_survivesLossesOfPower moves money between accounts while the power
// fails again and again, or only the process dies, and audits the books after each restart. The settings
// that SQLite's documentation calls durable must be; those that it does not, and
// disks that lie, must be found out, or the audit would prove nothing.
func TestSQLite_survivesLossesOfPower(t *testing.T) {
	for _, tt := range []struct {
		name    string
		pragmas []string
		fault   func(*Host)
		want    string // what the audit finds with some seed; empty is nothing with any
	}{
		{name: "truncate, full", pragmas: []string{"journal_mode=truncate", "synchronous=full"}},
		{name: "persist, full", pragmas: []string{"journal_mode=persist", "synchronous=full"}},
		{name: "delete, extra", pragmas: []string{"journal_mode=delete", "synchronous=extra"}},
		{name: "wal, full", pragmas: []string{"locking_mode=exclusive", "journal_mode=wal", "synchronous=full"}},
		{
			name: "truncate, full, on a slow disk", pragmas: []string{"journal_mode=truncate", "synchronous=full"},
			fault: func(h *Host) { h.SetDiskLatency(DiskLatency{Spread: time.Millisecond, BytesPerSecond: 10 << 20}) },
		},
		{
			name: "delete, full", pragmas: []string{"journal_mode=delete", "synchronous=full"},
			want: lostCommit, // the removal of the journal is not synced
		},
		{
			name: "wal, normal", pragmas: []string{"locking_mode=exclusive", "journal_mode=wal", "synchronous=normal"},
			want: lostCommit,
		},
		{name: "truncate, off", pragmas: []string{"journal_mode=truncate", "synchronous=off"}, want: corrupt},
		{
			name: "truncate, full, on a disk that lies", pragmas: []string{"journal_mode=truncate", "synchronous=full"},
			fault: func(h *Host) { h.SetSyncLies(2) }, want: corrupt,
		},
		{
			name: "wal, full, on a disk that lies", pragmas: []string{"locking_mode=exclusive", "journal_mode=wal", "synchronous=full"},
			fault: func(h *Host) { h.SetSyncLies(2) }, want: lostCommit,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			found := make(map[string]string)
			for seed := range uint64(8) {
				b := openBank(seed, tt.pragmas)
				if tt.fault != nil {
					tt.fault(b.host)
				}
				for range 24 {
					b.live()
				}
				if b.finding != "" {
					found[b.finding] = fmt.Sprintf("seed %d, life %d: %s", seed, b.lives, b.detail)
				}
				if b.told == 0 && tt.want == "" {
					t.Errorf("seed %d: no money moved", seed)
				}
				b.Close()
			}
			switch {
			case tt.want == "" && len(found) > 0:
				t.Errorf("%v", found)
			case tt.want != "" && found[tt.want] == "":
				t.Errorf("no seed shows a %s, found %v", tt.want, found)
			}
		})
	}
}

// What an audit may find.
const (
	corrupt    = "corrupt database"
	lostCommit = "lost commit"
)

const (
	accounts = 20
	fortune  = 1000 // on each account at the beginning
)

// bank is a machine with a database, and what its customers were told.
type bank struct {
	*Sim
	host      *Host
	pragmas   []string
	lengths   *Stream
	lives     int
	told      int // how often customers were told of a transfer
	transfers int // the last one they were told of
	finding   string
	detail    string
}

func openBank(seed uint64, pragmas []string) *bank {
	s := New(Config{Seed: seed})
	return &bank{Sim: s, host: s.AddHost("bank"), pragmas: pragmas, lengths: NewStream(seed, "lengths")}
}

// live runs the bank until the power fails, or the process is killed: then its disk is as
// it left it, synced or not.
func (b *bank) live() {
	if b.finding != "" {
		return
	}
	b.lives++
	b.host.Start(func(h host.Host) {
		l := h.NewLoop("bank")
		l.Go("clerk", func(t host.Task) { b.work(h, l, t) })
	})
	most := 40 * time.Millisecond
	if b.lengths.IntN(2) == 0 {
		most = 3 * time.Millisecond // some do not get to their first commit
	}
	b.Run(time.Duration(b.lengths.IntN(int(most))))
	if b.lengths.IntN(2) == 0 {
		b.host.Kill()
		return
	}
	b.host.PowerOff()
}

func (b *bank) found(what, format string, args ...any) {
	if b.finding == "" {
		b.finding, b.detail = what, fmt.Sprintf(format, args...)
	}
}

func (b *bank) work(h host.Host, l host.Loop, t host.Task) {
	db, err := sqlitevfs.New(h, l).Open(t, "books/bank.db", b.pragmas...)
	if err != nil {
		b.found(corrupt, "open: %v", err)
		return
	}
	defer db.Close(t)
	if err := db.Do(t, found); err != nil {
		b.found(corrupt, "found: %v", err)
		return
	}
	if err := db.Do(t, b.audit); err != nil {
		b.found(corrupt, "audit: %v", err)
	}
	for b.finding == "" {
		if err := db.Do(t, func(c *sqlite3.Conn) error { return b.transfer(h, c) }); err != nil {
			b.found(corrupt, "transfer: %v", err)
			return
		}
		b.told++
		b.transfers++
		t.Sleep(time.Duration(h.Rand("rest").IntN(int(time.Millisecond))))
	}
}

// found founds the bank, if it was not.
func found(c *sqlite3.Conn) error {
	return c.Exec(fmt.Sprintf(`
		begin immediate;
		create table if not exists accounts (id integer primary key, balance integer not null);
		create table if not exists transfers (number integer primary key, giver integer, taker integer, amount integer, memo blob);
		create index if not exists givers on transfers (giver, amount);
		insert or ignore into accounts select value, %d from (
			with recursive n(value) as (select 0 union all select value + 1 from n where value < %d) select value from n);
		commit`, fortune, accounts-1))
}

// transfer is one transaction. When it has returned the customer is told.
func (b *bank) transfer(h host.Host, c *sqlite3.Conn) error {
	draw := h.Rand("transfer")
	giver, taker, amount := draw.IntN(accounts), draw.IntN(accounts), draw.IntN(100)
	return c.Exec(fmt.Sprintf(`
		begin immediate;
		update accounts set balance = balance - %d where id = %d;
		update accounts set balance = balance + %d where id = %d;
		insert into transfers values (%d, %d, %d, %d, randomblob(%d));
		commit`, amount, giver, amount, taker, b.transfers+1, giver, taker, amount, 100+draw.IntN(3000)))
}

// audit compares the books with themselves and with what customers were told.
func (b *bank) audit(c *sqlite3.Conn) error {
	check, err := text(c, `pragma integrity_check`)
	if err != nil {
		return err
	}
	if check != "ok" {
		b.found(corrupt, "integrity_check: %s", check)
	}
	for query, want := range map[string]int{
		`select sum(balance) from accounts`: accounts * fortune,
		`select count(*) from accounts where balance != 1000
			- (select coalesce(sum(amount), 0) from transfers where giver = id)
			+ (select coalesce(sum(amount), 0) from transfers where taker = id)`: 0,
		`select coalesce(max(number), 0) - count(*) from transfers`: 0,
	} {
		if got, err := number(c, query); err != nil {
			return err
		} else if got != want {
			b.found(corrupt, "%s: %d, want %d", query, got, want)
		}
	}
	booked, err := number(c, `select count(*) from transfers`)
	switch {
	case err != nil:
		return err
	case booked < b.transfers:
		b.found(lostCommit, "customers were told of %d transfers, the books have %d", b.transfers, booked)
	case booked > b.transfers+1:
		b.found(corrupt, "customers were told of %d transfers, the books have %d", b.transfers, booked)
	}
	b.transfers = booked // the last one may have been booked without a word
	return nil
}

func number(c *sqlite3.Conn, query string) (n int, err error) {
	err = row(c, query, func(s *sqlite3.Stmt) { n = s.ColumnInt(0) })
	return n, err
}

func text(c *sqlite3.Conn, query string) (v string, err error) {
	err = row(c, query, func(s *sqlite3.Stmt) { v = s.ColumnText(0) })
	return v, err
}

// row reads the only row of an answer.
func row(c *sqlite3.Conn, query string, read func(*sqlite3.Stmt)) error {
	stmt, _, err := c.Prepare(query)
	if err != nil {
		return err
	}
	defer stmt.Close()
	if stmt.Step() {
		read(stmt)
	}
	return stmt.Err()
}

// TestSQLite_sameSeedSameRun: what SQLite draws by itself, the numbers that mark
// its journals, changes nothing that can be seen in a run; and with those fixed
// too the disks are the same byte for byte.
func TestSQLite_sameSeedSameRun(t *testing.T) {
	run := func(seed uint64) (hash uint64, disk map[string]string) {
		b := openBank(seed, []string{"journal_mode=persist", "synchronous=full"})
		defer b.Close()
		for range 6 {
			b.live()
		}
		disk = make(map[string]string)
		for name, node := range b.host.disk.files {
			disk[name] = string(node.durable)
		}
		return b.Hash(), disk
	}
	one, books := run(3)
	two, same := run(3)
	if one != two {
		t.Errorf("hashes %x and %x", one, two)
	}
	if name := "books/bank.db"; books[name] != same[name] {
		t.Error("the databases differ")
	}
	cryptotest.SetGlobalRandom(t, 1)
	_, first := run(3)
	cryptotest.SetGlobalRandom(t, 1)
	_, again := run(3)
	if len(first) != 2 || !maps.Equal(first, again) {
		t.Errorf("files %d and %d, equal: %v", len(first), len(again), maps.Equal(first, again))
	}
}

// TestSQLite_theEndOfTheProcess: whoever waits for a sync when the machine dies
// or the process is killed never learns of it, as with any other wait, and the
// connection is gone.
func TestSQLite_theEndOfTheProcess(t *testing.T) {
	for name, end := range map[string]func(*Host){
		"power off": (*Host).PowerOff,
		"kill":      func(h *Host) { h.Kill() },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{Seed: 1})
			defer s.Close()
			h := s.AddHost("a")
			var notes []string
			note := func(what string) { notes = append(notes, what) }
			h.Start(func(p host.Host) {
				l := p.NewLoop("main")
				l.Go("writer", func(t host.Task) {
					defer note("deferred")
					db, err := sqlitevfs.New(p, l).Open(t, "a.db", "synchronous=full")
					if err != nil {
						note(err.Error())
						return
					}
					defer db.Close(t)
					note("opened")
					db.Do(t, func(c *sqlite3.Conn) error {
						err := c.Exec(`create table t (a)`)
						if errors.Is(err, sqlite3.IOERR) {
							note("stopped")
						}
						return err
					})
					note("Do returned")
				})
			})
			s.RunUntil(time.Second, func() bool { return len(notes) > 0 })
			s.Run(500 * time.Microsecond)
			end(h)
			s.Run(time.Second)
			if got := strings.Join(notes, ", "); got != "opened, stopped, deferred" {
				t.Error(got)
			}
		})
	}
}

// Connections end with their process, also those that nobody is using, and one in the
// middle of a transaction.
func TestSQLite_connectionsEndWithTheProcess(t *testing.T) {
	for name, end := range map[string]func(*Sim, *Host){
		"power off": func(_ *Sim, h *Host) { h.PowerOff() },
		"kill":      func(_ *Sim, h *Host) { h.Kill() },
		"close":     func(s *Sim, _ *Host) { s.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			s := New(Config{Seed: 1})
			defer s.Close()
			h := s.AddHost("a")
			var store *sqlitevfs.Store
			opened := 0
			h.Start(func(p host.Host) {
				l := p.NewLoop("main")
				store = sqlitevfs.New(p, l)
				l.Go("user", func(task host.Task) {
					var dbs []*sqlitevfs.DB
					for range 3 {
						db, err := store.Open(task, "a.db", "synchronous=full")
						if err != nil {
							t.Error(err)
							return
						}
						dbs = append(dbs, db)
					}
					err := dbs[0].Do(task, func(c *sqlite3.Conn) error { return c.Exec("create table t (a); begin; insert into t values (1)") })
					if err != nil {
						t.Error(err)
					}
					opened = len(dbs)
				})
			})
			if !s.RunUntil(time.Minute, func() bool { return opened == 3 }) || store.Connections() != 3 {
				t.Fatalf("%d opened, %d connections", opened, store.Connections())
			}
			end(s, h)
			if n := store.Connections(); n != 0 {
				t.Errorf("%d connections are left", n)
			}
		})
	}
}

func TestSQLite_seesWhatIsWrongWithTheDisk(t *testing.T) {
	for _, tt := range []struct {
		name        string
		set, unset  func(*Host)
		disk, ofSQL error
	}{
		{
			"failed syncs", func(h *Host) { h.SetDiskErrors(DiskErrors{Sync: 1}) },
			func(h *Host) { h.SetDiskErrors(DiskErrors{}) }, host.ErrIO, sqlite3.IOERR,
		},
		{
			"failed reads", func(h *Host) { h.SetDiskErrors(DiskErrors{Read: 1}) },
			func(h *Host) { h.SetDiskErrors(DiskErrors{}) }, host.ErrIO, sqlite3.IOERR,
		},
		{
			"a full disk", func(h *Host) { h.SetDiskCapacity(1) },
			func(h *Host) { h.SetDiskCapacity(0) }, host.ErrNoSpace, sqlite3.FULL,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := New(Config{Seed: 1})
			defer s.Close()
			h := s.AddHost("a")
			done := false
			h.Start(func(p host.Host) {
				l := p.NewLoop("main")
				l.Go("writer", func(task host.Task) {
					db, err := sqlitevfs.New(p, l).Open(task, "a.db", "cache_size=1")
					if err != nil {
						t.Fatal(err)
					}
					defer db.Close(task)
					exec := func(sql string) error {
						return db.Do(task, func(c *sqlite3.Conn) error { return c.Exec(sql) })
					}
					if err := exec(`create table t (a); insert into t select randomblob(3000) from generate_series(1, 50)`); err != nil {
						t.Fatal(err)
					}
					tt.set(h)
					err = exec(`insert into t select a || a from t`)
					if !errors.Is(err, tt.ofSQL) || !errors.Is(err, tt.disk) {
						t.Errorf("%v, want %v and %v", err, tt.ofSQL, tt.disk)
					}
					tt.unset(h)
					exec(`rollback`)
					if err := exec(`insert into t values (1)`); err != nil {
						t.Errorf("after that: %v", err)
					}
					db.Do(task, func(c *sqlite3.Conn) error {
						if check, err := text(c, `pragma integrity_check`); check != "ok" {
							t.Error(check, err)
						}
						if n, err := number(c, `select count(*) from t`); n != 51 {
							t.Error(n, err)
						}
						return nil
					})
					done = true
				})
			})
			if !s.RunUntil(time.Minute, func() bool { return done }) {
				t.Error("not done")
			}
		})
	}
}
