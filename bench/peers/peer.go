package peers

import "io"

// Job is what both ends know about a measurement.
type Job struct {
	Peer     string // a name of Peers
	Size     int    // bytes of content in each message
	Inflight int    // round trips under way at once; 0 means one way
	Count    int    // messages, or round trips
	CheckAll bool   // every byte of every content, not only its length and beginning
}

// Echo reports whether messages are to be answered with the same content.
func (j Job) Echo() bool { return j.Inflight > 0 }

// Calls is how many calls are under way at once at a peer that knows nothing but
// calls. One way they have an empty answer.
func (j Job) Calls() int {
	if j.Echo() {
		return j.Inflight
	}
	return 64
}

// Peer is a way to carry messages from one process to another.
type Peer interface {
	// Serve is the far end: it listens at a free port of 127.0.0.1 until the
	// process ends, tallies the content of each message and answers it if the
	// job says so. addr is where it listens.
	Serve(job Job, tally *Tally) (addr string, err error)
	// Dial is the near end: it returns when the connection is open. The contents
	// of answers are tallied in replies.
	Dial(job Job, addr string, replies *Tally) (Client, error)
}

// Client is a connection to the far end.
type Client interface {
	// Send sends the job's messages. It returns when all have been answered, or,
	// one way, when all have been handed over. It is called once.
	Send() error
	io.Closer
}

// Peers are the ways to carry messages, by name.
func Peers() map[string]Peer {
	return map[string]Peer{
		"wavetank":    wavetank{},
		"grpc-stream": grpcStream{},
		"grpc-unary":  grpcUnary{},
		"net-rpc":     netRPC{},
		"raw":         raw{},
	}
}
