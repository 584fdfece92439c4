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
//     time into changes of their map: mgrMonitor decides who is the active mgr,
//     osdMonitor keeps the blocklist that fences its predecessors; mdsMonitor decides
//     which metadata servers stand by;
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
// The replicated log is raft instead of Paxos and Ceph's elections. Clients cannot
// tell: they see maps, sessions and command results. OSDs do not report to the monitors yet, and there are no file systems: every
// metadata server stands by. What is answered, kept and left out is in docs/monitors.md.
//
// All services are open for changes together, and their changes travel in one batch.
// So a mgr is dropped from its map and fenced in the OSD map in one commit, where
// Ceph has to plug Paxos for that (MM-18).
//
// # Members
//
// Monitors are added and removed while the cluster runs. An epoch of the monmap and
// the change of raft's members that goes with it are one entry of the log
// (monmapmonitor.go); each monitor has a number there that no other ever gets. A
// monitor that is to join probes the others until it is added, and one that was removed
// ends when a majority has told it so (outsider.go).
//
// Everything a monitor does can be watched from outside through the facts in
// facts.go.
package mon
