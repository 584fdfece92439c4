package module

import (
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
)

// Described is a command with the name of its module.
type Described struct {
	Module string
	Command
}

// Commands are those of all modules, also of those that do not run, as Ceph lists them.
func (r *Registry) Commands() (all []Described) {
	for _, e := range r.entries {
		for _, c := range e.class.Commands {
			all = append(all, Described{e.class.Name, c})
		}
	}
	return all
}

// Run gives a command to its module. done is told the outcome, now or later. The texts
// are Ceph's (DaemonServer::_handle_command in src/mgr/DaemonServer.cc).
func (r *Registry) Run(q Request, done func(Reply)) {
	e := r.owner(q.Prefix)
	switch {
	case e == nil:
		done(Reply{Code: Invalid, Status: fmt.Sprintf("No handler found for '%s'", q.Prefix)})
	case !r.runs(e.class.Name):
		done(Reply{Code: NotSupported, Status: fmt.Sprintf("Module '%[1]s' is not enabled/loaded (required by command '%[2]s'): "+
			"use `ceph mgr module enable %[1]s` to enable it", e.class.Name, q.Prefix)})
	case e.trouble() != "":
		done(e.sick(e.trouble()))
	default:
		r.command(e, q, done)
	}
}

// owner is the module that has a command of that prefix, nil if none has.
func (r *Registry) owner(prefix string) *entry {
	for _, e := range r.entries {
		if slices.ContainsFunc(e.class.Commands, func(c Command) bool { return c.Prefix == prefix }) {
			return e
		}
	}
	return nil
}

// trouble is why a module does not run although it is to, empty if it does.
func (e *entry) trouble() string {
	if e.refusal != "" {
		return e.refusal
	}
	return e.failure
}

func (e *entry) sick(why string) Reply {
	return Reply{Code: Failed, Status: fmt.Sprintf("Module '%s' has experienced an error and cannot handle commands: %s", e.class.Name, why)}
}

// command runs a command in a task of the module. A module that fails meanwhile has
// answered, too.
func (r *Registry) command(e *entry, q Request, done func(Reply)) {
	c, ok := e.running.(Commander)
	if !ok {
		done(Reply{Code: NotSupported, Status: fmt.Sprintf("Module '%s' does not answer commands", e.class.Name)})
		return
	}
	answered := false
	answer := func(reply Reply) {
		if !answered {
			answered = true
			done(reply)
		}
	}
	cancel := e.m.OnStop(func() { answer(e.sick(e.trouble())) })
	e.m.Go("command", func(t host.Task) {
		reply := c.Command(t, q)
		cancel()
		answer(reply)
	})
}
