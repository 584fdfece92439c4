package module

import (
	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/host"
)

// Class describes a module, whether it runs or not.
type Class struct {
	// Name is what operators enable, "prometheus".
	Name string
	// Options are what the monitors' configuration may say of it, as "mgr/NAME/OPTION".
	Options []Option
	// Commands are what it answers while it is active.
	Commands []Command
	// CanRun tells why the module cannot run on this machine, for the operator. nil
	// means that it always can.
	CanRun func(host.Host) error
	// Active makes the instance of an active manager. An error is a failure to load.
	Active func(*Manager) (Module, error)
	// Standby makes that of a manager that stands by; nil: there is none.
	Standby func(*Manager) (Module, error)
}

// Module is a module that runs. Its methods are called on the manager's loop.
type Module interface {
	// Serve is a task that may last as long as the module runs, or return nil at once.
	// With an error the module has failed.
	Serve(t host.Task) error
}

// Commander is a Module that answers the commands of its class.
type Commander interface {
	// Command answers in a task of its own, so it may wait.
	Command(t host.Task, r Request) Reply
}

// Notified is a Module that wants to know when something has changed.
type Notified interface {
	Notify(what What)
}

// Configured is a Module that wants to know when the value of one of its options has
// changed.
type Configured interface {
	ConfigNotify()
}

// What is what a Notified module is told of, in Ceph's words.
type What string

// The kinds of news.
const (
	MonMap     What = "mon_map"
	MgrMap     What = "mgr_map"
	OSDMap     What = "osd_map"
	FSMap      What = "fs_map"
	ServiceMap What = "service_map"
	MonStatus  What = "mon_status" // and health, which comes with it
	Health     What = "health"
)

// Command is one that operators can give.
type Command struct {
	// Prefix is what is typed: "fs status".
	Prefix string
	// Params are the arguments, in the notation of [admin.Hook].
	Params string
	// Help is one line.
	Help string
	// Perm is "r", "w" or "rw".
	Perm string
}

// Request is a command that was given.
type Request struct {
	Prefix string
	// Args fit the Params of the Command.
	Args admin.Args
	// Input is what "-i FILE" has brought, nil if nothing.
	Input []byte
}

// Reply is the outcome of a command.
type Reply struct {
	Code   int32  // 0, or a negative errno
	Status string // for people
	Output []byte
}

// Results of commands, as negative errno.
const (
	NotFound     int32 = -2  // ENOENT
	Failed       int32 = -5  // EIO
	Denied       int32 = -13 // EACCES
	Invalid      int32 = -22 // EINVAL
	NotSupported int32 = -95 // EOPNOTSUPP
)
