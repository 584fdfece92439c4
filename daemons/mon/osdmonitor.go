package mon

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// osdMonitor keeps the OSD map: whose requests OSDs refuse, and which OSDs there are.
// It is a plain state machine: the caller hands it the time and carries its changes
// to the other monitors. Ceph: src/mon/OSDMonitor.cc.
//
// OSDs themselves do not report to it yet: they come into being and go up and down by
// command only.
type osdMonitor struct {
	committed *osdmap.Map
	pending   *osdChange // nil unless this monitor leads and may change the map
}

// osdChange is what is to change with the next epoch.
type osdChange struct {
	inc   *osdmap.Incremental
	edits int // changes made so far; 0: nothing to propose
}

func newOSDMonitor() *osdMonitor { return &osdMonitor{committed: &osdmap.Map{}} }

// refresh takes a committed map.
func (om *osdMonitor) refresh(committed *osdmap.Map) { om.committed = committed }

// begin opens the map for changes. Only a leader does.
func (om *osdMonitor) begin() {
	om.pending = &osdChange{inc: osdmap.NewIncremental(om.committed)}
}

// discard forgets the changes, when they were proposed or leadership ended.
func (om *osdMonitor) discard() { om.pending = nil }

// edit notes that there is a change, made at that time by the wall clock.
func (c *osdChange) edit(wall wire.UTime) {
	c.inc.Modified = wall
	c.edits++
}

// fence blocks all instances that have one of the addresses, and returns the epoch in
// which they will be blocked. There will be that epoch even if there are no
// addresses, so that somebody may wait for it (MM-18).
func (om *osdMonitor) fence(wall, until wire.UTime, addrs ...msg.EntityAddr) (epoch uint32) {
	c := om.pending
	for _, a := range addrs {
		c.inc.NewBlocklist[osdmap.Instance(a)] = until
	}
	c.edit(wall)
	return c.inc.Epoch
}

// blocklist is one of the two blocklists, with what changes of it.
type blocklist struct {
	committed osdmap.Blocklist
	added     osdmap.Blocklist
	old       *[]msg.EntityAddr
}

// instances and networks are the blocklists with their pending changes.
func (om *osdMonitor) instances() blocklist {
	inc := om.pending.inc
	return blocklist{om.committed.Blocklist, inc.NewBlocklist, &inc.OldBlocklist}
}

func (om *osdMonitor) networks() blocklist {
	inc := om.pending.inc
	return blocklist{om.committed.RangeBlocklist, inc.NewRangeBlocklist, &inc.OldRangeBlocklist}
}

// block adds a key. One that is on the list already keeps its time: that is how OSD
// maps work.
func (om *osdMonitor) block(list blocklist, key msg.EntityAddr, wall, until wire.UTime) {
	*list.old = slices.DeleteFunc(*list.old, func(a msg.EntityAddr) bool { return a == key })
	list.added[key] = until
	om.pending.edit(wall)
}

// unblock removes a key, and reports whether it was there.
func (om *osdMonitor) unblock(list blocklist, key msg.EntityAddr, wall wire.UTime) bool {
	_, added := list.added[key]
	_, there := list.committed[key]
	delete(list.added, key)
	if there && !slices.Contains(*list.old, key) {
		*list.old = append(*list.old, key)
	}
	if added || there {
		om.pending.edit(wall)
	}
	return added || there
}

// clear removes everything from both lists.
func (om *osdMonitor) clear(wall wire.UTime) {
	for _, list := range []blocklist{om.instances(), om.networks()} {
		clear(list.added)
		*list.old = list.committed.Keys()
	}
	om.pending.edit(wall)
}

// tick takes what has expired off the blocklists. The caller calls it on the leader
// every mon_tick_interval while there is a pending map.
func (om *osdMonitor) tick(_ time.Duration, wall wire.UTime) {
	for _, list := range []blocklist{om.instances(), om.networks()} {
		for _, key := range list.committed.Expired(wall) {
			om.unblock(list, key, wall)
		}
	}
}

// create makes an OSD with the lowest id that is free, and returns the id. One that
// exists with the same uuid is found instead.
func (om *osdMonitor) create(uuid wire.UUID, wall wire.UTime) int32 {
	inc := om.pending.inc
	for id := range om.committed.OSDs {
		if o := om.committed.OSD(int32(id)); o != nil && o.UUID == uuid {
			return int32(id)
		}
	}
	id := int32(0)
	for om.committed.OSD(id) != nil || inc.NewUUID[id] != (wire.UUID{}) {
		if inc.NewUUID[id] == uuid {
			return id
		}
		id++
	}
	if size := max(inc.NewMaxOSD, int32(len(om.committed.OSDs))); id >= size {
		inc.NewMaxOSD = id + 1
	}
	if inc.NewUUID == nil {
		inc.NewUUID = map[int32]wire.UUID{}
	}
	inc.NewUUID[id] = uuid
	inc.NewState[id] = osdmap.StateNew
	inc.NewWeight[id] = osdmap.WeightIn // which makes it exist
	om.pending.edit(wall)
	return id
}

// markDown, markOut and markIn change the state of an OSD that exists, and report
// whether that was a change.
func (om *osdMonitor) markDown(id int32, wall wire.UTime) bool {
	inc := om.pending.inc
	if _, already := inc.NewState[id]; already || !om.committed.OSD(id).Up() {
		return false
	}
	inc.NewState[id] = osdmap.StateUp
	inc.NewLastUpChange = wall
	om.pending.edit(wall)
	return true
}

func (om *osdMonitor) markOut(id int32, wall wire.UTime) bool { return om.reweight(id, 0, wall) }

func (om *osdMonitor) markIn(id int32, wall wire.UTime) bool {
	return om.reweight(id, osdmap.WeightIn, wall)
}

func (om *osdMonitor) reweight(id int32, weight uint32, wall wire.UTime) bool {
	inc := om.pending.inc
	is, changed := inc.NewWeight[id]
	if !changed {
		is = om.committed.OSD(id).Weight
	}
	if is == weight {
		return false
	}
	inc.NewWeight[id] = weight
	inc.NewLastInChange = wall
	om.pending.edit(wall)
	return true
}
