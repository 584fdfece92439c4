// Package netconn is package net's face on the seam's streams: [net.Conn],
// [net.Listener] and a dialer for libraries that want them, the same on the real
// machine and in the simulator.
//
//	stack := netconn.New(h, loop)
//	loop.Go("client", func(host.Task) {
//		c, err := stack.Dial("tcp", "10.0.0.1:80")
//		...
//	})
//
// # Who may wait
//
// Dial, Accept, Read and Write wait, and only a task of the loop can wait: while
// it does, the loop runs what else there is to run. From anywhere else, a callback,
// another loop or a goroutine of a library, they fail at once with [ErrNoTask].
// Close and the deadlines never wait; they may be called from callbacks of the loop
// too, and end what waits.
//
// While a task waits here its Wake belongs to the call: a Wake by somebody else has
// no effect.
//
// So what a library does on the goroutine that calls it works: bufio, net/textproto,
// http.ReadRequest and Response.Write, a driver that speaks its protocol in its
// caller. What it does on goroutines of its own does not: http.Server and
// http.Transport start some for each connection. Those get ErrNoTask; but they also
// run beside the simulation, so a run with them in it is not repeatable, and a
// library that waits for them on a channel holds up the loop, in a simulation the
// whole of it.
//
// # Time
//
// Deadlines are moments of the machine's wall clock, so set them from
// [host.Clock].Now. They become timers when they are set and do not move when the
// clock is. A library that calls time.Now itself means the time of the computer that
// simulates, which differs from run to run.
//
// # Errors
//
// Errors are [net.OpError]s. Inside are both the seam's error and the one that
// users of package net look for: errors.Is finds host.ErrReset and
// syscall.ECONNRESET, [host.ErrClosed] and [net.ErrClosed]. A deadline is
// [os.ErrDeadlineExceeded], and the end of a stream [io.EOF] itself.
//
// Bytes that arrived before a reset cannot be read after it; the seam says so too.
package netconn
