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

	// TypeMonRaft is private: Ceph has no message of this number.
	TypeMonRaft Type = 0x5257
)

// String is Ceph's class name, "MMgrBeacon", or "message1234" for a number that
// has no name here.
func (t Type) String() string {
	if k := kindOf(t); k.name != "" {
		return k.name
	}
	return fmt.Sprintf("message%d", uint16(t))
}

// kind is a message type's name and, if its body is known, a maker of empty ones.
type kind struct {
	name string
	make func() *Message
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

// kindOf is the table of message types.
func kindOf(t Type) kind {
	switch t {
	case TypePing:
		return kind{"MPing", blank[Ping]}
	case TypeMonMap:
		return kind{"MMonMap", blank[MonMapMsg]}
	case TypeMonSubscribe:
		return kind{"MMonSubscribe", blank[MonSubscribe]}
	case TypeAuth:
		return kind{"MAuth", blank[Auth]}
	case TypeAuthReply:
		return kind{"MAuthReply", blank[AuthReply]}
	case TypeMonGetVersion:
		return kind{"MMonGetVersion", blank[MonGetVersion]}
	case TypeMonGetVersionReply:
		return kind{"MMonGetVersionReply", blank[MonGetVersionReply]}
	case TypeForward:
		return kind{"MForward", blank[Forward]}
	case TypeRoute:
		return kind{"MRoute", blank[Route]}
	case TypeMonCommand:
		return kind{"MMonCommand", blank[MonCommand]}
	case TypeMonCommandAck:
		return kind{"MMonCommandAck", blank[MonCommandAck]}
	case TypeLog:
		return kind{"MLog", blank[Log]}
	case TypeLogAck:
		return kind{"MLogAck", blank[LogAck]}
	case TypeKVData:
		return kind{"MKVData", blank[KVData]}
	case TypeMonGlobalID:
		return kind{"MMonGlobalID", blank[MonGlobalID]}
	case TypeConfig:
		return kind{"MConfig", blank[Config]}
	case TypeGetConfig:
		return kind{"MGetConfig", blank[GetConfig]}
	}
	return kindOfMon(t)
}

// kindOfMon has what monitors say to each other.
func kindOfMon(t Type) kind {
	switch t {
	case TypeMonProbe:
		return kind{"MMonProbe", blank[MonProbe]}
	case TypeMonElection:
		return kind{"MMonElection", blank[MonElection]}
	case TypeMonPaxos:
		return kind{"MMonPaxos", blank[MonPaxos]}
	case TypeMonPing:
		return kind{"MMonPing", blank[MonPing]}
	case TypeMonHealthChecks:
		return kind{"MMonHealthChecks", blank[MonHealthChecks]}
	case TypeTimeCheck2:
		return kind{"MTimeCheck2", blank[TimeCheck2]}
	case TypeMonRaft:
		return kind{"MMonRaft", blank[MonRaft]}
	}
	return kindOfMgr(t)
}

func kindOfMgr(t Type) kind {
	switch t {
	case TypeCommand:
		return kind{"MCommand", blank[Command]}
	case TypeCommandReply:
		return kind{"MCommandReply", blank[CommandReply]}
	case TypeMgrOpen:
		return kind{"MMgrOpen", blank[MgrOpen]}
	case TypeMgrConfigure:
		return kind{"MMgrConfigure", blank[MgrConfigure]}
	case TypeMgrReport:
		return kind{"MMgrReport", blank[MgrReport]}
	case TypeMgrBeacon:
		return kind{"MMgrBeacon", blank[MgrBeacon]}
	case TypeMgrMap:
		return kind{"MMgrMap", blank[MgrMapMsg]}
	case TypeMgrDigest:
		return kind{"MMgrDigest", blank[MgrDigest]}
	case TypeMonMgrReport:
		return kind{"MMonMgrReport", blank[MonMgrReport]}
	case TypeServiceMap:
		return kind{"MServiceMap", blank[ServiceMap]}
	case TypeMgrClose:
		return kind{"MMgrClose", blank[MgrClose]}
	case TypeMgrCommand:
		return kind{"MMgrCommand", blank[MgrCommand]}
	case TypeMgrCommandReply:
		return kind{"MMgrCommandReply", blank[MgrCommandReply]}
	}
	return kindOfStorage(t)
}

// kindOfStorage has the messages of mdss and OSDs.
func kindOfStorage(t Type) kind {
	switch t {
	case TypeMDSMap:
		return kind{"MMDSMap", blank[MDSMapMsg]}
	case TypeFSMap:
		return kind{"MFSMap", blank[FSMapMsg]}
	case TypeMDSBeacon:
		return kind{"MMDSBeacon", blank[MDSBeacon]}
	case TypeOSDMap:
		return kind{"MOSDMap", blank[OSDMap]}
	case TypeOSDPing:
		return kind{"MOSDPing", blank[OSDPing]}
	case TypeOSDBoot:
		return kind{"MOSDBoot", blank[OSDBoot]}
	case TypeOSDFailure:
		return kind{"MOSDFailure", blank[OSDFailure]}
	case TypeOSDAlive:
		return kind{"MOSDAlive", blank[OSDAlive]}
	case 16: // no daemon of Pacific sends it to a peer with FeatureMonStatefulSub
		return kind{name: "MMonSubscribeAck"}
	}
	return kind{}
}
