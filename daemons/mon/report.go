package mon

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/sysinfo"
	"github.com/wavetank/wavetank/daemons/wire"
)

// reportCommands are those that tell about the cluster as a whole.
func reportCommands() []command {
	return []command{
		{"report", "name=tags,type=CephString,n=N,req=false", "report full status of cluster, optional title tag strings", "mon", "r", (*Mon).reportCommand},
		{"df", "name=detail,type=CephChoices,strings=detail,req=false", "show cluster free space stats", "mon", "r", (*Mon).dfCommand},
		{"time-sync-status", "", "show time sync status", "mon", "r", (*Mon).timeSyncStatus},
		{"mon feature ls", "name=with_value,type=CephChoices,strings=--with-value,req=false",
			"list available mon map features to be set/unset", "mon", "r", (*Mon).monFeatureList},
	}
}

// ackFlushed is ackReadable for those commands that Ceph answers without the end of a
// line behind compact JSON.
func (m *Mon) ackFlushed(o *op, c *msg.MonCommand, args commandArgs, v any) {
	m.ack(o, c, result{prefix: args.prefix(), data: flushed(v, args.plain() || args.indent())})
}

func flushed(v any, indent bool) []byte {
	if indent {
		return toJSON(v, true)
	}
	return bytes.TrimSuffix(toJSON(v, false), []byte("\n"))
}

// reportSeed is where the checksum of a report begins (CEPH_MON_PORT_LEGACY).
const reportSeed = 6789

// reportCommand tells everything, with a checksum of it in the status.
func (m *Mon) reportCommand(o *op, c *msg.MonCommand, args commandArgs) {
	data := flushed(m.reportJSON(args.list("tags")), args.plain() || args.indent())
	status := fmt.Sprint("report ", wire.UpdateCRC32C(reportSeed, data))
	m.ack(o, c, result{prefix: args.prefix(), status: status, data: data})
}

type reportJSON struct {
	Version     string       `json:"version"`
	Commit      string       `json:"commit"`
	Stamp       string       `json:"timestamp"`
	Tag         string       `json:"tag"`
	Health      healthJSON   `json:"health"`
	MonMapFirst uint32       `json:"monmap_first_committed"`
	MonMapLast  uint32       `json:"monmap_last_committed"`
	MonMap      monMapJSON   `json:"monmap"`
	Quorum      []int        `json:"quorum"`
	OSDMap      osdDumpJSON  `json:"osdmap"`
	OSDMetadata []string     `json:"osd_metadata"`
	OSDMapFirst uint64       `json:"osdmap_first_committed"`
	OSDMapLast  uint64       `json:"osdmap_last_committed"`
	FSMap       fsMapJSON    `json:"fsmap"`
	MDSMapFirst uint64       `json:"mdsmap_first_committed"`
	MDSMapLast  uint64       `json:"mdsmap_last_committed"`
	PGs         int          `json:"num_pg"`
	ActivePGs   int          `json:"num_pg_active"`
	UnknownPGs  int          `json:"num_pg_unknown"`
	OSDs        int          `json:"num_osd"`
	Services    servicesJSON `json:"servicemap"`
}

// reportJSON is the report. Of several tags Ceph, too, takes the first.
func (m *Mon) reportJSON(tags []string) reportJSON {
	r := reportJSON{
		Version: sysinfo.VersionShort, Commit: sysinfo.Commit, Stamp: isoStamp(m.wall()), Health: m.health.json(true),
		MonMap: m.monMapJSON(), Quorum: m.quorumRanks(),
		OSDMap: osdDumpOf(m.osd.committed), OSDMetadata: []string{}, FSMap: fsMapJSONOf(m.fs.committed), Services: m.servicesJSON(),
	}
	if len(tags) > 0 {
		r.Tag = tags[0]
	}
	first, _ := m.state.Epochs(monMapName)
	r.MonMapFirst, r.MonMapLast = uint32(first), m.monMap().Epoch
	r.OSDMapFirst, r.OSDMapLast = m.state.Epochs(osdMapName)
	r.MDSMapFirst, r.MDSMapLast = m.state.Epochs(fsMapName)
	r.OSDs, _, _ = m.osd.committed.Count()
	return r
}

// dfCommand tells of the space of a cluster that stores nothing.
func (m *Mon) dfCommand(o *op, c *msg.MonCommand, args commandArgs) {
	if !args.plain() {
		osds, _, _ := m.osd.committed.Count()
		m.ackJSON(o, c, args, dfOf(osds))
		return
	}
	pools := "POOL  ID  PGS  STORED  OBJECTS  USED  %USED  MAX AVAIL\n"
	if args.text("detail") == "detail" {
		pools = "POOL  ID  PGS  STORED  (DATA)  (OMAP)  OBJECTS  USED  (DATA)  (OMAP)  %USED  MAX AVAIL  " +
			"QUOTA OBJECTS  QUOTA BYTES  DIRTY  USED COMPR  UNDER COMPR\n"
	}
	m.ack(o, c, result{prefix: args.prefix(), data: []byte("--- RAW STORAGE ---\n" +
		"CLASS  SIZE  AVAIL  USED  RAW USED  %RAW USED\n" +
		"TOTAL   0 B    0 B   0 B       0 B          0\n \n--- POOLS ---\n" + pools)})
}

type dfJSON struct {
	Stats struct {
		Total       int64 `json:"total_bytes"`
		Avail       int64 `json:"total_avail_bytes"`
		Used        int64 `json:"total_used_bytes"`
		UsedRaw     int64 `json:"total_used_raw_bytes"`
		Ratio       int64 `json:"total_used_raw_ratio"`
		OSDs        int   `json:"num_osds"`
		PerPool     int   `json:"num_per_pool_osds"`
		PerPoolOMap int   `json:"num_per_pool_omap_osds"`
	} `json:"stats"`
	ByClass map[string]string `json:"stats_by_class"`
	Pools   []string          `json:"pools"`
}

func dfOf(osds int) dfJSON {
	d := dfJSON{ByClass: map[string]string{}, Pools: []string{}}
	d.Stats.OSDs = osds
	return d
}

// timeSyncStatus tells of checks of the monitors' clocks. There are none, as with one
// monitor of Ceph's: raft takes no clock on trust.
func (m *Mon) timeSyncStatus(o *op, c *msg.MonCommand, args commandArgs) {
	type checks struct {
		Epoch  uint64 `json:"epoch"`
		Round  uint64 `json:"round"`
		Status string `json:"round_status"`
	}
	m.ackFlushed(o, c, args, struct {
		Checks checks `json:"timechecks"`
	}{checks{m.status().Term, 0, "finished"}})
}

type featureListJSON struct {
	All struct {
		Supported  []string `json:"supported"`
		Persistent []string `json:"persistent"`
	} `json:"all"`
	MonMap struct {
		Persistent []string `json:"persistent"`
		Optional   []string `json:"optional"`
		Required   []string `json:"required"`
	} `json:"monmap"`
}

// monFeatureList tells the features of monitors: those that we know and those that the
// monmap has.
func (m *Mon) monFeatureList(o *op, c *msg.MonCommand, args commandArgs) {
	list := monFeatures
	if args.has("with_value") {
		list = monFeatureValues
	}
	mm := m.monMap()
	var f featureListJSON
	f.All.Supported, f.All.Persistent = list(^uint64(0)), list(^uint64(0))
	f.MonMap.Persistent, f.MonMap.Optional = list(mm.PersistentFeatures), list(mm.OptionalFeatures)
	f.MonMap.Required = list(mm.PersistentFeatures | mm.OptionalFeatures)
	if !args.plain() {
		m.ackJSON(o, c, args, f)
		return
	}
	set := func(names []string) string {
		if len(names) == 0 {
			return "[none]"
		}
		return "[" + strings.Join(names, ",") + "]"
	}
	m.ack(o, c, result{prefix: args.prefix(), data: fmt.Appendf(nil,
		"all features\n\tsupported: %s\n\tpersistent: %s\non current monmap (epoch %d)\n\tpersistent: %s\n\trequired: %s\n",
		set(f.All.Supported), set(f.All.Persistent), mm.Epoch, set(f.MonMap.Persistent), set(f.MonMap.Required))})
}

// monFeatureValues are monFeatures with the bit of each.
func monFeatureValues(mask uint64) []string {
	named := []string{}
	for bit := range 64 {
		for _, name := range monFeatures(mask & (1 << bit)) {
			named = append(named, fmt.Sprintf("%s(%d)", name, uint64(1)<<bit))
		}
	}
	return slices.Clip(named)
}
