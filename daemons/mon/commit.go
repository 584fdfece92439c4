package mon

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
)

// Apply implements quorum.Machine: a batch is committed. Refresh everything,
// then tell subscribers, then answer, then go on (SV-10).
func (m *Mon) Apply(index uint64, data []byte) bool {
	b, err := store.DecodeBatch(data)
	if err != nil {
		m.h.Exit(1, fmt.Sprintf("mon: committed batch %d cannot be read: %v", index, err))
		return false
	}
	err = m.state.Apply(b)
	if err != nil {
		m.log.Info("committed batch refused", "index", index, "err", err)
	}
	if err == nil {
		m.counts.committed(data, &b)
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
	if m.prop.ticking {
		m.tickServices()
	}
	m.proposeChanges() // what the log could not take while the batch was under way
	m.tellSubscribers()
	for _, fn := range waiters {
		fn(err == nil)
	}
	m.wake()
	return err == nil
}

// Snapshot implements quorum.Machine.
func (m *Mon) Snapshot() []byte { return m.state.Snapshot() }

// CheckSnapshot implements quorum.Machine.
func (m *Mon) CheckSnapshot(data []byte) error {
	s := store.New(m.firstMaps(), 1)
	if err := s.Restore(data); err != nil {
		return err
	}
	if err := checkMaps(s); err != nil {
		return err
	}
	for _, service := range []service{newHealthMonitor(), newHealthMutes(), newClusterLog(m.caller(), m.opts.MaxLogEntries), newMDSService(m.opts)} {
		if err := service.load(s); err != nil {
			return err
		}
	}
	return nil
}

// checkMaps decodes every epoch of every map: any of them may be asked for.
func checkMaps(s *store.State) error {
	for _, name := range s.Maps() {
		oldest, newest := s.Epochs(name)
		for epoch := oldest; epoch <= newest; epoch++ {
			encoded, _ := s.Map(name, epoch)
			is, err := epochOf(name, encoded)
			if err != nil {
				return fmt.Errorf("%s %d: %w", name, epoch, err)
			}
			if is != epoch {
				return fmt.Errorf("%s %d: %w: it says that it is %d", name, epoch, store.ErrCorrupt, is)
			}
		}
	}
	return nil
}

// epochOf is the epoch that an encoded map says it is.
func epochOf(name string, encoded []byte) (uint64, error) {
	switch name {
	case mgrMapName:
		m, err := decodeMgrMap(encoded)
		return uint64(m.Epoch), err
	case osdMapName:
		m, err := osdmap.Decode(encoded)
		if err != nil {
			return 0, err
		}
		return uint64(m.Epoch), nil
	case osdIncrementalName:
		inc, err := osdmap.DecodeIncremental(encoded)
		if err != nil {
			return 0, err
		}
		return uint64(inc.Epoch), nil
	case monMapName:
		s, err := decodeMembership(encoded)
		return uint64(s.monMap.Epoch), err
	case fsMapName:
		m, err := decodeFSMap(encoded)
		return uint64(m.Epoch), err
	}
	return 0, fmt.Errorf("%w: nobody knows such a map", store.ErrCorrupt)
}

// Restore implements quorum.Machine. Subscribers are told at once, or when the monitor
// is in the quorum again.
func (m *Mon) Restore(data []byte) error {
	if err := m.state.Restore(data); err != nil {
		return err
	}
	m.counts.restored++
	if !m.cfg.Defects.NoRefreshInRecovery {
		m.refresh()
	}
	m.tellSubscribers()
	return nil
}

// refresh brings the services in line with the store.
func (m *Mon) refresh() {
	m.counts.refreshed++
	for _, s := range m.services {
		if err := s.load(m.state); err != nil {
			m.h.Exit(1, "mon: committed state cannot be read: "+err.Error())
			return
		}
	}
	m.refreshConfig()
}
