package mon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The types of this file are what Ceph's dumps of the OSD map look like; field names
// and order are those of real ones. Pools are not among what our monitors make.

type osdJSON struct {
	OSD            int       `json:"osd"`
	UUID           string    `json:"uuid"`
	Up             int       `json:"up"`
	In             int       `json:"in"`
	Weight         float64   `json:"weight"`
	Affinity       float64   `json:"primary_affinity"`
	LastCleanBegin uint32    `json:"last_clean_begin"`
	LastCleanEnd   uint32    `json:"last_clean_end"`
	UpFrom         uint32    `json:"up_from"`
	UpThru         uint32    `json:"up_thru"`
	DownAt         uint32    `json:"down_at"`
	LostAt         uint32    `json:"lost_at"`
	PublicAddrs    addrsJSON `json:"public_addrs"`
	ClusterAddrs   addrsJSON `json:"cluster_addrs"`
	BackAddrs      addrsJSON `json:"heartbeat_back_addrs"`
	FrontAddrs     addrsJSON `json:"heartbeat_front_addrs"`
	PublicAddr     string    `json:"public_addr"`
	ClusterAddr    string    `json:"cluster_addr"`
	BackAddr       string    `json:"heartbeat_back_addr"`
	FrontAddr      string    `json:"heartbeat_front_addr"`
	State          []string  `json:"state"`
}

type osdDumpJSON struct {
	Epoch              uint32                       `json:"epoch"`
	FSID               string                       `json:"fsid"`
	Created            string                       `json:"created"`
	Modified           string                       `json:"modified"`
	LastUpChange       string                       `json:"last_up_change"`
	LastInChange       string                       `json:"last_in_change"`
	Flags              string                       `json:"flags"`
	FlagsNum           uint32                       `json:"flags_num"`
	FlagsSet           []string                     `json:"flags_set"`
	CrushVersion       uint32                       `json:"crush_version"`
	FullRatio          float64                      `json:"full_ratio"`
	BackfillfullRatio  float64                      `json:"backfillfull_ratio"`
	NearfullRatio      float64                      `json:"nearfull_ratio"`
	ClusterSnapshot    string                       `json:"cluster_snapshot"`
	PoolMax            int32                        `json:"pool_max"`
	MaxOSD             int                          `json:"max_osd"`
	RequireMinCompat   string                       `json:"require_min_compat_client"`
	RequireOSDRelease  string                       `json:"require_osd_release"`
	OSDs               []osdJSON                    `json:"osds"`
	Blocklist          map[string]string            `json:"blocklist"`
	RangeBlocklist     map[string]string            `json:"range_blocklist"`
	ErasureCodeProfile map[string]map[string]string `json:"erasure_code_profiles"`
}

func osdDumpOf(om *osdmap.Map) osdDumpJSON {
	flags := flagNames(om.Flags)
	d := osdDumpJSON{
		Epoch: om.Epoch, FSID: om.FSID.String(), Created: stamp(om.Created), Modified: stamp(om.Modified),
		LastUpChange: stampOrZero(om.LastUpChange), LastInChange: stampOrZero(om.LastInChange),
		Flags: strings.Join(flags, ","), FlagsNum: uint32(om.Flags), FlagsSet: slices.Sorted(slices.Values(flags)),
		CrushVersion: om.CrushVersion, FullRatio: float64(om.FullRatio),
		BackfillfullRatio: float64(om.BackfillfullRatio), NearfullRatio: float64(om.NearfullRatio),
		ClusterSnapshot: om.Snapshot, PoolMax: om.PoolMax, MaxOSD: len(om.OSDs),
		RequireMinCompat: releaseName(uint32(om.RequireMinCompatClient)), RequireOSDRelease: releaseName(uint32(om.RequireOSDRelease)),
		OSDs: []osdJSON{}, Blocklist: blockedJSON(om.Blocklist), RangeBlocklist: blockedJSON(om.RangeBlocklist),
		ErasureCodeProfile: om.ErasureCode,
	}
	for id := range om.OSDs {
		if o := om.OSD(int32(id)); o != nil {
			d.OSDs = append(d.OSDs, osdOf(om, id, o))
		}
	}
	return d
}

func osdOf(om *osdmap.Map, id int, o *osdmap.OSD) osdJSON {
	affinity := osdmap.AffinityDefault
	if om.PrimaryAffinity != nil {
		affinity = om.PrimaryAffinity[id]
	}
	return osdJSON{
		OSD: id, UUID: o.UUID.String(), Up: number(o.Up()), In: number(o.In()),
		Weight: float64(o.Weight) / float64(osdmap.WeightIn), Affinity: float64(affinity) / float64(osdmap.AffinityDefault),
		LastCleanBegin: o.Info.LastCleanBegin, LastCleanEnd: o.Info.LastCleanEnd,
		UpFrom: o.Info.UpFrom, UpThru: o.Info.UpThru, DownAt: o.Info.DownAt, LostAt: o.Info.LostAt,
		PublicAddrs: addrsOf(o.Addrs), ClusterAddrs: addrsOf(o.ClusterAddrs),
		BackAddrs: addrsOf(o.BackAddrs), FrontAddrs: addrsOf(o.FrontAddrs),
		PublicAddr: shortAddr(o.Addrs), ClusterAddr: shortAddr(o.ClusterAddrs),
		BackAddr: shortAddr(o.BackAddrs), FrontAddr: shortAddr(o.FrontAddrs),
		State: stateNames(o.State),
	}
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// stampOrZero is a time as Ceph prints it, where it may never have been set.
func stampOrZero(t wire.UTime) string {
	if t == (wire.UTime{}) {
		return "0.000000"
	}
	return stamp(t)
}

func blockedJSON(list osdmap.Blocklist) map[string]string {
	out := map[string]string{}
	for _, key := range list.Keys() {
		out[blockedText(key)] = stamp(list[key])
	}
	return out
}

// bitName names one bit.
type bitName struct {
	bit  uint32
	name string
}

func namesOf(bits uint32, names []bitName) []string {
	out := []string{}
	for _, n := range names {
		if bits&n.bit != 0 {
			out = append(out, n.name)
		}
	}
	return out
}

// flagNames are the flags in Ceph's order (OSDMap::get_flag_string).
func flagNames(f osdmap.Flags) []string {
	return namesOf(uint32(f), []bitName{
		{uint32(osdmap.FlagPauseRead), "pauserd"}, {uint32(osdmap.FlagPauseWrite), "pausewr"},
		{uint32(osdmap.FlagNoUp), "noup"}, {uint32(osdmap.FlagNoDown), "nodown"},
		{uint32(osdmap.FlagNoOut), "noout"}, {uint32(osdmap.FlagNoIn), "noin"},
		{uint32(osdmap.FlagNoBackfill), "nobackfill"}, {uint32(osdmap.FlagNoRebalance), "norebalance"},
		{uint32(osdmap.FlagNoRecover), "norecover"}, {uint32(osdmap.FlagNoScrub), "noscrub"},
		{uint32(osdmap.FlagNoDeepScrub), "nodeep-scrub"}, {uint32(osdmap.FlagNoTierAgent), "notieragent"},
		{uint32(osdmap.FlagNoSnapTrim), "nosnaptrim"}, {uint32(osdmap.FlagSortBitwise), "sortbitwise"},
		{uint32(osdmap.FlagRecoveryDeletes), "recovery_deletes"}, {uint32(osdmap.FlagPurgedSnapdirs), "purged_snapdirs"},
		{uint32(osdmap.FlagPGLogHardLimit), "pglog_hardlimit"},
	})
}

// stateNames are the states in Ceph's order, which is that of their bits.
func stateNames(s osdmap.OSDState) []string {
	return namesOf(uint32(s), []bitName{
		{uint32(osdmap.StateExists), "exists"}, {uint32(osdmap.StateUp), "up"}, {uint32(osdmap.StateAutoOut), "autoout"},
		{uint32(osdmap.StateNew), "new"}, {uint32(osdmap.StateFull), "full"}, {uint32(osdmap.StateNearfull), "nearfull"},
		{uint32(osdmap.StateBackfillfull), "backfillfull"}, {uint32(osdmap.StateDestroyed), "destroyed"},
		{uint32(osdmap.StateNoUp), "noup"}, {uint32(osdmap.StateNoDown), "nodown"}, {uint32(osdmap.StateNoIn), "noin"},
		{uint32(osdmap.StateNoOut), "noout"}, {uint32(osdmap.StateStop), "stop"},
	})
}

func (m *Mon) osdDump(o *op, c *msg.MonCommand, args commandArgs) {
	om, ok := m.askedOSDMap(o, c, args)
	if !ok {
		return
	}
	if args.plain() {
		m.ack(o, c, result{prefix: "osd dump", data: []byte(osdText(om))})
		return
	}
	m.ackJSON(o, c, args, osdDumpOf(om))
}

// osdText is the map as text.
func osdText(om *osdmap.Map) string {
	d := osdDumpOf(om)
	var b strings.Builder
	fmt.Fprintf(&b, "epoch %d\nfsid %s\ncreated %s\nmodified %s\nflags %s\ncrush_version %d\n",
		d.Epoch, d.FSID, d.Created, d.Modified, d.Flags, d.CrushVersion)
	fmt.Fprintf(&b, "full_ratio %v\nbackfillfull_ratio %v\nnearfull_ratio %v\n", om.FullRatio, om.BackfillfullRatio, om.NearfullRatio)
	fmt.Fprintf(&b, "require_min_compat_client %s\nrequire_osd_release %s\nmax_osd %d\n", d.RequireMinCompat, d.RequireOSDRelease, d.MaxOSD)
	for _, o := range d.OSDs {
		fmt.Fprintf(&b, "osd.%d %s %s weight %v up_from %d up_thru %d down_at %d last_clean_interval [%d,%d) %s %s %s %s\n",
			o.OSD, word(o.Up, "up  ", "down"), word(o.In, "in ", "out"), o.Weight, o.UpFrom, o.UpThru, o.DownAt,
			o.LastCleanBegin, o.LastCleanEnd, o.PublicAddr, o.ClusterAddr, strings.Join(o.State, ","), o.UUID)
	}
	for _, list := range []struct {
		name    string
		entries osdmap.Blocklist
	}{{"blocklist", om.Blocklist}, {"range blocklist", om.RangeBlocklist}} {
		for _, key := range list.entries.Keys() {
			fmt.Fprintf(&b, "%s %s expires %s\n", list.name, blockedText(key), stamp(list.entries[key]))
		}
	}
	return b.String()
}

func word(is int, yes, no string) string {
	if is != 0 {
		return yes
	}
	return no
}

// osdStatJSON is the summary in "osd stat" and "status".
type osdStatJSON struct {
	Epoch       uint32 `json:"epoch"`
	NumOSDs     int    `json:"num_osds"`
	NumUp       int    `json:"num_up_osds"`
	UpSince     uint32 `json:"osd_up_since"`
	NumIn       int    `json:"num_in_osds"`
	InSince     uint32 `json:"osd_in_since"`
	NumRemapped int    `json:"num_remapped_pgs"`
}

func osdStatOf(om *osdmap.Map) osdStatJSON {
	exist, up, in := om.Count()
	return osdStatJSON{Epoch: om.Epoch, NumOSDs: exist, NumUp: up, UpSince: om.LastUpChange.Sec, NumIn: in, InSince: om.LastInChange.Sec}
}

// osdSummary is "3 osds: 2 up, 3 in".
func osdSummary(om *osdmap.Map) string {
	exist, up, in := om.Count()
	return fmt.Sprintf("%d osds: %d up, %d in", exist, up, in)
}

func (m *Mon) osdStat(o *op, c *msg.MonCommand, args commandArgs) {
	om := m.osd.committed
	if args.plain() {
		m.ack(o, c, result{prefix: "osd stat", data: fmt.Appendf(nil, "%s; epoch: e%d\n", osdSummary(om), om.Epoch)})
		return
	}
	m.ackJSON(o, c, args, osdStatOf(om))
}

// blocklistList lists both blocklists. Of JSON it makes two lists, as Ceph does.
func (m *Mon) blocklistList(o *op, c *msg.MonCommand, args commandArgs) {
	om := m.osd.committed
	type entry struct {
		Addr  string `json:"addr,omitempty"`
		Range string `json:"range,omitempty"`
		Until string `json:"until"`
	}
	instances, networks := []entry{}, []entry{}
	var text strings.Builder
	for _, key := range om.Blocklist.Keys() {
		until := stamp(om.Blocklist[key])
		instances = append(instances, entry{Addr: blockedText(key), Until: until})
		fmt.Fprintf(&text, "%s %s\n", blockedText(key), until)
	}
	for _, key := range om.RangeBlocklist.Keys() {
		until := stamp(om.RangeBlocklist[key])
		networks = append(networks, entry{Range: blockedText(key), Until: until})
		fmt.Fprintf(&text, "%s %s\n", blockedText(key), until)
	}
	r := result{prefix: "osd blocklist ls", status: fmt.Sprintf("listed %d entries", len(instances)+len(networks)), data: []byte(text.String())}
	if !args.plain() {
		r.data = append(toJSON(instances, args.indent()), toJSON(networks, args.indent())...)
	}
	m.ack(o, c, r)
}

// osdMetadata is what OSDs have said about themselves: nothing but that they are
// there, as they do not report yet.
func (m *Mon) osdMetadata(o *op, c *msg.MonCommand, args commandArgs) {
	type osd struct {
		ID int `json:"id"`
	}
	om := m.osd.committed
	if args.has("id") {
		id := int(args.number("id", -1))
		if id < 0 || id >= len(om.OSDs) || om.OSD(int32(id)) == nil {
			m.ack(o, c, result{prefix: args.prefix(), code: eNoEnt, status: fmt.Sprintf("osd.%d does not exist", id)})
			return
		}
		m.ackReadable(o, c, args, osd{id})
		return
	}
	all := []osd{}
	for id := range om.OSDs {
		if om.OSD(int32(id)) != nil {
			all = append(all, osd{id})
		}
	}
	m.ackReadable(o, c, args, all)
}
