package mon

import "github.com/wavetank/wavetank/daemons/msg"

// asSubject is this monitor, for which options are looked up.
func (m *Mon) asSubject() subject {
	return subject{entity: msg.AuthName{Type: uint32(msg.EntityMon), ID: m.cfg.Name}, host: m.h.Name()}
}

// applyConfig takes those options of this monitor from the configuration that can
// change while it runs; the others are read at the start only. Options that make
// no sense together leave everything as it was, and are the error.
func (m *Mon) applyConfig() error {
	if m.mgrc != nil {
		m.mgrc.OptionsChanged()
	}
	opts := m.cfg.Options
	set := m.setOptions()
	named := opts.runtimeNamed()
	for _, name := range named.Names() {
		if value, ok := set[name]; ok {
			_ = named.Put(name, value) // what it cannot be leaves it as it is: "config set" lets none in
		}
	}
	if err := opts.Validate(); err != nil {
		m.log.Info("configuration not taken", "err", err)
		return err
	}
	m.opts = opts
	m.mgr.grace = opts.MgrBeaconGrace
	m.fs.setGraces(opts)
	return nil
}
