// Package status is the manager module "status": "ceph fs status" and "ceph osd status",
// tables for people. (Ceph: src/pybind/mgr/status/module.py, whose tables these are.)
// What managers learn from placement groups, the use of pools and OSDs, is not known
// here and shown as 0.
package status

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Class is the module.
func Class() module.Class {
	return module.Class{
		Name: "status",
		Commands: []module.Command{
			{Prefix: "fs status", Params: "name=fs,type=CephString,req=false", Help: "Show the status of a CephFS filesystem", Perm: "r"},
			{Prefix: "osd status", Help: "Show the status of OSDs", Perm: "r"},
		},
		Active: func(m *module.Manager) (module.Module, error) { return &status{m}, nil },
	}
}

type status struct{ m *module.Manager }

// Serve implements module.Module: there is nothing to do but to answer.
func (*status) Serve(host.Task) error { return nil }

// Command implements module.Commander.
func (s *status) Command(_ host.Task, r module.Request) module.Reply {
	if r.Prefix == "osd status" {
		return module.Reply{Output: []byte(s.osds())}
	}
	only := r.Args.Text("fs")
	if only != "" && !slices.ContainsFunc(s.fileSystems(), func(f msg.FileSystem) bool { return f.Map.Name == only }) {
		return module.Reply{Code: module.Invalid, Status: "Invalid filesystem: " + only}
	}
	if f := r.Args.Text("format"); f == "json" || f == "json-pretty" {
		return s.fsJSON(only, f == "json-pretty")
	}
	return module.Reply{Output: []byte(s.fsText(only))}
}

func (s *status) fileSystems() []msg.FileSystem {
	if fm := s.m.Cluster().FS; fm != nil {
		return fm.FileSystems
	}
	return nil
}

// standbys are the metadata servers that stand by, by gid.
func (s *status) standbys() (all []msg.MDSInfo) {
	if fm := s.m.Cluster().FS; fm != nil {
		for _, gid := range wire.SortedKeys(fm.Standbys) {
			all = append(all, fm.Standbys[gid])
		}
	}
	return all
}

func (s *status) fsText(only string) string {
	var b strings.Builder
	for _, f := range s.fileSystems() {
		if only == "" || f.Map.Name == only {
			s.oneText(&b, f)
		}
	}
	standbys := newTable("STANDBY MDS")
	for _, i := range s.standbys() {
		standbys.add(i.Name)
	}
	fmt.Fprintf(&b, "\n%s\n", standbys)
	versions := s.versions(only)
	if names := wire.SortedKeys(versions); len(names) == 1 {
		fmt.Fprintf(&b, "MDS version: %s", names[0])
		return b.String()
	}
	t := newTable("VERSION", "DAEMONS")
	for _, v := range wire.SortedKeys(versions) {
		t.add(v, strings.Join(versions[v], ", "))
	}
	fmt.Fprintf(&b, "%s\n", t)
	return b.String()
}

// oneText is the part about one file system.
func (s *status) oneText(b *strings.Builder, f msg.FileSystem) {
	clients := uint64(0)
	ranks := newTable("RANK", "STATE", "MDS", "ACTIVITY", "DNS", "INOS", "DIRS", "CAPS")
	row := func(rank, state, activity string, i msg.MDSInfo) {
		ranks.add(rank, state, i.Name, activity, dimless(s.latest(i.Name, "mds_mem.dn")), dimless(s.latest(i.Name, "mds_mem.ino")),
			dimless(s.latest(i.Name, "mds_mem.dir")), dimless(s.latest(i.Name, "mds_mem.cap")))
	}
	for _, rank := range f.Map.In {
		gid, up := f.Map.Up[rank]
		if !up {
			ranks.add(fmt.Sprint(rank), "failed", "", "", "", "", "", "")
			continue
		}
		i := f.Map.Info[gid]
		if clients == 0 {
			clients = s.latest(i.Name, "mds_sessions.session_count")
		}
		activity := ""
		if i.State == msg.MDSActive {
			activity = "Reqs: " + dimless(uint64(s.rate("mds", i.Name, "mds_server.handle_client_request"))) + "/s"
		}
		row(fmt.Sprint(rank), stateOf(i), activity, i)
	}
	for _, gid := range wire.SortedKeys(f.Map.Info) {
		if i := f.Map.Info[gid]; i.State == msg.MDSStandbyReplay {
			row(fmt.Sprintf("%d-s", i.Rank), "standby-replay", "Evts: "+dimless(uint64(s.rate("mds", i.Name, "mds_log.replayed")))+"/s", i)
		}
	}
	pools := newTable("POOL", "TYPE", "USED", "AVAIL")
	for _, p := range append([]int64{f.Map.MetadataPool}, f.Map.DataPools...) {
		kind := "data"
		if p == f.Map.MetadataPool {
			kind = "metadata"
		}
		pools.add(s.m.Cluster().OSD.PoolNames[p], kind, bytes(0), bytes(0))
	}
	fmt.Fprintf(b, "%s - %d clients\n%s\n%s\n%s\n", f.Map.Name, clients, strings.Repeat("=", len(f.Map.Name)), ranks, pools)
}

// stateOf is a state without its first part: "active", "replay(laggy)".
func stateOf(i msg.MDSInfo) string {
	_, text, _ := strings.Cut(i.State.String(), ":")
	if i.LaggySince != (wire.UTime{}) {
		text += "(laggy)"
	}
	return text
}

// mdss are all metadata servers of a file system, or of all and the standbys.
func (s *status) mdss(only string) (all []msg.MDSInfo) {
	for _, f := range s.fileSystems() {
		if only == "" || f.Map.Name == only {
			for _, gid := range wire.SortedKeys(f.Map.Info) {
				all = append(all, f.Map.Info[gid])
			}
		}
	}
	return append(all, s.standbys()...)
}

// versions are the names of metadata servers by what they say of their version.
func (s *status) versions(only string) map[string][]string {
	all := map[string][]string{}
	for _, i := range s.mdss(only) {
		version := "None" // as Python says that it does not know
		if d := s.m.Cluster().Daemons.Get(state.Key{Type: "mds", Name: i.Name}); d != nil && d.Metadata["ceph_version"] != "" {
			version = d.Metadata["ceph_version"]
		}
		all[version] = append(all[version], i.Name)
	}
	return all
}

// fsJSON has the ranks and standbys, and what file systems have clients.
func (s *status) fsJSON(only string, pretty bool) module.Reply {
	type mds struct {
		Name  string `json:"name,omitempty"`
		Rank  *int32 `json:"rank,omitempty"`
		State string `json:"state"`
	}
	type clients struct {
		FS      string `json:"fs"`
		Clients uint64 `json:"clients"`
	}
	out := struct {
		Clients []clients     `json:"clients,omitempty"`
		MDSs    []mds         `json:"mdsmap,omitempty"`
		Version string        `json:"mds_version,omitempty"`
		Many    []versionJSON `json:"mds_versions,omitempty"`
	}{}
	for _, f := range s.fileSystems() {
		if only != "" && f.Map.Name != only {
			continue
		}
		c := clients{FS: f.Map.Name}
		for _, rank := range f.Map.In {
			gid, up := f.Map.Up[rank]
			if !up {
				out.MDSs = append(out.MDSs, mds{Rank: &rank, State: "failed"})
				continue
			}
			i := f.Map.Info[gid]
			out.MDSs = append(out.MDSs, mds{i.Name, &rank, stateOf(i)})
			c.Clients = max(c.Clients, s.latest(i.Name, "mds_sessions.session_count"))
		}
		out.Clients = append(out.Clients, c)
	}
	for _, i := range s.standbys() {
		out.MDSs = append(out.MDSs, mds{Name: i.Name, State: "standby"})
	}
	versions := s.versions(only)
	for _, v := range wire.SortedKeys(versions) {
		out.Version = v
		out.Many = append(out.Many, versionJSON{v, versions[v]})
	}
	if len(out.Many) > 1 {
		out.Version = ""
	} else {
		out.Many = nil
	}
	indent := ""
	if pretty {
		indent = "    "
	}
	text, err := json.MarshalIndent(out, "", indent)
	if !pretty {
		text, err = json.Marshal(out)
	}
	if err != nil {
		return module.Reply{Code: module.Invalid, Status: err.Error()}
	}
	return module.Reply{Output: text}
}

// versionJSON are daemons of one version.
type versionJSON struct {
	Version string   `json:"version"`
	Daemons []string `json:"daemons"`
}

func (s *status) latest(mds, counter string) uint64 {
	d := s.m.Cluster().Daemons.Get(state.Key{Type: "mds", Name: mds})
	if d == nil {
		return 0
	}
	k, _ := d.Counters.Get(counter)
	return k.Value
}

func (s *status) rate(kind, name, counter string) float64 {
	if d := s.m.Cluster().Daemons.Get(state.Key{Type: kind, Name: name}); d != nil {
		return d.Counters.Rate(counter)
	}
	return 0
}

// osds is the table of all OSDs.
func (s *status) osds() string {
	t := newTable("ID", "HOST", "USED", "AVAIL", "WR OPS", "WR DATA", "RD OPS", "RD DATA", "STATE")
	t.align("rlrrrrrrl")
	om := s.m.Cluster().OSD
	for id := range om.OSDs {
		o := om.OSD(int32(id))
		if o == nil {
			continue
		}
		name, hostname := fmt.Sprint(id), ""
		if d := s.m.Cluster().Daemons.Get(state.Key{Type: "osd", Name: name}); d != nil {
			hostname = d.Hostname
		}
		rate := func(counter string) uint64 { return uint64(s.rate("osd", name, counter)) }
		t.add(name, hostname, bytes(0), bytes(0), dimless(rate("osd.op_w")+rate("osd.op_rw")), bytes(rate("osd.op_in_bytes")),
			dimless(rate("osd.op_r")), bytes(rate("osd.op_out_bytes")), osdState(o))
	}
	return t.String()
}

// osdState is "exists,up".
func osdState(o *osdmap.OSD) string {
	text := []string{"exists"}
	if o.Up() {
		text = append(text, "up")
	}
	return strings.Join(text, ",")
}
