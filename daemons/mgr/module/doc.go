// Package module hosts a manager's modules: parts with a life of their own that serve
// pages, answer commands and watch the cluster. Where Ceph loads Python, these are Go.
// (Ceph: src/mgr/PyModuleRegistry.cc, ActivePyModules.cc and src/pybind/mgr/mgr_module.py.)
//
// A module is described by a [Class]:
//
//	var hello = module.Class{
//		Name:     "hello",
//		Options:  []module.Option{{Name: "place", Type: module.String, Default: "world"}},
//		Commands: []module.Command{{Prefix: "hello", Help: "say hello", Perm: "r"}},
//		Active:   func(m *module.Manager) (module.Module, error) { return &greeter{m}, nil },
//	}
//
// What runs is a [Module] made by the class. It need have nothing but Serve; what else
// it can do it shows by implementing [Commander], [Notified] or [Configured]. What it
// may ask for it asks its [Manager].
//
// # Run modes
//
// The manager map says which modules are enabled. An active manager runs their active
// mode; one that stands by runs the standby mode of those that have one. A process that
// is made active ends the standby mode first.
//
// # The loop
//
// Modules run on the manager's dispatch loop, in callbacks and tasks, and so touch the
// state of the cluster without locks. Nothing they call may block. In the simulator
// their order is the seed's.
//
// # Failure
//
// A module that panics or whose Serve returns an error has failed: its tasks end at
// their next wait, what it listens at is closed, and it is called no more. The manager
// goes on and says so: health check MGR_MODULE_ERROR, and EIO for its commands. A module
// that cannot run on this machine, or that the manager does not have, is
// MGR_MODULE_DEPENDENCY. Either ends with the process.
package module
