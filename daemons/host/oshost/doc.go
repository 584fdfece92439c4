// Package oshost is the real machine behind the seam of package host: loops are
// goroutines, connections are TCP, the disk is a directory and the time is the
// operating system's.
//
// It is the one place under daemons where package net, package os, the go
// statement and the clock are at home. A daemon never imports it; whoever runs
// daemons does:
//
//	h := oshost.New(oshost.Options{
//		Name: "mon-a",
//		Dir:  "/var/lib/wavetank/mon-a",
//		Log:  slog.Default(),
//		OnExit: func(code int, reason string) {
//			log.Printf("mon-a left with %d: %s", code, reason)
//		},
//	})
//	monitor.Start(h)
//	h.Wait()
//
// # Processes inside a process
//
// A [Host] is one process of the seam, not one of the operating system: many may
// live side by side, which is how a whole cluster fits in one test binary.
// Exit, Respawn and [Host.Kill] therefore end the Host (its loops, sockets and
// open files) and never the program. A new process on the same machine is a
// new Host with the same Name and Dir.
//
// # Goroutines
//
// Each loop is one goroutine, and so are the timers of all of it: they wait in
// one heap behind one alarm of the clock, which is what makes them fire in the
// order of their deadlines. Sockets are read and written on the loop, by calls
// that never block. One goroutine of the Host, the poller, waits for all sockets
// whose loops have nothing to read or no room to write. Syncs, dials, listeners and
// closed connections that are not yet acknowledged have a goroutine of their own.
// Kill and Wait return when all of them have gone.
//
// # Systems
//
// Linux waits with epoll(7), other unix systems with poll(2).
package oshost
