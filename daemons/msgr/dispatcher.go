package msgr

import "github.com/wavetank/wavetank/daemons/msg"

// Dispatcher is whoever a messenger hands messages and events to: a daemon, or
// a client library inside it. A messenger has a list of them. All methods run
// on the dispatch loop, one after another, and none after
// [Messenger.Shutdown] was called there. Embed [BaseDispatcher] to implement
// only some.
type Dispatcher interface {
	// Dispatch offers a message and reports whether it was taken; the first
	// dispatcher that takes it ends the round. The message belongs to the taker.
	Dispatch(c *Connection, m *msg.Message) (handled bool)
	// HandleConnect: a connection we dialled is open (again, if the session is
	// lossless).
	HandleConnect(c *Connection)
	// HandleAccept: a connection that the peer dialled is open.
	HandleAccept(c *Connection)
	// HandleReset: the session has ended through a fault. c is dead: what was
	// queued on it is lost. The first dispatcher that answers true ends the
	// round.
	HandleReset(c *Connection) (handled bool)
	// HandleRemoteReset: the peer has lost the session's state. c lives on with
	// a new session; what was queued on it is lost.
	HandleRemoteReset(c *Connection)
	// HandleRefused: nobody listened at the peer's address at this attempt. The
	// connection goes on trying. The first dispatcher that answers true ends the
	// round.
	HandleRefused(c *Connection) (handled bool)
}

// FastDispatcher is a [Dispatcher] that takes some messages right where they
// were read, ahead of the queue. Its methods run on the connection's worker
// loop (on the dispatch loop for messages sent to oneself or held back on
// purpose, see Options.InjectDelayType), in the order the messages arrived on the
// connection. Ceph: ms_can_fast_dispatch.
type FastDispatcher interface {
	Dispatcher
	// CanFastDispatch decides by type; it must not change anything.
	CanFastDispatch(m *msg.Message) bool
	// FastDispatch takes the message.
	FastDispatch(c *Connection, m *msg.Message)
}

// FastPreprocessor is a [Dispatcher] that sees every message right where it was
// read, before it is dispatched in whatever way, and may add to it. It runs on
// the connection's worker loop (on the dispatch loop for messages sent to
// oneself). Ceph: ms_fast_preprocess.
type FastPreprocessor interface {
	Dispatcher
	// FastPreprocess looks at a message that somebody will take later.
	FastPreprocess(c *Connection, m *msg.Message)
}

// FastListener is a [Dispatcher] that hears of open connections right where they
// open, before any fast dispatch of their messages, which may overtake
// HandleConnect and HandleAccept. It runs on the connection's worker loop. Ceph:
// ms_handle_fast_connect and ms_handle_fast_accept.
type FastListener interface {
	Dispatcher
	// FastConnect: a connection we dialled is open.
	FastConnect(c *Connection)
	// FastAccept: a connection that the peer dialled is open.
	FastAccept(c *Connection)
}

// BaseDispatcher takes no message and ignores every event.
type BaseDispatcher struct{}

// Dispatch takes nothing.
func (BaseDispatcher) Dispatch(*Connection, *msg.Message) bool { return false }

// HandleConnect does nothing.
func (BaseDispatcher) HandleConnect(*Connection) {}

// HandleAccept does nothing.
func (BaseDispatcher) HandleAccept(*Connection) {}

// HandleReset does nothing and answers false.
func (BaseDispatcher) HandleReset(*Connection) bool { return false }

// HandleRemoteReset does nothing.
func (BaseDispatcher) HandleRemoteReset(*Connection) {}

// HandleRefused does nothing and answers false.
func (BaseDispatcher) HandleRefused(*Connection) bool { return false }

// dispatchers is an immutable list: changes make a new one, so that workers
// read it without a lock.
type dispatchers struct {
	all       []Dispatcher
	fast      []FastDispatcher
	pre       []FastPreprocessor
	listeners []FastListener
}

func newDispatchers(all []Dispatcher) *dispatchers {
	n := &dispatchers{all: all}
	for _, x := range all {
		if f, ok := x.(FastDispatcher); ok {
			n.fast = append(n.fast, f)
		}
		if f, ok := x.(FastPreprocessor); ok {
			n.pre = append(n.pre, f)
		}
		if f, ok := x.(FastListener); ok {
			n.listeners = append(n.listeners, f)
		}
	}
	return n
}

func (d *dispatchers) fastFor(m *msg.Message) FastDispatcher {
	for _, f := range d.fast {
		if f.CanFastDispatch(m) {
			return f
		}
	}
	return nil
}

// opened tells those who want to know at once.
func (d *dispatchers) opened(e event, c *Connection) {
	for _, f := range d.listeners {
		if e == eventConnect {
			f.FastConnect(c)
		} else {
			f.FastAccept(c)
		}
	}
}

func (d *dispatchers) dispatch(c *Connection, m *msg.Message) bool {
	for _, x := range d.all {
		if x.Dispatch(c, m) {
			return true
		}
	}
	return false
}

// event is something that happened to a connection.
type event uint8

const (
	eventConnect event = iota
	eventAccept
	eventReset
	eventRemoteReset
	eventRefused
)

// tell runs the round of an event: all dispatchers, or for reset and refused
// up to the first that handles it.
func (d *dispatchers) tell(e event, c *Connection) {
	for _, x := range d.all {
		switch e {
		case eventConnect:
			x.HandleConnect(c)
		case eventAccept:
			x.HandleAccept(c)
		case eventRemoteReset:
			x.HandleRemoteReset(c)
		case eventReset:
			if x.HandleReset(c) {
				return
			}
		case eventRefused:
			if x.HandleRefused(c) {
				return
			}
		}
	}
}
