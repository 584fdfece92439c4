package monc

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// tells are the commands for one monitor that have no answer yet. Each has a
// connection of its own, whatever becomes of the session (MC-9).
type tells struct {
	c       *Client
	waiting []*tell
}

type tell struct {
	q        *tells
	tid      uint64
	target   string // name or rank
	args     []string
	done     func(CommandResult)
	attempts int
	conn     *msgr.Connection // nil between attempts
	patience host.Timer
}

func (q *tells) init(c *Client) { q.c = c }

// Tell sends a command, the text of one JSON object, to one monitor, in the quorum or
// not, and runs done once with the outcome. The monitor is a name ("b") or a rank
// ("1"). Errors: [ErrNoMon] if there is none, [ErrTimeout] after
// Options.TellAttempts, ErrShutdown. A command may be carried out at each attempt.
func (c *Client) Tell(mon, text string, done func(CommandResult)) {
	if c.stopped {
		c.loop.Post(func() { done(CommandResult{Err: ErrShutdown}) })
		return
	}
	c.commands.lastTID++
	t := &tell{q: &c.tells, tid: c.commands.lastTID, target: mon, args: []string{text}, done: done}
	t.patience = c.loop.NewTimer(t.attempt)
	c.tells.waiting = append(c.tells.waiting, t)
	c.loop.Post(t.attempt)
}

// attempt dials the monitor, again if need be.
func (t *tell) attempt() {
	if !slices.Contains(t.q.waiting, t) { // shut down since
		return
	}
	c := t.q.c
	t.hangUp()
	to, known := c.resolve(t.target)
	switch {
	case !known:
		t.finish(CommandResult{Err: fmt.Errorf("tell mon.%s: %w", t.target, ErrNoMon)})
		return
	case t.attempts == c.opt.TellAttempts:
		t.finish(CommandResult{Err: fmt.Errorf("tell mon.%s: %w after %d attempts", t.target, ErrTimeout, t.attempts)})
		return
	}
	t.attempts++
	t.conn = c.m.ConnectAnonymously(msg.EntityMon, to)
	t.conn.Send(msg.New(c.authRequest(0)))
	t.patience.Reset(c.opt.HuntInterval)
}

// resolve is the address of a monitor, by rank if that is a number, else by name.
func (c *Client) resolve(target string) (msg.EntityAddr, bool) {
	if rank, err := strconv.Atoi(target); err == nil {
		if rank < 0 || rank >= c.monmap.Size() {
			return msg.EntityAddr{}, false
		}
		target = c.monmap.Ranks[rank]
	}
	info, known := c.monmap.Get(target)
	addr := info.Addrs.Legacy()
	return addr, known && !addr.IsBlank()
}

func (t *tell) hangUp() {
	if t.conn != nil {
		t.conn.MarkDown()
		t.conn = nil
	}
}

func (t *tell) finish(r CommandResult) {
	t.patience.Stop()
	t.hangUp()
	t.q.waiting = slices.DeleteFunc(t.q.waiting, func(x *tell) bool { return x == t })
	t.done(r)
}

// of is the command whose connection it is, nil if it is none's.
func (q *tells) of(conn *msgr.Connection) *tell {
	for _, t := range q.waiting {
		if t.conn == conn {
			return t
		}
	}
	return nil
}

// dispatch takes what a monitor that was told something says, and reports false if
// none was over conn. Whoever refuses us is left to the patience of the attempt.
func (q *tells) dispatch(conn *msgr.Connection, m *msg.Message) bool {
	t := q.of(conn)
	if t == nil {
		return false
	}
	switch b := m.Body.(type) {
	case *msg.AuthReply:
		if judge(b) == nil {
			command := msg.New(&msg.Command{FSID: q.c.monmap.FSID, Cmd: t.args})
			command.Header.Tid = t.tid
			conn.Send(command)
		}
	case *msg.CommandReply:
		if m.Header.Tid == t.tid {
			t.finish(CommandResult{Code: b.Code, Status: b.Status, Data: m.Data})
		}
	}
	return true
}

// handleReset tries again.
func (q *tells) handleReset(conn *msgr.Connection) {
	if t := q.of(conn); t != nil {
		t.attempt()
	}
}

// fail finishes everything with an error.
func (q *tells) fail(err error) {
	for _, t := range slices.Clone(q.waiting) {
		t.finish(CommandResult{Err: err})
	}
}
