package mgr

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/sysinfo"
)

// beaconMaker makes beacons. What is the same in all of them is made once and
// shared: nobody changes it.
type beaconMaker struct {
	steady  msg.MgrBeacon
	modules *module.Registry
}

func newBeaconMaker(cfg Config, modules *module.Registry, metadata map[string]string) beaconMaker {
	return beaconMaker{msg.MgrBeacon{
		Paxos: msg.PaxosAt(0), Name: cfg.Name, FSID: cfg.FSID,
		ModuleNames: modules.Names(), Metadata: metadata, Features: msg.FeaturesAll,
	}, modules}
}

// metadata is what the manager says of itself and its machine (MS-9).
func metadata(h host.Host, addr msg.EntityAddr) map[string]string {
	all := sysinfo.Collect(h)
	all["addr"] = addr.IP.Addr().String()
	all["addrs"] = fmt.Sprintf("%v/%d", addr.IP, addr.Nonce)
	return all
}

// beacon is one of a manager that is not available, or, if server is not
// empty, of one that is and serves there (MS-9 to MS-11).
func (m *beaconMaker) beacon(gid uint64, server msg.AddrVec, commands []msg.CommandDescription) *msg.MgrBeacon {
	b := m.steady
	b.GID = gid
	b.Available = len(server) > 0
	b.ServerAddrs = server
	b.Commands = commands
	b.Modules = m.modules.Infos()
	if b.Available { // MS-12
		b.Services = m.modules.Services()
	}
	return &b
}

// sendBeacon tells the monitors that we are here, and what we are.
func (s *Standby) sendBeacon() {
	if s.gone {
		return
	}
	server := s.servingAt()
	var commands []msg.CommandDescription
	if len(server) > 0 && !s.availableInMap {
		commands = s.descriptions()
	}
	b := s.beacons.beacon(s.gid(), server, commands)
	if b.FSID.IsZero() {
		b.FSID = s.monc.MonMap().FSID
	}
	s.monc.Send(msg.New(b))
	s.h.Probe(BeaconSent{Name: s.cfg.Name, GID: b.GID, Available: b.Available, Commands: len(b.Commands)})
}

// servingAt is where the manager serves, empty unless it is available: active
// and initialised (MS-10).
func (s *Standby) servingAt() msg.AddrVec {
	if s.mgr == nil || !s.mgr.initialised {
		return nil
	}
	return s.mgr.server.addrs
}
