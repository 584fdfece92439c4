package mon

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// statusCommand is "ceph status", in plain text or as JSON. Of pools and
// placement groups it says what Ceph says of a cluster that has none.
func (m *Mon) statusCommand(o *op, c *msg.MonCommand, args commandArgs) {
	if !args.plain() {
		m.ackJSON(o, c, args, m.statusJSON())
		return
	}
	m.ack(o, c, result{prefix: args.prefix(), data: []byte(m.statusText())})
}

func (m *Mon) statusText() string {
	var b strings.Builder
	fmt.Fprintf(&b, "  cluster:\n    id:     %s\n    health: %s\n", m.cfg.FSID, m.health.status())
	for _, line := range m.health.summaries(m.wall()) {
		fmt.Fprintf(&b, "            %s\n", line)
	}
	names, summaries := serviceSummaries(m.reported.services)
	summaries["mon"], summaries["mgr"], summaries["osd"] = m.monSummary(), m.mgrSummary(), osdSummary(m.osd.committed)
	names = append([]string{"mon", "mgr", "osd"}, names...)
	b.WriteString(" \n  services:\n")
	for _, name := range names {
		fmt.Fprintf(&b, "    %s:%*s %s\n", name, longest(names)-len(name), "", summaries[name])
	}
	b.WriteString(" \n  data:\n    pools:   0 pools, 0 pgs\n    objects: 0 objects, 0 B\n" +
		"    usage:   0 B used, 0 B / 0 B avail\n    pgs:     \n \n")
	b.WriteString(progressText(m.reported.progress))
	return b.String()
}

func longest(names []string) (n int) {
	for _, name := range names {
		n = max(n, len(name))
	}
	return n
}

// monSummary is the line of "ceph status" about monitors.
func (m *Mon) monSummary() string {
	in := m.quorumNames()
	text := fmt.Sprintf("%d daemons, quorum %s (age %s)", m.size(), strings.Join(in, ","), timespan(m.now()-m.electedAt))
	var out []string
	for _, name := range m.monMap().Ranks {
		if !slices.Contains(in, name) {
			out = append(out, name)
		}
	}
	if len(out) > 0 {
		text += ", out of quorum: " + strings.Join(out, ", ")
	}
	return text
}

// mgrSummary is the line of "ceph status" about managers.
func (m *Mon) mgrSummary() string {
	mm := m.mgr.committed
	age := timespan(since(mm.ActiveChange, m.wall()))
	text := "no daemons active"
	switch {
	case mm.ActiveGID == 0 && mm.ActiveChange != wire.UTime{}:
		text = fmt.Sprintf("no daemons active (since %s)", age)
	case mm.ActiveGID != 0 && mm.Available:
		text = fmt.Sprintf("%s(active, since %s)", mm.ActiveName, age)
	case mm.ActiveGID != 0:
		text = fmt.Sprintf("%s(active, starting, since %s)", mm.ActiveName, age)
	}
	var standbys []string
	for _, s := range mm.Standbys {
		standbys = append(standbys, s.Name)
	}
	if len(standbys) > 0 {
		text += ", standbys: " + strings.Join(standbys, ", ")
	}
	return text
}

// timespan is a duration as Ceph prints ages: "0.5s", "66s", "2m", "5h"
// (timespan_str in src/common/ceph_time.cc).
func timespan(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 2*time.Second:
		return fmt.Sprintf("%.6gs", max(d, 0).Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", d/time.Second)
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", d/time.Minute)
	case d < 2*day:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d < 14*day:
		return fmt.Sprintf("%dd", d/day)
	case d < 84*day:
		return fmt.Sprintf("%dw", d/(7*day))
	case d < 2*365*day:
		return fmt.Sprintf("%dM", d/(30*day))
	}
	return fmt.Sprintf("%dy", d/(365*day))
}

type statusJSON struct {
	FSID          string     `json:"fsid"`
	Health        healthJSON `json:"health"`
	ElectionEpoch uint64     `json:"election_epoch"`
	Quorum        []int      `json:"quorum"`
	QuorumNames   []string   `json:"quorum_names"`
	QuorumAge     int64      `json:"quorum_age"`
	MonMap        struct {
		Epoch   uint32 `json:"epoch"`
		Release string `json:"min_mon_release_name"`
		Mons    int    `json:"num_mons"`
	} `json:"monmap"`
	OSDMap osdStatJSON `json:"osdmap"`
	PGMap  struct {
		ByState []string `json:"pgs_by_state"`
		PGs     int      `json:"num_pgs"`
		Pools   int      `json:"num_pools"`
		Objects int      `json:"num_objects"`
		Data    int64    `json:"data_bytes"`
		Used    int64    `json:"bytes_used"`
		Avail   int64    `json:"bytes_avail"`
		Total   int64    `json:"bytes_total"`
	} `json:"pgmap"`
	FSMap struct {
		Epoch   uint32   `json:"epoch"`
		ByRank  []string `json:"by_rank"`
		Standby int      `json:"up:standby"`
	} `json:"fsmap"`
	MgrMap struct {
		Available bool              `json:"available"`
		Standbys  int               `json:"num_standbys"`
		Modules   []string          `json:"modules"`
		Services  map[string]string `json:"services"`
	} `json:"mgrmap"`
	ServiceMap servicesJSON   `json:"servicemap"`
	Progress   map[string]any `json:"progress_events"`
}

// servicesJSON is the map of services that managers keep.
type servicesJSON struct {
	Epoch    uint32         `json:"epoch"`
	Modified string         `json:"modified"`
	Services map[string]any `json:"services"`
}

func (m *Mon) servicesJSON() servicesJSON {
	is := m.reported.services
	j := servicesJSON{Epoch: is.Epoch, Modified: isoStamp(is.Modified), Services: map[string]any{}}
	for _, name := range wire.SortedKeys(is.Services) {
		j.Services[name] = serviceJSON(is.Services[name])
	}
	return j
}

func (m *Mon) statusJSON() *statusJSON {
	mm := m.mgr.committed
	j := &statusJSON{
		FSID: m.cfg.FSID.String(), Health: m.health.json(false), ElectionEpoch: m.status().Term,
		Quorum: m.quorumRanks(), QuorumNames: m.quorumNames(), QuorumAge: m.quorumAge(),
		OSDMap: osdStatOf(m.osd.committed), Progress: progressJSON(m.reported.progress),
	}
	j.MonMap.Epoch, j.MonMap.Release, j.MonMap.Mons = m.monMap().Epoch, releaseName(uint32(m.monMap().MinRelease)), m.size()
	j.PGMap.ByState = []string{}
	j.FSMap.Epoch, j.FSMap.ByRank = m.fs.committed.Epoch, []string{}
	j.FSMap.Standby = len(m.fs.committed.Standbys)
	j.MgrMap.Available, j.MgrMap.Standbys = mm.Available, len(mm.Standbys)
	j.MgrMap.Modules, j.MgrMap.Services = orEmpty(mm.EnabledModules), mgrDumpOf(mm).Services
	j.ServiceMap = m.servicesJSON()
	return j
}
