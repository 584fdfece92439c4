package msgr

import "github.com/wavetank/wavetank/daemons/msg"

// Policy is how a messenger treats peers of one entity type. The constructors
// have Ceph's names (src/msg/Policy.h) and say who uses them.
type Policy struct {
	// Lossy: a fault of an open connection ends the session; its queues are
	// dropped and the dispatchers get a reset. On a connection the acceptor's
	// word counts, the connector adopts it.
	Lossy bool
	// Server: never dial the peer, wait for it to come.
	Server bool
	// Standby: after a fault with nothing to send, do not dial again until there
	// is something.
	Standby bool
	// ResetCheck: notice a peer that has lost the session, and report it as a
	// remote reset.
	ResetCheck bool
	// RegisterLossyClients: a lossy server looks up its clients by address, so
	// that a newer connection of one replaces the older.
	RegisterLossyClients bool
	// FeaturesRequired are feature bits without which the peer is refused.
	FeaturesRequired uint64
	// ThrottleMessages bounds the messages of all peers of the type that were
	// received and not yet dispatched. 0 means no bound.
	ThrottleMessages int64
	// ThrottleBytes does so for their bytes (front, middle and data). 0 means no
	// bound. A single message larger than the bound is let through alone.
	ThrottleBytes int64
}

// LossyClient dials, and forgets the session at a fault: daemons towards
// monitors, heartbeats.
func LossyClient() Policy { return Policy{Lossy: true} }

// StatelessServer waits for lossy clients: monitors towards all but monitors.
func StatelessServer() Policy { return Policy{Lossy: true, Server: true} }

// StatelessRegisteredServer is a StatelessServer that knows its clients by
// address: OSDs towards clients.
func StatelessRegisteredServer() Policy {
	return Policy{Lossy: true, Server: true, RegisterLossyClients: true}
}

// StatefulServer waits for clients and keeps their sessions through faults: the
// MDS towards clients.
func StatefulServer() Policy { return Policy{Server: true, Standby: true, ResetCheck: true} }

// LosslessClient dials, and keeps the session through faults: clients towards
// the MDS.
func LosslessClient() Policy { return Policy{ResetCheck: true} }

// LosslessPeer is for equals that may dial each other: OSDs, MDSs.
func LosslessPeer() Policy { return Policy{Standby: true} }

// LosslessPeerReuse is a LosslessPeer that notices when the other side has lost
// the session: monitors towards monitors.
func LosslessPeerReuse() Policy { return Policy{Standby: true, ResetCheck: true} }

// policyEntry is a policy in force, with the throttles that all connections to
// peers of the type share.
type policyEntry struct {
	Policy
	messages throttle
	bytes    throttle
}

func newPolicyEntry(p Policy) *policyEntry {
	e := &policyEntry{Policy: p}
	e.messages.limit = p.ThrottleMessages
	e.bytes.limit = p.ThrottleBytes
	return e
}

// protocolVersion is the version that a daemon of type mine speaks with one of
// type peer; connecting says who dials. Each side must name the same number.
// Ceph: Messenger::get_proto_version in src/msg/Messenger.cc.
func protocolVersion(mine, peer msg.EntityType, connecting bool) uint32 {
	if mine == peer {
		return clusterProtocol(mine)
	}
	acceptor := mine
	if connecting {
		acceptor = peer
	}
	switch acceptor {
	case msg.EntityMon:
		return 15
	case msg.EntityOSD:
		return 24
	case msg.EntityMDS:
		return 32
	}
	return 0
}

func clusterProtocol(t msg.EntityType) uint32 {
	switch t {
	case msg.EntityMon:
		return 13
	case msg.EntityOSD:
		return 10
	case msg.EntityMDS:
		return 36
	}
	return 0
}
