// Package sqlitevfs runs SQLite on a machine's disk: every page, journal and
// write-ahead log goes through [host.Disk], so that a database sees the errors,
// the full disks and the losses of power that the simulator makes, and the same
// code works on the real machine.
//
//	store := sqlitevfs.New(h, loop)
//	loop.Go("service", func(t host.Task) {
//		db, err := store.Open(t, "service.db", "journal_mode=truncate", "synchronous=full")
//		...
//		defer db.Close(t)
//		err = db.Do(t, func(c *sqlite3.Conn) error {
//			return c.Exec(`insert into services values ('volume', 1)`)
//		})
//	})
//
// SQLite is SQLite: compiled to WebAssembly by github.com/ncruces/go-sqlite3,
// which hands file operations to Go. Where SQLite waits for a sync, the task
// that called [DB.Do] waits, and its loop is free for other callbacks: a machine
// can lose power in the middle of a transaction.
//
// # What is durable
//
// A committed transaction survives a loss of power with synchronous=full in the
// journal modes truncate, persist and wal. In the mode delete, SQLite's default,
// that takes synchronous=extra: with full the removal of the journal, which is
// the commit, is not synced, and the last transactions may be undone. The mode
// wal needs locking_mode=exclusive first, for there is no shared memory.
//
// # What stays outside
//
// SQL functions that tell the time (current_timestamp, 'now') read the clock of
// the machine that the harness runs on; pass the time of [host.Clock] as a
// parameter instead. random and randomblob draw from the process's own stream, and so
// do the numbers by which journals are marked; those of a write-ahead log are random, so
// there these bytes differ from run to run; what happens and when does not. Busy
// time-outs would sleep in real time: a connection has none, and who meets a lock
// gets sqlite3.BUSY, sleeps with host.Task and tries again.
package sqlitevfs
