package msgr_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// siege is a monitor that a stranger besets, who dials it or is dialled by it,
// while another monitor and a manager have sessions with it, lossless and lossy.
type siege struct {
	w              *world
	mon, peer, mgr *daemon
	fromPeer       *msgr.Connection
	fromMgr        *msgr.Connection
	grievances     *[]grievance
	rounds         uint64
}

// strangerAt is where the stranger listens, and besiegedAt where the monitor does.
var (
	strangerAt = msg.EntityAddr{Type: msg.AddrLegacy, Nonce: 5, IP: addrPort("10.0.0.66:6800")}
	besiegedAt = msg.EntityAddr{Type: msg.AddrLegacy, IP: addrPort("10.0.0.1:6789")}
)

// siegeOptions keep what a header can make a messenger allocate small.
func siegeOptions() msgr.Options {
	return msgr.Options{MaxFrontBytes: 1 << 20, MaxMiddleBytes: 1 << 20, MaxDataBytes: 1 << 20}
}

func newSiege(t testing.TB) *siege { return newSiegeIn(t, newWorld()) }

func newSiegeIn(t testing.TB, w *world) *siege {
	t.Helper()
	s := &siege{w: w, grievances: &[]grievance{}}
	s.mon = &daemon{journal: &journal{}, h: w.host("mon.a", "10.0.0.1")}
	s.mon.h.logger = slog.New(&listener{s.grievances})
	s.mon.start(w, msgr.Config{Name: monName(0), Options: siegeOptions()})
	s.mon.m.SetDefaultPolicy(counted(msgr.StatelessServer()))
	s.mon.m.SetPolicy(msg.EntityMon, counted(msgr.LosslessPeerReuse()))
	s.mon.m.SetPolicy(msg.EntityOSD, counted(msgr.LossyClient()))
	s.mon.m.SetPolicy(msg.EntityClient, counted(msgr.Policy{Lossy: true, Server: true, FeaturesRequired: msg.FeaturesAll}))
	s.mon.bind(t, 6789)
	s.peer = w.daemon("mon.b", "10.0.0.2", msgr.Config{Name: monName(1)})
	s.peer.m.SetDefaultPolicy(msgr.LosslessPeerReuse())
	s.peer.bind(t, 6789)
	s.mgr = w.daemon("mgr.x", "10.0.0.3", msgr.Config{Name: mgrName(1), Nonce: 77})
	s.fromPeer = s.peer.m.ConnectTo(msg.EntityMon, besiegedAt)
	s.fromMgr = s.mgr.m.ConnectTo(msg.EntityMon, besiegedAt)
	w.settle()
	return s
}

// counted is a policy with throttles that count, and are never full.
func counted(p msgr.Policy) msgr.Policy {
	p.ThrottleMessages, p.ThrottleBytes = 1<<40, 1<<40
	return p
}

// dialled is a stranger that has dialled the monitor and writes b.
func (s *siege) dialled(b []byte) *rawPeer {
	r := s.w.rawFrom(addrPort("10.9.9.9:999"), besiegedAt.IP)
	s.pour(r, b)
	return r
}

// answered is a stranger that the monitor has dialled as if it were a daemon of
// that type, and that writes b.
func (s *siege) answered(as msg.EntityType, b []byte) *rawPeer {
	peers := s.w.listenRaw(strangerAt.IP)
	s.mon.m.ConnectTo(as, strangerAt)
	s.w.settle()
	s.pour((*peers)[0], b)
	return (*peers)[0]
}

// pour writes b whatever the window, and lets time pass until whatever was to be
// said has been said.
func (s *siege) pour(r *rawPeer, b []byte) {
	s.w.window += len(b)
	_, _ = r.conn.Write(b)
	s.w.run(10 * time.Millisecond)
}

// checkBystanders sends a message over each of the other sessions, each way. All
// must arrive, and nobody may have been told of anything but that it was connected.
func (s *siege) checkBystanders(t failer) {
	t.Helper()
	s.rounds++
	var toPeer, toMgr *msgr.Connection
	for _, c := range s.mon.conns {
		switch c.PeerAddr() {
		case s.peer.m.Addr():
			toPeer = c
		case s.mgr.m.Addr():
			toMgr = c
		}
	}
	if toPeer == nil || toMgr == nil {
		t.Fatal("a bystander was never connected")
	}
	for _, c := range []*msgr.Connection{s.fromPeer, s.fromMgr, toPeer, toMgr} {
		c.Send(ping(1000+s.rounds, nil))
	}
	s.w.run(10 * time.Millisecond)
	for _, d := range []*daemon{s.peer, s.mgr} {
		if got := d.tids(); len(got) != int(s.rounds) || got[s.rounds-1] != 1000+s.rounds {
			t.Errorf("%s got messages %d", d.h.name, got)
		}
		if !slices.Equal(d.events, []string{"connect"}) {
			t.Errorf("%s was told %q", d.h.name, d.events)
		}
	}
	if n := s.heard(); n != 2 {
		t.Errorf("the monitor got %d of 2 messages of the bystanders", n)
	}
}

// heard counts the bystanders' messages of this round.
func (s *siege) heard() (n int) {
	for i, m := range s.mon.messages {
		from := s.mon.froms[i].PeerAddr()
		if m.Header.Tid == 1000+s.rounds && (from == s.peer.m.Addr() || from == s.mgr.m.Addr()) {
			n++
		}
	}
	return n
}

// checkThrottles: whatever was drawn for the stranger's messages was given back.
func (s *siege) checkThrottles(t failer) {
	t.Helper()
	if messages, bytes, dispatch := s.mon.m.Drawn(); messages != 0 || bytes != 0 || dispatch != 0 {
		t.Errorf("the throttles still hold %d messages, %d bytes and %d bytes", messages, bytes, dispatch)
	}
}

// grievance is a line of the log that names an error.
type grievance struct {
	line, peer, state string
	reason            error
}

func (g grievance) String() string {
	return fmt.Sprintf("%s: %s, %s: %v", g.line, g.peer, g.state, g.reason)
}

// listener is a log handler that keeps grievances only.
type listener struct{ heard *[]grievance }

func (l *listener) Enabled(context.Context, slog.Level) bool { return true }
func (l *listener) WithAttrs([]slog.Attr) slog.Handler       { return l }
func (l *listener) WithGroup(string) slog.Handler            { return l }
func (l *listener) Handle(_ context.Context, r slog.Record) error {
	g := grievance{line: r.Message}
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "peer":
			g.peer = a.Value.String()
		case "state":
			g.state = a.Value.String()
		case "reason":
			g.reason, _ = a.Value.Any().(error)
		}
		return true
	})
	*l.heard = append(*l.heard, g)
	return nil
}

// connectUnit is what a stranger proposes.
type connectUnit struct {
	features                                   uint64
	hostType, globalSeq, connectSeq            uint32
	protocolVersion, authProtocol, authLenMore uint32
	auth                                       []byte
}

func asMgr() connectUnit {
	return connectUnit{features: msg.FeaturesAll, hostType: uint32(msg.EntityMgr), globalSeq: 1, protocolVersion: 15}
}

func asClient() connectUnit {
	c := asMgr()
	c.hostType = uint32(msg.EntityClient)
	return c
}

func asMon() connectUnit {
	_, auth := msgr.AuthNone{Own: msg.EntityMon, Name: msg.AuthName{Type: 1, ID: "z"}}.GetAuthorizer(msg.EntityMon)
	return connectUnit{features: msg.FeaturesAll, hostType: uint32(msg.EntityMon), globalSeq: 1, protocolVersion: 13, authProtocol: 1, auth: auth}
}

func (c connectUnit) with(change func(*connectUnit)) connectUnit {
	change(&c)
	return c
}

func (c connectUnit) bytes() []byte {
	b := binary.LittleEndian.AppendUint64(nil, c.features)
	for _, v := range []uint32{c.hostType, c.globalSeq, c.connectSeq, c.protocolVersion, c.authProtocol, uint32(len(c.auth)) + c.authLenMore} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(append(b, 0), c.auth...)
}

// opening is what a connector at addr says until it is answered.
func opening(addr msg.EntityAddr, connects ...connectUnit) []byte {
	b := msgr.AppendAddr([]byte("ceph v027"), addr)
	for _, c := range connects {
		b = append(b, c.bytes()...)
	}
	return b
}

// open is an opening up to the open stream, with what the connector has received.
func open(addr msg.EntityAddr, c connectUnit, received uint64) []byte {
	return binary.LittleEndian.AppendUint64(opening(addr, c), received)
}

// replyUnit is what a stranger answers.
type replyUnit struct {
	tag                                             byte
	features                                        uint64
	globalSeq, connectSeq, protocolVersion, authLen uint32
	flags                                           byte
}

func (r replyUnit) bytes() []byte {
	b := binary.LittleEndian.AppendUint64([]byte{r.tag}, r.features)
	for _, v := range []uint32{r.globalSeq, r.connectSeq, r.protocolVersion, r.authLen} {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return append(b, r.flags)
}

// grantUnit is the answer SEQ or READY to a first connect.
func grantUnit(tag byte) replyUnit {
	return replyUnit{tag: tag, features: msg.FeaturesAll, globalSeq: 1, connectSeq: 1}
}

// accepting is what an acceptor at addr says, with these answers.
func accepting(addr msg.EntityAddr, replies ...replyUnit) []byte {
	b := msgr.AppendAddr(msgr.AppendAddr([]byte("ceph v027"), addr), besiegedAt)
	for _, r := range replies {
		b = append(b, r.bytes()...)
	}
	return b
}

// granting is accepting up to the open stream, with what the acceptor has received.
func granting(received uint64) []byte {
	return binary.LittleEndian.AppendUint64(accepting(strangerAt, grantUnit(tagSeq)), received)
}

// ackUnit acknowledges messages up to seq.
func ackUnit(seq uint64) []byte { return binary.LittleEndian.AppendUint64([]byte{8}, seq) }

// resealed is a stream of tagged units with the checksums of its messages put
// right, as far as it can be followed.
func resealed(b []byte) []byte {
	b = slices.Clone(b)
	for rest := b; len(rest) > 0; {
		n := 1
		switch rest[0] {
		case 8, 14, 15:
			n = 9
		case 7:
			n = reseal(rest[1:]) + 1
		}
		rest = rest[min(n, len(rest)):]
	}
	return b
}

// reseal puts the checksums of a message right and returns its length. Sections
// that are longer than what is there are made to fit.
func reseal(b []byte) int {
	if len(b) < msg.HeaderLen+msg.FooterLen {
		return len(b)
	}
	h, body := parseAnyHeader(b), b[msg.HeaderLen:]
	room := len(body) - msg.FooterLen
	footer := make([]byte, 0, msg.FooterLen)
	at := 0
	for _, n := range []*uint32{&h.FrontLen, &h.MiddleLen, &h.DataLen} {
		if int64(*n) > int64(room-at) {
			*n %= uint32(room-at) + 1
		}
		footer = binary.LittleEndian.AppendUint32(footer, wire.CRC32C(body[at:at+int(*n)]))
		at += int(*n)
	}
	h.Put(b[:msg.HeaderLen])
	copy(body[at:], footer)
	return msg.HeaderLen + at + msg.FooterLen
}

// parseAnyHeader reads a header whatever its checksum.
func parseAnyHeader(b []byte) msg.Header {
	b = slices.Clone(b[:msg.HeaderLen])
	binary.LittleEndian.PutUint32(b[msg.HeaderLen-4:], wire.CRC32C(b[:msg.HeaderLen-4]))
	h, err := msg.ParseHeader(b)
	if err != nil {
		panic(err)
	}
	return h
}

// quietly says whether nothing was said but what contains one of the parts.
func quietly(said []grievance, parts ...string) bool {
	return !slices.ContainsFunc(said, func(g grievance) bool {
		return g.reason == nil || !slices.ContainsFunc(parts, func(p string) bool { return strings.Contains(g.reason.Error(), p) })
	})
}
