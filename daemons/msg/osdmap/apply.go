package osdmap

import (
	"errors"
	"fmt"
	"maps"

	"github.com/wavetank/wavetank/daemons/wire"
)

// ErrNotNext: an incremental does not lead on from the map that it was applied to.
var ErrNotNext = errors.New("incremental does not follow the map")

// maxOSDs bounds what an incremental can make us allocate. Ceph's monitors allow
// 10000 (mon_max_osd).
const maxOSDs = 1 << 16

// Apply is the map that the incremental leads to; m is left as it is. Errors:
// ErrNotNext for one of another cluster or epoch, wire.ErrInvalid for one that names
// an OSD beyond the map, and those of Decode for the map inside one.
func (m *Map) Apply(inc *Incremental) (*Map, error) {
	if m.Epoch != 0 && inc.FSID != m.FSID || inc.Epoch != m.Epoch+1 {
		return nil, fmt.Errorf("osdmap %d: %w: to %d of %v", m.Epoch, ErrNotNext, inc.Epoch, inc.FSID)
	}
	if len(inc.FullMap) > 0 {
		return inc.decodeFullMap()
	}
	next := m.Clone()
	next.FSID, next.Epoch, next.Modified = inc.FSID, inc.Epoch, inc.Modified
	if err := next.resize(inc.NewMaxOSD); err != nil {
		return nil, err
	}
	if err := inc.checkOSDs(len(next.OSDs)); err != nil {
		return nil, fmt.Errorf("osdmap incremental %d: %w", inc.Epoch, err)
	}
	next.applyPools(inc)
	next.applyOSDs(inc)
	next.applyPGs(inc)
	next.applyBlocklist(inc)
	next.applySettings(inc)
	return next, nil
}

func (inc *Incremental) decodeFullMap() (*Map, error) {
	next, err := Decode(inc.FullMap)
	if err == nil && (next.Epoch != inc.Epoch || next.FSID != inc.FSID) {
		err = fmt.Errorf("osdmap incremental %d: %w: it holds epoch %d of %v", inc.Epoch, ErrNotNext, next.Epoch, next.FSID)
	}
	if err != nil {
		return nil, err
	}
	return next, nil
}

// resize makes room for n OSDs, or takes what is beyond away.
func (m *Map) resize(n int32) error {
	switch {
	case n < 0:
		return nil
	case n > maxOSDs:
		return fmt.Errorf("osdmap incremental %d: max_osd %d: %w", m.Epoch, n, wire.ErrInvalid)
	case int(n) <= len(m.OSDs):
		m.OSDs = m.OSDs[:n]
	default:
		m.OSDs = append(m.OSDs, make([]OSD, int(n)-len(m.OSDs))...)
	}
	if len(m.PrimaryAffinity) > 0 {
		m.setAffinities(m.PrimaryAffinity)
	}
	return nil
}

// setAffinities makes the list as long as that of the OSDs.
func (m *Map) setAffinities(list []uint32) {
	for len(list) < len(m.OSDs) {
		list = append(list, AffinityDefault)
	}
	m.PrimaryAffinity = list[:len(m.OSDs)]
}

// checkOSDs looks for an OSD that is not among the n of the map.
func (inc *Incremental) checkOSDs(n int) error {
	return errors.Join(
		beyond("up", n, inc.NewUp), beyond("state", n, inc.NewState), beyond("weight", n, inc.NewWeight),
		beyond("primary affinity", n, inc.NewAffinity), beyond("cluster addresses", n, inc.NewCluster),
		beyond("up thru", n, inc.NewUpThru), beyond("clean interval", n, inc.NewLastClean), beyond("lost", n, inc.NewLost),
		beyond("xinfo", n, inc.NewXInfo), beyond("uuid", n, inc.NewUUID),
	)
}

func beyond[V any](what string, n int, byOSD map[int32]V) error {
	for _, id := range wire.SortedKeys(byOSD) {
		if id < 0 || int(id) >= n {
			return fmt.Errorf("%s of osd.%d of %d: %w", what, id, n, wire.ErrInvalid)
		}
	}
	return nil
}

func (m *Map) applyPools(inc *Incremental) {
	if inc.NewPoolMax != -1 {
		m.PoolMax = int32(inc.NewPoolMax)
	}
	for id, p := range ascending(inc.NewPools) {
		set(&m.Pools, id, p.changedIn(inc.Epoch))
	}
	for id, name := range ascending(inc.NewPoolNames) {
		set(&m.PoolNames, id, name)
	}
	for _, id := range inc.OldPools {
		delete(m.Pools, id)
		delete(m.PoolNames, id)
	}
	m.NewRemovedSnaps, m.NewPurgedSnaps = maps.Clone(inc.NewRemovedSnaps), maps.Clone(inc.NewPurgedSnaps)
	for id, s := range ascending(inc.NewRemovedSnaps) {
		set(&m.RemovedSnapsQueue, id, m.RemovedSnapsQueue[id].union(s))
	}
	for id, s := range ascending(inc.NewPurgedSnaps) {
		if left := m.RemovedSnapsQueue[id].without(s); len(left) > 0 {
			set(&m.RemovedSnapsQueue, id, left)
		} else {
			delete(m.RemovedSnapsQueue, id)
		}
	}
}

// set writes into a map that is made when it is needed.
func set[K comparable, V any](m *map[K]V, key K, value V) {
	if *m == nil {
		*m = map[K]V{}
	}
	(*m)[key] = value
}

func (m *Map) applyOSDs(inc *Incremental) {
	if inc.NewLastUpChange != (wire.UTime{}) {
		m.LastUpChange = inc.NewLastUpChange
	}
	if inc.NewLastInChange != (wire.UTime{}) {
		m.LastInChange = inc.NewLastInChange
	}
	for id, weight := range ascending(inc.NewWeight) {
		m.OSDs[id].reweight(weight)
	}
	for id, a := range ascending(inc.NewAffinity) {
		m.setAffinity(id, a)
	}
	for id, s := range ascending(inc.NewState) {
		m.turn(id, s)
	}
	for id, addrs := range ascending(inc.NewUp) {
		o := &m.OSDs[id]
		o.State = (o.State | StateExists | StateUp) &^ StateStop
		o.Addrs, o.BackAddrs, o.FrontAddrs = addrs, inc.NewBack[id], inc.NewFront[id]
		o.Info.UpFrom = m.Epoch
	}
	for id, addrs := range inc.NewCluster {
		m.OSDs[id].ClusterAddrs = addrs
	}
	m.applyInfos(inc)
}

// reweight is before the states turn: it is the weight that makes a new OSD exist.
func (o *OSD) reweight(weight uint32) {
	o.Weight = weight
	if weight != 0 {
		o.State = (o.State | StateExists) &^ (StateAutoOut | StateNew)
		o.XInfo.OldWeight = 0
	}
}

func (m *Map) setAffinity(id int32, a uint32) {
	m.setAffinities(m.PrimaryAffinity)
	m.PrimaryAffinity[id] = a
}

// turn turns states to their opposites. An OSD that goes down remembers when, and
// one that ceases to exist is forgotten but for its weight.
func (m *Map) turn(id int32, s OSDState) {
	o := &m.OSDs[id]
	if s == 0 {
		s = StateUp
	}
	if o.State&s&StateUp != 0 {
		o.Info.DownAt, o.XInfo.DownStamp = m.Epoch, m.Modified
	}
	if o.State&s&StateExists != 0 {
		*o = OSD{Weight: o.Weight}
		m.setAffinity(id, AffinityDefault)
		return
	}
	o.State ^= s
}

func (m *Map) applyInfos(inc *Incremental) {
	for id, epoch := range inc.NewUpThru {
		m.OSDs[id].Info.UpThru = epoch
	}
	for id, i := range inc.NewLastClean {
		m.OSDs[id].Info.LastCleanBegin, m.OSDs[id].Info.LastCleanEnd = i.Begin, i.End
	}
	for id, epoch := range inc.NewLost {
		m.OSDs[id].Info.LostAt = epoch
	}
	for id, x := range inc.NewXInfo {
		m.OSDs[id].XInfo = x
	}
	for id, u := range inc.NewUUID {
		m.OSDs[id].UUID = u
	}
}

func (m *Map) applyPGs(inc *Incremental) {
	for pg, ids := range inOrder(inc.NewPGTemp, PG.Compare) {
		if len(ids) == 0 {
			delete(m.PGTemp, pg)
			continue
		}
		set(&m.PGTemp, pg, ids)
	}
	for pg, id := range inOrder(inc.NewPrimaryTemp, PG.Compare) {
		if id == -1 {
			delete(m.PrimaryTemp, pg)
			continue
		}
		set(&m.PrimaryTemp, pg, id)
	}
	replace(&m.PGUpmap, inc.NewPGUpmap, inc.OldPGUpmap)
	replace(&m.PGUpmapItems, inc.NewPGUpmapItems, inc.OldPGUpmapItems)
}

// replace puts what is new into a map, and then takes what is old out of it.
func replace[V any](m *map[PG]V, added map[PG]V, old []PG) {
	for key, value := range inOrder(added, PG.Compare) {
		set(m, key, value)
	}
	for _, key := range old {
		delete(*m, key)
	}
}

func (m *Map) applyBlocklist(inc *Incremental) {
	m.Blocklist = m.Blocklist.change(inc.NewBlocklist, inc.OldBlocklist)
	m.RangeBlocklist = m.RangeBlocklist.change(inc.NewRangeBlocklist, inc.OldRangeBlocklist)
}

func (m *Map) applySettings(inc *Incremental) {
	if inc.NewFlags >= 0 {
		m.Flags = Flags(inc.NewFlags)
	}
	for name, profile := range ascending(inc.NewErasureCode) {
		set(&m.ErasureCode, name, profile)
	}
	for _, name := range inc.OldErasureCode {
		if _, again := inc.NewErasureCode[name]; !again {
			delete(m.ErasureCode, name)
		}
	}
	applyNodeFlags(&m.CrushFlags, inc.NewCrushFlags)
	applyNodeFlags(&m.DeviceClasses, inc.NewDeviceClasses)
	m.Snapshot, m.SnapshotEpoch = inc.Snapshot, 0
	if inc.Snapshot != "" {
		m.SnapshotEpoch = inc.Epoch
	}
	applyRatio(&m.NearfullRatio, inc.NewNearfullRatio)
	applyRatio(&m.FullRatio, inc.NewFullRatio)
	applyRatio(&m.BackfillfullRatio, inc.NewBackfillfullRatio)
	m.applyReleases(inc)
	if len(inc.Crush) > 0 { // after the release, which decides whether it is counted
		m.setCrush(inc.Crush)
		if m.RequireOSDRelease >= releaseLuminous {
			m.CrushVersion++
		}
	}
	if inc.ChangeStretch {
		m.Stretch = inc.NewStretch
	}
}

func applyNodeFlags(m *map[int32]uint32, changed map[int32]uint32) {
	for id, flags := range ascending(changed) {
		if flags == 0 {
			delete(*m, id)
			continue
		}
		set(m, id, flags)
	}
}

func applyRatio(ratio *float32, changed float32) {
	if changed >= 0 {
		*ratio = changed
	}
}

func (m *Map) applyReleases(inc *Incremental) {
	if r := inc.NewRequireMinCompatClient; r != Unchanged && r != 0 {
		m.RequireMinCompatClient = r
	}
	if inc.NewRequireOSDRelease == Unchanged {
		return
	}
	m.RequireOSDRelease = inc.NewRequireOSDRelease
	if m.RequireOSDRelease >= releaseLuminous {
		m.Flags = m.Flags&^legacyRequireFlags | FlagRecoveryDeletes
	}
	if m.RequireOSDRelease >= releaseNautilus {
		m.Flags |= FlagPGLogHardLimit
	}
}
