package mgr

import (
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/msg"
)

// modulePrefix is what the keys of modules begin with.
const modulePrefix = "mgr/"

// keysOfModules is the subscription to the modules' keys.
const keysOfModules = "kv:" + modulePrefix

// handleMonitors takes what monitors push to an active manager, besides maps of
// managers and OSDs. (Ceph: Mgr::ms_dispatch2.)
func (g *Mgr) handleMonitors(m *msg.Message) {
	s := g.s
	switch b := m.Body.(type) {
	case *msg.FSMapMsg:
		s.monc.Got("fsmap", uint64(b.Map.Epoch))
		s.cluster.FS = &b.Map
		if g.described {
			g.followFSMap(&b.Map)
		}
		s.notify(module.FSMap)
	case *msg.MgrDigest:
		s.cluster.MonStatus, s.cluster.Health = b.MonStatus, b.Health
		s.notify(module.MonStatus)
		s.notify(module.Health)
	case *msg.ServiceMap:
		s.monc.Got("servicemap", uint64(b.Epoch))
		g.inherit(b)
	case *msg.KVData:
		s.monc.Got("kv:"+b.Prefix, b.DataVersion)
		s.modules.HandleKV(b)
		g.keysHere = g.keysHere || b.Prefix == modulePrefix
	case *msg.MonMapMsg:
		s.cluster.Mon = s.monc.MonMap()
		if g.described {
			g.followMonMap()
		}
		s.notify(module.MonMap)
	}
	g.resume()
}

// await goes on when ready reports true; it is asked again whenever the monitors have
// said something.
func (g *Mgr) await(ready func() bool) func(done func()) {
	return func(done func()) {
		g.ready, g.waiting = ready, done
		g.resume()
	}
}

func (g *Mgr) resume() {
	if g.waiting != nil && g.ready() {
		done := g.waiting
		g.ready, g.waiting = nil, nil
		done()
	}
}
