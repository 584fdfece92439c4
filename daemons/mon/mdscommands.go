package mon

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/msg"
)

func fsCommands() []command {
	const epoch = "name=epoch,type=CephInt,range=0,req=false"
	return []command{
		{"mds stat", "", "show MDS status", "mds", "r", (*Mon).mdsStat},
		{"fs dump", epoch, "dump all CephFS status, optionally from epoch", "mds", "r", (*Mon).fsDump},
		{"fs ls", "", "list filesystems", "fs", "r", (*Mon).fsList},
		{"mds metadata", "name=who,type=CephString,req=false", "fetch metadata for mds <role>", "mds", "r", (*Mon).mdsMetadata},
		{"mds versions", "", "check running versions of MDSs", "mds", "r", (*Mon).mdsVersions},
		{"mds count-metadata", "name=property,type=CephString", "count MDSs by metadata field property", "mds", "r", (*Mon).mdsCount},
		{"mds fail", "name=role_or_gid,type=CephString", "Mark MDS failed: trigger a failover if a standby is available", "mds", "rw", (*Mon).mdsFail},
	}
}

// mdsStat counts metadata servers: laggy ones stand by too.
func (m *Mon) mdsStat(o *op, c *msg.MonCommand, args commandArgs) {
	if args.plain() {
		r := result{prefix: args.prefix()}
		if n := len(m.fs.committed.Standbys); n > 0 {
			r.data = fmt.Appendf(nil, " %d up:standby\n", n)
		}
		m.ack(o, c, r)
		return
	}
	first, last := m.state.Epochs(fsMapName)
	m.ackJSON(o, c, args, struct {
		Map   fsMapJSON `json:"fsmap"`
		First uint64    `json:"mdsmap_first_committed"`
		Last  uint64    `json:"mdsmap_last_committed"`
	}{fsMapJSONOf(m.fs.committed), first, last})
}

func (m *Mon) fsDump(o *op, c *msg.MonCommand, args commandArgs) {
	fm := m.fs.committed
	if epoch := args.number("epoch", 0); epoch != 0 {
		encoded, ok := m.state.Map(fsMapName, uint64(epoch))
		old, err := decodeFSMap(encoded)
		if !ok || err != nil {
			m.ack(o, c, result{prefix: args.prefix(), code: eNoEnt})
			return
		}
		fm = old
	}
	r := result{prefix: args.prefix(), status: fmt.Sprint("dumped fsmap epoch ", fm.Epoch)}
	if args.plain() {
		r.data = []byte(fsMapText(fm))
	} else {
		r.data = toJSON(fsMapJSONOf(fm), args.indent())
	}
	m.ack(o, c, r)
}

func (m *Mon) fsList(o *op, c *msg.MonCommand, args commandArgs) {
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix(), data: []byte("No filesystems enabled\n")})
		return
	}
	m.ackJSON(o, c, args, []string{})
}

// mdsMetadata shows what metadata servers have said about themselves.
func (m *Mon) mdsMetadata(o *op, c *msg.MonCommand, args commandArgs) {
	if who := args.text("who"); who != "" {
		info := findMDS(m.fs.committed, who)
		if info == nil {
			m.ack(o, c, result{prefix: args.prefix(), code: eInval, data: []byte("{}\n"), status: noSuchMDS(who)})
			return
		}
		m.ackReadable(o, c, args, m.describeMDS(*info))
		return
	}
	all := []namedJSON{}
	for _, info := range standbysOf(m.fs.committed) {
		all = append(all, namedJSON{info.Name, m.describeMDS(info)})
	}
	m.ackReadable(o, c, args, all)
}

// describeMDS is what an mds has said about itself, and where it is.
func (m *Mon) describeMDS(info msg.MDSInfo) map[string]string {
	meta := orNone(m.fs.metadata(info.GID))
	a := info.Addrs.Legacy()
	meta["addr"] = fmt.Sprintf("%v:%s", a.Type, plainAddr(a))
	return meta
}

func (m *Mon) allMDSMetadata() (list []map[string]string) {
	for _, info := range standbysOf(m.fs.committed) {
		list = append(list, m.describeMDS(info))
	}
	return list
}

func (m *Mon) mdsVersions(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, count(map[string]int{}, m.allMDSMetadata(), versionProperty))
}

func (m *Mon) mdsCount(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, count(map[string]int{}, m.allMDSMetadata(), args.text("property")))
}

// mdsFail takes an mds out of the map.
func (m *Mon) mdsFail(o *op, c *msg.MonCommand, args commandArgs) {
	failed, text := m.fs.fail(args.text("role_or_gid"))
	r := result{prefix: args.prefix(), status: text}
	if failed == nil {
		m.ack(o, c, r)
		return
	}
	r.epoch = uint64(m.fs.latest().Epoch)
	m.say(msg.LogInfo, "daemon mds.%s marked failed by %v", failed.Name, o.caller().entity)
	m.ackCommitted(o, c, r)
}
