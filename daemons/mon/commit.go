package mon

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
)

// Apply implements quorum.Machine: a batch is committed. Refresh everything,
// then tell subscribers, then answer, then go on (SV-10).
func (m *Mon) Apply(index uint64, data []byte) {
	b, err := store.DecodeBatch(data)
	if err != nil {
		m.h.Exit(1, fmt.Sprintf("mon: committed batch %d cannot be read: %v", index, err))
		return
	}
	err = m.state.Apply(b)
	if err != nil {
		m.log.Info("committed batch refused", "index", index, "err", err)
	}
	if err == nil {
		m.configKey.follow(b.Ops)
	}
	waiters, _ := m.landed(b)
	m.refresh()
	m.prop.lastCommit = m.now()
	if left := m.prop.unplugged; len(left) > 0 && !m.prop.flying {
		m.prop.unplugged = nil
		m.carry(left)
	}
	m.beginPending()
	m.meetMonitors()
	m.proposeChanges() // what the log could not take while the batch was under way
	m.tellSubscribers()
	for _, fn := range waiters {
		fn(err == nil)
	}
	m.wake()
}

// Snapshot implements quorum.Machine.
func (m *Mon) Snapshot() []byte { return m.state.Snapshot() }

// CheckSnapshot implements quorum.Machine.
func (m *Mon) CheckSnapshot(data []byte) error {
	s := store.New(m.firstMaps(), 1)
	if err := s.Restore(data); err != nil {
		return err
	}
	_, epoch := s.Epochs(mgrMapName)
	mgrMap, _ := s.Map(mgrMapName, epoch)
	if _, err := decodeMgrMap(mgrMap); err != nil {
		return err
	}
	_, epoch = s.Epochs(osdMapName)
	osdMap, _ := s.Map(osdMapName, epoch)
	if _, err := osdmap.Decode(osdMap); err != nil {
		return err
	}
	for _, service := range []service{newHealthMonitor(), newHealthMutes(), newClusterLog(m.caller(), m.opts.MaxLogEntries), newMDSService(m.opts)} {
		if err := service.load(s); err != nil {
			return err
		}
	}
	return nil
}

// Restore implements quorum.Machine. Subscribers are told at once, or when the monitor
// is in the quorum again.
func (m *Mon) Restore(data []byte) error {
	if err := m.state.Restore(data); err != nil {
		return err
	}
	if !m.cfg.Defects.NoRefreshInRecovery {
		m.refresh()
	}
	m.tellSubscribers()
	return nil
}

// refresh brings the services in line with the store.
func (m *Mon) refresh() {
	for _, s := range m.services {
		if err := s.load(m.state); err != nil {
			m.h.Exit(1, "mon: committed state cannot be read: "+err.Error())
			return
		}
	}
	m.refreshConfig()
}
