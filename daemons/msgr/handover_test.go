package msgr_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// TestLossless_replacementUnderWay: a socket that has taken over a session waits
// for its second connect. Meanwhile an older attempt is put off, and a newer one
// takes its place.
func TestLossless_replacementUnderWay(t *testing.T) {
	g := newGoldenMon(t, "handshake-mon-mon-reconnect")
	g.session(t, 22, 1495, 1506)
	connect := func(globalSeq, connectSeq uint32) []byte {
		b := bytes.Clone(g.sent[2].bytes)
		binary.LittleEndian.PutUint32(b[12:], globalSeq)
		binary.LittleEndian.PutUint32(b[16:], connectSeq)
		return append(b, g.sent[3].bytes...)
	}
	attempt := func(globalSeq uint32) *rawPeer {
		r := g.w.rawFrom(addrPort("127.0.0.1:1001"), g.acceptor().IP)
		r.write(append(bytes.Clone(g.v.c2s[:helloConnect]), connect(globalSeq, 2)...))
		g.w.settle()
		return r
	}
	first, older, newer := attempt(30), attempt(29), attempt(31)
	if !first.closed || older.closed || newer.closed {
		t.Errorf("closed: %v, %v, %v, want the first only", first.closed, older.closed, newer.closed)
	}
	newer.write(connect(32, 2))
	older.write(connect(31, 2))
	g.w.settle()
	if got := newer.got[281:]; got[0] != tagRetryGlobal || got[26] != tagSeq {
		t.Errorf("the newer was answered %d and %d", got[0], got[26])
	}
	if got := older.got[281:]; got[0] != tagRetryGlobal || got[26] != tagRetryGlobal {
		t.Errorf("the older was answered %d and %d", got[0], got[26])
	}
}

// TestLossless_readyStartsCountingAnew: an acceptor that knows no sequence
// numbers grants READY, and its next message is number 1.
func TestLossless_readyStartsCountingAnew(t *testing.T) {
	g := newGoldenMon(t, "handshake-mon-mon-reconnect")
	self := g.w.daemon("self", "127.0.0.1", msgr.Config{Name: monName(0)})
	self.m.SetDefaultPolicy(msgr.LosslessPeer())
	g.mon.m.Shutdown()
	g.w.settle()
	peers := g.w.listenRaw(g.acceptor().IP)
	c := self.m.ConnectTo(msg.EntityMon, g.acceptor())
	g.w.settle()
	g.openFirst(t, (*peers)[0])
	c.Send(ping(1, nil))
	g.w.settle()
	ready := bytes.Clone(g.want[5].bytes)
	ready[0] = tagReady
	binary.LittleEndian.PutUint32(ready[13:], 2)
	(*peers)[1].write(append(append(g.v.s2c[:281:281], ready...), message(pingHeader(1), nil, nil, nil)...))
	g.w.settle()
	wantTids(t, self.journal, 1495, 1)
	b := (*peers)[1].got
	if m := messageIn(t, unit{bytes: b[len(b)-75-9:]}); m.Header.Seq != 1 {
		t.Errorf("our message has number %d, want 1", m.Header.Seq)
	}
}

// TestLossless_waitMeansTheLongestBackoff unless the other side comes first.
func TestLossless_waitMeansTheLongestBackoff(t *testing.T) {
	g := newGoldenMon(t, "handshake-mon-mon-race-loser")
	self := g.w.daemon("self", "127.0.0.1", msgr.Config{Name: monName(0)})
	self.m.SetDefaultPolicy(msgr.LosslessPeerReuse())
	g.mon.m.Shutdown()
	g.w.settle()
	peers := g.w.listenRaw(g.acceptor().IP)
	self.m.ConnectTo(msg.EntityMon, g.acceptor())
	g.w.settle()
	(*peers)[0].write(g.v.s2c)
	g.w.run(15*time.Second - 1)
	if len(*peers) != 1 || !(*peers)[0].closed {
		t.Errorf("%d sockets after WAIT", len(*peers))
	}
	g.w.run(1)
	if len(*peers) != 2 {
		t.Errorf("%d sockets after 15 s, want a second", len(*peers))
	}
}

// TestLossless_crossedAttemptsTakeTurns: each side has taken the other's attempt for a
// newer one and dropped its own, so both are dead. If both dialled at once it would be so
// again: the lower address does, and the other one waits.
func TestLossless_crossedAttemptsTakeTurns(t *testing.T) {
	for vector, wait := range map[string]time.Duration{
		"handshake-mon-mon-race-loser": 0, "handshake-mon-mon-race-winner": 200 * time.Millisecond,
	} {
		g := newGoldenMon(t, vector)
		g.mon.m.SetDefaultPolicy(msgr.LosslessPeer())
		peers := g.w.listenRaw(g.connector().IP)
		g.mon.m.ConnectTo(msg.EntityMon, g.connector()).Send(ping(1, nil))
		g.w.settle()
		r := g.w.rawFrom(addrPort("127.0.0.1:1001"), g.acceptor().IP)
		b := bytes.Clone(g.v.c2s[:helloSeq+len(g.sent[3].bytes)])
		binary.LittleEndian.PutUint32(b[helloConnect+16:], 2)
		r.write(b)
		g.w.settle()
		if len(*peers) != 1 || !(*peers)[0].closed || r.got[281] != tagRetryGlobal {
			t.Fatalf("%s: %d sockets, the answer is %d", vector, len(*peers), r.got[281])
		}
		r.conn.Close()
		if wait > 0 {
			g.w.run(wait - 1)
			if len(*peers) != 1 {
				t.Errorf("%s: %d sockets before %v", vector, len(*peers), wait)
			}
			g.w.run(1)
		}
		g.w.settle()
		if len(*peers) != 2 {
			t.Errorf("%s: %d sockets after %v, want a second", vector, len(*peers), wait)
		}
	}
}

// TestLossless_neverOpenSessionKeepsItsQueue: when a socket breaks between a
// grant and its arrival the two sides disagree about the session's number, and
// nothing was sent yet that starting over could lose.
func TestLossless_neverOpenSessionKeepsItsQueue(t *testing.T) {
	g := newGoldenMon(t, "handshake-mon-mon-reconnect")
	self := g.w.daemon("self", "127.0.0.1", msgr.Config{Name: monName(0)})
	self.m.SetDefaultPolicy(msgr.LosslessPeerReuse())
	g.mon.m.Shutdown()
	g.w.settle()
	peers := g.w.listenRaw(g.acceptor().IP)
	self.m.ConnectTo(msg.EntityMon, g.acceptor()).Send(ping(1, nil))
	g.w.settle()
	reset := bytes.Clone(g.want[5].bytes)
	reset[0] = tagResetSession
	grant := bytes.Clone(g.want[5].bytes)
	binary.LittleEndian.PutUint32(grant[13:], 1)
	(*peers)[0].write(append(append(append(g.v.s2c[:281:281], reset...), grant...), make([]byte, 8)...))
	g.w.settle()
	wantEvents(t, self, "connect")
	b := (*peers)[0].got
	if m := messageIn(t, unit{bytes: b[len(b)-75:]}); m.Header.Tid != 1 || m.Header.Seq != 1 {
		t.Errorf("sent %+v", m.Header)
	}
}

// TestLossless_newerAttemptBeatsAHalfOpenOne: a socket that was granted and not
// heard of since is no rival in a race, whatever the addresses.
func TestLossless_newerAttemptBeatsAHalfOpenOne(t *testing.T) {
	g := newGoldenMon(t, "handshake-mon-mon-race-loser") // the connector's address is the higher one
	attempt := func(globalSeq, connectSeq uint32) *rawPeer {
		r := g.w.rawFrom(addrPort("127.0.0.1:1001"), g.acceptor().IP)
		b := bytes.Clone(g.v.c2s)
		binary.LittleEndian.PutUint32(b[helloConnect+12:], globalSeq)
		binary.LittleEndian.PutUint32(b[helloConnect+16:], connectSeq)
		r.write(b)
		g.w.settle()
		return r
	}
	first, second := attempt(5, 0), attempt(6, 1)
	if got := first.got[281]; got != tagSeq {
		t.Fatalf("the first was answered %d", got)
	}
	if got := second.got[281]; got != tagRetryGlobal || !first.closed {
		t.Errorf("the second was answered %d, want RETRY_GLOBAL", got)
	}
}

// TestRemoteReset_voidsMessagesOfTheOldSession: nothing of it is dispatched
// after the dispatchers were told.
func TestRemoteReset_voidsMessagesOfTheOldSession(t *testing.T) {
	g := newGoldenMonWith(t, "handshake-mon-mon-peer-restart", msgr.Options{DispatchBatch: 1})
	g.session(t, 20, 3, 3)
	for i := range uint64(50) {
		g.old.write(message(pingHeader(10+i), nil, nil, nil))
	}
	g.mon.onMsg = func(_ *msgr.Connection, m *msg.Message) {
		if slices.Contains(g.mon.events, "remote reset") && m.Header.Tid >= 10 {
			t.Errorf("message %d of the old session", m.Header.Tid)
		}
	}
	g.w.rawFrom(addrPort("127.0.0.1:1001"), g.acceptor().IP).write(g.v.c2s)
	g.w.settle()
	wantEvents(t, g.mon, "accept", "remote reset", "accept")
	if n := len(g.mon.messages); n == 0 || n > 40 {
		t.Errorf("%d messages were dispatched, want some of 50 and 4 of the new session", n)
	}
}
