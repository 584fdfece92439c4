package mgr

import (
	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/msg"
)

// newMgrClient makes the client by which a manager, like every daemon, reports to the
// active one, which may be itself.
func (s *Standby) newMgrClient() *mgrc.Client {
	return mgrc.New(s.h, s.loop, s.messenger, mgrc.Config{
		Entity: msg.AuthName{Type: uint32(msg.EntityMgr), ID: s.cfg.Name}, Daemon: reported{s}, Defects: s.cfg.Defects.MgrClient,
	})
}

// reported is a manager as the active one sees it: its options, for it counts nothing.
type reported struct{ s *Standby }

// Counters implements mgrc.Daemon.
func (reported) Counters() []mgrc.Counter { return nil }

// Health implements mgrc.Daemon.
func (reported) Health() []msg.DaemonHealthMetric { return nil }

// Options implements mgrc.Daemon.
func (r reported) Options() []admin.Option { return r.s.options() }
