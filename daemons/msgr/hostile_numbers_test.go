package msgr_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// TestHostileConnectSeq_sessionComesBack: somebody at the other monitor's address
// takes its session over and moves it to the end of the numbers. The monitor itself
// gets it back: it is told of a reset at worst, and never to retry with a number
// that is not above its own, which would abort a Ceph daemon.
func TestHostileConnectSeq_sessionComesBack(t *testing.T) {
	const last = 1<<32 - 2
	for _, connectSeq := range []uint32{2, 1 << 31, last - 2, last - 1, last} {
		s := newSiege(t)
		c := asMon().with(func(c *connectUnit) { c.globalSeq, c.connectSeq = 100, connectSeq })
		again := c.with(func(c *connectUnit) { c.globalSeq++ })
		thief := s.dialled(append(opening(s.peer.m.Addr(), c, again), make([]byte, 8)...))
		if reply := thief.got[281:]; reply[0] != tagRetryGlobal || reply[26] != tagSeq {
			t.Fatalf("the thief was answered %d and %d", reply[0], reply[26])
		}
		s.fromPeer.Send(ping(1, nil))
		s.w.run(time.Minute)
		thief.conn.Close()
		s.w.run(time.Minute)
		s.fromPeer.Send(ping(2, nil))
		s.w.run(time.Minute)
		if got := s.mon.tids(); !slices.Contains(got, 2) {
			t.Errorf("connect_seq %d: the monitor gets %d only\n%s\n%v", connectSeq, got, s.peer.h.log.String(), *s.grievances)
		}
		if g := *s.grievances; !quietly(g, "closed", "reset") {
			t.Errorf("connect_seq %d: the log says %v", connectSeq, g)
		}
		if log := s.peer.h.log.String(); slices.ContainsFunc([]string{"impossible", "too many"}, func(p string) bool { return strings.Contains(log, p) }) {
			t.Errorf("connect_seq %d: the other monitor's log says\n%s", connectSeq, log)
		}
		if n := s.fromPeer.Unacked(); n != 0 || !s.fromPeer.IsConnected() {
			t.Errorf("connect_seq %d: %d messages are kept", connectSeq, n)
		}
	}
}

// TestHostileSeq_mayJump: a gap is no reason to doubt a peer, as with Ceph. What
// comes after with a lower number is a duplicate.
func TestHostileSeq_mayJump(t *testing.T) {
	for kind, c := range map[string]connectUnit{"lossy": asMgr(), "lossless": asMon()} {
		t.Run(kind, func(t *testing.T) {
			s := newSiege(t)
			b := open(strangerAt, c, 0)
			for _, seq := range []uint64{1, 1 << 31, 5, 1<<63 - 1, 1<<63 - 1, 0} {
				b = append(b, message(pingHeader(seq), nil, nil, nil)...)
			}
			stranger := s.dialled(b)
			wantTids(t, s.mon.journal, 1, 1<<31, 1<<63-1)
			if len(*s.grievances) != 0 || stranger.closed {
				t.Error("the stranger is gone:", *s.grievances)
			}
			if end := stranger.got[len(stranger.got)-9:]; kind == "lossless" && !slices.Equal(end, ackUnit(1<<63-1)) {
				t.Errorf("acknowledged %x", end)
			}
			s.checkThrottles(t)
			s.checkBystanders(t)
		})
	}
}

// TestHostileAck_ofWhatWasNeverSent: it is as good as one of all that was sent, and
// later messages are kept until they are acknowledged themselves.
func TestHostileAck_ofWhatWasNeverSent(t *testing.T) {
	s := newSiege(t)
	stranger := s.dialled(append(open(strangerAt, asMon(), 0), message(pingHeader(1), nil, nil, nil)...))
	c := s.mon.froms[0]
	for round := range uint64(3) {
		c.Send(ping(round, nil))
		s.w.settle()
		s.pour(stranger, ackUnit(round)) // of the one before
		if n := c.Unacked(); n != 1 {
			t.Fatalf("%d messages are kept, want 1", n)
		}
		s.pour(stranger, ackUnit(1<<63-1-round))
		if n := c.Unacked(); n != 0 || stranger.closed {
			t.Fatalf("%d messages are kept, want none; log %v", n, *s.grievances)
		}
	}
	s.checkBystanders(t)
}

// TestHostileSeqExchange_losesOnlyItsOwn: a peer that comes back and claims to have
// received more than was ever sent is believed: what was kept for it is dropped,
// and what follows is numbered above its claim.
func TestHostileSeqExchange_losesOnlyItsOwn(t *testing.T) {
	for _, claim := range []uint64{0, 2, 3, 4, 1 << 40, 1<<63 - 2} {
		s := newSiege(t)
		stranger := s.dialled(append(open(strangerAt, asMon(), 0), message(pingHeader(1), nil, nil, nil)...))
		c := s.mon.froms[0]
		for tid := range uint64(3) {
			c.Send(ping(tid+1, nil))
		}
		s.w.settle()
		stranger.conn.Close()
		s.w.run(time.Second)
		again := asMon().with(func(u *connectUnit) { u.globalSeq, u.connectSeq = 9, 9 })
		back := s.dialled(opening(strangerAt, again, again.with(func(u *connectUnit) { u.globalSeq++ })))
		s.pour(back, ackUnit(claim)[1:])
		c.Send(ping(4, nil))
		s.w.settle()
		sent := messagesAfter(t, back.got, 281+2*26+8)
		want := upTo(4)[min(claim, 3):]
		if got := tidsOf(sent); !slices.Equal(got, want) {
			t.Errorf("claim %d: sent %d, want %d", claim, got, want)
		}
		if last := sent[len(sent)-1].Header.Seq; last != max(claim, 3)+1 {
			t.Errorf("claim %d: the last is number %d", claim, last)
		}
		s.checkBystanders(t)
	}
}

// messagesAfter are the messages in what was written, from an offset on.
func messagesAfter(t *testing.T, b []byte, offset int) (list []*msg.Message) {
	t.Helper()
	for b = b[offset:]; len(b) > 0; {
		n := 9
		if b[0] == 7 {
			n = 1 + msg.HeaderLen + msg.FooterLen
			list = append(list, messageIn(t, unit{bytes: b[:n]}))
		}
		b = b[n:]
	}
	return list
}

func tidsOf(list []*msg.Message) (tids []uint64) {
	for _, m := range list {
		tids = append(tids, m.Header.Tid)
	}
	return tids
}

// TestHostileType_isNamedAndGoesOn: a message of a type that we do not know is no
// fault, because Ceph's daemons have more to say than ours understand.
func TestHostileType_isNamedAndGoesOn(t *testing.T) {
	w, heard, picky := newWorld(), &[]grievance{}, &picky{}
	h := w.host("mon.a", "10.0.0.1")
	h.logger = slog.New(&listener{heard})
	d := &daemon{h: h, m: msgr.New(h, h.NewLoop("dispatch"), msgr.Config{Name: monName(0), Label: "mon.a"})}
	d.m.SetDefaultPolicy(counted(msgr.StatelessServer()))
	d.m.AddDispatcherTail(picky)
	d.bind(t, 6789)
	known, unknown := pingHeader(1), pingHeader(2)
	unknown.Type = 4242
	b := append(open(strangerAt, asMgr(), 0), message(known, nil, nil, nil)...)
	b = append(b, message(unknown, []byte("whatever"), nil, []byte("data"))...)
	stranger := w.rawFrom(addrPort("10.9.9.9:999"), besiegedAt.IP)
	stranger.write(append(b, message(pingHeader(3), nil, nil, nil)...))
	w.settle()
	if !slices.Equal(picky.took, []uint64{1, 3}) || stranger.closed {
		t.Errorf("messages %d were taken, closed: %v", picky.took, stranger.closed)
	}
	g := *heard
	if len(g) != 1 || !errors.Is(g[0].reason, msgr.ErrUnknownType) || g[0].state != "open" || !strings.Contains(g[0].peer, "mgr v1:10.0.0.66:6800/5") {
		t.Errorf("the log says %v", g)
	}
	if messages, bytes, dispatch := d.m.Drawn(); messages != 0 || bytes != 0 || dispatch != 0 {
		t.Errorf("the throttles still hold %d messages, %d bytes and %d bytes", messages, bytes, dispatch)
	}
}

// picky takes messages that it knows.
type picky struct {
	msgr.BaseDispatcher
	took []uint64
}

func (p *picky) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	if _, unknown := m.Body.(*msg.Unknown); unknown {
		return false
	}
	p.took = append(p.took, m.Header.Tid)
	return true
}
