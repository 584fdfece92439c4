package msgr

// Stats is what a messenger holds at one moment.
type Stats struct {
	// Connections that have not ended, the one to ourselves not counted.
	Connections int
	// Registered connections: those that are known by their peer's address.
	Registered int
	// HeldMessages and HeldBytes are drawn from the throttles of the policies in
	// force, DispatchBytes from that of all connections. They are 0 when nothing
	// is being received or waits for dispatch.
	HeldMessages, HeldBytes, DispatchBytes int64
}

// Stats counts what the messenger holds. Between callbacks of the messenger's
// loops the numbers fit each other.
func (m *Messenger) Stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{
		Connections:   len(m.all),
		Registered:    len(m.registered),
		HeldMessages:  m.defaultPolicy.messages.held.Load(),
		HeldBytes:     m.defaultPolicy.bytes.held.Load(),
		DispatchBytes: m.dispatchThrottle.held.Load(),
	}
	//wavetank:ordered sums of counters that are only read
	for _, p := range m.policies {
		s.HeldMessages += p.messages.held.Load()
		s.HeldBytes += p.bytes.held.Load()
	}
	return s
}
