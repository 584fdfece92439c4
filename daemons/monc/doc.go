// Package monc is the monitor client: the part of every daemon and tool that
// finds a monitor, authenticates, keeps the session alive, subscribes to maps
// and carries commands. Ceph: MonClient in src/mon/MonClient.cc.
//
//	client := monc.New(h, loop, messenger, monc.Config{Entity: name, MonMap: monmap})
//	client.Want("mgrmap", 0, false) // every map, from the newest on
//	client.Init()                   // at the head of the messenger's dispatchers
//	client.Authenticate(func(err error) {
//		messenger.SetName(msg.EntityName{Type: msg.EntityMgr, Num: int64(client.GlobalID())})
//		client.Command(`{"prefix": "status"}`, func(r monc.CommandResult) { ... })
//	})
//
// # Hunting
//
// Without a session the client hunts: it dials a few monitors at once, drawn at
// random, and the first that accepts it becomes the session; the others are
// dropped. A hunt that takes too long starts over with other monitors, and waits
// longer each time once there ever was a session. A session ends when its
// connection is reset, when keepalives stay without an answer, when its monitor
// leaves the map, or when the daemon asks for it; then the next hunt begins.
//
// # What survives a session
//
// The global id is kept and offered again. Subscriptions are repeated on the new
// session, each from the epoch after the last one that was reported with
// [Client.Got]. Commands are kept and sent again until they are answered, and lines of
// the cluster log until they are acknowledged. What was given to [Client.Send] and is
// still waiting is dropped, and questions for versions fail with [ErrAgain].
//
// [Client.Tell] has nothing to do with sessions: a command for one monitor has a
// connection of its own, and is given up after two attempts.
//
// # Rules
//
// A Client belongs to the loop that its messenger dispatches on: all methods are
// called there, and so is every function it is given, never before the method
// that took it has returned. Rules MC-1 to MC-12 are what the code follows.
// Authentication is "none": there are no tickets, and nothing of MC-13.
package monc
