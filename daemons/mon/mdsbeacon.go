package mon

import "github.com/wavetank/wavetank/daemons/msg"

// handleMDSBeacon takes an mds's beacon, on the leader only (FS-1, FS-2). Its sender
// is answered at once, or when what it has changed is committed (FS-11).
func (m *Mon) handleMDSBeacon(o *op, b *msg.MDSBeacon) {
	addrs := o.caller().addrs
	if b.FSID != m.cfg.FSID || addrs.Legacy().IP.Port() == 0 {
		m.log.Info("mds beacon dropped", "name", b.Name, "fsid", b.FSID, "addr", addrs.Legacy())
		m.noReply(o)
		return
	}
	if m.hears(o) {
		m.h.Probe(MDSBeaconReceived{Mon: m.cfg.Name, GID: b.GID, State: b.State.String(), Seq: b.Seq})
		m.fs.hear(b, m.now())
	}
	if !m.leads(o) {
		return
	}
	v := m.fs.beacon(b, addrs)
	if !v.wait {
		m.answerMDS(o, b, v)
		return
	}
	m.await(func(committed bool) {
		if committed {
			m.answerMDS(o, b, v)
		} else {
			m.again(o)
		}
	})
	m.schedule(false)
}

func (m *Mon) answerMDS(o *op, b *msg.MDSBeacon, v mdsVerdict) {
	switch v.answer {
	case mdsSilence:
		m.noReply(o)
	case mdsNullMap:
		m.reply(o, m.mdsMapOf(nil), nil)
	case mdsAck:
		epoch := v.epoch
		if epoch == 0 {
			epoch = m.fs.committed.Epoch
		}
		m.reply(o, &msg.MDSBeacon{
			Paxos: msg.PaxosAt(uint64(epoch)), FSID: m.cfg.FSID, GID: b.GID, State: b.State, Seq: b.Seq, Name: b.Name,
			Features: msg.FeaturesAll,
		}, nil)
	}
}
