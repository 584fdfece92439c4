package cluster

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/sim"
)

// Cluster is a Topology deployed in a World: one host for each daemon, named
// after it, and one for the operator and each key client.
type Cluster struct {
	world    World
	topology Topology
	kinds    []Kind // of the topology
	roles    []Role // of the topology
	kept     []any  // see Keep
	fsid     wire.UUID
	monmap   msg.MonMap
	daemons  []string // in the order of deployment
	spares   []string // machines without one that may get one
	machines []string // all of them
	programs map[string]func(host.Host)
	operator *operator
	members  members
	view     *View
}

// Deploy adds the topology's hosts to an empty world. Nothing runs yet.
func Deploy(w World, t Topology) *Cluster {
	t = t.Clone()
	c := &Cluster{
		world: w, topology: t, fsid: clusterID(t),
		programs: make(map[string]func(host.Host)),
	}
	c.kinds, c.roles = c.topology.Kinds(), c.topology.Roles()
	c.view = newView(c)
	w.Observe(c.view.observe)
	for _, k := range c.kinds {
		if k.Deploy != nil {
			k.Deploy(c)
		}
	}
	return c
}

// clusterID is the same for the same topology, as everything that reaches the
// wire must be.
func clusterID(t Topology) wire.UUID {
	id := wire.UUID{0: 0x77, 1: 0x61, 2: 0x76, 3: 0x65, 6: 0x40, 8: 0x80}
	binary.BigEndian.PutUint16(id[12:], uint16(t.Mons))
	binary.BigEndian.PutUint16(id[14:], uint16(t.Mgrs))
	return id
}

// id is a daemon's name without its type: "a" of "mon.a".
func id(name string) string {
	_, short, _ := strings.Cut(name, ".")
	return short
}

func exitOn(h host.Host, err error) {
	if err != nil {
		h.Log().Error("start failed", "error", err)
		h.Exit(1, err.Error())
	}
}

// Start starts every daemon, and what is beside them.
func (c *Cluster) Start() {
	for _, name := range c.daemons {
		c.world.Host(name).Start(c.programs[name])
	}
	for _, k := range c.kinds {
		if k.Start != nil {
			k.Start(c)
		}
	}
}

// MonMap is the monitor map with which the cluster was made, and FSID its identity.
func (c *Cluster) MonMap() msg.MonMap { return c.monmap.Clone() }

// FSID is the identity of the cluster.
func (c *Cluster) FSID() wire.UUID { return c.fsid }

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

// Restart starts a daemon that is not running; false if it is. A monitor that the members
// count on, and that was removed before, gets an empty disk first, as from an operator.
func (c *Cluster) Restart(name string) bool {
	h := c.world.Host(name)
	if h.Running() {
		return false
	}
	if c.needsDisk(name) {
		c.makeMon(name)
		return true
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

// Hold is the World's, by the names of daemons.
func (c *Cluster) Hold(from, to, unit string, number uint64) (Hold, error) {
	return c.world.Hold(c.world.Host(from), c.world.Host(to), unit, number)
}

// ReleaseAll is the World's, by the names of daemons.
func (c *Cluster) ReleaseAll(from, to string) {
	c.world.ReleaseAll(c.world.Host(from), c.world.Host(to))
}

// Reset breaks the connections between two daemons.
func (c *Cluster) Reset(a, b string) int { return c.world.Reset(c.world.Host(a), c.world.Host(b)) }

// Clog, Unclog and Stalled are the Host's, by the name of a daemon.
func (c *Cluster) Clog(name string) bool { return c.world.Host(name).Clog() }

// Unclog undoes Clog.
func (c *Cluster) Unclog(name string) { c.world.Host(name).Unclog() }

// Stalled counts what had to wait because of clogs.
func (c *Cluster) Stalled(name string) int { return c.world.Host(name).Stalled() }

// SetClockOffset and StepClock are the Host's, by the name of a daemon.
func (c *Cluster) SetClockOffset(name string, d time.Duration) {
	c.world.Host(name).SetClockOffset(d)
}

// StepClock moves a wall clock.
func (c *Cluster) StepClock(name string, d time.Duration) { c.world.Host(name).StepClock(d) }

// Admin puts a question to a daemon at its admin socket, see Host.Admin.
func (c *Cluster) Admin(name, request string) bool { return c.world.Host(name).Admin(request) }

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
