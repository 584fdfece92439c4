package msg

import "fmt"

// Type is the number of a message type.
type Type uint16

// The message types whose bodies are known here. (Ceph: src/include/ceph_fs.h and
// src/msg/Message.h.)
const (
	TypePing               Type = 2
	TypeMonMap             Type = 4
	TypeMonSubscribe       Type = 15
	TypeAuth               Type = 17
	TypeAuthReply          Type = 18
	TypeMonGetVersion      Type = 19
	TypeMonGetVersionReply Type = 20
	TypeMDSMap             Type = 21
	TypeOSDMap             Type = 41
	TypeFSMap              Type = 45
	TypeForward            Type = 46
	TypeRoute              Type = 47
	TypeMonCommand         Type = 50
	TypeMonCommandAck      Type = 51
	TypeLog                Type = 52
	TypeLogAck             Type = 53
	TypeKVData             Type = 54
	TypeMonGlobalID        Type = 60
	TypeConfig             Type = 62
	TypeGetConfig          Type = 63
	TypeMonElection        Type = 65
	TypeMonPaxos           Type = 66
	TypeMonProbe           Type = 67
	TypeOSDPing            Type = 70
	TypeOSDBoot            Type = 71
	TypeOSDFailure         Type = 72
	TypeOSDAlive           Type = 73
	TypeCommand            Type = 97
	TypeCommandReply       Type = 98
	TypeMDSBeacon          Type = 100
	TypeMonPing            Type = 140
	TypeMonHealthChecks    Type = 0x608
	TypeTimeCheck2         Type = 0x609
	TypeMgrOpen            Type = 0x700
	TypeMgrConfigure       Type = 0x701
	TypeMgrReport          Type = 0x702
	TypeMgrBeacon          Type = 0x703
	TypeMgrMap             Type = 0x704
	TypeMgrDigest          Type = 0x705
	TypeMonMgrReport       Type = 0x706
	TypeServiceMap         Type = 0x707
	TypeMgrClose           Type = 0x708
	TypeMgrCommand         Type = 0x709
	TypeMgrCommandReply    Type = 0x70a

	// TypeMonRaft and TypeMonRemoved are private: Ceph has no messages of these
	// numbers.
	TypeMonRaft    Type = 0x5257
	TypeMonRemoved Type = 0x5258
)

// String is Ceph's class name, "MMgrBeacon", or "message1234" for a number that
// has no name here.
func (t Type) String() string {
	if k := kindOf(t); k.name != "" {
		return k.name
	}
	return fmt.Sprintf("message%d", uint16(t))
}

// kind is a message type's name and, if its body is known, a maker of empty ones
// and what makes one empty again.
type kind struct {
	name string
	make func() *Message
	wipe func(*Message) bool
}

// known is a kind with a body of type T.
func known[T any, P interface {
	*T
	Body
}](name string) kind {
	return kind{name, blank[T, P], wipe[T, P]}
}

// blank is a message with a zero body of that type, in one piece of memory.
func blank[T any, P interface {
	*T
	Body
}]() *Message {
	whole := new(struct {
		m Message
		b T
	})
	whole.m.Body = P(&whole.b)
	return &whole.m
}

// wipe makes a message of that type what blank makes. It reports false if its body
// is another than it was made with.
func wipe[T any, P interface {
	*T
	Body
}](m *Message) bool {
	body, ok := m.Body.(P)
	if ok {
		*body = *new(T)
		*m = Message{Body: body}
	}
	return ok
}

// kindOf is the table of message types.
func kindOf(t Type) kind {
	switch t {
	case TypePing:
		return known[Ping]("MPing")
	case TypeMonMap:
		return known[MonMapMsg]("MMonMap")
	case TypeMonSubscribe:
		return known[MonSubscribe]("MMonSubscribe")
	case TypeAuth:
		return known[Auth]("MAuth")
	case TypeAuthReply:
		return known[AuthReply]("MAuthReply")
	case TypeMonGetVersion:
		return known[MonGetVersion]("MMonGetVersion")
	case TypeMonGetVersionReply:
		return known[MonGetVersionReply]("MMonGetVersionReply")
	case TypeForward:
		return known[Forward]("MForward")
	case TypeRoute:
		return known[Route]("MRoute")
	case TypeMonCommand:
		return known[MonCommand]("MMonCommand")
	case TypeMonCommandAck:
		return known[MonCommandAck]("MMonCommandAck")
	case TypeLog:
		return known[Log]("MLog")
	case TypeLogAck:
		return known[LogAck]("MLogAck")
	case TypeKVData:
		return known[KVData]("MKVData")
	case TypeMonGlobalID:
		return known[MonGlobalID]("MMonGlobalID")
	case TypeConfig:
		return known[Config]("MConfig")
	case TypeGetConfig:
		return known[GetConfig]("MGetConfig")
	}
	return kindOfMon(t)
}

// kindOfMon has what monitors say to each other.
func kindOfMon(t Type) kind {
	switch t {
	case TypeMonProbe:
		return known[MonProbe]("MMonProbe")
	case TypeMonElection:
		return known[MonElection]("MMonElection")
	case TypeMonPaxos:
		return known[MonPaxos]("MMonPaxos")
	case TypeMonPing:
		return known[MonPing]("MMonPing")
	case TypeMonHealthChecks:
		return known[MonHealthChecks]("MMonHealthChecks")
	case TypeTimeCheck2:
		return known[TimeCheck2]("MTimeCheck2")
	case TypeMonRaft:
		return known[MonRaft]("MMonRaft")
	case TypeMonRemoved:
		return known[MonRemoved]("MMonRemoved")
	}
	return kindOfMgr(t)
}

func kindOfMgr(t Type) kind {
	switch t {
	case TypeCommand:
		return known[Command]("MCommand")
	case TypeCommandReply:
		return known[CommandReply]("MCommandReply")
	case TypeMgrOpen:
		return known[MgrOpen]("MMgrOpen")
	case TypeMgrConfigure:
		return known[MgrConfigure]("MMgrConfigure")
	case TypeMgrReport:
		return known[MgrReport]("MMgrReport")
	case TypeMgrBeacon:
		return known[MgrBeacon]("MMgrBeacon")
	case TypeMgrMap:
		return known[MgrMapMsg]("MMgrMap")
	case TypeMgrDigest:
		return known[MgrDigest]("MMgrDigest")
	case TypeMonMgrReport:
		return known[MonMgrReport]("MMonMgrReport")
	case TypeServiceMap:
		return known[ServiceMap]("MServiceMap")
	case TypeMgrClose:
		return known[MgrClose]("MMgrClose")
	case TypeMgrCommand:
		return known[MgrCommand]("MMgrCommand")
	case TypeMgrCommandReply:
		return known[MgrCommandReply]("MMgrCommandReply")
	}
	return kindOfStorage(t)
}

// kindOfStorage has the messages of mdss and OSDs.
func kindOfStorage(t Type) kind {
	switch t {
	case TypeMDSMap:
		return known[MDSMapMsg]("MMDSMap")
	case TypeFSMap:
		return known[FSMapMsg]("MFSMap")
	case TypeMDSBeacon:
		return known[MDSBeacon]("MMDSBeacon")
	case TypeOSDMap:
		return known[OSDMap]("MOSDMap")
	case TypeOSDPing:
		return known[OSDPing]("MOSDPing")
	case TypeOSDBoot:
		return known[OSDBoot]("MOSDBoot")
	case TypeOSDFailure:
		return known[OSDFailure]("MOSDFailure")
	case TypeOSDAlive:
		return known[OSDAlive]("MOSDAlive")
	case 16: // no daemon of Pacific sends it to a peer with FeatureMonStatefulSub
		return kind{name: "MMonSubscribeAck"}
	}
	return kind{}
}
