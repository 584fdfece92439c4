package cluster

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/sim"
)

// Cluster is a Topology deployed in a World: one host for each daemon, named
// after it, and one for the operator and each key client.
type Cluster struct {
	world    World
	topology Topology
	fsid     wire.UUID
	monmap   msg.MonMap
	daemons  []string // in the order of deployment
	programs map[string]func(host.Host)
	operator *operator
	members  members
	view     *View

	cinder    *cinderClient // nil if there is no Cinder
	databases []netip.AddrPort
	broker    netip.AddrPort
	apis      []netip.AddrPort
}

// created is when every cluster was made, in seconds since 1970: the beginning of
// 2026, when every simulation begins.
const created = 1767225600

// monPort is the port of Ceph's monitors for msgr v1.
const monPort = 6789

// Deploy adds the topology's hosts to an empty world. Nothing runs yet.
func Deploy(w World, t Topology) *Cluster {
	c := &Cluster{
		world: w, topology: t, fsid: clusterID(t),
		programs: make(map[string]func(host.Host)), view: newView(),
		members: members{made: make(map[string]maker), coming: make(map[string]bool)},
	}
	w.Observe(c.view.observe)
	w.Observe(c.observeMembers)
	addrs := make(map[string]netip.AddrPort)
	for _, name := range t.MonNames() {
		addrs[name] = netip.AddrPortFrom(c.addHost(name).Addr(), monPort)
	}
	c.monmap = initialMonMap(c.fsid, t.MonNames(), addrs)
	for _, name := range t.MonNames() {
		c.programs[name] = c.runMon(name)
	}
	for _, name := range t.MgrNames() {
		c.addHost(name)
		c.programs[name] = c.runMgr(name)
	}
	if t.Mons > 0 {
		c.operator = newOperator(w.AddHost("client.admin"), c)
		w.Observe(c.operator.observe)
	}
	for i, name := range t.KeyClientNames() {
		w.AddHost(name)
		c.programs[name] = c.runKeyClient(i)
	}
	for _, name := range t.MonClientNames() {
		c.addHost(name)
		c.programs[name] = c.runMonClient
	}
	for _, name := range t.SpareMonNames() {
		w.AddHost(name)
	}
	c.deployCinder()
	return c
}

func (c *Cluster) addHost(name string) Host {
	c.daemons = append(c.daemons, name)
	return c.world.AddHost(name)
}

// clusterID is the same for the same topology, as everything that reaches the
// wire must be.
func clusterID(t Topology) wire.UUID {
	id := wire.UUID{0: 0x77, 1: 0x61, 2: 0x76, 3: 0x65, 6: 0x40, 8: 0x80}
	binary.BigEndian.PutUint16(id[12:], uint16(t.Mons))
	binary.BigEndian.PutUint16(id[14:], uint16(t.Mgrs))
	return id
}

func initialMonMap(fsid wire.UUID, names []string, addrs map[string]netip.AddrPort) msg.MonMap {
	m := msg.NewMonMap(fsid, wire.UTime{Sec: created})
	for _, name := range names {
		m.Add(id(name), msg.AddrVec{{Type: msg.AddrLegacy, IP: addrs[name]}})
	}
	return m
}

// id is a daemon's name without its type: "a" of "mon.a".
func id(name string) string {
	_, short, _ := strings.Cut(name, ".")
	return short
}

func (c *Cluster) runMgr(name string) func(host.Host) {
	return func(h host.Host) {
		m, err := mgr.New(h, mgr.Config{
			Name: id(name), FSID: c.fsid, MonMap: c.monmap,
			Options: c.topology.Mgr, Client: c.topology.Client, Defects: c.topology.MgrDefects,
			Modules: c.topology.MgrModules,
		})
		if err == nil {
			err = m.Start()
		}
		exitOn(h, err)
	}
}

func exitOn(h host.Host, err error) {
	if err != nil {
		h.Log().Error("start failed", "error", err)
		h.Exit(1, err.Error())
	}
}

// Start starts every daemon, and the operator's client.
func (c *Cluster) Start() {
	for _, name := range c.daemons {
		c.world.Host(name).Start(c.programs[name])
	}
	if c.operator != nil {
		c.operator.start()
	}
	if c.cinder != nil {
		c.cinder.start()
	}
	for _, name := range c.topology.KeyClientNames() {
		c.world.Host(name).Start(c.programs[name])
	}
}

// View is what has been seen of the cluster so far.
func (c *Cluster) View() *View { return c.view }

// World is where the cluster runs.
func (c *Cluster) World() World { return c.world }

// Topology is what was deployed.
func (c *Cluster) Topology() Topology { return c.topology }

// Daemons are the names of all daemons, monitors first.
func (c *Cluster) Daemons() []string { return c.daemons }

// Kill is kill -9 of a daemon.
func (c *Cluster) Kill(name string) bool { return c.world.Host(name).Kill() }

// Restart starts a daemon that is not running; false if it is.
func (c *Cluster) Restart(name string) bool {
	h := c.world.Host(name)
	if h.Running() {
		return false
	}
	h.Restart()
	return true
}

// Pause stops a daemon as SIGSTOP does; false if it is not running or already
// paused.
func (c *Cluster) Pause(name string) bool {
	h := c.world.Host(name)
	if !h.Running() || h.Paused() {
		return false
	}
	h.Pause()
	return true
}

// Resume lets a paused daemon go on.
func (c *Cluster) Resume(name string) bool {
	h := c.world.Host(name)
	if !h.Paused() {
		return false
	}
	h.Resume()
	return true
}

// Cut, Heal, Held and Reset are the World's, by the names of daemons.
func (c *Cluster) Cut(from, to string) { c.world.Cut(c.world.Host(from), c.world.Host(to)) }

// Heal undoes Cut.
func (c *Cluster) Heal(from, to string) { c.world.Heal(c.world.Host(from), c.world.Host(to)) }

// Held counts what cuts kept back.
func (c *Cluster) Held(from, to string) int {
	return c.world.Held(c.world.Host(from), c.world.Host(to))
}

// Reset breaks the connections between two daemons.
func (c *Cluster) Reset(a, b string) int { return c.world.Reset(c.world.Host(a), c.world.Host(b)) }

// Machine is the simulated machine of a daemon. Error: errors.ErrUnsupported in a
// world of real ones.
func (c *Cluster) Machine(name string) (*sim.Host, error) {
	w, ok := c.world.(*SimWorld)
	if !ok {
		return nil, fmt.Errorf("world %s has real machines, not simulated ones: %w", c.world.Kind(), errors.ErrUnsupported)
	}
	return w.sim.Host(name), nil
}

// Command sends an operator's command to the monitors. Its outcome is published
// as a CommandAnswered fact of the operator's host.
func (c *Cluster) Command(prefix string, args ...string) {
	c.operator.command(commandText(prefix, args))
}

// Unanswered is how many of the operator's commands have no outcome yet.
func (c *Cluster) Unanswered() int { return c.operator.unanswered() }

// commandText is a command as the ceph command line sends it: one JSON object,
// the prefix first.
func commandText(prefix string, args []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"prefix": %s`, quoted(prefix))
	for i := 0; i+1 < len(args); i += 2 {
		fmt.Fprintf(&b, ", %s: %s", quoted(args[i]), quoted(args[i+1]))
	}
	b.WriteByte('}')
	return b.String()
}

func quoted(s string) string {
	text, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return string(text)
}
