// Package mgr is the manager daemon: many run, the monitors make one of them
// active, the others stand by. Ceph: MgrStandby and Mgr in src/mgr.
//
//	s, err := mgr.New(h, mgr.Config{Name: "x", FSID: fsid, MonMap: monmap, Options: mgr.DefaultOptions()})
//	if err == nil {
//		err = s.Start()
//	}
//
// # The life of a process
//
// Every process begins as a [Standby]. It authenticates with the monitors, which
// give it a global id, and from then on tells them every two seconds, in a
// beacon, that it is there. The monitors answer with maps only: when one names
// its global id, the process makes itself a [Mgr], which initialises in the
// background and then says in its beacons that it is available, and where. When
// a later map names somebody else, the process does not step back: it executes
// itself anew ([host.Host.Respawn]) and comes back as a stranger with another
// global id. So a process is never active twice, and whatever it still had in
// flight dies with it.
//
// # Loops
//
// One loop ("mgr.x/dispatch") runs all dispatchers and timers and owns all
// state. A second one ("mgr.x/finisher") runs the initialisation, as a task, and
// touches state by posting to the first only.
//
// What the monitors send is seen by the parts of a manager in the order of MS-3: the monitor
// client (package monc), the objecter, the Standby, the manager client (package mgrc). The
// first that takes a message keeps it from the others; manager maps and OSD maps are for
// all.
//
// An active manager follows the maps, keeps an index of the daemons that report to it
// (package state), runs the modules that the manager map enables (package module), tells
// the monitors what is wrong and which services there are, and answers commands.
//
// # What is left out
//
// Placement groups: what OSDs report of them is not read, and the monitors are told that
// there are none. Commands about them are answered where that is so, and refused
// otherwise. Of the Objecter there is only the OSD map and the wait for the epoch that
// fences the predecessor (MS-18, MS-20). Managers report to the active one (package
// mgrc), but have no performance counters. With authentication "none" there are no keys
// to ask the monitors for (MS-5). Modules are part of the program, so a process need not
// load them when it starts, which takes Ceph's seconds.
package mgr
