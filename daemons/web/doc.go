// Package web serves HTTP on tasks of a daemon: net/http's handlers over the seam's
// streams. So a page or an API can be asked in the simulator, and on the real machine
// with any client.
//
//	server, err := web.Listen(addr, web.Config{Host: h, Loop: loop, Handler: mux, MaxBody: 64 << 10})
//	defer server.Close()
//
// It speaks HTTP/1.1, requests one after another on a connection. What a client may
// send is bounded: connections, headers, bodies, and the time that a request takes to
// come and an answer to go.
//
// A handler runs in a task of the loop, which [Task] tells, so it may look at the state
// of the loop's daemon and may wait; meanwhile the loop does what else there is to do.
// The body of its request has arrived before it begins. Its answer goes out when it
// returns, whole and with its length. A handler that panics brings the loop down, as any
// task does.
package web
