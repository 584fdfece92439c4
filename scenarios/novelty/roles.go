package novelty

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// role is what a daemon is for. One that stands still counts as down.
type role uint8

const (
	down role = iota
	works
	idle // it runs, and cannot work: a service without its backend, a client without a session
	leader
	peon
	electing
	active
	starting
	standby
)

func (r role) String() string {
	return [...]string{"down", "works", "idle", "leader", "peon", "electing", "active", "starting", "standby"}[r]
}

// The two tuples of roles.
const (
	cephTuple   = "ceph"   // monitors and managers
	othersTuple = "others" // everybody else
)

// slot is one number of a tuple: how many of a kind play a role.
type slot struct {
	kind string
	role role
}

// cephSlots are those of the first tuple.
func cephSlots() []slot {
	return []slot{
		{"mon", leader}, {"mon", peon}, {"mon", electing}, {"mon", down},
		{"mgr", active}, {"mgr", starting}, {"mgr", standby}, {"mgr", down},
	}
}

// roles keeps what daemons say of themselves.
type roles struct {
	cluster *cluster.Cluster
	daemons []daemon // as Cluster.Daemons has them
	slots   []slot   // of the tuple of others, in the order of deployment
}

type daemon struct {
	name string
	kind string
	host cluster.Host
	said role // the last that it said of itself
	ran  bool // it did when it was looked at last
	slot int  // the first one of its kind, in its tuple; -1 if there is no room
}

// kindOf is the kind of a daemon, "mon" of "mon.a".
func kindOf(name string) string {
	kind, _, _ := strings.Cut(name, ".")
	return kind
}

// mostSlots fit into a number of 64 bits with bitsOfSlot each.
const (
	bitsOfSlot = 3
	mostSlots  = 64 / bitsOfSlot
	mostAlike  = 1<<bitsOfSlot - 1
)

// fresh is what a daemon is that has just been started.
func fresh(kind string) role {
	switch kind {
	case "mon":
		return electing
	case "mgr":
		return down // it has not come up yet
	}
	return works
}

// refresh takes in daemons that are new.
func (r *roles) refresh() {
	for _, name := range r.cluster.Daemons()[len(r.daemons):] {
		d := daemon{name: name, kind: kindOf(name), host: r.cluster.World().Host(name)}
		d.said = fresh(d.kind)
		switch d.kind {
		case "mon":
		case "mgr":
			d.slot = 4
		default:
			d.slot = r.slotOf(d.kind)
		}
		r.daemons = append(r.daemons, d)
	}
}

// slotOf is the first of three slots of a kind in the tuple of others.
func (r *roles) slotOf(kind string) int {
	for i, s := range r.slots {
		if s.kind == kind {
			return i
		}
	}
	if len(r.slots)+3 > mostSlots {
		return -1
	}
	r.slots = append(r.slots, slot{kind, works}, slot{kind, idle}, slot{kind, down})
	return len(r.slots) - 3
}

// observe reports whether a fact is about a role.
func (r *roles) observe(o cluster.Observation) bool {
	switch f := o.Fact.(type) {
	case mon.Role:
		return r.say(o.Host, ofMon(f))
	case mgr.ModeChanged:
		return r.say(o.Host, ofMgr(f))
	case mgr.Respawning:
		return r.say(o.Host, down)
	case cinder.Working:
		if !f.Working {
			return r.say(o.Host, idle)
		}
		return r.say(o.Host, works)
	case monc.SessionOpened:
		return kindOf(o.Host) == "monc" && r.say(o.Host, works)
	case monc.SessionLost:
		return kindOf(o.Host) == "monc" && r.say(o.Host, idle)
	case cluster.ProcessExited:
		return true
	}
	return false
}

func ofMon(f mon.Role) role {
	switch f.Role {
	case cluster.Leader:
		return leader
	case "peon":
		return peon
	}
	return electing
}

func ofMgr(f mgr.ModeChanged) role {
	switch f.Mode {
	case mgr.ModeActive:
		return active
	case mgr.ModeStarting:
		return starting
	}
	return standby
}

// say takes what a daemon says of itself.
func (r *roles) say(name string, said role) bool {
	r.refresh()
	for i := range r.daemons {
		if r.daemons[i].name == name {
			r.daemons[i].said, r.daemons[i].ran = said, true
		}
	}
	return true
}

// now is the role of a daemon. One that is up again begins anew.
func (d *daemon) now() role {
	if !d.host.Running() {
		d.ran = false
		return down
	}
	if !d.ran {
		d.ran, d.said = true, fresh(d.kind)
	}
	if d.host.Paused() {
		return down
	}
	return d.said
}

// of is the kind and the role of a daemon that is struck, by what it last was.
func (r *roles) of(name string) (kind, role string) {
	for i := range r.daemons {
		if d := &r.daemons[i]; d.name == name {
			if !d.ran {
				return d.kind, down.String()
			}
			return d.kind, d.said.String()
		}
	}
	return kindOf(name), works.String()
}

// count is both tuples, a few bits a slot.
func (r *roles) count() (ceph, others uint64) {
	r.refresh()
	for i := range r.daemons {
		d := &r.daemons[i]
		now := d.now()
		switch {
		case d.kind == "mon":
			add(&ceph, [...]int{down: 3, leader: 0, peon: 1, electing: 2}[now])
		case d.kind == "mgr":
			add(&ceph, d.slot+[...]int{down: 3, active: 0, starting: 1, standby: 2}[now])
		case d.slot >= 0:
			add(&others, d.slot+[...]int{down: 2, works: 0, idle: 1}[now])
		}
	}
	return ceph, others
}

// add counts one more in a slot, up to mostAlike.
func add(tuple *uint64, slot int) {
	if shift := slot * bitsOfSlot; *tuple>>shift&mostAlike < mostAlike {
		*tuple += 1 << shift
	}
}

// texts are a tuple for people: "mon 1 leader 2 peon, mgr 1 active 1 down", and one for each
// kind of the others, "volume 2 works 1 down", whose states together are too many to mean
// anything.
func (r *roles) texts(which string, tuple uint64) (texts []string) {
	slots, joint := r.slots, false
	if which == cephTuple {
		slots, joint = cephSlots(), true
	}
	kind := ""
	for i, s := range slots {
		n := tuple >> (i * bitsOfSlot) & mostAlike
		if n == 0 {
			continue
		}
		last := len(texts) - 1
		switch {
		case s.kind == kind:
		case joint && last >= 0:
			texts[last] += ", " + s.kind
		default:
			texts = append(texts, s.kind)
			last++
		}
		kind = s.kind
		texts[last] += fmt.Sprintf(" %d %v", n, s.role)
	}
	return texts
}
