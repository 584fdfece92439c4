package dashboard

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// look is what the page shows.
type look struct {
	FSID      string     `json:"fsid"`
	Now       time.Time  `json:"now"`
	Health    health     `json:"health"`
	Mons      []mon      `json:"mons"`
	Mgr       mgr        `json:"mgr"`
	OSD       osds       `json:"osd"`
	MDSs      []mds      `json:"mds"`
	Services  []service  `json:"services"`
	Daemons   []daemon   `json:"daemons"`
	Failovers []failover `json:"failovers"` // the latest first
}

type health struct {
	Status string  `json:"status"`
	Checks []check `json:"checks"`
}

type check struct {
	Code     string `json:"code"`
	Severity string `json:"severity"`
	Summary  string `json:"summary"`
}

type mon struct {
	Name     string `json:"name"`
	Rank     int    `json:"rank"`
	Addr     string `json:"addr"`
	InQuorum bool   `json:"in_quorum"`
}

type mgr struct {
	Epoch    uint32   `json:"epoch"`
	Active   string   `json:"active"`
	GID      uint64   `json:"gid"`
	Since    string   `json:"since"`
	Standbys []string `json:"standbys"`
}

type osds struct {
	Epoch   uint32 `json:"epoch"`
	Exist   int    `json:"exist"`
	Up      int    `json:"up"`
	In      int    `json:"in"`
	Blocked int    `json:"blocked"` // addresses
}

type mds struct {
	Name  string `json:"name"`
	State string `json:"state"`
	FS    string `json:"fs"`
}

type service struct {
	Name    string   `json:"name"`
	Daemons []string `json:"daemons"`
}

type daemon struct {
	Name     string `json:"name"`
	Hostname string `json:"hostname"`
	Version  string `json:"version"`
	Heard    string `json:"heard"` // how long ago, "" for never
}

func (d *dashboard) look() look {
	c := d.m.Cluster()
	l := look{
		FSID: c.Mon.FSID.String(), Now: d.m.Host().Clock().Now().UTC().Truncate(time.Second), Health: healthOf(c.Health), Mons: d.mons(),
		Mgr: mgr{Epoch: c.Mgr.Epoch, Active: c.Mgr.ActiveName, GID: c.Mgr.ActiveGID, Since: c.Mgr.ActiveChange.Time().UTC().Format(time.RFC3339)},
		OSD: osds{Epoch: c.OSD.Epoch, Blocked: len(c.OSD.Blocklist) + len(c.OSD.RangeBlocklist)}, MDSs: mdssOf(c.FS),
	}
	for _, s := range c.Mgr.Standbys {
		l.Mgr.Standbys = append(l.Mgr.Standbys, s.Name)
	}
	l.OSD.Exist, l.OSD.Up, l.OSD.In = c.OSD.Count()
	for _, name := range wire.SortedKeys(c.Services.Services) {
		if daemons := wire.SortedKeys(c.Services.Services[name].Daemons); len(daemons) > 0 {
			l.Services = append(l.Services, service{name, daemons})
		}
	}
	now := d.m.Host().Clock().Monotonic()
	for _, x := range c.Daemons.All() {
		heard := ""
		if x.Reported > 0 {
			heard = (now - x.Reported).Round(time.Second).String()
		}
		l.Daemons = append(l.Daemons, daemon{x.String(), x.Hostname, x.Metadata["ceph_version_short"], heard})
	}
	l.Failovers = d.history()
	slices.Reverse(l.Failovers)
	return l
}

func healthOf(text []byte) (h health) {
	var said struct {
		Status string `json:"status"`
		Checks map[string]struct {
			Severity string `json:"severity"`
			Summary  struct {
				Message string `json:"message"`
			} `json:"summary"`
		} `json:"checks"`
	}
	if json.Unmarshal(text, &said) != nil {
		return health{Status: "unknown"}
	}
	h.Status = said.Status
	for _, code := range wire.SortedKeys(said.Checks) {
		c := said.Checks[code]
		h.Checks = append(h.Checks, check{code, c.Severity, c.Summary.Message})
	}
	return h
}

func (d *dashboard) mons() (all []mon) {
	c := d.m.Cluster()
	var said struct {
		Quorum []int `json:"quorum"`
	}
	_ = json.Unmarshal(c.MonStatus, &said) // without an answer nobody is in the quorum
	for rank, name := range c.Mon.Ranks {
		all = append(all, mon{name, rank, c.Mon.Addr(rank).IP.String(), slices.Contains(said.Quorum, rank)})
	}
	return all
}

func mdssOf(fm *msg.FSMap) (all []mds) {
	if fm == nil {
		return nil
	}
	for _, f := range fm.FileSystems {
		for _, gid := range wire.SortedKeys(f.Map.Info) {
			i := f.Map.Info[gid]
			all = append(all, mds{i.Name, fmt.Sprintf("%v, rank %d", i.State, i.Rank), f.Map.Name})
		}
	}
	for _, gid := range wire.SortedKeys(fm.Standbys) {
		all = append(all, mds{fm.Standbys[gid].Name, fm.Standbys[gid].State.String(), ""})
	}
	return all
}
