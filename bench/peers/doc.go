// Package peers carries the same messages through our messenger and through
// others (grpc-go, net/rpc, a bare socket), so that their speeds can be compared
// in one run. Nothing imports it: it is there for its benchmarks.
//
//	go test -bench=. -count=6 ./peers
//
// # The job
//
// The near end is the benchmark's process, the far end another one, started
// anew for each measurement; between them is one TCP connection over loopback. A
// message is content of 64 bytes, 4 KiB or 64 KiB. There are three jobs: one
// way, as fast as the far end takes it; round trips with one message under way;
// round trips with 64, where the answer is the same content again. The time
// counts from the first message until the far end says, over a pipe, that it has
// had the last one, or until the last answer has come. Connecting is over by
// then.
//
// Every message reaches a handler of the receiving program, which adds its length and
// the CRC32C of its first 64 bytes to a [Tally]; so do answers. Both ends know what the
// sum must be, and a measurement whose sum differs fails. [Job.CheckAll] adds the CRC32C
// of the whole content instead: the package's tests do so, since otherwise the checksum
// of the job would be a good part of what is measured.
//
// # Fairness
//
// Each [Peer] is used as its authors mean it to be, with its default settings
// (larger windows and buffers, and a pool of workers, made no difference to grpc
// that the noise did not hide). Those that only know calls (grpc unary, net/rpc) are given
// empty answers and 64 calls at once for the job one way. Our messenger never
// makes a sender wait, so that its far end has to send a small message back for
// every quarter of a window. Its memory is used again, as daemons do it: the sender takes
// messages from a pool, the far end releases what it has counted.
//
// It is a module of its own so that grpc does not become a dependency of
// wavetank, and not part of the one in tools: that is used from the repository's
// root with -modfile, where the path of its replace directive would point
// elsewhere.
package peers
