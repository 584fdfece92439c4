package monc

import (
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
)

// VersionRange is how far back and how far on the monitors have a map.
type VersionRange struct {
	Newest, Oldest uint64 // epochs
}

// versions are the questions for versions that have no answer yet.
type versions struct {
	c          *Client
	lastHandle uint64
	waiting    []versionRequest
}

type versionRequest struct {
	handle uint64
	done   func(VersionRange, error)
}

func (q *versions) init(c *Client) { q.c = c }

// GetVersion asks which epochs of a map ("mgrmap", "osdmap", ...) there are and
// runs done once with the answer, with ErrAgain if the session ends or a hunt
// starts over before (MC-9), or with ErrShutdown.
func (c *Client) GetVersion(what string, done func(VersionRange, error)) {
	if c.stopped {
		c.loop.Post(func() { done(VersionRange{}, ErrShutdown) })
		return
	}
	q := &c.versions
	q.lastHandle++
	q.waiting = append(q.waiting, versionRequest{q.lastHandle, done})
	c.Send(msg.New(&msg.MonGetVersion{Handle: q.lastHandle, What: what}))
}

func (q *versions) handleReply(b *msg.MonGetVersionReply) {
	i := slices.IndexFunc(q.waiting, func(r versionRequest) bool { return r.handle == b.Handle })
	if i < 0 {
		return
	}
	done := q.waiting[i].done
	q.waiting = slices.Delete(q.waiting, i, i+1)
	done(VersionRange{Newest: b.Newest, Oldest: b.Oldest}, nil)
}

// fail finishes every question with an error.
func (q *versions) fail(err error) {
	waiting := q.waiting
	q.waiting = nil
	for _, r := range waiting {
		r.done(VersionRange{}, err)
	}
}
