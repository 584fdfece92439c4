// Package db is the database of Cinder's services: the tables services, clusters and
// workers, of which the first is how everybody learns who is alive.
//
//	store, err := db.Open(h, loop, db.Options{URL: "sqlite:////var/lib/cinder/cinder.db"})
//	...
//	loop.Go("service", func(t host.Task) {
//		err := store.Migrate(t)
//		s := db.Service{Host: "node1@lvm", Binary: "cinder-volume", CreatedAt: h.Clock().Now()}
//		err = store.CreateService(t, &s)
//		s.ReportCount++
//		s.UpdatedAt = h.Clock().Now()
//		n, err := store.Within(10*time.Second).UpdateServices(t, db.ServiceFilter{ID: s.ID}, s,
//			db.ServiceReportCount, db.ServiceUpdatedAt)
//		...
//	})
//
// # What is behind it
//
// The SQL runs, by the URL, on SQLite in this process, on a PostgreSQL or
// MariaDB/MySQL server, or on package sqld, a server that runs on hosts of either
// world. Only the last works in the simulator: the drivers of the others keep their
// goroutine waiting, which only the real machine can afford (see [host.Block]).
//
// # Rules
//
// Operations are called from tasks of the store's loop, which wait. An operation is
// one statement, and all or nothing; [Store.Transaction] joins several. A write says
// which columns it writes and changes no other: what counts as a sign of life is up
// to the caller, not to an ORM that stamps every update. Changes under a condition
// (compare and set) are updates whose filter is the condition, and whose number of
// rows tells who won.
//
// Times are UTC, cut to microseconds; a zero time is NULL. MariaDB keeps whole
// seconds of them.
//
// # Errors
//
// Every error says what was being done and is one of [ErrNotFound], [ErrDuplicate],
// [ErrBusy], [ErrUnavailable], [ErrReadOnly], [ErrPoolTimeout], [ErrTimeout] and
// [ErrUnknownOutcome], or else the database's word on a statement that it refused. A write
// that fails has changed nothing, unless the error is ErrUnknownOutcome.
package db
