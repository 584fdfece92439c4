// Package mgrc is the manager client: the part of a daemon that reports to the active
// manager and carries commands to it. Ceph: MgrClient in src/mgr/MgrClient.cc.
//
//	client := mgrc.New(h, loop, messenger, mgrc.Config{Entity: name, Service: "mon", Daemon: daemon})
//	client.Init()       // at the tail of the messenger's dispatchers
//	client.HandleMap(m) // unless the monitors send it to the messenger
//	client.Command(`{"prefix": "service dump"}`, nil, func(r mgrc.CommandResult) { ... })
//
// # Sessions
//
// The client has a session with the manager that the newest map names active and
// available, and none while there is no such manager. The first thing that a daemon says
// on a session is who it is (MgrOpen); the manager answers how often it wants to hear of it
// (MgrConfigure), and from then on gets a report at once and after each period. A session
// that is reset, or whose manager is not the active one any more, is replaced, at most
// one in Options.ConnectRetryInterval (MS-24). A manager that does not know a daemon yet
// cuts its session, so coming back is part of the protocol.
//
// # Reports
//
// The first report of a session declares the performance counters that are important
// enough for the manager (MgrConfigure.Threshold); later ones declare only what is new,
// take back what is gone, and have the values of all that are declared. The daemon's
// options go along when they have changed.
//
// # What survives a session
//
// Commands are kept and sent again until they are answered, so that one may be carried out
// twice. Everything else begins anew with each session.
//
// # Service daemons
//
// What is no daemon of Ceph's own, and so not known to the monitors, describes itself
// with [Client.Register], and takes its leave in [Client.Shutdown]. The manager enters it
// in the service map.
//
// A Client belongs to the loop that its messenger dispatches on: all methods are called
// there, and so is every function it is given.
package mgrc
