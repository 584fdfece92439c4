package mon

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// The types of this file are what Ceph's dumps look like; field names and order
// are those of real ones.

type addrJSON struct {
	Type  string `json:"type"`
	Addr  string `json:"addr"`
	Nonce uint32 `json:"nonce"`
}

type addrsJSON struct {
	AddrVec []addrJSON `json:"addrvec"`
}

func addrsOf(v msg.AddrVec) addrsJSON {
	out := addrsJSON{AddrVec: []addrJSON{}}
	for _, a := range v {
		out.AddrVec = append(out.AddrVec, addrJSON{Type: a.Type.String(), Addr: a.IP.String(), Nonce: a.Nonce})
	}
	return out
}

// shortAddr is "IP:PORT/NONCE", "(unrecognized address family 0)/0" if there is
// none, as Ceph prints it.
func shortAddr(v msg.AddrVec) string {
	a := v.Legacy()
	if a.IsBlank() {
		return "(unrecognized address family 0)/0"
	}
	return plainAddr(a)
}

// plainAddr is "IP:PORT/NONCE".
func plainAddr(a msg.EntityAddr) string { return fmt.Sprintf("%v/%d", a.IP, a.Nonce) }

type moduleJSON struct {
	Name    string   `json:"name"`
	CanRun  bool     `json:"can_run"`
	Error   string   `json:"error_string"`
	Options struct{} `json:"module_options"`
}

type standbyJSON struct {
	GID      uint64       `json:"gid"`
	Name     string       `json:"name"`
	Features uint64       `json:"mgr_features"`
	Modules  []moduleJSON `json:"available_modules"`
}

type clientJSON struct {
	Name    string     `json:"name,omitempty"`
	AddrVec []addrJSON `json:"addrvec"`
}

type mgrDumpJSON struct {
	Epoch               uint32              `json:"epoch"`
	ActiveGID           uint64              `json:"active_gid"`
	ActiveName          string              `json:"active_name"`
	ActiveAddrs         addrsJSON           `json:"active_addrs"`
	ActiveAddr          string              `json:"active_addr"`
	ActiveChange        string              `json:"active_change"`
	ActiveFeatures      uint64              `json:"active_mgr_features"`
	Available           bool                `json:"available"`
	Standbys            []standbyJSON       `json:"standbys"`
	EnabledModules      []string            `json:"modules"`
	AvailableModules    []moduleJSON        `json:"available_modules"`
	Services            map[string]string   `json:"services"`
	AlwaysOn            map[string][]string `json:"always_on_modules"`
	LastFailureOSDEpoch uint32              `json:"last_failure_osd_epoch"`
	ActiveClients       []clientJSON        `json:"active_clients"`
}

func mgrDumpOf(mm *msg.MgrMap) mgrDumpJSON {
	d := mgrDumpJSON{
		Epoch: mm.Epoch, ActiveGID: mm.ActiveGID, ActiveName: mm.ActiveName,
		ActiveAddrs: addrsOf(mm.ActiveAddrs), ActiveAddr: shortAddr(mm.ActiveAddrs),
		ActiveChange: stamp(mm.ActiveChange), ActiveFeatures: mm.ActiveFeatures, Available: mm.Available,
		Standbys: []standbyJSON{}, EnabledModules: orEmpty(mm.EnabledModules),
		AvailableModules: modulesOf(mm.AvailableModules), Services: map[string]string{}, AlwaysOn: map[string][]string{},
		LastFailureOSDEpoch: mm.LastFailureOSDEpoch, ActiveClients: clientsOf(mm),
	}
	for _, s := range mm.Standbys {
		d.Standbys = append(d.Standbys, standbyJSON{GID: s.GID, Name: s.Name, Features: s.Features, Modules: modulesOf(s.Modules)})
	}
	for k, v := range mm.Services { // a map again; its encoder sorts
		d.Services[k] = v
	}
	for _, release := range wire.SortedKeys(mm.AlwaysOn) {
		d.AlwaysOn[releaseName(release)] = orEmpty(mm.AlwaysOn[release])
	}
	return d
}

func modulesOf(list []msg.ModuleInfo) []moduleJSON {
	out := []moduleJSON{}
	for _, m := range list {
		out = append(out, moduleJSON{Name: m.Name, CanRun: m.CanRun, Error: m.Error})
	}
	return out
}

func clientsOf(mm *msg.MgrMap) []clientJSON {
	out := []clientJSON{}
	for i, v := range mm.ClientAddrs {
		c := clientJSON{AddrVec: addrsOf(v).AddrVec}
		if i < len(mm.ClientNames) {
			c.Name = mm.ClientNames[i]
		}
		out = append(out, c)
	}
	return out
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// releaseName is the name of a Ceph release (src/common/ceph_releases.h).
func releaseName(release uint32) string {
	names := map[uint32]string{12: "luminous", 13: "mimic", 14: "nautilus", 15: "octopus", 16: "pacific", 17: "quincy"}
	if n, ok := names[release]; ok {
		return n
	}
	return strconv.FormatUint(uint64(release), 10)
}

// stamp is a time as Ceph prints it in dumps.
func stamp(t wire.UTime) string { return t.Time().Format("2006-01-02T15:04:05.000000-0700") }

func (m *Mon) mgrDump(o *op, c *msg.MonCommand, args commandArgs) {
	mm := m.mgr.committed
	if text := args.text("epoch"); text != "" {
		epoch, _ := strconv.ParseUint(text, 10, 64)
		data, ok := m.state.Map(mgrMapName, epoch)
		if !ok {
			m.ack(o, c, result{prefix: "mgr dump", code: eNoEnt, status: "there is no map for epoch " + text})
			return
		}
		old, err := decodeMgrMap(data)
		if err != nil { // it was read once already
			m.ack(o, c, result{prefix: "mgr dump", code: eInval, status: err.Error()})
			return
		}
		mm = old
	}
	m.ackReadable(o, c, args, mgrDumpOf(mm))
}

func (m *Mon) mgrStat(o *op, c *msg.MonCommand, args commandArgs) {
	mm := m.mgr.committed
	m.ackReadable(o, c, args, struct {
		Epoch      uint32 `json:"epoch"`
		Available  bool   `json:"available"`
		ActiveName string `json:"active_name"`
		NumStandby int    `json:"num_standby"`
	}{mm.Epoch, mm.Available, mm.ActiveName, len(mm.Standbys)})
}

func (m *Mon) mgrMetadata(o *op, c *msg.MonCommand, args commandArgs) {
	if who := args.text("who"); who != "" {
		meta := m.mgr.metadata(who)
		if meta == nil {
			m.ack(o, c, result{prefix: "mgr metadata", code: eNoEnt, status: "no metadata for mgr." + who})
			return
		}
		m.ackReadable(o, c, args, named(who, meta))
		return
	}
	all := []map[string]string{}
	for _, name := range m.mgr.described() {
		all = append(all, named(name, m.mgr.metadata(name)))
	}
	m.ackReadable(o, c, args, all)
}

func named(name string, meta map[string]string) map[string]string {
	out := map[string]string{"name": name}
	for k, v := range meta { // into another map
		out[k] = v
	}
	return out
}

type monJSON struct {
	Rank        int       `json:"rank"`
	Name        string    `json:"name"`
	PublicAddrs addrsJSON `json:"public_addrs"`
	Addr        string    `json:"addr"`
	PublicAddr  string    `json:"public_addr"`
	Priority    uint16    `json:"priority"`
	Weight      uint16    `json:"weight"`
}

type monMapJSON struct {
	Epoch      uint32    `json:"epoch"`
	FSID       string    `json:"fsid"`
	Modified   string    `json:"modified"`
	Created    string    `json:"created"`
	MinRelease uint8     `json:"min_mon_release"`
	Mons       []monJSON `json:"mons"`
}

func (m *Mon) monMapJSON() monMapJSON {
	mm := &m.cfg.MonMap
	d := monMapJSON{
		Epoch: mm.Epoch, FSID: mm.FSID.String(), Modified: stamp(mm.Changed), Created: stamp(mm.Created), MinRelease: mm.MinRelease,
	}
	for rank, name := range mm.Ranks {
		info, _ := mm.Get(name)
		addr := shortAddr(info.Addrs)
		d.Mons = append(d.Mons, monJSON{
			Rank: rank, Name: name, PublicAddrs: addrsOf(info.Addrs), Addr: addr, PublicAddr: addr,
			Priority: info.Priority, Weight: info.Weight,
		})
	}
	return d
}

func (m *Mon) monDump(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackJSON(o, c, args, struct {
		monMapJSON
		Quorum []int `json:"quorum"`
	}{m.monMapJSON(), m.quorumRanks()})
}

// quorumRanks are the ranks that this monitor counts as the quorum. raft knows no
// membership but the whole monmap, so it is that, while there is a leader.
func (m *Mon) quorumRanks() []int {
	ranks := []int{}
	if m.status().Role != quorum.Electing {
		for rank := range m.size() {
			ranks = append(ranks, rank)
		}
	}
	return ranks
}

// quorumNames are the names of those.
func (m *Mon) quorumNames() []string {
	names := []string{}
	for _, rank := range m.quorumRanks() {
		names = append(names, m.nameOf(rank))
	}
	return names
}

func (m *Mon) quorumStatusCommand(o *op, c *msg.MonCommand, args commandArgs) {
	names := m.quorumNames()
	m.ackJSON(o, c, args, struct {
		ElectionEpoch uint64     `json:"election_epoch"`
		Quorum        []int      `json:"quorum"`
		QuorumNames   []string   `json:"quorum_names"`
		LeaderName    string     `json:"quorum_leader_name"`
		QuorumAge     int64      `json:"quorum_age"`
		MonMap        monMapJSON `json:"monmap"`
	}{m.status().Term, m.quorumRanks(), names, m.nameOf(m.status().Leader), int64((m.now() - m.electedAt) / time.Second), m.monMapJSON()})
}

func (m *Mon) statusCommand(o *op, c *msg.MonCommand, args commandArgs) {
	if !args.plain() {
		m.statusAsJSON(o, c, args)
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "  cluster:\n    id:     %s\n    health: HEALTH_OK\n\n  services:\n", m.cfg.FSID)
	fmt.Fprintf(&b, "    mon: %d daemons, quorum %s\n", m.size(), strings.Join(m.cfg.MonMap.Ranks, ","))
	fmt.Fprintf(&b, "    mgr: %s\n", mgrSummary(m.mgr.committed))
	fmt.Fprintf(&b, "    osd: %s\n", osdSummary(m.osd.committed))
	m.ack(o, c, result{prefix: "status", data: []byte(b.String())})
}

// mgrSummary is the line of "ceph status" about mgrs.
func mgrSummary(mm *msg.MgrMap) string {
	var b strings.Builder
	switch {
	case mm.ActiveGID == 0:
		b.WriteString("no daemons active")
	case mm.Available:
		fmt.Fprintf(&b, "%s(active, since %s)", mm.ActiveName, stamp(mm.ActiveChange))
	default:
		fmt.Fprintf(&b, "%s(active, starting, since %s)", mm.ActiveName, stamp(mm.ActiveChange))
	}
	for i, s := range mm.Standbys {
		b.WriteString(map[bool]string{true: ", standbys: ", false: ", "}[i == 0])
		b.WriteString(s.Name)
	}
	return b.String()
}

func (m *Mon) statusAsJSON(o *op, c *msg.MonCommand, args commandArgs) {
	mm := m.mgr.committed
	type mgrJSON struct {
		Available bool              `json:"available"`
		Standbys  int               `json:"num_standbys"`
		Modules   []string          `json:"modules"`
		Services  map[string]string `json:"services"`
	}
	m.ackJSON(o, c, args, struct {
		FSID          string      `json:"fsid"`
		ElectionEpoch uint64      `json:"election_epoch"`
		Quorum        []int       `json:"quorum"`
		MonMap        monMapJSON  `json:"monmap"`
		OSDMap        osdStatJSON `json:"osdmap"`
		MgrMap        mgrJSON     `json:"mgrmap"`
	}{
		m.cfg.FSID.String(), m.status().Term, m.quorumRanks(), m.monMapJSON(), osdStatOf(m.osd.committed),
		mgrJSON{mm.Available, len(mm.Standbys), orEmpty(mm.EnabledModules), mgrDumpOf(mm).Services},
	})
}
