package msg

import "github.com/wavetank/wavetank/daemons/wire"

// What a MonPaxos does.
const (
	PaxosCollect  int32 = 1
	PaxosLast     int32 = 2
	PaxosBegin    int32 = 3
	PaxosAccept   int32 = 4
	PaxosCommit   int32 = 5
	PaxosLease    int32 = 6
	PaxosLeaseAck int32 = 7
)

// MonPaxos is a step of the monitors' Paxos. (Ceph: src/messages/MMonPaxos.h.)
type MonPaxos struct {
	Epoch                         uint32 // of the election
	Op                            int32  // PaxosCollect, ...
	FirstCommitted, LastCommitted uint64
	PNFrom                        uint64 // proposal number of the promise
	PN                            uint64 // 100 times a counter, plus a rank
	UncommittedPN                 uint64
	LeaseStamp, SentStamp         wire.UTime
	LatestVersion                 uint64
	LatestValue                   []byte
	Values                        map[uint64][]byte // store transactions by version
	FeatureMap                    []byte            // of the sender's clients, in a lease ack
}

// Type is TypeMonPaxos.
func (*MonPaxos) Type() Type { return TypeMonPaxos }

// Version is Pacific's.
func (*MonPaxos) Version() (head, compat uint16) { return 4, 3 }

// EncodePayload implements Body.
func (m *MonPaxos) EncodePayload(e *wire.Encoder, _ uint64) {
	e.U32(m.Epoch)
	e.S32(m.Op)
	e.U64(m.FirstCommitted)
	e.U64(m.LastCommitted)
	e.U64(m.PNFrom)
	e.U64(m.PN)
	e.U64(m.UncommittedPN)
	e.Time(m.LeaseStamp)
	e.Time(m.SentStamp)
	e.U64(m.LatestVersion)
	e.Blob(m.LatestValue)
	wire.PutMap(e, m.Values, e.U64, e.Blob)
	e.Blob(m.FeatureMap)
}

// DecodePayload implements Body.
func (m *MonPaxos) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 3 {
		d.Fail("paxos version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.Epoch, m.Op, m.FirstCommitted, m.LastCommitted = d.U32(), d.S32(), d.U64(), d.U64()
	m.PNFrom, m.PN, m.UncommittedPN = d.U64(), d.U64(), d.U64()
	m.LeaseStamp, m.SentStamp = d.Time(), d.Time()
	m.LatestVersion, m.LatestValue = d.U64(), d.Blob()
	m.Values = wire.Map(d, 12, "paxos values", d.U64, d.Blob)
	if version >= 4 {
		m.FeatureMap = d.Blob()
	}
	return d.Err()
}
