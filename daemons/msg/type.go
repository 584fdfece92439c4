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
	make func() Body
}

func newBody(t Type) Body {
	if k := kindOf(t); k.make != nil {
		return k.make()
	}
	return nil
}

// kindOf is the table of message types.
func kindOf(t Type) kind {
	switch t {
	case TypePing:
		return kind{"MPing", func() Body { return &Ping{} }}
	case TypeMonMap:
		return kind{"MMonMap", func() Body { return &MonMapMsg{} }}
	case TypeMonSubscribe:
		return kind{"MMonSubscribe", func() Body { return &MonSubscribe{} }}
	case TypeAuth:
		return kind{"MAuth", func() Body { return &Auth{} }}
	case TypeAuthReply:
		return kind{"MAuthReply", func() Body { return &AuthReply{} }}
	case TypeMonGetVersion:
		return kind{"MMonGetVersion", func() Body { return &MonGetVersion{} }}
	case TypeMonGetVersionReply:
		return kind{"MMonGetVersionReply", func() Body { return &MonGetVersionReply{} }}
	case TypeForward:
		return kind{"MForward", func() Body { return &Forward{} }}
	case TypeRoute:
		return kind{"MRoute", func() Body { return &Route{} }}
	case TypeMonCommand:
		return kind{"MMonCommand", func() Body { return &MonCommand{} }}
	case TypeMonCommandAck:
		return kind{"MMonCommandAck", func() Body { return &MonCommandAck{} }}
	case TypeLog:
		return kind{"MLog", func() Body { return &Log{} }}
	case TypeLogAck:
		return kind{"MLogAck", func() Body { return &LogAck{} }}
	case TypeKVData:
		return kind{"MKVData", func() Body { return &KVData{} }}
	case TypeMonGlobalID:
		return kind{"MMonGlobalID", func() Body { return &MonGlobalID{} }}
	case TypeConfig:
		return kind{"MConfig", func() Body { return &Config{} }}
	case TypeGetConfig:
		return kind{"MGetConfig", func() Body { return &GetConfig{} }}
	}
	return kindOfMon(t)
}

// kindOfMon has what monitors say to each other.
func kindOfMon(t Type) kind {
	switch t {
	case TypeMonProbe:
		return kind{"MMonProbe", func() Body { return &MonProbe{} }}
	case TypeMonElection:
		return kind{"MMonElection", func() Body { return &MonElection{} }}
	case TypeMonPaxos:
		return kind{"MMonPaxos", func() Body { return &MonPaxos{} }}
	case TypeMonPing:
		return kind{"MMonPing", func() Body { return &MonPing{} }}
	case TypeMonHealthChecks:
		return kind{"MMonHealthChecks", func() Body { return &MonHealthChecks{} }}
	case TypeTimeCheck2:
		return kind{"MTimeCheck2", func() Body { return &TimeCheck2{} }}
	case TypeMonRaft:
		return kind{"MMonRaft", func() Body { return &MonRaft{} }}
	}
	return kindOfMgr(t)
}

func kindOfMgr(t Type) kind {
	switch t {
	case TypeCommand:
		return kind{"MCommand", func() Body { return &Command{} }}
	case TypeCommandReply:
		return kind{"MCommandReply", func() Body { return &CommandReply{} }}
	case TypeMgrOpen:
		return kind{"MMgrOpen", func() Body { return &MgrOpen{} }}
	case TypeMgrConfigure:
		return kind{"MMgrConfigure", func() Body { return &MgrConfigure{} }}
	case TypeMgrReport:
		return kind{"MMgrReport", func() Body { return &MgrReport{} }}
	case TypeMgrBeacon:
		return kind{"MMgrBeacon", func() Body { return &MgrBeacon{} }}
	case TypeMgrMap:
		return kind{"MMgrMap", func() Body { return &MgrMapMsg{} }}
	case TypeMgrDigest:
		return kind{"MMgrDigest", func() Body { return &MgrDigest{} }}
	case TypeMonMgrReport:
		return kind{"MMonMgrReport", func() Body { return &MonMgrReport{} }}
	case TypeServiceMap:
		return kind{"MServiceMap", func() Body { return &ServiceMap{} }}
	case TypeMgrClose:
		return kind{"MMgrClose", func() Body { return &MgrClose{} }}
	case TypeMgrCommand:
		return kind{"MMgrCommand", func() Body { return &MgrCommand{} }}
	case TypeMgrCommandReply:
		return kind{"MMgrCommandReply", func() Body { return &MgrCommandReply{} }}
	}
	return kindOfStorage(t)
}

// kindOfStorage has the messages of mdss and OSDs.
func kindOfStorage(t Type) kind {
	switch t {
	case TypeMDSMap:
		return kind{"MMDSMap", func() Body { return &MDSMapMsg{} }}
	case TypeFSMap:
		return kind{"MFSMap", func() Body { return &FSMapMsg{} }}
	case TypeMDSBeacon:
		return kind{"MMDSBeacon", func() Body { return &MDSBeacon{} }}
	case TypeOSDMap:
		return kind{"MOSDMap", func() Body { return &OSDMap{} }}
	case TypeOSDPing:
		return kind{"MOSDPing", func() Body { return &OSDPing{} }}
	case TypeOSDBoot:
		return kind{"MOSDBoot", func() Body { return &OSDBoot{} }}
	case TypeOSDFailure:
		return kind{"MOSDFailure", func() Body { return &OSDFailure{} }}
	case TypeOSDAlive:
		return kind{"MOSDAlive", func() Body { return &OSDAlive{} }}
	case 16: // no daemon of Pacific sends it to a peer with FeatureMonStatefulSub
		return kind{name: "MMonSubscribeAck"}
	}
	return kind{}
}
