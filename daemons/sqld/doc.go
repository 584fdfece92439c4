// Package sqld is a small SQL server: SQLite on its machine's disk, behind sessions on
// its machine's network, on the seam, so that in the simulator a database is a machine
// like any other. Statements cross the network, commits wait for the disk, and both can
// be lost on the way.
//
//	server, err := sqld.Start(h, loop, sqld.Options{Addr: addr}) // on one machine
//
//	c := &sqld.Connector{Host: h, Loop: loop, Addrs: []netip.AddrPort{addr}} // on another
//	database := sql.OpenDB(c)
//	loop.Go("client", func(t host.Task) {
//		_, err := database.ExecContext(ctx, "insert into t values (?)", 1)
//		...
//	})
//
// # The server
//
// A session is a connection. It borrows one of a few SQLite connections for each
// statement, and keeps it from BEGIN to COMMIT or ROLLBACK. Who meets a lock waits for
// it, outside a transaction without a connection, at most Options.LockTimeout, and gets
// [Busy]. A commit that was answered survives a loss of power. Single INSERTs, UPDATEs and
// DELETEs that come while others are being committed are committed together, so that they
// share the waits for the disk. A session that ends in a transaction, or leaves one open and idle for
// Options.IdleTimeout, has it rolled back.
//
// current_timestamp and its like are the machine's clock, random() draws from the
// process's stream. The other functions of date and time, ATTACH and PRAGMA are refused
// to sessions.
//
// # Replicas
//
// With Options.Log a server keeps the statements of the last transactions in a table
// of the database, written by the transactions themselves. A server that follows another
// one asks it for what it has not seen, at most every Options.PullInterval, and answers
// reads with what it has: stale ones. Each entry has an epoch, which goes up with
// [Server.Promote]; a follower whose log is no beginning of its primary's takes a copy of
// the whole database. A write is answered before any replica has it: what a promoted
// replica has not pulled is lost.
//
// # The driver
//
// [Connector] is a driver for database/sql, for tasks of one loop. It starts no
// goroutine. Of a context it sees the Deadline, on the machine's wall clock, and not
// Done. An error after a statement was sent and before it was answered is [ErrLost]: who
// sent a write does not know what became of it.
package sqld
