package msgr

// What an acceptor does about a connect from a peer that it may already have a
// session with: rows 5 to 12 of Ceph's decision table
// (ProtocolV1::handle_connect_message_2).

// replacing reports a socket that has taken over an older session and now gets
// the connector's second connect.
func (p *protocol) replacing() bool {
	p.c.mu.Lock()
	defer p.c.mu.Unlock()
	return p.c.session.proto == p && p.c.session.replacing
}

// resolve finds the session the connect belongs to and answers it.
func (p *protocol) resolve(policy *policyEntry) bool {
	if p.replacing() {
		return p.grant()
	}
	p.m.mu.Lock()
	existing, mine := p.m.lookup(p.c.peerAddr), p.m.addr
	p.m.mu.Unlock()
	switch {
	case existing != nil && existing != p.c:
		wins := existing.policy.Server || compareAddrs(p.c.peerAddr, mine) < 0
		return p.confront(policy, existing, wins)
	case existing == nil && p.connect.connectSeq > 0:
		return p.turnDown(policy, replyFrame{tag: tagResetSession})
	}
	return p.grantNew(policy)
}

// grantNew makes p's own connection the session with the peer.
func (p *protocol) grantNew(policy *policyEntry) bool {
	if p.m.register(p.c) != nil {
		return p.resolve(policy)
	}
	return p.grant()
}

// verdict is what is to be done with a connect that meets a session.
type verdict uint8

const (
	verdictReply   verdict = iota // turn it down
	verdictReplace                // the socket takes over the session
	verdictGrant                  // the session is to be thrown away
)

// confront settles a connect against the session that exists.
func (p *protocol) confront(policy *policyEntry, existing *Connection, wins bool) bool {
	existing.mu.Lock()
	if existing.closed.Load() {
		existing.mu.Unlock()
		return p.resolve(policy)
	}
	r, v := existing.judge(p.connect, wins)
	if v == verdictReplace {
		r = existing.takeOver(p, wins)
	}
	existing.mu.Unlock()

	switch v {
	case verdictReplace:
		p.m.forget(p.c)
		p.c = existing
		if p.struck(PointAcceptReplaced) {
			return false
		}
	case verdictGrant:
		existing.stop()
		return p.grantNew(policy)
	}
	if r.tag == tagWait {
		existing.SendKeepalive()
	}
	return p.turnDown(policy, r)
}

// judge applies rows 6 to 11. wins says who survives a race. c.mu is held.
//
// Row 6 differs: while a replacement is under way Ceph sends every other attempt
// into another round of RETRY_GLOBAL. If the socket that has taken over died
// unheard, peer and acceptor keep each other busy with that until it times out.
// Here an attempt that is newer than that socket takes its place: a peer makes
// one at a time.
func (c *Connection) judge(f connectFrame, wins bool) (replyFrame, verdict) {
	s := &c.session
	retrySession := s.retry()
	switch {
	case s.replacing && f.globalSeq <= s.acceptedSeq, f.globalSeq < s.peerGlobalSeq:
		return replyFrame{tag: tagRetryGlobal, globalSeq: s.peerGlobalSeq}, verdictReply
	case s.lossy:
		return replyFrame{}, verdictGrant
	case f.connectSeq == 0 && s.connectSeq > 0:
		// Not what Ceph does to a session that never was open, see remoteReset.
		// Besides, the READY that follows a reset opens our side before the peer
		// has it, so that losing it would look like a second restart.
		if c.policy.ResetCheck && s.onceOpen {
			c.remoteReset()
			s.fromReset = true
		}
		return replyFrame{}, verdictReplace
	case f.connectSeq < s.connectSeq:
		return retrySession, verdictReply
	case f.connectSeq > s.connectSeq:
		if c.policy.ResetCheck && s.connectSeq == 0 {
			return replyFrame{tag: tagResetSession}, verdictReply
		}
		return replyFrame{}, verdictReplace
	}
	return c.judgeRace(retrySession, wins)
}

// judgeRace applies row 10 to equal connect sequence numbers: the peer must
// bump its own if our session was open since, else both sides are dialling (or
// the peer has given up the socket that we are about to open).
func (c *Connection) judgeRace(retrySession replyFrame, wins bool) (replyFrame, verdict) {
	s := &c.session
	if standby := s.proto == nil; standby || c.ready.Load() {
		if c.policy.ResetCheck && s.connectSeq == 0 && !c.m.cfg.Defects.RetryOnZeroSeq {
			return replyFrame{}, verdictReplace
		}
		return retrySession, verdictReply
	}
	if wins || s.acceptedSeq > 0 {
		return replyFrame{}, verdictReplace
	}
	return replyFrame{tag: tagWait}, verdictReply
}

// takeOver puts an accepted socket in place of the session's own. The connector
// is always asked to connect a second time, as Ceph does, and that one is
// granted. p's own connection, which nobody has seen, ends. wins says who survives a
// race. c.mu is held.
func (c *Connection) takeOver(p *protocol, wins bool) replyFrame {
	s := &c.session
	dialling := s.proto != nil && !c.ready.Load() && s.acceptedSeq == 0
	s.yields = wins && (dialling || s.yields)
	if old := s.proto; old != nil {
		old.w.loop.Post(old.dropFn)
	}
	c.ready.Store(false)
	s.requeue()
	s.proto, s.worker, s.replacing = p, p.w, true
	s.acceptedSeq = p.connect.globalSeq
	p.c.abandon()
	return replyFrame{tag: tagRetryGlobal, globalSeq: s.peerGlobalSeq}
}
