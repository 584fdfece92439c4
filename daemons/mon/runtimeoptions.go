package mon

import (
	"strconv"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// asSubject is this monitor, for which options are looked up.
func (m *Mon) asSubject() subject {
	return subject{entity: msg.AuthName{Type: uint32(msg.EntityMon), ID: m.cfg.Name}, host: m.h.Name()}
}

// runtimeDurations are the options in seconds that a running monitor takes.
func runtimeDurations(o *Options) map[string]*time.Duration {
	return map[string]*time.Duration{
		"mon_mgr_beacon_grace":      &o.MgrBeaconGrace,
		"mds_beacon_grace":          &o.MDSBeaconGrace,
		"mds_beacon_interval":       &o.MDSBeaconInterval,
		"mds_beacon_mon_down_grace": &o.MDSBeaconMonDownGrace,
		"mon_tick_interval":         &o.TickInterval,
		"mon_session_timeout":       &o.SessionTimeout,
		"paxos_min_wait":            &o.ProposeMinWait,
		"paxos_propose_interval":    &o.ProposeInterval,
	}
}

const runtimeMaxEntry = "mon_config_key_max_entry_size"

// takesAtRuntime reports whether a running monitor takes the option.
func takesAtRuntime(name string) bool {
	return name == runtimeMaxEntry || runtimeDurations(&Options{})[name] != nil
}

// applyConfig takes those options of this monitor from the configuration that can
// change while it runs; the others are read at the start only. Options that make
// no sense together leave everything as it was, and are the error.
func (m *Mon) applyConfig() error {
	opts := m.cfg.Options
	set := m.setOptions()
	into := runtimeDurations(&opts)
	for _, name := range wire.SortedKeys(into) {
		if seconds, err := strconv.ParseFloat(set[name], 64); err == nil && seconds >= 0 && seconds < 1e9 {
			*into[name] = time.Duration(seconds * float64(time.Second))
		}
	}
	if bytes, err := strconv.ParseInt(set[runtimeMaxEntry], 10, 32); err == nil {
		opts.MaxConfigKeyEntry = int(bytes)
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
