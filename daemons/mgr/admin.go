package mgr

import (
	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// serveAdmin opens the admin socket, of a standby as of an active manager. A manager
// that cannot have one goes on without, as Ceph's does.
func (s *Standby) serveAdmin() {
	if err := admin.Serve(s.h, s.loop, s.adminHooks()); err != nil {
		s.log.Error("no admin socket", "error", err)
	}
}

// adminHooks are the commands for who sits at the machine.
func (s *Standby) adminHooks() []admin.Hook {
	return append(admin.ConfigHooks("mgr."+s.cfg.Name, s.options),
		admin.PerfHook(s.counters),
		admin.Hook{Prefix: "config set", Params: "name=var,type=CephString name=val,type=CephString,n=N",
			Help: "config set <field> <val> [<val> ...]: set a config variable", Run: s.adminConfigSet},
		admin.Hook{Prefix: "config unset", Params: "name=var,type=CephString",
			Help: "config unset <field>: unset a config variable", Run: s.adminConfigUnset},
		admin.Hook{Prefix: "status", Help: "state of this manager",
			Run: func(admin.Args) (any, error) { return s.status(), nil }},
		admin.Hook{Prefix: "version", Help: "get ceph version",
			Run: func(admin.Args) (any, error) { return version(), nil }},
	)
}

// counters are what the manager's messengers hold.
func (s *Standby) counters() map[string]admin.Counters {
	all := map[string]admin.Counters{"messenger-client": held(s.messenger)}
	if srv := s.serving(); srv != nil {
		all["messenger-server"] = held(srv.messenger)
		all["mgr"] = admin.Counters{"daemons": int64(len(srv.reporting))}
	}
	return all
}

func held(m *msgr.Messenger) admin.Counters {
	s := m.Stats()
	return admin.Counters{
		"connections": int64(s.Connections), "registered": int64(s.Registered),
		"held_messages": s.HeldMessages, "held_bytes": s.HeldBytes, "dispatch_bytes": s.DispatchBytes,
	}
}

// serving is the server of an active manager, nil while there is none.
func (s *Standby) serving() *server {
	if s.mgr == nil {
		return nil
	}
	return s.mgr.server
}
