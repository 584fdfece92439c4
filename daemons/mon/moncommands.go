package mon

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/sysinfo"
	"github.com/wavetank/wavetank/daemons/wire"
)

// monMetadataSpace is the space of the store that holds what each monitor has said
// about itself, by name.
const monMetadataSpace = "mon_metadata"

// metadata is what this monitor says about itself.
func (m *Mon) metadata() map[string]string {
	all := sysinfo.Collect(m.h)
	all["addrs"] = "v1:" + shortAddr(msg.AddrVec{m.addr})
	return all
}

// introduce tells the leader about this monitor, as an election's ack does in Ceph.
func (m *Mon) introduce() {
	if leader := m.leaderName(); leader != m.cfg.Name {
		m.sendMon(leader, &msg.MonElection{
			FSID: m.cfg.FSID, Op: msg.ElectionAck, Epoch: uint32(m.status().Term), Map: m.monMap(),
			QuorumFeatures: msg.FeaturesAll, Metadata: m.metadata(), Release: m.monMap().MinRelease,
			Strategy: m.monMap().Strategy,
		})
		return
	}
	m.keepMetadata(m.cfg.Name, m.metadata())
}

// keepMetadata writes down what a monitor says about itself, if it is news.
func (m *Mon) keepMetadata(name string, metadata map[string]string) {
	var e wire.Encoder
	e.StringMap(metadata)
	if old, ok := m.monMeta.get(name); m.writeable() && (!ok || string(old) != string(e.Bytes())) {
		m.monMeta.put(name, e.Bytes())
		m.schedule(false)
	}
}

// handleElection takes what a peon says about itself. A monitor that does not lead
// or cannot write is told again after the next election.
func (m *Mon) handleElection(from string, e *msg.MonElection) {
	if e.FSID == m.cfg.FSID && e.Op == msg.ElectionAck && len(e.Metadata) > 0 {
		m.met[from] = e.Metadata
		m.meetMonitors()
	}
}

// meetMonitors writes down what monitors have said since this one leads.
func (m *Mon) meetMonitors() {
	for _, name := range m.monMap().Ranks {
		if metadata := m.met[name]; metadata != nil && m.writeable() {
			m.keepMetadata(name, metadata)
			delete(m.met, name)
		}
	}
}

// metadataOf is what the monitor of that name has said about itself, nil if
// nothing.
func (m *Mon) metadataOf(name string) map[string]string {
	encoded, ok := m.monMeta.get(name)
	if !ok {
		return nil
	}
	return wire.NewDecoder(encoded).StringMap()
}

func monCommands() []command {
	return []command{
		{"fsid", "", "show cluster FSID/UUID", "mon", "r", (*Mon).fsidCommand},
		{"status", "", "show cluster status", "mon", "r", (*Mon).statusCommand},
		{"version", "", "show mon daemon version", "mon", "r", (*Mon).versionCommand},
		{"versions", "", "check running versions of ceph daemons", "mon", "r", (*Mon).versionsCommand},
		{"features", "", "report of connected features", "mon", "r", (*Mon).featuresCommand},
		{"node ls", "name=type,type=CephChoices,strings=all|osd|mon|mds|mgr,req=false",
			"list all nodes in cluster [type]", "mon", "r", (*Mon).nodeList},
		{"quorum_status", "", "report status of monitor quorum", "mon", "r", (*Mon).quorumStatusCommand},
		{"mon stat", "", "summarize monitor status", "mon", "r", (*Mon).monStat},
		{"mon metadata", "name=id,type=CephString,req=false", "fetch metadata for mon <id>", "mon", "r", (*Mon).monMetadata},
		{"mon count-metadata", "name=property,type=CephString", "count mons by metadata field property", "mon", "r", (*Mon).monCount},
		{"mon versions", "", "check running versions of monitors", "mon", "r", (*Mon).monVersions},
	}
}

func (m *Mon) fsidCommand(o *op, c *msg.MonCommand, args commandArgs) {
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix(), data: []byte(m.cfg.FSID.String() + "\n")})
		return
	}
	m.ackJSON(o, c, args, struct {
		FSID string `json:"fsid"`
	}{m.cfg.FSID.String()})
}

func (m *Mon) versionCommand(o *op, c *msg.MonCommand, args commandArgs) {
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix(), data: []byte(sysinfo.Version + "\n")})
		return
	}
	m.ackJSON(o, c, args, versionJSON())
}

func versionJSON() any {
	return struct {
		Version string `json:"version"`
		Release string `json:"release"`
		Kind    string `json:"release_type"`
	}{sysinfo.VersionShort, sysinfo.Release, "stable"}
}

// count counts values; daemons that do not tell count as "unknown".
func count(into map[string]int, metadata []map[string]string, property string) map[string]int {
	for _, meta := range metadata {
		value, ok := meta[property]
		if !ok {
			value = "unknown"
		}
		into[value]++
	}
	return into
}

func (m *Mon) allMonMetadata() (list []map[string]string) {
	for _, name := range m.monMap().Ranks {
		if meta := m.metadataOf(name); meta != nil {
			list = append(list, meta)
		}
	}
	return list
}

func (m *Mon) allMgrMetadata() (list []map[string]string) {
	for _, name := range m.mgr.described() {
		list = append(list, m.mgr.metadata(name))
	}
	return list
}

const versionProperty = "ceph_version"

func (m *Mon) versionsCommand(o *op, c *msg.MonCommand, args commandArgs) {
	mons, mgrs, mdss := m.allMonMetadata(), m.allMgrMetadata(), m.allMDSMetadata()
	m.ackReadable(o, c, args, struct {
		Mon     map[string]int `json:"mon"`
		Mgr     map[string]int `json:"mgr"`
		OSD     map[string]int `json:"osd"`
		MDS     map[string]int `json:"mds"`
		Overall map[string]int `json:"overall"`
	}{
		count(map[string]int{}, mons, versionProperty), count(map[string]int{}, mgrs, versionProperty),
		map[string]int{}, count(map[string]int{}, mdss, versionProperty),
		count(map[string]int{}, slices.Concat(mons, mgrs, mdss), versionProperty),
	})
}

func (m *Mon) monVersions(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, count(map[string]int{}, m.allMonMetadata(), versionProperty))
}

func (m *Mon) monCount(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, count(map[string]int{}, m.allMonMetadata(), args.text("property")))
}

func (m *Mon) monMetadata(o *op, c *msg.MonCommand, args commandArgs) {
	if id := args.text("id"); id != "" {
		if m.monMap().Rank(id) < 0 {
			m.ack(o, c, result{prefix: args.prefix(), code: eNoEnt, status: "requested mon not found"})
			return
		}
		m.ackReadable(o, c, args, orNone(m.metadataOf(id)))
		return
	}
	all := []namedJSON{}
	for _, name := range m.monMap().Ranks {
		all = append(all, namedJSON{name, m.metadataOf(name)})
	}
	m.ackReadable(o, c, args, all)
}

func orNone(meta map[string]string) map[string]string {
	if meta == nil {
		return map[string]string{}
	}
	return meta
}

// connected is how many clients of a kind are connected, with which features.
type connectedJSON struct {
	Features string `json:"features"`
	Release  string `json:"release"`
	Num      int    `json:"num"`
}

// featuresJSON is who is connected to this monitor. Every peer that gets as far has
// the features that we have, which Ceph, too, takes for luminous.
func (m *Mon) featuresJSON() any {
	group := func(kind msg.EntityType) (list []connectedJSON) {
		c := connectedJSON{Features: fmt.Sprintf("%#x", msg.FeaturesAll), Release: "luminous"}
		for _, s := range m.sessions.list {
			if s.gid != 0 && s.con.PeerType() == kind {
				c.Num++
			}
		}
		if kind == msg.EntityMon {
			c.Num = 1
		}
		if c.Num > 0 {
			list = append(list, c)
		}
		return list
	}
	return struct {
		Mon    []connectedJSON `json:"mon,omitempty"`
		MDS    []connectedJSON `json:"mds,omitempty"`
		OSD    []connectedJSON `json:"osd,omitempty"`
		Client []connectedJSON `json:"client,omitempty"`
		Mgr    []connectedJSON `json:"mgr,omitempty"`
	}{group(msg.EntityMon), group(msg.EntityMDS), group(msg.EntityOSD), group(msg.EntityClient), group(msg.EntityMgr)}
}

func (m *Mon) featuresCommand(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, m.featuresJSON())
}

// byHost groups daemons by the machines that they run on.
func byHost(names []string, metadata func(string) map[string]string) map[string][]string {
	out := map[string][]string{}
	for _, name := range names {
		if host, ok := metadata(name)["hostname"]; ok {
			out[host] = append(out[host], name)
		}
	}
	return out
}

func (m *Mon) nodeList(o *op, c *msg.MonCommand, args commandArgs) {
	mons := byHost(m.monMap().Ranks, m.metadataOf)
	mgrs := byHost(m.mgr.described(), m.mgr.metadata)
	mdss, none := map[string][]string{}, map[string][]string{}
	for _, info := range standbysOf(m.fs.committed) {
		if host, ok := m.describeMDS(info)["hostname"]; ok {
			mdss[host] = append(mdss[host], info.Name)
		}
	}
	switch kind := args.text("type"); kind {
	case "", "all":
		m.ackReadable(o, c, args, struct {
			Mon map[string][]string `json:"mon"`
			OSD map[string][]string `json:"osd"`
			MDS map[string][]string `json:"mds,omitempty"`
			Mgr map[string][]string `json:"mgr"`
		}{mons, none, mdss, mgrs})
	case "mon":
		m.ackReadable(o, c, args, mons)
	case "mgr":
		m.ackReadable(o, c, args, mgrs)
	case "osd":
		m.ackReadable(o, c, args, none)
	default: // Ceph says nothing of metadata servers if there are none
		if len(mdss) > 0 {
			m.ackReadable(o, c, args, mdss)
			return
		}
		m.ack(o, c, result{prefix: args.prefix()})
	}
}

type monJSON struct {
	Rank        int       `json:"rank"`
	Name        string    `json:"name"`
	PublicAddrs addrsJSON `json:"public_addrs"`
	Addr        string    `json:"addr"`
	PublicAddr  string    `json:"public_addr"`
	Priority    uint16    `json:"priority"`
	Weight      uint16    `json:"weight"`
	Location    string    `json:"crush_location"`
}

type monMapJSON struct {
	Epoch       uint32 `json:"epoch"`
	FSID        string `json:"fsid"`
	Modified    string `json:"modified"`
	Created     string `json:"created"`
	MinRelease  uint8  `json:"min_mon_release"`
	ReleaseName string `json:"min_mon_release_name"`
	Strategy    uint8  `json:"election_strategy"`
	Disallowed  string `json:"disallowed_leaders: "` // so spelt
	Stretch     bool   `json:"stretch_mode"`
	Tiebreaker  string `json:"tiebreaker_mon"`
	Removed     string `json:"removed_ranks: "`
	Features    struct {
		Persistent []string `json:"persistent"`
		Optional   []string `json:"optional"`
	} `json:"features"`
	Mons []monJSON `json:"mons"`
}

// zuluStamp is a time as the dump of a monmap has it.
func zuluStamp(t wire.UTime) string { return t.Time().Format("2006-01-02T15:04:05.000000Z") }

func (m *Mon) monMapJSON() monMapJSON { return monMapJSONOf(m.monMap()) }

func monMapJSONOf(mm *msg.MonMap) monMapJSON {
	d := monMapJSON{
		Epoch: mm.Epoch, FSID: mm.FSID.String(), Modified: zuluStamp(mm.Changed), Created: zuluStamp(mm.Created),
		MinRelease: mm.MinRelease, ReleaseName: releaseName(uint32(mm.MinRelease)), Strategy: mm.Strategy, Removed: removedRanks(mm),
	}
	d.Features.Persistent, d.Features.Optional = monFeatures(mm.PersistentFeatures), monFeatures(mm.OptionalFeatures)
	for rank, name := range mm.Ranks {
		info, _ := mm.Get(name)
		addr := shortAddr(info.Addrs)
		d.Mons = append(d.Mons, monJSON{
			Rank: rank, Name: name, PublicAddrs: addrsOf(info.Addrs), Addr: addr, PublicAddr: addr,
			Priority: info.Priority, Weight: info.Weight, Location: "{}",
		})
	}
	return d
}

func monMapText(mm *msg.MonMap) string {
	var b strings.Builder
	fmt.Fprintf(&b, "epoch %d\nfsid %s\nlast_changed %s\ncreated %s\nmin_mon_release %d (%s)\nelection_strategy: %d\n",
		mm.Epoch, mm.FSID, isoStamp(mm.Changed), isoStamp(mm.Created), mm.MinRelease, releaseName(uint32(mm.MinRelease)), mm.Strategy)
	for rank, name := range mm.Ranks {
		fmt.Fprintf(&b, "%d: v1:%s mon.%s\n", rank, shortAddr(msg.AddrVec{mm.Addr(rank)}), name)
	}
	return b.String()
}

func (m *Mon) monStat(o *op, c *msg.MonCommand, args commandArgs) {
	mm, leader := m.monMap(), m.leader()
	if !args.plain() {
		type member struct {
			Rank int    `json:"rank"`
			Name string `json:"name"`
		}
		members := []member{}
		for _, rank := range m.quorumRanks() {
			members = append(members, member{rank, m.nameOf(rank)})
		}
		m.ackJSON(o, c, args, struct {
			Epoch   uint32   `json:"epoch"`
			Release string   `json:"min_mon_release_name"`
			Mons    int      `json:"num_mons"`
			Leader  string   `json:"leader"`
			Quorum  []member `json:"quorum"`
		}{mm.Epoch, releaseName(uint32(mm.MinRelease)), m.size(), m.leaderName(), members})
		return
	}
	var mons []string
	for _, info := range mm.Mons {
		mons = append(mons, info.Name+"=v1:"+shortAddr(info.Addrs))
	}
	text := fmt.Sprintf("e%d: %d mons at {%s} removed_ranks: {%s}, election epoch %d, leader %d %s, quorum %s %s\n",
		mm.Epoch, m.size(), strings.Join(mons, ","), removedRanks(mm), m.status().Term, leader, m.leaderName(),
		rankList(m.quorumRanks()), strings.Join(m.quorumNames(), ","))
	m.ack(o, c, result{prefix: args.prefix(), data: []byte(text)})
}

// removedRanks are the ranks that the last change has made free, "3".
func removedRanks(mm *msg.MonMap) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(mm.RemovedRanks), " ", ","), "[]")
}

// rankList is "0,1,2".
func rankList(ranks []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(ranks), " ", ","), "[]")
}

// quorumNames are the names of the monitors in the quorum.
func (m *Mon) quorumNames() []string {
	names := []string{}
	for _, rank := range m.quorumRanks() {
		names = append(names, m.nameOf(rank))
	}
	return names
}

// quorumAge is how long the quorum has had its leader, in seconds.
func (m *Mon) quorumAge() int64 { return int64((m.now() - m.electedAt) / time.Second) }

type quorumFeaturesJSON struct {
	Con string   `json:"quorum_con"`
	Mon []string `json:"quorum_mon"`
}

// quorumCon is what Ceph 16.2.15's monitors have in common, as they tell it.
const quorumCon = "4540138314316775423"

func (m *Mon) quorumStatusCommand(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackJSON(o, c, args, m.quorumStatusJSON())
}

func (m *Mon) quorumStatusJSON() any {
	return struct {
		ElectionEpoch uint64             `json:"election_epoch"`
		Quorum        []int              `json:"quorum"`
		QuorumNames   []string           `json:"quorum_names"`
		LeaderName    string             `json:"quorum_leader_name"`
		QuorumAge     int64              `json:"quorum_age"`
		Features      quorumFeaturesJSON `json:"features"`
		MonMap        monMapJSON         `json:"monmap"`
	}{
		m.status().Term, m.quorumRanks(), m.quorumNames(), m.leaderName(), m.quorumAge(),
		quorumFeaturesJSON{quorumCon, monFeatures(m.monMap().PersistentFeatures)}, m.monMapJSON(),
	}
}

// monFeatures are the names of the features of src/mon/mon_types.h that a mask
// holds.
func monFeatures(mask uint64) []string {
	names := []string{"kraken", "luminous", "mimic", "osdmap-prune", "nautilus", "octopus", "pacific", "elector-pinging"}
	held := []string{}
	for i, name := range names {
		if mask&(1<<i) != 0 {
			held = append(held, name)
		}
	}
	return slices.Clip(held)
}
