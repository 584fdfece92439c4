package mon

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/internal/montest"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// cluster is several monitors in a montest world. Messages are encoded, take a
// millisecond, and are decoded; connections break only when a process dies.
type cluster struct {
	t       *testing.T
	world   *montest.World
	monmap  msg.MonMap
	fsid    wire.UUID
	opts    Options
	defects Defects
	given   map[string]string
	mons    []*node
	ports   uint32
	cut     map[[2]int]bool
}

type node struct {
	name    string
	machine *montest.Machine
	proc    *montest.Process
	loop    host.Loop
	mon     *Mon
	config  func(*Config) // what is another than a founder's
}

func newCluster(t *testing.T, size int, seed uint64) *cluster {
	c := &cluster{t: t, world: montest.NewWorld(seed), fsid: wire.UUID{1, 2, 3}, opts: DefaultOptions(), cut: map[[2]int]bool{}}
	c.monmap = msg.NewMonMap(c.fsid, wire.UTime{Sec: 1700000000})
	for i := range size {
		name := string(rune('a' + i))
		c.monmap.Add(name, msg.AddrVec{addrOf(i)})
		c.mons = append(c.mons, &node{name: name, machine: c.world.NewMachine("mon-" + name)})
	}
	return c
}

func (c *cluster) startAll() *cluster {
	for i := range c.mons {
		c.start(i)
	}
	return c
}

func (c *cluster) start(rank int) {
	c.t.Helper()
	n := c.mons[rank]
	n.proc = n.machine.Start()
	cfg := Config{Name: n.name, FSID: c.fsid, MonMap: c.monmap, Options: c.opts, Given: c.given, Defects: c.defects}
	if n.config != nil {
		n.config(&cfg)
	}
	m, err := assemble(n.proc, cfg)
	if err != nil {
		c.t.Fatal(err)
	}
	n.mon, n.loop = m, m.loop
	m.dial = func(to msg.EntityAddr) conn { return c.link(rank, c.at(to)) }
	n.loop.Post(m.begin)
	for i, other := range c.mons { // the others notice that their old connection broke
		if i != rank && other.mon != nil {
			other.loop.Post(func() { other.mon.lost(c.link(i, rank)) })
		}
	}
}

// addrOf is where the i-th monitor serves, at is the monitor that serves there, and
// named the one of that name; -1 for none.
func addrOf(i int) msg.EntityAddr {
	return msg.EntityAddr{Type: msg.AddrLegacy, IP: netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 6789)}
}

func (c *cluster) at(addr msg.EntityAddr) int { return int(addr.IP.Addr().As4()[3]) - 1 }

func (c *cluster) named(name string) int {
	return slices.IndexFunc(c.mons, func(n *node) bool { return n.name == name })
}

// pipe is one end of a connection. What is sent arrives at to.
type pipe struct {
	c        *cluster
	peerType msg.EntityType
	peerAddr msg.EntityAddr
	deliver  func(*msg.Message)
	down     bool
	keep     time.Duration
}

func (p *pipe) PeerType() msg.EntityType     { return p.peerType }
func (p *pipe) PeerAddr() msg.EntityAddr     { return p.peerAddr }
func (p *pipe) LastKeepalive() time.Duration { return p.keep }
func (p *pipe) MarkDown()                    { p.down = true }

func (p *pipe) Send(m *msg.Message) {
	n := msg.NestedOf(m, msg.FeaturesAll)
	p.c.world.After(time.Millisecond, func() {
		if p.down {
			return
		}
		got, err := n.Decode(msg.FeaturesAll)
		if err != nil {
			p.c.t.Errorf("sent message cannot be decoded: %v", err)
			return
		}
		p.deliver(got)
	})
}

// link is the connection of one monitor to another.
func (c *cluster) link(from, to int) conn {
	proc := c.mons[from].proc
	return &pipe{c: c, peerType: msg.EntityMon, peerAddr: addrOf(to), deliver: func(m *msg.Message) {
		if to < 0 || to >= len(c.mons) {
			return
		}
		n := c.mons[to]
		if n.mon == nil || proc.Dead() || n.proc.Dead() || c.cut[[2]int{from, to}] {
			return
		}
		back := c.link(to, from)
		mon := n.mon
		n.loop.Post(func() { mon.receive(back, m) })
	}}
}

// client is whoever talks to a monitor: a mgr, or the command line.
type client struct {
	c    *cluster
	n    *node
	con  *pipe
	gid  uint64
	got  []*msg.Message
	tid  uint64
	maps []uint32 // epochs of the mgrmaps received, in order
	last msg.MgrMap
}

func (c *cluster) client(rank int) *client {
	cl := &client{c: c, n: c.mons[rank]}
	c.ports++
	cl.con = &pipe{
		c: c, peerType: msg.EntityMgr, keep: c.world.Now(),
		peerAddr: msg.EntityAddr{Type: msg.AddrLegacy, Nonce: c.ports, IP: netip.MustParseAddrPort("10.0.1.1:0")},
	}
	cl.con.deliver = cl.receive
	return cl
}

func (cl *client) receive(m *msg.Message) {
	cl.got = append(cl.got, m)
	switch b := m.Body.(type) {
	case *msg.MgrMapMsg:
		cl.maps = append(cl.maps, b.Map.Epoch)
		cl.last = b.Map
	case *msg.AuthReply:
		cl.gid = b.GlobalID
	}
}

func (cl *client) send(b msg.Body) uint64 { return cl.sendData(b, nil) }

func (cl *client) sendData(b msg.Body, data []byte) uint64 {
	cl.tid++
	m := msg.New(b)
	m.Data = data
	m.Header.Tid = cl.tid
	n := msg.NestedOf(m, msg.FeaturesAll)
	mon := cl.n.mon
	cl.c.world.After(time.Millisecond, func() {
		got, err := n.Decode(msg.FeaturesAll)
		if err != nil {
			cl.c.t.Fatal(err)
		}
		cl.n.loop.Post(func() {
			if !cl.con.down {
				mon.receive(cl.con, got)
			}
		})
	})
	return cl.tid
}

func (cl *client) auth(old uint64) {
	req := msg.AuthRequest{Methods: []uint32{msg.AuthNone}, Name: msg.AuthName{Type: uint32(msg.EntityMgr), ID: "x"}, GlobalID: old}
	cl.send(&msg.Auth{Payload: req.Encode()})
}

// login authenticates and waits for it.
func (c *cluster) login(rank int) *client {
	c.t.Helper()
	cl := c.client(rank)
	cl.auth(0)
	c.until("authenticated", func() bool { return cl.gid != 0 })
	return cl
}

func (cl *client) subscribe(what string, start uint64, onetime bool) {
	cl.send(&msg.MonSubscribe{What: map[string]msg.Subscription{what: {Start: start, OneTime: onetime}}})
}

func (cl *client) beacon(name string, available bool) {
	cl.send(&msg.MgrBeacon{FSID: cl.c.fsid, GID: cl.gid, Name: name, Available: available, Metadata: map[string]string{"addr": "h"}})
}

// command sends a command and waits for the answer.
func (cl *client) command(text string) (*msg.MonCommandAck, []byte) {
	cl.c.t.Helper()
	return cl.commandWith(text, nil)
}

// commandWith is command with input, as from "ceph -i".
func (cl *client) commandWith(text string, input []byte) (*msg.MonCommandAck, []byte) {
	cl.c.t.Helper()
	tid := cl.sendData(&msg.MonCommand{FSID: cl.c.fsid, Cmd: []string{text}}, input)
	var ack *msg.MonCommandAck
	var data []byte
	cl.c.until(text, func() bool {
		for _, m := range cl.got {
			if b, ok := m.Body.(*msg.MonCommandAck); ok && m.Header.Tid == tid {
				ack, data = b, m.Data
			}
		}
		return ack != nil
	})
	return ack, data
}

func (c *cluster) until(what string, cond func() bool) {
	c.t.Helper()
	if !c.world.Until(time.Minute, cond) {
		c.t.Fatalf("not within a minute: %s", what)
	}
}

// settle waits until all running monitors serve, and returns the leader's rank.
func (c *cluster) settle() int {
	c.t.Helper()
	leader := -1
	c.until("quorum", func() bool {
		leader = -1
		for _, n := range c.mons {
			if n.proc == nil || n.proc.Dead() {
				continue
			}
			if at := c.named(n.mon.leaderName()); !n.mon.status().Active || leader >= 0 && at != leader {
				return false
			} else {
				leader = at
			}
		}
		return leader >= 0 && !c.mons[leader].proc.Dead()
	})
	return leader
}

func (c *cluster) facts(rank int, kind string) (list []host.Fact) {
	for _, f := range c.mons[rank].proc.Facts {
		if f.Kind() == kind {
			list = append(list, f)
		}
	}
	return list
}

// sameCommits checks that all monitors state the same epochs with equal hashes.
func (c *cluster) sameCommits() {
	c.t.Helper()
	type epoch struct {
		name string
		n    uint64
	}
	hashes := map[epoch]uint64{}
	for rank, n := range c.mons {
		for _, f := range c.facts(rank, "mon.commit") {
			mc := f.(MapCommitted)
			at := epoch{mc.Map, mc.Epoch}
			if h, ok := hashes[at]; ok && h != mc.Hash {
				c.t.Errorf("mon.%s: %s epoch %d differs", n.name, mc.Map, mc.Epoch)
			}
			hashes[at] = mc.Hash
		}
	}
}

// otherLeader is the rank of an active leader other than not, or -1.
func (c *cluster) otherLeader(not int) int {
	for rank, n := range c.mons {
		if s := n.mon.status(); rank != not && s.Role == quorum.Leader && s.Active {
			return rank
		}
	}
	return -1
}
