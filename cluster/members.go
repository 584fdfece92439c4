package cluster

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/option"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Roles of monitors that are no members.
const (
	RoleNextMon = "next-mon" // the first one by name that could be added
	RoleNewMons = "new-mons" // those that were added, and are not in the monmap yet
)

// spareMonKind are machines for monitors that come later.
func (t *Topology) spareMonKind() Kind {
	return Kind{
		Name: "spare-mon", Numbers: option.Set{"spare-mons": option.Count(&t.SpareMons)},
		Names: t.SpareMonNames,
		Deploy: func(c *Cluster) {
			for _, name := range t.SpareMonNames() {
				c.AddMachine(name, true)
			}
			c.members = members{
				made: make(map[string]maker), coming: make(map[string]bool), epochs: make(map[string]uint64),
				monmaps: make(map[uint64][]string), known: make(map[string]uint64), gone: make(map[string]bool),
			}
			c.world.Observe(c.observeMembers)
		},
		Roles: []Role{
			{RoleNextMon, "the first monitor by name that could be added", func(c *Cluster) []string { return present(c.nextMon()) }},
			{RoleNewMons, "monitors that were added, and are not in the monmap yet", (*Cluster).newMons},
		},
	}
}

// members is what the operator knows of the monitors that come and go.
type members struct {
	made   map[string]maker  // the last disk that a monitor was given, if not the first
	coming map[string]bool   // added, and not removed since
	epochs map[string]uint64 // of the monmap that each monitor has executed
	gone   map[string]bool   // whose own last word is that it is no member

	monmaps map[uint64][]string // who was a member, by epochs after the first
	known   map[string]uint64   // the epoch of the monmap that each monitor client was sent last, by its host
}

// maker is what a monitor that joins is made with.
type maker struct {
	monmap msg.MonMap
	dir    string
	spoilt uint64 // what had become of its machine's disk before, see spoilt
}

// MonMembers are the monitors of the newest monmap that one of them has committed.
func (c *Cluster) MonMembers() []string {
	if c.view.members.Epoch == 0 {
		return c.topology.MonNames()
	}
	return memberNames(c.view.members)
}

// Stranded reports whether all monitors that the monitor client of a host knows have left
// the monmap since it was last sent one. It goes on to dial them, as Ceph's do, and will
// not find another one.
func (c *Cluster) Stranded(host string) bool {
	knows, ok := c.members.monmaps[c.members.known[host]]
	if !ok {
		knows = c.topology.MonNames()
	}
	return !slices.ContainsFunc(c.MonMembers(), func(name string) bool { return slices.Contains(knows, name) })
}

func memberNames(f mon.Members) (names []string) {
	for item := range strings.SplitSeq(f.Members, ",") {
		_, name, _ := strings.Cut(item, ":")
		names = append(names, "mon."+name)
	}
	return names
}

// nextMon is the first monitor by name that could be added, empty if there is none.
func (c *Cluster) nextMon() string {
	for _, name := range c.topology.allMonNames() {
		if c.outside(name) {
			return name
		}
	}
	return ""
}

// newMons are those that may become members by a command that was given before.
func (c *Cluster) newMons() (names []string) {
	for _, name := range c.topology.allMonNames() {
		if c.members.coming[name] && !slices.Contains(c.MonMembers(), name) {
			names = append(names, name)
		}
	}
	return names
}

// outside reports whether a monitor is surely no member, and will not become one by a
// command that was given before. As long as most members have yet to execute that it was
// removed, they may need it for that, with what it knows.
func (c *Cluster) outside(name string) bool {
	if slices.Contains(c.MonMembers(), name) || c.members.coming[name] {
		return false
	}
	return c.mostKnow()
}

// mostKnow reports whether most members have executed the newest monmap.
func (c *Cluster) mostKnow() bool {
	know := 0
	for _, member := range c.MonMembers() {
		if c.members.epochs[member] == c.view.members.Epoch {
			know++
		}
	}
	return 2*know > len(c.MonMembers())
}

// getMonMap is the newest monmap as the operator gets it from the monitors.
func (c *Cluster) getMonMap() msg.MonMap {
	if c.view.members.Epoch == 0 {
		return c.monmap
	}
	mm := msg.NewMonMap(c.fsid, wire.UTime{Sec: created})
	mm.Epoch = uint32(c.view.members.Epoch)
	for _, name := range c.MonMembers() {
		mm.Join(id(name), msg.AddrVec{{Type: msg.AddrLegacy, IP: c.monAddr(name)}})
	}
	return mm
}

// AddMon makes a new monitor of that name, on an empty disk with a monmap of now,
// starts it and has it added; false if there may be one already, or no machine for it.
func (c *Cluster) AddMon(name string) bool {
	if !slices.Contains(c.topology.allMonNames(), name) || !c.outside(name) {
		return false
	}
	c.members.coming[name] = true
	if !slices.Contains(c.daemons, name) {
		c.daemons = append(c.daemons, name)
	}
	c.makeMon(name)
	c.operator.inTurn(commandText("mon add", []string{"name", id(name), "addr", "v1:" + c.monAddr(name).String()}))
	return true
}

// makeMon starts a new monitor on an empty disk with a monmap of now.
func (c *Cluster) makeMon(name string) {
	c.members.made[name] = maker{
		monmap: c.getMonMap(), dir: fmt.Sprintf("mon.%d", c.view.members.Epoch+1), spoilt: c.spoilt(name),
	}
	c.members.gone[name] = false
	c.programs[name] = c.runMon(name)
	c.world.Host(name).Start(c.programs[name])
}

// needsDisk reports whether the members count on a monitor of that name which has never
// been made: an old "mon add" was carried out once more after the "mon rm" that followed it.
// What was removed can only say so again.
func (c *Cluster) needsDisk(name string) bool {
	return c.members.gone[name] && slices.Contains(c.MonMembers(), name) && c.mostKnow()
}

// KeepsPromises reports whether a monitor's disk has all that it said was durable, since it
// was given to that monitor: no bit has rotted, and no lie come to light. A real disk is
// taken for one that does.
func (c *Cluster) KeepsPromises(name string) bool {
	return c.spoilt(name) == c.members.made[name].spoilt
}

// spoilt counts what a simulated disk has lost that it had promised to keep.
func (c *Cluster) spoilt(name string) uint64 {
	h, err := c.Machine(name)
	if err != nil {
		return 0
	}
	n := h.DiskCounts()
	return n.FlippedBits + n.Forgotten
}

// RemoveMon has a monitor removed; false if it is no member.
func (c *Cluster) RemoveMon(name string) bool {
	if !slices.Contains(c.MonMembers(), name) {
		return false
	}
	c.operator.inTurn(commandText("mon rm", []string{"name", id(name)}))
	return true
}

// observeMembers notes who is a member, and who knows.
func (c *Cluster) observeMembers(o Observation) {
	switch f := o.Fact.(type) {
	case monc.HuntBegun:
		if f.Reason == monc.HuntAuthenticate { // a new process knows what the cluster was made with
			delete(c.members.known, o.Host)
		}
	case monc.Received:
		if f.What == "monmap" {
			c.members.known[o.Host] = f.Epoch
		}
	case mon.Members:
		c.members.epochs[o.Host], c.members.gone[o.Host] = f.Epoch, f.Number == 0
		c.members.monmaps[f.Epoch] = memberNames(f)
		c.observeChange(f)
	}
}

// observeChange notes who has left, and may be added again.
func (c *Cluster) observeChange(f mon.Members) {
	if f.Epoch <= c.view.members.Epoch {
		return
	}
	before := c.MonMembers()
	c.view.members = f
	for _, name := range before {
		if !slices.Contains(c.MonMembers(), name) {
			delete(c.members.coming, name)
		}
	}
}
