package monc

import (
	"fmt"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
)

// CommandResult is the outcome of a command.
type CommandResult struct {
	Code   int32  // 0, or a negative errno
	Status string // for people
	Data   []byte // the output, the receiver's to keep
	Err    error  // ErrShutdown, ErrTimeout or ErrNoMon if there was no answer; then the rest is blank
}

// commands are the commands that have no answer yet, in the order they were
// given. They outlive sessions (MC-9).
type commands struct {
	c       *Client
	lastTID uint64
	waiting []*command
	timer   host.Timer // for the oldest one's deadline
}

type command struct {
	tid      uint64
	args     []string
	deadline time.Duration
	done     func(CommandResult)
}

func (q *commands) init(c *Client) {
	q.c = c
	q.timer = c.loop.NewTimer(q.expire)
}

// Command sends a command, the text of one JSON object with at least a "prefix",
// to the monitors and runs done once with the outcome. While there is no session
// it waits; after a change of sessions it is sent again, so that a command which
// is not idempotent may take effect twice (I-MC-4).
func (c *Client) Command(text string, done func(CommandResult)) {
	if c.stopped {
		c.loop.Post(func() { done(CommandResult{Err: ErrShutdown}) })
		return
	}
	q := &c.commands
	q.lastTID++
	cmd := &command{tid: q.lastTID, args: []string{text}, done: done}
	q.waiting = append(q.waiting, cmd)
	if c.opt.CommandTimeout > 0 {
		cmd.deadline = c.now() + c.opt.CommandTimeout
		q.schedule()
	}
	if c.active != nil {
		q.send(cmd)
	}
}

func (q *commands) send(cmd *command) {
	m := msg.New(&msg.MonCommand{Paxos: msg.PaxosAt(0), FSID: q.c.monmap.FSID, Cmd: cmd.args})
	m.Header.Tid = cmd.tid
	q.c.active.conn.Send(m)
}

// resend sends everything that is without an answer on a new session, oldest
// first.
func (q *commands) resend() {
	for _, cmd := range q.waiting {
		q.send(cmd)
	}
}

// handleAck finishes the command that the answer is for; its tid says which.
func (q *commands) handleAck(m *msg.Message, ack *msg.MonCommandAck) {
	i := slices.IndexFunc(q.waiting, func(cmd *command) bool { return cmd.tid == m.Header.Tid })
	if i < 0 {
		q.c.debug("answer to no command", "tid", m.Header.Tid)
		return
	}
	cmd := q.waiting[i]
	q.waiting = slices.Delete(q.waiting, i, i+1)
	cmd.done(CommandResult{Code: ack.Code, Status: ack.Status, Data: m.Data})
}

// fail finishes everything with an error.
func (q *commands) fail(err error) {
	q.timer.Stop()
	waiting := q.waiting
	q.waiting = nil
	for _, cmd := range waiting {
		cmd.done(CommandResult{Err: err})
	}
}

// schedule sets the timer if it is not set: deadlines ascend, so the one it is
// set for comes first.
func (q *commands) schedule() {
	if len(q.waiting) > 0 && !q.timer.Armed() {
		q.timer.Reset(q.waiting[0].deadline - q.c.now())
	}
}

// expire fails what has waited long enough.
func (q *commands) expire() {
	now := q.c.now()
	n := 0
	for n < len(q.waiting) && q.waiting[n].deadline <= now {
		n++
	}
	late := slices.Clone(q.waiting[:n])
	q.waiting = slices.Delete(q.waiting, 0, n)
	q.schedule()
	for _, cmd := range late {
		cmd.done(CommandResult{Err: fmt.Errorf("command %s: %w", cmd.args[0], ErrTimeout)})
	}
}
