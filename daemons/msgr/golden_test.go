package msgr_test

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// wholeStream hands out everything at once, byteByByte one byte per read.
func wholeStream(n int) int { return n }
func byteByByte(int) int    { return 1 }

// randomSplit cuts reads where rapid says.
func randomSplit(t *rapid.T) func(int) int {
	sizes := rapid.SliceOfN(rapid.IntRange(1, 300), 1, 20).Draw(t, "chunks")
	i := 0
	return func(n int) int {
		i++
		return min(n, sizes[i%len(sizes)])
	}
}

// TestGoldenAcceptor_answersAsCeph feeds what a real connector sent to a real
// monitor to a messenger in the monitor's place, which is told to send what the
// monitor sent. What it writes must be what the monitor wrote, but for the
// global_seq, which counts unrelated connections.
func TestGoldenAcceptor_answersAsCeph(t *testing.T) {
	for _, name := range []string{"handshake-client-mon", "handshake-mgr-mon", "handshake-client-mon-command"} {
		v := readVector(t, name)
		t.Run(name+"/whole", func(t *testing.T) { goldenAcceptor(t, v, wholeStream) })
		t.Run(name+"/bytes", func(t *testing.T) { goldenAcceptor(t, v, byteByByte) })
		t.Run(name+"/random", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { goldenAcceptor(rt, v, randomSplit(rt)) })
		})
	}
}

// failer is what *testing.T and *rapid.T share.
type failer interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

func goldenAcceptor(t failer, v *vector, chunk func(int) int) {
	t.Helper()
	w := newWorld()
	w.chunk = chunk
	want := split(v.s2c, v.S2CUnits)
	mon := w.daemon("mon", "127.0.0.1", msgr.Config{Name: msg.EntityName{Type: msg.EntityMon}})
	mon.m.SetDefaultPolicy(msgr.StatelessServer())
	at := addrIn(want[1].bytes).IP
	if err := mon.m.Bind(at); err != nil {
		t.Fatal(err)
	}
	if err := mon.m.Start(); err != nil {
		t.Fatal(err)
	}
	script := messagesIn(t, want)
	mon.onMsg = func(c *msgr.Connection, _ *msg.Message) {
		for ; len(script) > 0; script = script[1:] {
			c.Send(script[0])
		}
	}
	peer := w.rawFrom(addrIn(want[2].bytes).IP, at)
	peer.write(v.c2s)
	w.settle()

	sent := split(v.c2s, v.C2SUnits)
	checkDispatched(t, mon.journal, sent)
	checkUnits(t, parseUnits(t, peer.got, true), want)
	if acks, asked := len(byKind(parseUnits(t, peer.got, true))["KEEPALIVE2_ACK"]), len(byKind(sent)["KEEPALIVE2"]); acks != asked {
		t.Errorf("%d keepalives answered of %d", acks, asked)
	}
	if c := mon.conns[0]; c.PeerAddr() != addrIn(sent[1].bytes) {
		t.Errorf("peer address %v, want %v", c.PeerAddr(), addrIn(sent[1].bytes))
	}
}

// TestGoldenConnector_speaksAsCeph is the other way round: the messenger dials
// in the place of the real mgr or CLI.
func TestGoldenConnector_speaksAsCeph(t *testing.T) {
	for _, tc := range []struct {
		name  string
		peer  msg.EntityType
		self  msg.EntityType
		p     msgr.Policy
		auth  msgr.AuthNone
		alive bool
	}{
		{"handshake-client-mon", msg.EntityMon, msg.EntityClient, msgr.LosslessClient(), msgr.AuthNone{}, true},
		{"handshake-mgr-mon", msg.EntityMon, msg.EntityMgr, msgr.LosslessClient(), msgr.AuthNone{}, true},
		{"handshake-client-mon-command", msg.EntityMon, msg.EntityClient, msgr.LossyClient(), msgr.AuthNone{}, true},
		{"handshake-client-mgr", msg.EntityMgr, msg.EntityClient, msgr.LossyClient(), admin(4099), false},
		{"handshake-client-mds", msg.EntityMDS, msg.EntityClient, msgr.LosslessClient(), admin(4099), false},
	} {
		v := readVector(t, tc.name)
		run := func(t failer, chunk func(int) int) {
			goldenConnector(t, v, chunk, tc.self, tc.peer, tc.p, tc.auth, tc.alive)
		}
		t.Run(tc.name+"/whole", func(t *testing.T) { run(t, wholeStream) })
		t.Run(tc.name+"/bytes", func(t *testing.T) { run(t, byteByByte) })
		t.Run(tc.name+"/random", func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) { run(rt, randomSplit(rt)) })
		})
	}
}

func admin(gid uint64) msgr.AuthNone {
	return msgr.AuthNone{Name: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"}, GlobalID: gid}
}

func goldenConnector(t failer, v *vector, chunk func(int) int, self, peer msg.EntityType, p msgr.Policy, auth msgr.AuthNone, alive bool) {
	t.Helper()
	w := newWorld()
	w.chunk = chunk
	want, answers := split(v.c2s, v.C2SUnits), split(v.s2c, v.S2CUnits)
	self0 := addrIn(want[1].bytes)
	if a := byKind(want)["authorizer"]; a != nil {
		auth.GlobalID = binary.LittleEndian.Uint64(a[0].bytes[len(a[0].bytes)-8:])
	}
	d := w.daemon("self", self0.IP.Addr().String(), msgr.Config{
		Name: msg.EntityName{Type: self, Num: -1}, Nonce: self0.Nonce, Auth: auth,
	})
	d.m.SetPolicy(peer, p)
	to := addrIn(answers[1].bytes)
	peers := w.listenRaw(to.IP)
	c := d.m.ConnectTo(peer, to)
	w.settle()
	if alive {
		c.SendKeepalive()
	}
	for _, m := range messagesIn(t, want) {
		// The real one learned its global id on the way.
		d.m.SetName(m.Header.Src)
		c.Send(m)
		(*peers)[0].feed(v.s2c)
		w.settle()
	}
	checkUnits(t, parseUnits(t, (*peers)[0].got, false), want)
	checkDispatched(t, d.journal, answers)
	if got := d.m.Addr(); got != self0 {
		t.Errorf("learned address %v, want %v", got, self0)
	}
}

// feed writes b, once.
func (r *rawPeer) feed(b []byte) {
	if !r.fed {
		r.fed = true
		r.write(b)
	}
}

// rawFrom connects a raw peer that comes from the given end.
func (w *world) rawFrom(from, to netip.AddrPort) *rawPeer {
	r := &rawPeer{}
	r.conn = &fakeConn{w: w, loop: &fakeLoop{w: w, name: "raw"}, h: r, local: from, remote: to, starving: true, dialling: true}
	(*fakeNetwork)(&fakeHost{w: w, name: "raw"}).answer(r.conn)
	return r
}

func messagesIn(t failer, units []unit) (list []*msg.Message) {
	t.Helper()
	for _, u := range units {
		if u.what == "message" {
			list = append(list, messageIn(t, u))
		}
	}
	return list
}

// checkDispatched compares what a dispatcher got with what was sent.
func checkDispatched(t failer, j *journal, sent []unit) {
	t.Helper()
	want := messagesIn(t, sent)
	if len(j.messages) != len(want) {
		t.Fatalf("%d messages dispatched, want %d", len(j.messages), len(want))
	}
	for _, m := range j.messages {
		w := want[m.Header.Seq-1]
		if m.Header != w.Header || !bytes.Equal(m.Data, w.Data) {
			t.Errorf("dispatched %+v, want %+v", m.Header, w.Header)
		}
	}
}

// checkUnits compares streams kind by kind: within a kind order is determined,
// and so is all of the handshake, but not when an answer to a keepalive falls
// between two messages.
func checkUnits(t failer, got, want []unit) {
	t.Helper()
	for i := range 3 {
		if got[i].what != want[i].what {
			t.Fatalf("unit %d is %s, want %s", i, got[i].what, want[i].what)
		}
	}
	g, w := byKind(got), byKind(want)
	for _, kind := range kinds(want) {
		for i := range min(len(g[kind]), len(w[kind])) {
			if a, b := masked(g[kind][i]), masked(w[kind][i]); !bytes.Equal(a, b) {
				t.Errorf("%s %d is\n%x, want\n%x", kind, i, a, b)
			}
		}
		if kind != "ACK" && kind != "KEEPALIVE2" && kind != "KEEPALIVE2_ACK" && len(g[kind]) != len(w[kind]) {
			t.Errorf("%d units %s, want %d", len(g[kind]), kind, len(w[kind]))
		}
	}
	for _, kind := range kinds(got) {
		if w[kind] == nil {
			t.Errorf("unexpected %s", kind)
		}
	}
}

func byKind(units []unit) map[string][]unit {
	m := map[string][]unit{}
	for _, u := range units {
		m[u.what] = append(m[u.what], u)
	}
	return m
}

func kinds(units []unit) (list []string) {
	seen := map[string]bool{}
	for _, u := range units {
		if !seen[u.what] {
			seen[u.what] = true
			list = append(list, u.what)
		}
	}
	return list
}

// masked blanks what a replay cannot know: counts of other connections, and
// the wall clock. ACKs are compared by presence only.
func masked(u unit) []byte {
	b := bytes.Clone(u.bytes)
	switch u.what {
	case "connect_reply":
		if b[0] == tagReady || b[0] == tagSeq {
			clear(b[9:13])
		}
	case "connect":
		clear(b[12:16])
	case "KEEPALIVE2":
		clear(b[1:])
	case "ACK":
		clear(b[1:])
	}
	return b
}
