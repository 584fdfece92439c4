package msgr_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// TestGoldenLossless_acceptorAnswersAsCeph replays what one real monitor sent to
// another that already had a session with it, or was dialling it. The messenger
// is first brought to the state that monitor was in.
func TestGoldenLossless_acceptorAnswersAsCeph(t *testing.T) {
	for _, tc := range []struct {
		name    string
		prepare func(*testing.T, *goldenMon)
		told    []string
	}{
		{"reconnect", func(t *testing.T, g *goldenMon) { g.session(t, 22, 1495, 1506) },
			[]string{"accept", "accept"}},
		{"peer-restart", func(t *testing.T, g *goldenMon) { g.session(t, 20, 3, 3) },
			[]string{"accept", "remote reset", "accept"}},
		{"race-winner", func(t *testing.T, g *goldenMon) { g.race() }, []string{"accept"}},
		{"race-loser", func(t *testing.T, g *goldenMon) { g.race() }, nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			g := newGoldenMon(t, "handshake-mon-mon-"+tc.name)
			tc.prepare(t, g)
			g.replay(t, tc.told)
		})
	}
}

type goldenMon struct {
	v    *vector
	w    *world
	mon  *daemon
	sent []unit // by the connector
	want []unit // from the acceptor
	old  *rawPeer
}

func newGoldenMon(t *testing.T, name string) *goldenMon {
	return newGoldenMonWith(t, name, msgr.Options{})
}

func newGoldenMonWith(t *testing.T, name string, o msgr.Options) *goldenMon {
	v := readVector(t, name)
	g := &goldenMon{v: v, w: newWorld(), sent: split(v.c2s, v.C2SUnits), want: split(v.s2c, v.S2CUnits)}
	g.mon = g.w.daemon("mon", "127.0.0.1", msgr.Config{Name: g.sourceOf(t, g.want), Options: o})
	g.mon.m.SetDefaultPolicy(msgr.LosslessPeerReuse())
	g.mon.bind(t, g.acceptor().IP.Port())
	return g
}

func (g *goldenMon) acceptor() msg.EntityAddr  { return addrIn(g.want[1].bytes) }
func (g *goldenMon) connector() msg.EntityAddr { return addrIn(g.sent[1].bytes) }

// sourceOf is who a stream's messages come from.
func (g *goldenMon) sourceOf(t *testing.T, units []unit) msg.EntityName {
	if list := messagesIn(t, units); len(list) > 0 {
		return list[0].Header.Src
	}
	return monName(0)
}

// session makes an open session of the connector's address with the messenger:
// from an attempt of that global_seq, in which the connector has received
// messages up to one number and sent up to another.
func (g *goldenMon) session(t *testing.T, globalSeq uint32, received, sent uint64) {
	t.Helper()
	b := bytes.Clone(g.v.c2s[:helloSeq])
	binary.LittleEndian.PutUint32(b[helloConnect+12:], globalSeq)
	binary.LittleEndian.PutUint32(b[helloConnect+16:], 0)
	b = append(b, g.sent[3].bytes...)
	b = binary.LittleEndian.AppendUint64(b, received)
	b = append(b, message(pingHeader(sent), nil, nil, nil)...)
	g.old = g.w.rawFrom(addrPort("127.0.0.1:999"), g.acceptor().IP)
	g.old.write(b)
	g.w.settle()
	wantEvents(t, g.mon, "accept")
	g.mon.messages, g.mon.froms = nil, nil
}

// race makes the messenger dial the connector, which does not answer in time.
func (g *goldenMon) race() {
	g.w.silent[g.connector().IP] = true
	g.mon.m.ConnectTo(msg.EntityMon, g.connector())
	g.w.settle()
}

func (g *goldenMon) replay(t *testing.T, told []string) {
	t.Helper()
	script := messagesIn(t, g.want)
	g.mon.onMsg = func(c *msgr.Connection, _ *msg.Message) {
		for ; len(script) > 0; script = script[1:] {
			c.Send(script[0])
		}
	}
	peer := g.w.rawFrom(addrIn(g.want[2].bytes).IP, g.acceptor().IP)
	peer.write(g.v.c2s)
	g.w.settle()
	checkUnits(t, parseUnits(t, peer.got, true), g.want)
	wantEvents(t, g.mon, told...)
	if len(told) > 0 {
		g.checkMessages(t)
	}
}

func (g *goldenMon) checkMessages(t *testing.T) {
	t.Helper()
	want := messagesIn(t, g.sent)
	if len(want) != len(g.mon.messages) {
		t.Fatalf("%d messages dispatched, want %d", len(g.mon.messages), len(want))
	}
	seqs := map[uint64]bool{}
	for _, m := range g.mon.messages {
		seqs[m.Header.Seq] = true
	}
	for _, m := range want {
		if !seqs[m.Header.Seq] {
			t.Errorf("message %d was not dispatched", m.Header.Seq)
		}
	}
}

// TestGoldenLossless_connectorReconnectsAsCeph is the connector's side of the
// capture: a session stood by after its socket broke, and goes on when there is
// something to send.
func TestGoldenLossless_connectorReconnectsAsCeph(t *testing.T) {
	g := newGoldenMon(t, "handshake-mon-mon-reconnect")
	self := g.w.daemon("self", "127.0.0.1", msgr.Config{
		Name: g.sourceOf(t, g.sent), Auth: msgr.AuthNone{Name: msg.AuthName{Type: 1, ID: "a"}},
	})
	self.m.SetDefaultPolicy(msgr.LosslessPeerReuse())
	self.bind(t, g.connector().IP.Port())
	g.mon.m.Shutdown()
	g.w.settle()
	peers := g.w.listenRaw(g.acceptor().IP)
	c := self.m.ConnectTo(msg.EntityMon, g.acceptor())
	g.w.settle()
	g.openFirst(t, (*peers)[0])

	for _, m := range messagesIn(t, g.sent) {
		c.Send(m)
	}
	g.w.settle()
	second := (*peers)[1]
	for _, u := range g.want[:7] { // to the acceptor's seq
		second.write(u.bytes)
		g.w.settle()
	}
	b := second.got
	for _, u := range g.sent {
		if u.what == "ACK" {
			continue
		}
		got := b[:min(len(u.bytes), len(b))]
		if u.what == "connect" { // its count of attempts differs
			got = bytes.Clone(got)
			copy(got[12:16], u.bytes[12:16])
		}
		if !bytes.Equal(got, u.bytes) {
			t.Fatalf("%s is\n%x, want\n%x", u.what, got, u.bytes)
		}
		b = b[len(got):]
	}
}

// openFirst plays the acceptor on the first socket: it has received 1506
// messages and sends 1495; then the socket breaks.
func (g *goldenMon) openFirst(t *testing.T, peer *rawPeer) {
	t.Helper()
	grant := bytes.Clone(g.want[5].bytes)
	binary.LittleEndian.PutUint32(grant[13:], 1)
	peer.write(g.v.s2c[:281])
	peer.write(binary.LittleEndian.AppendUint64(grant, 1506))
	peer.write(message(pingHeader(1495), nil, nil, nil))
	g.w.run(time.Second)
	peer.conn.breaks(host.ErrReset)
	peer.conn.peer.breaks(host.ErrReset)
	g.w.settle()
}
