package module

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/task"
)

// ended unwinds a task of a module that has ended.
type ended struct{}

// moduleTask is a task that ends with its module.
type moduleTask struct {
	host.Task
	m *Manager
}

func (t *moduleTask) check() {
	if t.m.ended {
		panic(ended{})
	}
}

// Sleep implements host.Task.
func (t *moduleTask) Sleep(d time.Duration) { t.check(); t.Task.Sleep(d); t.check() }

// Park implements host.Task.
func (t *moduleTask) Park() { t.check(); t.Task.Park(); t.check() }

// ParkFor implements host.Task.
func (t *moduleTask) ParkFor(what string) { t.check(); t.Task.ParkFor(what); t.check() }

// guard calls into the module. A panic is its failure. It reports whether there was
// none.
func (m *Manager) guard(what string, fn func()) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			m.failed(what, r)
		}
	}()
	fn()
	return true
}

// guardTask is guard for the whole of a task, which may also be unwound.
func (m *Manager) guardTask(what string, fn func() error) {
	defer func() {
		r := recover()
		switch _, over := r.(ended); {
		case r == nil, over:
		case task.Unwinds(r):
			panic(r) // the loop ends it
		default:
			m.failed(what, r)
		}
	}()
	if err := fn(); err != nil {
		m.fail(err.Error())
	}
}

// failed makes a panic the module's failure.
func (m *Manager) failed(what string, r any) {
	where := ""
	if stack := task.PanicStack(); len(stack) > 0 {
		where = stack[0].Function
	}
	m.log.Error("module panicked", "in", what, "at", where, "panic", fmt.Sprint(r))
	m.fail(fmt.Sprint(r))
}

// fail ends the module for good.
func (m *Manager) fail(why string) {
	e := m.entry
	if e.failure == "" {
		e.failure = why
		m.log.Error("module failed", "error", why)
	}
	e.url, e.checks, e.running = "", nil, nil
	m.stop()
	m.r.env.Changed()
}
