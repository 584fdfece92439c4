// Package state is what an active manager knows of its cluster: the maps, what the
// monitors say of themselves and of health, and the daemons with what they report. It
// holds and does not ask: package mgr feeds it. (Ceph: src/mgr/ClusterState.h,
// src/mgr/DaemonState.h.)
package state
