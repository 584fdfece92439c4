package mgr

import (
	"maps"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// serviceGrace is for how long a service daemon may be silent (mgr_service_beacon_grace).
const serviceGrace = 60 * time.Second

// services is the next map of services while it is being made. The one that everybody
// sees is the one that the monitors keep. Ceph: DaemonServer::pending_service_map.
type services struct {
	next    msg.ServiceMap
	changed bool
}

// edit makes a change of the next map, and gives it an epoch of its own if it is the
// first one since the last was sent.
func (g *Mgr) edit(key state.Key, change func(*msg.Service)) {
	p := &g.services
	if !p.changed {
		p.changed = true
		p.next.Epoch++
		p.next.Services = maps.Clone(p.next.Services)
		if p.next.Services == nil {
			p.next.Services = map[string]msg.Service{}
		}
	}
	service := p.next.Services[key.Type]
	service.Daemons = maps.Clone(service.Daemons)
	if service.Daemons == nil {
		service.Daemons = map[string]msg.ServiceDaemon{}
	}
	change(&service)
	p.next.Services[key.Type] = service
	if len(service.Daemons) == 0 {
		delete(p.next.Services, key.Type)
	}
	p.next.Modified = wire.UTimeOf(g.s.h.Clock().Now())
	shown := p.next
	shown.Services = maps.Clone(p.next.Services)
	g.s.cluster.Services = &shown
	g.s.notify(module.ServiceMap)
}

// openService enters a daemon that is no part of Ceph itself, which has brought what
// there is to know of it.
func (g *Mgr) openService(d *state.Daemon, key state.Key, c *msgr.Connection, b *msg.MgrOpen) *state.Daemon {
	if d == nil {
		d = &state.Daemon{Key: key}
		g.s.cluster.Daemons.Put(d)
	}
	now := g.s.h.Clock().Now()
	d.Service, d.Metadata, d.Hostname = true, b.Metadata, b.Metadata["hostname"]
	d.Status, d.StatusStamp = b.Status, now
	gid := uint64(c.PeerName().Num)
	if was, known := g.services.next.Services[key.Type].Daemons[key.Name]; known && was.GID == gid {
		return d
	}
	g.edit(key, func(s *msg.Service) {
		s.Daemons[key.Name] = msg.ServiceDaemon{
			GID: gid, Addr: c.PeerAddr(), StartEpoch: g.services.next.Epoch, StartStamp: wire.UTimeOf(now), Metadata: b.Metadata,
		}
	})
	return d
}

// closeService forgets a service daemon.
func (g *Mgr) closeService(key state.Key) {
	if _, known := g.services.next.Services[key.Type].Daemons[key.Name]; known {
		g.edit(key, func(s *msg.Service) { delete(s.Daemons, key.Name) })
	}
}

// updateTasks takes what a daemon is busy with. Daemons of Ceph itself are entered for
// that. (Ceph: DaemonServer::update_task_status.)
func (g *Mgr) updateTasks(key state.Key, tasks map[string]string) {
	was, known := g.services.next.Services[key.Type].Daemons[key.Name]
	if maps.Equal(was.TaskStatus, tasks) || !known && len(tasks) == 0 {
		return
	}
	g.edit(key, func(s *msg.Service) {
		was.TaskStatus = tasks
		s.Daemons[key.Name] = was
	})
}

// inherit takes the map that the monitors keep: the one of this manager's predecessor,
// unless this one has made one since. (Ceph: DaemonServer::got_service_map.)
func (g *Mgr) inherit(m *msg.ServiceMap) {
	p := &g.services
	if p.changed || m.Epoch <= p.next.Epoch {
		return
	}
	p.next = *m
	g.s.cluster.Services = m
	for _, service := range wire.SortedKeys(m.Services) {
		for _, name := range wire.SortedKeys(m.Services[service].Daemons) {
			key := state.Key{Type: service, Name: name}
			if ownService(service) || g.s.cluster.Daemons.Get(key) != nil {
				continue
			}
			metadata := m.Services[service].Daemons[name].Metadata
			g.s.cluster.Daemons.Put(&state.Daemon{
				Key: key, Service: true, Metadata: metadata, Hostname: metadata["hostname"], Reported: g.s.now(),
			})
		}
	}
	g.s.notify(module.ServiceMap)
}

// ownService reports whether a service is one of Ceph's own daemons
// (ServiceMap::is_normal_ceph_entity).
func ownService(name string) bool {
	switch name {
	case "osd", "client", "mon", "mds", "mgr":
		return true
	}
	return false
}

// prune forgets service daemons that have fallen silent.
func (g *Mgr) prune() {
	now := g.s.now()
	for _, service := range wire.SortedKeys(g.services.next.Services) {
		if ownService(service) {
			continue
		}
		for _, name := range wire.SortedKeys(g.services.next.Services[service].Daemons) {
			key := state.Key{Type: service, Name: name}
			if d := g.s.cluster.Daemons.Get(key); d != nil && now-d.Reported <= serviceGrace {
				continue
			}
			g.s.log.Info("service daemon is gone", "daemon", key)
			g.s.cluster.Daemons.Remove(key)
			g.closeService(key)
		}
	}
}
