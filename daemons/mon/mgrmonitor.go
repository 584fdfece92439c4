package mon

import (
	"slices"
	"strconv"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// mgrMonitor decides who is the active mgr and who stands by. It is a plain
// state machine: the caller hands it the time and carries its changes to the
// other monitors. Ceph: src/mon/MgrMonitor.cc; the rules MM-1 to MM-25.
//
// Ceph drops an active mgr only while the OSD map can be changed too, for it has to
// be fenced (MM-15, MM-19). Here all maps are open for changes together, so that is
// so whenever this one is.
type mgrMonitor struct {
	grace      time.Duration // mon_mgr_beacon_grace
	tickPeriod time.Duration // mgr_tick_period
	defects    Defects
	dropped    func(gid uint64, name, reason string)
	// fence blocks addresses with the next epoch of the OSD map, which it returns.
	fence func(wall wire.UTime, addrs []msg.EntityAddr) uint32

	committed *msg.MgrMap
	gone      []uint64   // gids that are never taken again, see isGone; the oldest first
	pending   *mgrChange // nil unless this monitor leads and may change the map

	// Both follow the leader's monotonic clock, so that no clock step of any
	// machine can drop a mgr.
	lastBeacon map[uint64]time.Duration // by gid; order is never looked at
	lastTick   time.Duration
}

// mgrChange is the next map while it is being made.
type mgrChange struct {
	next      *msg.MgrMap
	gone      []uint64
	edits     int  // changes made so far; 0: nothing to propose
	immediate bool // do not wait for other changes to go with it
	// setMeta and dropMeta are the metadata records to write and to remove, by
	// name.
	setMeta  map[string]map[string]string
	dropMeta map[string]bool
	// commands are those of the active mgr, if newCommands (MM-6).
	commands    []msg.CommandDescription
	newCommands bool
}

func newMgrMonitor(o Options, d Defects) *mgrMonitor {
	return &mgrMonitor{
		grace: o.MgrBeaconGrace, tickPeriod: o.MgrTickPeriod, defects: d,
		dropped:    func(uint64, string, string) {},
		fence:      func(wire.UTime, []msg.EntityAddr) uint32 { return 0 },
		committed:  &msg.MgrMap{},
		lastBeacon: map[uint64]time.Duration{},
	}
}

// refresh takes a committed map, and the gids that go with it.
func (mm *mgrMonitor) refresh(committed *msg.MgrMap, gone []uint64) {
	mm.committed, mm.gone = committed, gone
}

// begin makes a pending map from the committed one. Only a leader has one.
func (mm *mgrMonitor) begin() {
	next := mm.committed.Clone()
	next.Epoch++
	mm.pending = &mgrChange{next: &next, gone: mm.gone, setMeta: map[string]map[string]string{}, dropMeta: map[string]bool{}}
}

// discard forgets the pending map, when it was proposed or leadership ended.
func (mm *mgrMonitor) discard() { mm.pending = nil }

// restart forgets beacon ages: after an election nobody knows what the previous
// leader heard, so every daemon gets a full grace (MM-12).
func (mm *mgrMonitor) restart(now time.Duration) {
	if !mm.defects.NoRestartReset {
		clear(mm.lastBeacon)
	}
	mm.lastTick = now
}

// beaconVerdict is what a beacon led to.
type beaconVerdict struct {
	// changed: the beacon has changed the pending map, which is to be proposed.
	changed bool
	// stale: the sender believes itself active and is not; tell it so with an
	// empty map.
	stale bool
}

// hear takes a beacon for a sign of life (MM-5).
func (mm *mgrMonitor) hear(gid uint64, now time.Duration) {
	if !slices.Contains(mm.gone, gid) {
		mm.lastBeacon[gid] = now
	}
}

// beacon takes what a mgr says of itself into the pending map.
func (mm *mgrMonitor) beacon(b *msg.MgrBeacon, wall wire.UTime) beaconVerdict {
	c := mm.pending
	if c.isGone(b.GID) && !mm.defects.MgrReselectStaleActive {
		return beaconVerdict{stale: true}
	}
	before, stale := c.edits, false
	mm.replaceRestarted(b, wall)
	switch {
	case c.next.ActiveGID == b.GID:
		mm.updateActive(b)
	case b.Available && !mm.defects.MgrReselectStaleActive: // MM-7
		stale = true
	case c.next.ActiveGID == 0:
		mm.activate(b, wall)
	default:
		mm.updateStandby(b)
	}
	return beaconVerdict{changed: c.edits > before, stale: stale}
}

// replaceRestarted drops whoever had the sender's name under another gid: one
// name is one daemon, so that process is gone (MM-3, MM-4).
func (mm *mgrMonitor) replaceRestarted(b *msg.MgrBeacon, wall wire.UTime) {
	m := mm.pending.next
	if m.ActiveGID != 0 && m.ActiveName == b.Name && m.ActiveGID != b.GID {
		mm.dropActive("restarted", wall)
	}
	for _, s := range slices.Clone(m.Standbys) {
		if s.Name == b.Name && s.GID != b.GID {
			mm.dropStandby(s, "restarted")
			mm.pending.bury(s.GID)
		}
	}
}

// updateActive takes over what the active mgr says about itself (MM-6).
//
// A manager that is available stays so until its process ends, under another gid then. A
// beacon that takes it back is an older one, which a peon forwarded and the leader got late:
// with it the address would be lost that is to be fenced. Ceph's monitors take it over
// (MgrMonitor::prepare_beacon).
func (mm *mgrMonitor) updateActive(b *msg.MgrBeacon) {
	m := mm.pending.next
	if m.Available && !b.Available {
		return
	}
	now := activeDetails(m)
	if b.Available && !m.Available {
		mm.pending.commands, mm.pending.newCommands = b.Commands, true
	}
	m.Available = b.Available
	m.ActiveAddrs = b.ServerAddrs
	m.Services = b.Services
	m.AvailableModules = b.Modules
	m.ClientAddrs = b.ClientAddrs
	m.ClientNames = b.ClientNames
	if activeDetails(m) != now {
		mm.pending.edits++
	}
}

// activeDetails is the part of the map that the active mgr decides, in a form
// that can be compared.
func activeDetails(m *msg.MgrMap) string {
	part := msg.MgrMap{
		Available: m.Available, ActiveAddrs: m.ActiveAddrs, Services: m.Services,
		AvailableModules: m.AvailableModules, ClientAddrs: m.ClientAddrs, ClientNames: m.ClientNames,
	}
	return string(encodeMgrMap(&part))
}

// activate makes the sender active: nobody else is (MM-8).
func (mm *mgrMonitor) activate(b *msg.MgrBeacon, wall wire.UTime) {
	c := mm.pending
	c.next.RemoveStandby(b.GID)
	c.install(b.GID, b.Name, b.Features, b.Modules, wall)
	c.keepMetadata(b)
}

// updateStandby enters the sender as a standby, or notes its new modules (MM-9).
func (mm *mgrMonitor) updateStandby(b *msg.MgrBeacon) {
	c := mm.pending
	s := c.next.Standby(b.GID)
	if s == nil {
		c.next.AddStandby(msg.MgrStandby{
			GID: b.GID, Name: b.Name, ModuleNames: b.ModuleNames, Modules: b.Modules, Features: b.Features,
		})
		c.keepMetadata(b)
		c.edits++
		return
	}
	if !slices.Equal(s.ModuleNames, b.ModuleNames) {
		s.ModuleNames, s.Modules = b.ModuleNames, b.Modules
		c.edits++
	}
}

// tick drops who has been silent and fills an empty place. The caller calls it
// on the leader every mon_tick_interval while there is a pending map.
func (mm *mgrMonitor) tick(now time.Duration, wall wire.UTime) {
	mm.forgiveOwnSleep(now)
	mm.lastTick = now
	mm.fillIn(now)
	m := mm.pending.next
	for _, s := range slices.Clone(m.Standbys) { // before the active: MM-14
		if mm.silent(s.GID, now) {
			mm.dropStandby(s, "timeout")
		}
	}
	if m.ActiveGID != 0 && mm.silent(m.ActiveGID, now) { // MM-15
		mm.dropActive("timeout", wall)
	}
	if m.ActiveGID == 0 { // MM-16
		mm.promote(wall)
	}
}

// forgiveOwnSleep starts all ages anew if it was this monitor that did not get
// to run: its clock went on while no beacon could arrive (MM-11).
func (mm *mgrMonitor) forgiveOwnSleep(now time.Duration) {
	if mm.defects.NoTickGapReset || now-mm.lastTick <= mm.grace-mm.tickPeriod {
		return
	}
	for gid := range mm.lastBeacon {
		mm.lastBeacon[gid] = now
	}
}

// fillIn starts the clock of daemons not heard of since the election (MM-13), and forgets
// who is not in the map.
func (mm *mgrMonitor) fillIn(now time.Duration) {
	heard := func(gid uint64) {
		if _, ok := mm.lastBeacon[gid]; !ok && gid != 0 {
			mm.lastBeacon[gid] = now
		}
	}
	m := mm.pending.next
	heard(m.ActiveGID)
	for _, s := range m.Standbys {
		heard(s.GID)
	}
	for gid := range mm.lastBeacon { //wavetank:ordered each is forgotten or kept by itself
		if gid != m.ActiveGID && !slices.ContainsFunc(m.Standbys, func(s msg.MgrStandby) bool { return s.GID == gid }) {
			delete(mm.lastBeacon, gid)
		}
	}
}

func (mm *mgrMonitor) silent(gid uint64, now time.Duration) bool {
	return mm.lastBeacon[gid] < now-mm.grace
}

// promote makes the standby with the lowest gid active (MM-17).
func (mm *mgrMonitor) promote(wall wire.UTime) {
	c := mm.pending
	if len(c.next.Standbys) == 0 {
		return
	}
	s := c.next.Standbys[0]
	c.next.RemoveStandby(s.GID)
	c.install(s.GID, s.Name, s.Features, s.Modules, wall)
	c.immediate = true
	if mm.defects.DropMetaOnPromote {
		c.forgetMetadata(s.Name)
	}
}

// dropActive leaves the map without an active mgr, and fences the one it had (MM-18).
func (mm *mgrMonitor) dropActive(reason string, wall wire.UTime) {
	c, m := mm.pending, mm.pending.next
	mm.dropped(m.ActiveGID, m.ActiveName, reason)
	delete(mm.lastBeacon, m.ActiveGID)
	c.bury(m.ActiveGID)
	c.forgetMetadata(m.ActiveName)
	if !mm.defects.NoMgrBlocklist {
		m.LastFailureOSDEpoch = mm.fence(wall, activeAddrs(m))
	}
	m.ActiveGID, m.ActiveName, m.Available, m.ActiveAddrs = 0, "", false, nil
	m.ActiveFeatures, m.ActiveChange = 0, wall
	m.Services, m.ClientAddrs, m.ClientNames = nil, nil, nil
	c.edits++
	c.immediate = true
}

func (mm *mgrMonitor) dropStandby(s msg.MgrStandby, reason string) {
	c := mm.pending
	mm.dropped(s.GID, s.Name, reason)
	delete(mm.lastBeacon, s.GID)
	c.next.RemoveStandby(s.GID)
	c.forgetMetadata(s.Name)
	c.edits++
	if mm.defects.ZeroFenceEpoch {
		c.next.LastFailureOSDEpoch = 0
	}
}

// isGone reports whether a gid is never taken again: it was active and was dropped, or
// another process of its name has come up since. Beacons of it may still be under way, and
// it may not know. Taken for a new one it could become active once more without having
// seen that others were in between, and would not wait until those are fenced; or it
// would pass for the successor of its own successor. (Ceph asks only whether the sender
// claims to serve, MM-7.)
func (c *mgrChange) isGone(gid uint64) bool { return slices.Contains(c.gone, gid) }

// bury notes that a gid is never taken again. Only so many are remembered: what is under
// way does not outlive that many successors.
func (c *mgrChange) bury(gid uint64) {
	c.gone = append(slices.Clone(c.gone), gid)
	c.gone = c.gone[max(0, len(c.gone)-maxGone):]
}

const maxGone = 100

// fail takes a mgr out by command (MM-19). who is a gid, a name, or "" for the
// active one; nobody of that name is no error. The text is for the operator.
func (mm *mgrMonitor) fail(who string, wall wire.UTime) (text string) {
	m := mm.pending.next
	if who == "" {
		if m.ActiveGID == 0 {
			return "Currently no active mgr"
		}
		who = m.ActiveName
	}
	match := byWho(who)
	if m.ActiveGID != 0 && match(m.ActiveGID, m.ActiveName) {
		mm.dropActive("command", wall)
	} else if i := slices.IndexFunc(m.Standbys, func(s msg.MgrStandby) bool { return match(s.GID, s.Name) }); i >= 0 {
		mm.dropStandby(m.Standbys[i], "command")
	} else {
		return "Daemon not found '" + who + "', already failed?"
	}
	if m.ActiveGID == 0 {
		mm.promote(wall)
	}
	return ""
}

// byWho matches a gid if who is a number, a name otherwise.
func byWho(who string) func(gid uint64, name string) bool {
	if gid, err := strconv.ParseUint(who, 10, 64); err == nil {
		return func(g uint64, _ string) bool { return g == gid }
	}
	return func(_ uint64, name string) bool { return name == who }
}

// install writes a new active mgr into the map. It is not available before it
// has said so itself.
func (c *mgrChange) install(gid uint64, name string, features uint64, modules []msg.ModuleInfo, wall wire.UTime) {
	m := c.next
	m.ActiveGID, m.ActiveName, m.ActiveFeatures = gid, name, features
	m.Available, m.ActiveAddrs = false, nil
	m.AvailableModules = modules
	m.ActiveChange = wall
	c.edits++
}

func (c *mgrChange) keepMetadata(b *msg.MgrBeacon) {
	c.setMeta[b.Name] = b.Metadata
	delete(c.dropMeta, b.Name)
}

func (c *mgrChange) forgetMetadata(name string) {
	c.dropMeta[name] = true
	delete(c.setMeta, name)
}
