package mon

import (
	"strconv"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// asSubject is this monitor, for which options are looked up.
func (m *Mon) asSubject() subject {
	return subject{entity: msg.AuthName{Type: uint32(msg.EntityMon), ID: m.cfg.Name}, host: m.h.Name()}
}

// applyConfig takes those options of this monitor from the configuration that can
// change while it runs; the others are read at the start only. Options that make
// no sense together leave everything as it was.
func (m *Mon) applyConfig() {
	opts := m.cfg.Options
	set := m.config.options(m.asSubject())
	take := func(name string, into *time.Duration) {
		if seconds, err := strconv.ParseFloat(set[name], 64); err == nil && seconds >= 0 && seconds < 1e9 {
			*into = time.Duration(seconds * float64(time.Second))
		}
	}
	take("mon_mgr_beacon_grace", &opts.MgrBeaconGrace)
	take("mds_beacon_grace", &opts.MDSBeaconGrace)
	take("mds_beacon_interval", &opts.MDSBeaconInterval)
	take("mds_beacon_mon_down_grace", &opts.MDSBeaconMonDownGrace)
	take("mon_tick_interval", &opts.TickInterval)
	take("mon_session_timeout", &opts.SessionTimeout)
	take("paxos_min_wait", &opts.ProposeMinWait)
	take("paxos_propose_interval", &opts.ProposeInterval)
	if bytes, err := strconv.ParseInt(set["mon_config_key_max_entry_size"], 10, 32); err == nil {
		opts.MaxConfigKeyEntry = int(bytes)
	}
	if err := opts.Validate(); err != nil {
		m.log.Info("configuration not taken", "err", err)
		return
	}
	m.opts = opts
	m.mgr.grace = opts.MgrBeaconGrace
	m.fs.setGraces(opts)
}
