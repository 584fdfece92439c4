package mgrc

import (
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
)

// CommandResult is the outcome of a command.
type CommandResult struct {
	Code   int32  // 0, or a negative errno
	Status string // for people
	Data   []byte // the output, the receiver's to keep
	Err    error  // ErrShutdown if there was no answer; then the rest is blank
}

// commands are those without an answer, in the order they were given. They outlive
// sessions.
type commands struct {
	lastTID uint64
	waiting []*command
}

type command struct {
	tid   uint64
	args  []string
	input []byte
	done  func(CommandResult)
}

// Command sends a command, the text of one JSON object with at least a "prefix", with
// its input to the active manager, and runs done once with the outcome. It waits for a
// manager for as long as there is none, as Ceph's does; after a change of sessions it is
// sent again.
func (c *Client) Command(text string, input []byte, done func(CommandResult)) {
	if c.stopped {
		c.loop.Post(func() { done(CommandResult{Err: ErrShutdown}) })
		return
	}
	q := &c.commands
	q.lastTID++
	cmd := &command{tid: q.lastTID, args: []string{text}, input: input, done: done}
	q.waiting = append(q.waiting, cmd)
	if c.session != nil {
		cmd.send(c.session)
	}
}

func (cmd *command) send(s *session) {
	m := msg.New(&msg.MgrCommand{Cmd: cmd.args})
	m.Header.Tid, m.Data = cmd.tid, cmd.input
	s.conn.Send(m)
}

// resend sends all that have no answer, oldest first.
func (q *commands) resend(s *session) {
	for _, cmd := range q.waiting {
		cmd.send(s)
	}
}

// handleReply finishes the command that the answer is for; its tid says which.
func (q *commands) handleReply(m *msg.Message, code int32, status string) {
	i := slices.IndexFunc(q.waiting, func(cmd *command) bool { return cmd.tid == m.Header.Tid })
	if i < 0 {
		return // answered before, by another manager
	}
	cmd := q.waiting[i]
	q.waiting = slices.Delete(q.waiting, i, i+1)
	cmd.done(CommandResult{Code: code, Status: status, Data: m.Data})
}

// fail finishes everything with an error.
func (q *commands) fail(err error) {
	waiting := q.waiting
	q.waiting = nil
	for _, cmd := range waiting {
		cmd.done(CommandResult{Err: err})
	}
}
