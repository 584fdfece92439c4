package msg

import "fmt"

// MDSState is what an mds does, or is told to do. (Ceph: src/include/ceph_fs.h.)
type MDSState int32

// The states of an mds. Those from MDSReplay to MDSActive follow one another when
// a rank is taken over.
const (
	MDSStopped       MDSState = -1
	MDSBoot          MDSState = -4
	MDSStandby       MDSState = -5
	MDSCreating      MDSState = -6
	MDSStarting      MDSState = -7
	MDSStandbyReplay MDSState = -8
	MDSNull          MDSState = 0
	MDSReplay        MDSState = 8
	MDSResolve       MDSState = 9
	MDSReconnect     MDSState = 10
	MDSRejoin        MDSState = 11
	MDSClientReplay  MDSState = 12
	MDSActive        MDSState = 13
	MDSStopping      MDSState = 14
	MDSDamaged       MDSState = 15
)

// String is Ceph's name of the state, "up:active".
func (s MDSState) String() string {
	switch s {
	case MDSNull:
		return "down:dne"
	case MDSStopped:
		return "down:stopped"
	case MDSDamaged:
		return "down:damaged"
	case MDSBoot:
		return "up:boot"
	case MDSStandby:
		return "up:standby"
	case MDSStandbyReplay:
		return "up:standby-replay"
	case MDSCreating:
		return "up:creating"
	case MDSStarting:
		return "up:starting"
	}
	return s.takeoverName()
}

func (s MDSState) takeoverName() string {
	switch s {
	case MDSReplay:
		return "up:replay"
	case MDSResolve:
		return "up:resolve"
	case MDSReconnect:
		return "up:reconnect"
	case MDSRejoin:
		return "up:rejoin"
	case MDSClientReplay:
		return "up:clientreplay"
	case MDSActive:
		return "up:active"
	case MDSStopping:
		return "up:stopping"
	}
	return fmt.Sprintf("mdsstate%d", int32(s))
}
