package msgr

import (
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Authorization protocols of connect (CEPH_AUTH_* in Ceph's
// src/include/ceph_fs.h).
const (
	// AuthProtocolAbsent: no authorizer at all.
	AuthProtocolAbsent uint32 = 0
	// AuthProtocolNone: the peer is believed.
	AuthProtocolNone uint32 = 1
)

// maxAuthorizerBytes bounds what a peer may send as authorizer. An auth-none
// one has 17 bytes and an entity's id.
const maxAuthorizerBytes = 4096

// Authorizer makes the authorizers we show to peers and checks those that
// peers show to us. It is called on worker loops, several at once; values must
// not change once handed to a messenger.
type Authorizer interface {
	// GetAuthorizer is what to present when dialling a peer of that type:
	// protocol and bytes (at most 4096).
	GetAuthorizer(peer msg.EntityType) (protocol uint32, authorizer []byte)
	// VerifyAuthorizer decides whether to accept a connector and who it is. An
	// error refuses it. authorizer is only valid during the call.
	VerifyAuthorizer(peer msg.EntityType, protocol uint32, authorizer []byte) (Identity, error)
}

// Identity is who an authorizer says the peer is and what it may do. It is blank
// where none is needed: non-monitors identify themselves to monitors with MAuth
// later.
type Identity struct {
	Name     msg.AuthName
	GlobalID uint64
	// AllowAll and Caps are the peer's capabilities, for the daemon to read
	// (AuthCapsInfo in Ceph's src/auth/Auth.h).
	AllowAll bool
	Caps     []byte
}

// AuthNone believes everybody (auth_cluster_required = none and so on). Its
// fields are what it says about its owner.
type AuthNone struct {
	// Own is the owner's type; authorizers are optional between monitors and
	// others, and New fills it in if it is 0.
	Own msg.EntityType
	// Name and GlobalID are presented to peers. Monitors have global id 0.
	Name     msg.AuthName
	GlobalID uint64
}

// What can be wrong with authorizers.
var (
	errBadAuthorizer  = errors.New("bad authorizer") // it is missing or cannot be read
	errLongAuthorizer = errors.New("too long an authorizer")
)

// needed reports whether a connector must show an authorizer: not to a monitor,
// unless it is one.
func needed(connector, acceptor msg.EntityType) bool {
	return acceptor != msg.EntityMon || connector == msg.EntityMon
}

// GetAuthorizer encodes u8 1, u32 entity type, string id, u64 global id. Ceph:
// AuthNoneAuthorizer in src/auth/none/AuthNoneProtocol.h.
func (a AuthNone) GetAuthorizer(peer msg.EntityType) (uint32, []byte) {
	if !needed(a.Own, peer) {
		return AuthProtocolAbsent, nil
	}
	e := wire.NewEncoder(make([]byte, 0, 17+len(a.Name.ID)))
	e.U8(1)
	a.Name.Encode(e)
	e.U64(a.GlobalID)
	return AuthProtocolNone, e.Bytes()
}

// VerifyAuthorizer reads what GetAuthorizer writes, and believes it.
func (a AuthNone) VerifyAuthorizer(peer msg.EntityType, protocol uint32, b []byte) (Identity, error) {
	if !needed(peer, a.Own) && protocol == AuthProtocolAbsent {
		return Identity{}, nil
	}
	if protocol != AuthProtocolNone {
		return Identity{}, fmt.Errorf("%w: protocol %d", errBadAuthorizer, protocol)
	}
	d := wire.NewDecoder(b)
	version := d.U8()
	who := Identity{Name: msg.DecodeAuthName(d), GlobalID: d.U64(), AllowAll: true}
	if err := d.Err(); err != nil {
		return Identity{}, fmt.Errorf("%w: %w", errBadAuthorizer, err)
	}
	if version != 1 || d.Remaining() != 0 {
		return Identity{}, fmt.Errorf("%w: version %d, %d bytes left over", errBadAuthorizer, version, d.Remaining())
	}
	return who, nil
}
