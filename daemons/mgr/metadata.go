package mgr

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// describedTypes are the types of daemons that the monitors have metadata of, and what
// the argument is called by which they are asked about one.
func describedTypes() map[string]string {
	return map[string]string{"mds": "who", "mgr": "who", "mon": "id", "osd": "id"}
}

// loadMetadata asks the monitors about all daemons, and goes on when all answers are
// here (MS-18). Later the maps tell what is new.
func (g *Mgr) loadMetadata(done func()) {
	types := []string{"mds", "mon", "osd"}
	left := len(types)
	for _, kind := range types {
		g.s.monc.Command(fmt.Sprintf(`{"prefix": "%s metadata", "format": "json"}`, kind), func(r monc.CommandResult) {
			if g.s.gone {
				return
			}
			g.takeMetadata(state.Key{Type: kind}, r)
			if left--; left == 0 {
				done()
			}
		})
	}
}

// takeMetadata enters the daemons that an answer tells of: the one of a key, or, if the
// key has no name, all of its type.
func (g *Mgr) takeMetadata(key state.Key, r monc.CommandResult) {
	if r.Err != nil || r.Code != 0 {
		g.s.log.Info("no metadata", "of", key, "code", r.Code, "status", r.Status, "error", r.Err)
		return
	}
	all, err := parseMetadata(key, r.Data)
	if err != nil {
		g.s.log.Error("metadata refused", "of", key, "error", err)
		return
	}
	for _, d := range all {
		if was := g.s.cluster.Daemons.Get(d.Key); was != nil {
			was.Metadata, was.Hostname = d.Metadata, d.Hostname
			continue
		}
		g.s.cluster.Daemons.Put(d)
	}
}

// parseMetadata reads the JSON of "mds metadata" and the like: an object about the
// daemon of the key, or a list if the key has no name. Daemons without a hostname are
// left out, as Ceph does: the monitors do not know them yet.
func parseMetadata(key state.Key, data []byte) (all []*state.Daemon, err error) {
	list := make([]map[string]any, 1)
	if key.Name == "" {
		err = json.Unmarshal(data, &list)
	} else {
		err = json.Unmarshal(data, &list[0])
	}
	if err != nil {
		return nil, err
	}
	for _, fields := range list {
		d := &state.Daemon{Key: key, Metadata: map[string]string{}}
		for _, name := range wire.SortedKeys(fields) {
			text := fmt.Sprint(fields[name])
			switch name {
			case "name", "id":
				d.Name = text
			case "hostname":
				d.Hostname = text
			default:
				d.Metadata[name] = text
			}
		}
		if d.Name != "" && d.Hostname != "" {
			all = append(all, d)
		}
	}
	return all, nil
}

// askMetadata asks about one daemon, unless it was asked already.
func (g *Mgr) askMetadata(key state.Key) {
	argument, described := describedTypes()[key.Type]
	if !described || g.asking[key] {
		return
	}
	g.asking[key] = true
	name, err := json.Marshal(key.Name)
	if err != nil { // a string always marshals
		panic(err)
	}
	if key.Type == "osd" {
		name = []byte(key.Name) // a number
	}
	text := fmt.Sprintf(`{"prefix": "%s metadata", "%s": %s, "format": "json"}`, key.Type, argument, name)
	g.s.monc.Command(text, func(r monc.CommandResult) {
		delete(g.asking, key)
		if !g.s.gone {
			g.takeMetadata(key, r)
		}
	})
}

// followFSMap keeps the metadata servers of the map, and asks about new ones.
func (g *Mgr) followFSMap(m *msg.FSMap) {
	var names []string
	for _, i := range mdsInfos(m) {
		names = append(names, i.Name)
		key := state.Key{Type: "mds", Name: i.Name}
		a := i.Addrs.Legacy()
		d := g.s.cluster.Daemons.Get(key)
		if d == nil || d.Metadata["addr"] != fmt.Sprintf("v1:%v/%d", a.IP, a.Nonce) { // it may have restarted
			g.askMetadata(key)
		}
	}
	g.s.cluster.Daemons.Cull("mds", names)
}

// mdsInfos are all metadata servers of a map, ascending by gid.
func mdsInfos(m *msg.FSMap) (all []msg.MDSInfo) {
	byGID := map[uint64]msg.MDSInfo{}
	for _, f := range m.FileSystems {
		for _, gid := range wire.SortedKeys(f.Map.Info) {
			byGID[gid] = f.Map.Info[gid]
		}
	}
	for _, gid := range wire.SortedKeys(m.Standbys) {
		byGID[gid] = m.Standbys[gid]
	}
	for _, gid := range wire.SortedKeys(byGID) {
		all = append(all, byGID[gid])
	}
	return all
}

// followOSDMap keeps the OSDs of the map, and asks about new ones.
func (g *Mgr) followOSDMap() {
	var names []string
	om := g.s.cluster.OSD
	for id := range om.OSDs {
		o := om.OSD(int32(id))
		if o == nil {
			continue
		}
		key := state.Key{Type: "osd", Name: fmt.Sprint(id)}
		names = append(names, key.Name)
		if o.Up() && g.s.cluster.Daemons.Get(key) == nil {
			g.askMetadata(key)
		}
	}
	g.s.cluster.Daemons.Cull("osd", names)
}

// followMonMap keeps the monitors of the map, and asks about new ones.
func (g *Mgr) followMonMap() {
	names := g.s.cluster.Mon.Ranks
	g.s.cluster.Daemons.Cull("mon", names)
	for _, name := range slices.Clone(names) {
		if key := (state.Key{Type: "mon", Name: name}); g.s.cluster.Daemons.Get(key) == nil {
			g.askMetadata(key)
		}
	}
}

// followMgrMap keeps the managers of the map, and asks about new ones. (Ceph:
// DaemonServer::got_mgr_map.)
func (g *Mgr) followMgrMap() {
	m := g.s.cluster.Mgr
	var names []string
	if m.ActiveName != "" {
		names = append(names, m.ActiveName)
	}
	for i := range m.Standbys {
		names = append(names, m.Standbys[i].Name)
	}
	g.s.cluster.Daemons.Cull("mgr", names)
	for _, name := range names {
		if key := (state.Key{Type: "mgr", Name: name}); g.s.cluster.Daemons.Get(key) == nil {
			g.askMetadata(key)
		}
	}
}
