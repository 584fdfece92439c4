// Package mon is a Ceph-style monitor: a member of the quorum that owns the
// cluster's maps, authenticates everybody, and decides which mgr is active.
//
//	m, err := mon.New(h, mon.Config{Name: "a", FSID: fsid, MonMap: monmap, Options: mon.DefaultOptions()})
//	err = m.Start()
//
// # How it is built
//
// A monitor is one loop. On it run, from the network inwards:
//
//   - the messenger's dispatchers ([Mon.Dispatch]), which turn messages into ops:
//     requests that know where their answer goes (op.go);
//   - sessions: who is connected, authenticated as what, subscribed to what
//     (session.go, auth.go, subscribe.go);
//   - forwarding: a peon passes what only the leader may do on to it, keeps the
//     request until it is answered, and repeats it to the next leader (forward.go);
//   - the services: small state machines that turn requests and the passing of
//     time into changes of their map. mgrMonitor is the one that matters;
//   - proposals: the leader's changes are gathered into one batch at a time
//     (proposal.go), which package quorum replicates and package store applies.
//
// The order inside a commit is the contract with clients (rule SV-10): first
// every service takes over the new state, then subscribers are told, then whoever
// asked for the change gets the answer, then requests that had to wait are tried
// again.
//
// # What stands in for Ceph
//
// The replicated log is raft instead of Paxos and Ceph's elections, and the
// monmap is fixed. Clients cannot tell: they see maps, sessions and command
// results. There is no osdmap yet, hence no fencing of a dropped mgr; config and
// log services answer and keep nothing.
//
// Everything a monitor does can be watched from outside through the facts in
// facts.go.
package mon
