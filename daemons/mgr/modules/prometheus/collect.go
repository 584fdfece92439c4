package prometheus

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

const (
	gauge   = prometheus.GaugeValue
	counter = prometheus.CounterValue
	untyped = prometheus.UntypedValue
)

// collect is everything at this moment.
func collect(m *module.Manager) ([]*dto.MetricFamily, error) {
	f, c := newFamilies(), m.Cluster()
	f.health(c)
	f.mons(c)
	f.mgrs(c)
	f.mdss(c)
	f.osds(c)
	for _, d := range c.Daemons.All() {
		f.daemon(d)
	}
	return f.gathered()
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// health is what the monitors say.
func (f *families) health(c *state.Cluster) {
	var said struct {
		Status string `json:"status"`
		Checks map[string]struct {
			Severity string `json:"severity"`
		} `json:"checks"`
	}
	if json.Unmarshal(c.Health, &said) != nil {
		return
	}
	status := slices.Index([]string{"HEALTH_OK", "HEALTH_WARN", "HEALTH_ERR"}, said.Status)
	f.add("health_status", "Cluster health status", untyped, float64(status))
	for _, code := range wire.SortedKeys(said.Checks) {
		f.add("health_detail", "healthcheck status by type (0=inactive, 1=active)", gauge, 1,
			label{"name", code}, label{"severity", said.Checks[code].Severity})
	}
	_, slow := said.Checks["SLOW_OPS"]
	f.add("healthcheck_slow_ops", "OSD or Monitor requests taking a long time to process", gauge, number(slow))
}

// metadata is what is known of a daemon besides, nothing if it is not known.
func metadata(c *state.Cluster, kind, name string) (hostname, version string) {
	if d := c.Daemons.Get(state.Key{Type: kind, Name: name}); d != nil {
		return d.Hostname, d.Metadata["ceph_version"]
	}
	return "", ""
}

func (f *families) mons(c *state.Cluster) {
	var said struct {
		Quorum []int `json:"quorum"`
	}
	known := json.Unmarshal(c.MonStatus, &said) == nil
	for rank, name := range c.Mon.Ranks {
		hostname, version := metadata(c, "mon", name)
		f.add("mon_metadata", "MON Metadata", untyped, 1, daemonLabel("mon."+name), label{"hostname", hostname},
			label{"public_addr", ip(c.Mon.Addr(rank))}, label{"rank", fmt.Sprint(rank)}, label{"ceph_version", version})
		if known {
			f.add("mon_quorum_status", "Monitors in quorum", gauge, number(slices.Contains(said.Quorum, rank)), daemonLabel("mon."+name))
		}
	}
}

func ip(a msg.EntityAddr) string { return a.IP.Addr().String() }

func (f *families) mgrs(c *state.Cluster) {
	mm := c.Mgr
	add := func(name string, active bool) {
		hostname, version := metadata(c, "mgr", name)
		f.add("mgr_metadata", "MGR metadata", gauge, 1, daemonLabel("mgr."+name), label{"hostname", hostname}, label{"ceph_version", version})
		f.add("mgr_status", "MGR status (0=standby, 1=active)", gauge, number(active), daemonLabel("mgr."+name))
	}
	if mm.ActiveGID != 0 {
		add(mm.ActiveName, true)
	}
	for _, s := range mm.Standbys {
		add(s.Name, false)
	}
	for _, i := range mm.AvailableModules {
		status := 0.0
		switch {
		case slices.Contains(mm.AlwaysOn[pacific], i.Name):
			status = 2
		case slices.Contains(mm.EnabledModules, i.Name):
			status = 1
		}
		f.add("mgr_module_status", "MGR module status (0=disabled, 1=enabled, 2=auto-enabled)", gauge, status, label{"name", i.Name})
		f.add("mgr_module_can_run", "MGR module runnable state i.e. can it run (0=no, 1=yes)", gauge, number(i.CanRun), label{"name", i.Name})
	}
}

// pacific is the release whose always-on modules count.
const pacific = 16

func (f *families) mdss(c *state.Cluster) {
	if c.FS == nil {
		return
	}
	add := func(fs string, i msg.MDSInfo) {
		hostname, version := metadata(c, "mds", i.Name)
		f.add("mds_metadata", "MDS Metadata", untyped, 1, daemonLabel("mds."+i.Name), label{"fs_id", fs}, label{"hostname", hostname},
			label{"public_addr", fmt.Sprintf("%v/%d", i.Addrs.Legacy().IP, i.Addrs.Legacy().Nonce)},
			label{"rank", fmt.Sprint(i.Rank)}, label{"ceph_version", version})
	}
	for _, fs := range c.FS.FileSystems {
		var pools []string
		for _, p := range fs.Map.DataPools {
			pools = append(pools, fmt.Sprint(p))
		}
		f.add("fs_metadata", "FS Metadata", untyped, 1, label{"data_pools", strings.Join(pools, ",")}, label{"fs_id", fmt.Sprint(fs.ID)},
			label{"metadata_pool", fmt.Sprint(fs.Map.MetadataPool)}, label{"name", fs.Map.Name})
		for _, gid := range wire.SortedKeys(fs.Map.Info) {
			add(fmt.Sprint(fs.ID), fs.Map.Info[gid])
		}
	}
	for _, gid := range wire.SortedKeys(c.FS.Standbys) {
		add("-1", c.FS.Standbys[gid])
	}
}

// osdFlags are those of the map that have a metric each.
func osdFlags() []struct {
	name string
	flag osdmap.Flags
} {
	return []struct {
		name string
		flag osdmap.Flags
	}{
		{"noup", osdmap.FlagNoUp}, {"nodown", osdmap.FlagNoDown}, {"noout", osdmap.FlagNoOut}, {"noin", osdmap.FlagNoIn},
		{"nobackfill", osdmap.FlagNoBackfill}, {"norebalance", osdmap.FlagNoRebalance}, {"norecover", osdmap.FlagNoRecover},
		{"noscrub", osdmap.FlagNoScrub}, {"nodeep-scrub", osdmap.FlagNoDeepScrub},
	}
}

func (f *families) osds(c *state.Cluster) {
	for _, k := range osdFlags() {
		f.add(metricName("osd_flag_"+k.name), "OSD Flag "+k.name, untyped, number(c.OSD.Flags&k.flag != 0))
	}
	for id := range c.OSD.OSDs {
		o := c.OSD.OSD(int32(id))
		if o == nil {
			continue
		}
		name := fmt.Sprint("osd.", id)
		f.add("osd_up", "OSD status up", untyped, number(o.Up()), daemonLabel(name))
		f.add("osd_in", "OSD status in", untyped, number(o.In()), daemonLabel(name))
		f.add("osd_weight", "OSD status weight", untyped, float64(o.Weight)/float64(osdmap.WeightIn), daemonLabel(name))
		meta := map[string]string{}
		hostname := ""
		if d := c.Daemons.Get(state.Key{Type: "osd", Name: fmt.Sprint(id)}); d != nil {
			meta, hostname = d.Metadata, d.Hostname
		}
		f.add("osd_metadata", "OSD Metadata", untyped, 1, label{"back_iface", meta["back_iface"]}, daemonLabel(name),
			label{"cluster_addr", ip(o.ClusterAddrs.Legacy())}, label{"device_class", meta["default_device_class"]},
			label{"front_iface", meta["front_iface"]}, label{"hostname", hostname}, label{"objectstore", meta["osd_objectstore"]},
			label{"public_addr", ip(o.Addrs.Legacy())}, label{"ceph_version", meta["ceph_version"]})
	}
}

// healthMetrics are what a daemon's own metrics are called (daemon_metric in
// src/mgr/DaemonHealthMetric.h).
func healthMetrics() []string { return []string{"SLOW_OPS", "PENDING_CREATING_PGS"} }

// useful is the least priority of counters that are exported (PRIO_USEFUL).
const useful = 5

// daemon is what a daemon reports of itself.
func (f *families) daemon(d *state.Daemon) {
	name := d.String()
	for _, h := range d.Health {
		if int(h.Type) < len(healthMetrics()) {
			f.add("daemon_health_metrics", "Health metrics for Ceph daemons", gauge, float64(h.Value>>32),
				label{"type", healthMetrics()[h.Type]}, daemonLabel(name))
		}
	}
	if d.Type == "rgw" {
		f.add("rgw_metadata", "RGW Metadata", untyped, 1, daemonLabel(name), label{"hostname", d.Hostname},
			label{"ceph_version", d.Metadata["ceph_version"]}, label{"instance_id", d.Name})
	}
	for _, k := range d.Counters.All() {
		if k.Priority >= useful && k.Type&msg.CounterHistogram == 0 {
			f.counter(name, k)
		}
	}
}

// counter is a performance counter: an average is its sum and its count.
func (f *families) counter(daemon string, k state.Counter) {
	name, value, kind := metricName(k.Path), float64(k.Value), gauge
	if k.Type&msg.CounterTime != 0 {
		value /= 1e9
	}
	if k.Type&msg.CounterGrows != 0 {
		kind = counter
	}
	if k.Type&msg.CounterAverage == 0 {
		f.add(name, k.Description, kind, value, daemonLabel(daemon))
		return
	}
	f.add(name+"_sum", k.Description+" Total", counter, value, daemonLabel(daemon))
	f.add(name+"_count", k.Description+" Count", counter, float64(k.Count), daemonLabel(daemon))
}
