package mgr

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/mgr/module"
)

// pgCommands are what can be told of placement groups without reading what OSDs report of
// them: that there are none, as long as there are no pools. (Ceph: process_pg_map_command in
// src/mon/PGMap.cc.)
func pgCommands() []command {
	r := func(group, prefix, params, help string, run func(*server, admin.Args) (any, error)) command {
		return command{module.Command{Prefix: prefix, Params: params, Help: help, Perm: "r"}, group, run}
	}
	return []command{
		r("pg", "pg stat", "", "show placement group status.", withoutPools((*server).pgStat)),
		r("pg", "pg ls", "name=pool,type=CephInt,req=false name=states,type=CephString,n=N,req=false",
			"list pg with specific pool, osd, state", withoutPools((*server).pgList)),
		r("pg", "pg dump_stuck", "name=stuckops,type=CephChoices,strings=inactive|unclean|stale|undersized|degraded,n=N,req=false "+
			"name=threshold,type=CephInt,req=false", "show information about stuck pgs", withoutPools((*server).pgStuck)),
		r("pg", "pg debug", "name=debugop,type=CephChoices,strings=unfound_objects_exist|degraded_pgs_exist",
			"show debug info about pgs", withoutPools((*server).pgDebug)),
		r("pg", "pg map", "name=pgid,type=CephPgid", "show mapping of pg to osds", withoutPools((*server).pgMap)),
		r("osd", "osd perf", "", "print dump of OSD perf summary stats", withoutPools((*server).osdPerf)),
		r("osd", "osd pool stats", "name=pool_name,type=CephPoolname,req=false",
			"obtain stats from all pools, or from specified pool", withoutPools((*server).poolStats)),
	}
}

// withoutPools refuses a command where its answer would be made up.
func withoutPools(run func(*server, admin.Args) (any, error)) func(*server, admin.Args) (any, error) {
	return func(srv *server, args admin.Args) (any, error) {
		m := srv.g.s.cluster.OSD
		known := len(m.Pools) == 0
		for id := range m.OSDs {
			o := m.OSD(int32(id))
			known = known && (o == nil || !o.Up())
		}
		if !known {
			return nil, &admin.Error{Errno: admin.Errno(-module.NotSupported), Text: "this manager does not read what OSDs report"}
		}
		return run(srv, args)
	}
}

// wantsJSON reports whether the client asks for JSON.
func wantsJSON(args admin.Args) bool {
	f := args.Text("format")
	return f == "json" || f == "json-pretty"
}

func (srv *server) pgStat(args admin.Args) (any, error) {
	if !wantsJSON(args) {
		return text("0 pgs: ; 0 B data, 0 B used, 0 B / 0 B avail\n"), nil
	}
	type summary struct {
		States  []any `json:"num_pg_by_state"`
		PGs     int   `json:"num_pgs"`
		Bytes   int   `json:"num_bytes"`
		Total   int   `json:"total_bytes"`
		Avail   int   `json:"total_avail_bytes"`
		Used    int   `json:"total_used_bytes"`
		RawUsed int   `json:"total_used_raw_bytes"`
	}
	return struct {
		Ready   bool    `json:"pg_ready"`
		Summary summary `json:"pg_summary"`
	}{true, summary{States: []any{}}}, nil
}

func (srv *server) pgList(args admin.Args) (any, error) {
	if !wantsJSON(args) {
		return text(""), nil
	}
	return struct {
		Ready bool `json:"pg_ready"`
	}{true}, nil
}

func (srv *server) pgStuck(args admin.Args) (any, error) {
	if !wantsJSON(args) {
		return text(""), nil
	}
	return struct {
		Ready bool  `json:"pg_ready"`
		Stuck []any `json:"stuck_pg_stats"`
	}{true, []any{}}, nil
}

func (srv *server) pgDebug(admin.Args) (any, error) { return text("FALSE\n"), nil }

func (srv *server) pgMap(args admin.Args) (any, error) {
	return nil, &admin.Error{Errno: admin.ENOENT, Text: fmt.Sprintf("pg '%s' does not exist", args.Text("pgid"))}
}

func (srv *server) osdPerf(args admin.Args) (any, error) {
	if !wantsJSON(args) {
		return text("osd  commit_latency(ms)  apply_latency(ms)\n"), nil
	}
	type infos struct {
		Infos []any `json:"osd_perf_infos"`
	}
	return struct {
		Ready bool  `json:"pg_ready"`
		Stats infos `json:"osdstats"`
	}{true, infos{[]any{}}}, nil
}

func (srv *server) poolStats(args admin.Args) (any, error) {
	switch name := args.Text("pool_name"); {
	case name != "":
		return nil, &admin.Error{Errno: admin.ENOENT, Text: fmt.Sprintf("unrecognized pool '%s'", name)}
	case !wantsJSON(args):
		return text(""), nil
	}
	return []any{}, nil
}
