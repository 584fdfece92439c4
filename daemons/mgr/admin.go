package mgr

import (
	"strconv"

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

// adminHooks are the commands for who sits at the machine. Nothing can be set: a
// manager reads its options once.
func (s *Standby) adminHooks() []admin.Hook {
	return append(admin.ConfigHooks("mgr."+s.cfg.Name, s.options),
		admin.PerfHook(s.counters),
		admin.Hook{Prefix: "status", Help: "state of this manager",
			Run: func(admin.Args) (any, error) { return s.status(), nil }},
		admin.Hook{Prefix: "version", Help: "get ceph version",
			Run: func(admin.Args) (any, error) { return version(), nil }},
	)
}

// options are those of this manager that Ceph's has too, as they hold.
func (s *Standby) options() []admin.Option {
	d := DefaultOptions()
	all := []admin.Option{
		{Name: "mgr_standby_modules", Default: strconv.FormatBool(d.StandbyModules)},
		{Name: "mgr_tick_period", Default: seconds(d.TickPeriod.Seconds())},
	}
	for i, holds := range []string{strconv.FormatBool(s.opt.StandbyModules), seconds(s.opt.TickPeriod.Seconds())} {
		if holds != all[i].Default {
			all[i].Override = &holds
		}
	}
	return all
}

// seconds are written without more digits than they need: "2", "0.2".
func seconds(s float64) string { return strconv.FormatFloat(s, 'f', -1, 64) }

// counters are what the manager's messengers hold.
func (s *Standby) counters() map[string]admin.Counters {
	all := map[string]admin.Counters{"messenger-client": held(s.messenger)}
	if srv := s.serving(); srv != nil {
		all["messenger-server"] = held(srv.messenger)
		all["mgr"] = admin.Counters{"daemons": int64(srv.daemons)}
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
