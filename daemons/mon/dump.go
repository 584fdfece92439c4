package mon

import (
	"fmt"
	"strconv"

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
	Name    string            `json:"name"`
	CanRun  bool              `json:"can_run"`
	Error   string            `json:"error_string"`
	Options moduleOptionsJSON `json:"module_options"`
}

type moduleOptionsJSON map[string]moduleOptionJSON

type moduleOptionJSON struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Level       string   `json:"level"`
	Flags       uint32   `json:"flags"`
	Default     string   `json:"default_value"`
	Min         string   `json:"min"`
	Max         string   `json:"max"`
	Allowed     []string `json:"enum_allowed"`
	Description string   `json:"desc"`
	Long        string   `json:"long_desc"`
	Tags        []string `json:"tags"`
	SeeAlso     []string `json:"see_also"`
}

// optionType and optionLevel are their names in src/common/options.h.
func optionType(t uint8) string {
	names := [...]string{"uint", "int", "str", "float", "bool", "addr", "addrvec", "uuid", "size", "secs", "millisecs"}
	return names[min(int(t), len(names)-1)]
}

func optionLevel(l uint8) string {
	names := [...]string{"basic", "advanced", "dev", "unknown"}
	return names[min(int(l), len(names)-1)]
}

func moduleOptionsOf(options map[string]msg.ModuleOption) moduleOptionsJSON {
	out := moduleOptionsJSON{}
	for _, name := range wire.SortedKeys(options) {
		o := options[name]
		out[name] = moduleOptionJSON{
			Name: o.Name, Type: optionType(o.Type), Level: optionLevel(o.Level),
			Flags: o.Flags, Default: o.Default, Min: o.Min, Max: o.Max, Allowed: orEmpty(o.Allowed),
			Description: o.Description, Long: o.LongDescription, Tags: orEmpty(o.Tags), SeeAlso: orEmpty(o.SeeAlso),
		}
	}
	return out
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
		out = append(out, moduleJSON{Name: m.Name, CanRun: m.CanRun, Error: m.Error, Options: moduleOptionsOf(m.Options)})
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
