package mgrc

import (
	"errors"

	"github.com/wavetank/wavetank/daemons/msg"
)

// ErrRegistered: the client has registered a service daemon already.
var ErrRegistered = errors.New("service daemon is registered already")

// service is what is reported of a daemon that is not of Ceph's own.
type service struct {
	registered bool
	kind, name string
	metadata   map[string]string
	status     map[string]string
	dirty      bool // the status was not reported since it changed
	tasks      map[string]string
	tasksDirty bool
}

// Register makes this a service daemon: from now on the managers enter it in the service
// map, under the kind of service and its own name, with what it says of itself. The map
// must not be changed afterwards. Error: ErrRegistered.
func (c *Client) Register(kind, name string, metadata map[string]string) error {
	s := &c.service
	if s.registered {
		return ErrRegistered
	}
	s.registered, s.kind, s.name, s.metadata, s.dirty = true, kind, name, metadata, true
	if c.session != nil {
		c.introduce()
	}
	return nil
}

// SetStatus says how a service daemon fares. Managers hear of it with the next report,
// and show it to operators. The map must not be changed afterwards.
func (c *Client) SetStatus(status map[string]string) {
	c.service.status, c.service.dirty = status, true
}

// SetTasks says what the daemon is busy with, by the name of the task. Managers hear of it with
// the next report. The map must not be changed afterwards.
func (c *Client) SetTasks(tasks map[string]string) {
	c.service.tasks, c.service.tasksDirty = tasks, true
}

// report puts into a report what has changed.
func (s *service) report(r *msg.MgrReport) {
	if s.registered && s.dirty {
		r.Status, s.dirty = orEmpty(s.status), false
	}
	if s.tasksDirty {
		r.TaskStatus, s.tasksDirty = orEmpty(s.tasks), false
	}
}

// orEmpty is a map that is there: nil means that nothing is said.
func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}
