package rpc

import (
	"encoding/json"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
)

// maxRemembered is how many messages a server remembers to have had.
const maxRemembered = 512

// server works on requests, so many at once.
type server struct {
	client  *Client
	running int
	waiting []job           // that have come and are still on their queues
	seen    map[string]bool // messages by id, the last ones
	order   []string        // of seen, oldest first
}

// job is a request that was delivered.
type job struct {
	handler Handler
	message message
	link    *link  // by which it came
	id      uint64 // of the delivery
}

// take begins the work, or waits until it can.
func (s *server) take(j job) {
	s.waiting = append(s.waiting, j)
	s.work()
}

// drop forgets what came by a link that is gone: it comes again.
func (s *server) drop(l *link) {
	s.waiting = slices.DeleteFunc(s.waiting, func(j job) bool { return j.link == l })
}

func (s *server) work() {
	for len(s.waiting) > 0 && s.running < s.client.opt.PoolSize {
		j := s.waiting[0]
		s.waiting = s.waiting[1:]
		acknowledge(j.link, j.id)
		if s.remember(j.message.ID) {
			s.running++
			s.client.loop.Go("rpc "+j.message.Method, func(t host.Task) { s.do(t, j) })
		}
	}
}

// remember notes a message, and reports whether it is new.
func (s *server) remember(id string) bool {
	if s.seen[id] {
		return false
	}
	s.seen[id] = true
	s.order = append(s.order, id)
	if len(s.order) > maxRemembered {
		delete(s.seen, s.order[0])
		s.order = s.order[1:]
	}
	return true
}

func (s *server) do(t host.Task, j job) {
	m := j.message
	result, err := j.handler(t, Request{Method: m.Method, args: m.Args, Cast: m.Reply == ""})
	s.running--
	switch {
	case m.Reply != "":
		s.answer(m, result, err)
	case err != nil:
		s.client.log.Error("exception during message handling", "method", m.Method, "error", err)
	}
	s.work()
}

func (s *server) answer(to message, result any, err error) {
	a := message{ID: to.ID}
	if err == nil && result != nil {
		a.Result, err = json.Marshal(result)
	}
	if err != nil {
		a.Failed = failure(err)
	}
	f := frame{Op: opPublish, Queue: to.Reply}
	err = s.client.publish(f, a, nil)
	if err != nil && a.Failed == nil {
		err = s.client.publish(f, message{ID: to.ID, Failed: failure(err)}, nil)
	}
	if err != nil {
		s.client.log.Error("answer lost", "method", to.Method, "error", err)
	}
}
