package mon

import (
	"slices"
	"strconv"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// mdsMonitor decides which metadata servers stand by. It is a plain state machine:
// the caller hands it the time and carries its changes to the other monitors. Ceph:
// src/mon/MDSMonitor.cc; the rules FS-1 to FS-12, FS-16 to FS-19 and FS-24, as far as
// they apply while there is no file system.
//
// So every mds is a standby, and no address is ever blocked: that is for who holds a
// rank (FS-12). A standby has no health to tell either.
type mdsMonitor struct {
	grace     time.Duration // mds_beacon_grace
	interval  time.Duration // mds_beacon_interval
	downGrace time.Duration // mds_beacon_mon_down_grace
	dropped   func(info msg.MDSInfo, reason string)
	// unsettled reports whether a monitor is missing, or has been until the given time
	// ago: beacons may then be on their way to it.
	unsettled func(within time.Duration) bool

	committed *msg.FSMap
	pending   *fsChange // nil unless this monitor leads and may change the map

	// Both follow the leader's monotonic clock.
	lastBeacon map[uint64]time.Duration // by gid; order is never looked at
	lastTick   time.Duration
}

// fsChange is the next map while it is being made.
type fsChange struct {
	next *msg.FSMap // nil: nothing to propose
	// setMeta and dropMeta are the metadata records to write and to remove, by gid.
	setMeta  map[uint64]map[string]string
	dropMeta map[uint64]bool
}

func newMDSMonitor(o Options) *mdsMonitor {
	mm := &mdsMonitor{
		dropped:    func(msg.MDSInfo, string) {},
		unsettled:  func(time.Duration) bool { return false },
		committed:  &msg.FSMap{},
		lastBeacon: map[uint64]time.Duration{},
	}
	mm.setGraces(o)
	return mm
}

func (mm *mdsMonitor) setGraces(o Options) {
	mm.grace, mm.interval, mm.downGrace = o.MDSBeaconGrace, o.MDSBeaconInterval, o.MDSBeaconMonDownGrace
}

// refresh takes a committed map.
func (mm *mdsMonitor) refresh(committed *msg.FSMap) { mm.committed = committed }

// begin opens the map for changes. Only a leader does.
func (mm *mdsMonitor) begin() { mm.pending = &fsChange{} }

// discard forgets the changes, when they were proposed or leadership ended.
func (mm *mdsMonitor) discard() { mm.pending = nil }

// restart forgets beacon ages: after an election nobody knows what the previous
// leader heard, so every mds gets a full grace (FS-16).
func (mm *mdsMonitor) restart(now time.Duration) {
	clear(mm.lastBeacon)
	mm.lastTick = now
}

// latest is the map with the changes made so far, only to be read.
func (mm *mdsMonitor) latest() *msg.FSMap {
	if mm.pending.next != nil {
		return mm.pending.next
	}
	return mm.committed
}

// edit is the next map, to be changed.
func (mm *mdsMonitor) edit() *msg.FSMap {
	c := mm.pending
	if c.next == nil {
		next := mm.committed.Clone()
		next.Epoch++
		c.next = &next
		c.setMeta, c.dropMeta = map[uint64]map[string]string{}, map[uint64]bool{}
	}
	return c.next
}

// mdsAnswer is what the sender of a beacon is told.
type mdsAnswer int

const (
	mdsSilence mdsAnswer = iota
	mdsAck               // the beacon, as it is sent back
	mdsNullMap           // a map without it, upon which it respawns
)

// mdsVerdict is what a beacon led to.
type mdsVerdict struct {
	answer mdsAnswer
	epoch  uint32 // of the acknowledgement; 0: the epoch of the map that is then committed
	wait   bool   // answer when the changes made so far are committed
}

// hear takes a beacon for a sign of life, unless it is older than what the map has of its
// sender (FS-5 to FS-7).
func (mm *mdsMonitor) hear(b *msg.MDSBeacon, now time.Duration) {
	info, known := mm.committed.Standbys[b.GID]
	switch {
	case known && (b.State == msg.MDSNull || b.Seq < info.StateSeq || mm.bootsAgain(b, info)):
	case known || b.State == msg.MDSBoot:
		mm.lastBeacon[b.GID] = now
	}
}

// bootsAgain reports whether the boot of an mds has come twice.
func (mm *mdsMonitor) bootsAgain(b *msg.MDSBeacon, info msg.MDSInfo) bool {
	return b.State == msg.MDSBoot && info.LaggySince == wire.UTime{} && !mm.isBehind(b)
}

// isBehind reports whether an mds lags behind the map.
func (mm *mdsMonitor) isBehind(b *msg.MDSBeacon) bool {
	return uint64(mm.committed.StandbyEpochs[b.GID]) != b.MapVersion
}

// beacon takes what an mds says of itself, and what it asks for, into the pending map.
func (mm *mdsMonitor) beacon(b *msg.MDSBeacon, addrs msg.AddrVec) mdsVerdict {
	info, known := mm.committed.Standbys[b.GID]
	_, pending := mm.latest().Standbys[b.GID]
	switch {
	case !known && b.State != msg.MDSBoot: // FS-3
		return mdsVerdict{answer: mdsNullMap}
	case !known && pending: // FS-7
		return mdsVerdict{}
	case !known:
		return mm.register(b, addrs)
	case b.State == msg.MDSNull: // FS-4
		return mm.update(b)
	case b.Seq < info.StateSeq: // FS-5
		return mdsVerdict{}
	}
	return mm.known(b, info, addrs)
}

// known goes on with the beacon of an mds that the committed map holds (FS-6, FS-7).
// Who lags behind that map is alive, but what it asks for does not count.
func (mm *mdsMonitor) known(b *msg.MDSBeacon, info msg.MDSInfo, addrs msg.AddrVec) mdsVerdict {
	if mm.bootsAgain(b, info) {
		return mdsVerdict{}
	}
	laggy := info.LaggySince != wire.UTime{}
	switch {
	case mm.isBehind(b) || !laggy && b.State == info.State:
		return mdsVerdict{answer: mdsAck, epoch: mm.committed.StandbyEpochs[b.GID]}
	case b.State == msg.MDSBoot:
		return mm.register(b, addrs)
	}
	return mm.update(b)
}

// register enters a new mds as a standby. One name is one daemon, so whoever had it
// before is gone (FS-8).
func (mm *mdsMonitor) register(b *msg.MDSBeacon, addrs msg.AddrVec) mdsVerdict {
	for _, info := range standbysOf(mm.latest()) {
		if info.Name == b.Name {
			mm.drop(info, "restarted")
		}
	}
	mm.edit().AddStandby(msg.MDSInfo{
		GID: b.GID, Name: b.Name, Rank: -1, State: msg.MDSStandby, StateSeq: b.Seq, Addrs: addrs,
		Features: b.Features, JoinFileSystem: -1, Compat: b.Compat,
	})
	mm.pending.setMeta[b.GID] = b.SysInfo
	delete(mm.pending.dropMeta, b.GID)
	return mdsVerdict{answer: mdsAck, wait: true}
}

// update takes over what a standby says of itself. A standby may only stand by: who
// asks for anything else, or leaves, is evicted (FS-8 to FS-10).
func (mm *mdsMonitor) update(b *msg.MDSBeacon) mdsVerdict {
	info, there := mm.latest().Standbys[b.GID]
	switch {
	case !there:
		return mdsVerdict{answer: mdsNullMap, wait: true}
	case b.State == msg.MDSNull:
		mm.drop(info, "left")
		return mdsVerdict{answer: mdsNullMap, wait: true}
	case !info.Compat.Equal(&b.Compat):
		mm.drop(info, "compat")
		return mdsVerdict{wait: true}
	case b.State != msg.MDSStandby:
		mm.drop(info, "illegal")
		return mdsVerdict{answer: mdsNullMap, wait: true}
	}
	info.LaggySince, info.StateSeq = wire.UTime{}, b.Seq
	mm.edit().Standbys[b.GID] = info
	return mdsVerdict{answer: mdsAck, wait: true}
}

// drop takes a standby out of the map.
func (mm *mdsMonitor) drop(info msg.MDSInfo, reason string) {
	mm.dropped(info, reason)
	mm.edit().RemoveStandby(info.GID)
	delete(mm.lastBeacon, info.GID)
	delete(mm.pending.setMeta, info.GID)
	mm.pending.dropMeta[info.GID] = true
}

// tick marks who has been silent as laggy and drops it. The caller calls it on the
// leader every mon_tick_interval while there is a pending map.
func (mm *mdsMonitor) tick(now time.Duration, wall wire.UTime) {
	mm.forgiveOwnSleep(now)
	mm.lastTick = now
	all := standbysOf(mm.latest())
	mm.fillIn(all, now)
	anybody := mm.hearsAnybody(now)
	for _, info := range all {
		age := now - mm.lastBeacon[info.GID]
		if age < mm.grace || age < mm.downGrace && mm.unsettled(mm.downGrace) { // FS-18
			continue
		}
		if info.LaggySince == (wire.UTime{}) {
			info.LaggySince = wall
			mm.edit().Standbys[info.GID] = info
		}
		if anybody {
			mm.drop(info, "timeout")
		}
	}
}

// forgiveOwnSleep starts all ages anew if it was this monitor that did not get to
// run: its clock went on while no beacon could arrive (FS-16).
func (mm *mdsMonitor) forgiveOwnSleep(now time.Duration) {
	if now-mm.lastTick <= mm.grace-mm.interval {
		return
	}
	for gid := range mm.lastBeacon {
		mm.lastBeacon[gid] = now
	}
}

// fillIn starts the clock of who was not heard of since the election, and forgets who
// has left (FS-16).
func (mm *mdsMonitor) fillIn(all []msg.MDSInfo, now time.Duration) {
	for _, info := range all {
		if _, ok := mm.lastBeacon[info.GID]; !ok {
			mm.lastBeacon[info.GID] = now
		}
	}
	standbys := mm.latest().Standbys
	for gid := range mm.lastBeacon {
		if _, there := standbys[gid]; !there {
			delete(mm.lastBeacon, gid)
		}
	}
}

// hearsAnybody reports whether some beacon has come lately. If none has, it may be
// this monitor that is cut off, and nobody is dropped (FS-17).
func (mm *mdsMonitor) hearsAnybody(now time.Duration) bool {
	recent := max(mm.interval, mm.grace/2)
	for _, at := range mm.lastBeacon {
		if now-at < recent {
			return true
		}
	}
	return false
}

// fail takes an mds out by command (FS-24). who is a gid if it is a number, a name
// otherwise; nobody of that name is no error. The text is for the operator.
func (mm *mdsMonitor) fail(who string) (failed *msg.MDSInfo, text string) {
	info := findMDS(mm.latest(), who)
	if info == nil {
		text = "MDS named '" + who + "' does not exist, is not up or you lack the permission to see."
		if !isNumber(who) {
			text = noSuchMDS(who) + text
		}
		return nil, text
	}
	mm.drop(*info, "command")
	return info, "failed mds gid " + strconv.FormatUint(info.GID, 10)
}

func noSuchMDS(who string) string { return "MDS named '" + who + "' does not exist, or is not up" }

func isNumber(who string) bool {
	_, err := strconv.ParseInt(who, 10, 64)
	return err == nil
}

// findMDS is the mds of that gid, if who is a number, or of that name; nil if there is
// none.
func findMDS(fm *msg.FSMap, who string) *msg.MDSInfo {
	all := standbysOf(fm)
	match := byWho(who)
	if i := slices.IndexFunc(all, func(info msg.MDSInfo) bool { return match(info.GID, info.Name) }); i >= 0 {
		return &all[i]
	}
	return nil
}

// standbysOf are the standbys, ascending by gid.
func standbysOf(fm *msg.FSMap) (all []msg.MDSInfo) {
	for _, gid := range wire.SortedKeys(fm.Standbys) {
		all = append(all, fm.Standbys[gid])
	}
	return all
}
