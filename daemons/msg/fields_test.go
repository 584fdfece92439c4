package msg

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/wire"
)

// object is a JSON object. What the functions below make of our structs has the
// keys of the vectors' descriptions.
type object = map[string]any

// TestGolden_fields compares every field of a captured message with the
// description beside it, which another decoder made.
func TestGolden_fields(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.name, func(t *testing.T) {
			want := readDescription(t, v.name)
			m := decodeVector(t, v)
			compare(t, "header", headerObject(m.Header), want["header"])
			compare(t, "footer", footerObject(ParseFooter(v.footer)), want["footer"])
			got := bodyObject(t, m.Body)
			if got == nil {
				t.Fatalf("%v is not described", m.Header.Type)
			}
			compare(t, "front", got, want["front"])
			text, described := want["data_text"].(string)
			if isText := len(m.Data) > 0 && utf8.Valid(m.Data); described != isText || !strings.HasPrefix(string(m.Data), strings.TrimSuffix(text, "...")) {
				t.Errorf("data %.80q, want %.80q", m.Data, text)
			}
		})
	}
}

func decodeVector(t testing.TB, v vector) *Message {
	t.Helper()
	h, err := ParseHeader(v.header)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(h, v.front, v.middle, v.data, FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readDescription(t testing.TB, name string) object {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return parseObject(t, b)
}

func parseObject(t testing.TB, b []byte) (o object) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber() // features do not fit a float64
	if err := d.Decode(&o); err != nil {
		t.Fatal(err)
	}
	return o
}

func compare(t *testing.T, what string, got, want any) {
	t.Helper()
	b, err := json.Marshal(object{"it": got})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(plain(want), plain(parseObject(t, b)["it"])); diff != "" {
		t.Errorf("%s (-description +decoded):\n%s", what, diff)
	}
}

// plain makes numbers comparable and drops what describes the encoding instead of
// the value.
func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if f, err := strconv.ParseFloat(v.String(), 64); err == nil && strings.Contains(v.String(), ".") {
			return json.Number(strconv.FormatFloat(f, 'f', -1, 64))
		}
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = plain(v[i])
		}
		return out
	case object:
		out := object{}
		for k := range v {
			if k != "struct" && k != "elen" && k != "family" {
				out[k] = plain(v[k])
			}
		}
		return out
	}
	return v
}

func headerObject(h Header) object {
	return object{
		"seq": h.Seq, "tid": h.Tid, "type": h.Type, "priority": h.Priority, "version": h.Version,
		"front_len": h.FrontLen, "middle_len": h.MiddleLen, "data_len": h.DataLen, "data_off": h.DataOff,
		"src_type": h.Src.Type, "src_num": h.Src.Num, "compat_version": h.CompatVersion,
		"reserved": h.Reserved, "crc": h.CRC,
	}
}

func footerObject(f Footer) object {
	return object{"front_crc": f.FrontCRC, "middle_crc": f.MiddleCRC, "data_crc": f.DataCRC, "sig": f.Sig, "flags": f.Flags}
}

func addrObject(a EntityAddr) object {
	ip := "0.0.0.0:0"
	if a.IP.IsValid() {
		ip = a.IP.String()
	}
	return object{"type": a.Type.String(), "nonce": a.Nonce, "addr": ip}
}

// each applies describe to every item; the result of nothing is an empty list.
func each[T any](list []T, describe func(T) any) []any {
	out := []any{}
	for _, v := range list {
		out = append(out, describe(v))
	}
	return out
}

func addrObjects(v AddrVec) []any {
	return each(v, func(a EntityAddr) any { return addrObject(a) })
}

func names(list []string) []any { return each(list, func(s string) any { return s }) }

// pairs describes a map as a list, as the descriptions do if keys are numbers.
func pairs[K ~int32 | ~uint32 | ~int64 | ~uint64 | ~string, V any](m map[K]V, describe func(V) any) []any {
	return each(wire.SortedKeys(m), func(k K) any { return []any{k, describe(m[k])} })
}

func numbers[N int32 | int64](list []N) []any { return each(list, func(n N) any { return n }) }

// byName describes a map whose keys are names.
func byName[V any](m map[string]V, describe func(V) any) object {
	out := object{}
	for k, v := range m {
		out[k] = describe(v)
	}
	return out
}

func texts(m map[string]string) object { return byName(m, func(s string) any { return s }) }

func hexText(b []byte) any { return hex.EncodeToString(b) }

func authNameObject(n AuthName) object { return object{"type": n.Type, "id": n.ID} }

func withPaxos(p Paxos, o object) object {
	o["version"], o["session_mon"], o["session_mon_tid"] = p.MapVersion, p.SessionMon, p.SessionTid
	return o
}

func nestedObject(t *testing.T, n *Nested) object {
	t.Helper()
	m, err := n.Decode(FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	h := n.Header
	return object{
		"seq": h.Seq, "tid": h.Tid, "type": h.Type, "priority": h.Priority, "version": h.Version,
		"front_len": h.FrontLen, "middle_len": h.MiddleLen, "data_len": h.DataLen,
		"src": []any{h.Src.Type, h.Src.Num}, "compat": h.CompatVersion, "footer_old": n.Footer.Flags,
		"front": bodyObject(t, m.Body),
	}
}

// bodyObject describes a body; nil if it does not know the type.
func bodyObject(t *testing.T, b Body) object {
	t.Helper()
	switch b := b.(type) {
	case *Forward:
		return object{
			"tid": b.Tid, "client_type": b.ClientType, "client_addrs": addrObjects(b.ClientAddrs),
			"client_socket_addr": addrObject(b.ClientSocket), "caps": object{"text": b.Caps},
			"msg": nestedObject(t, &b.Msg), "con_features": b.ConFeatures, "entity_name": authNameObject(b.ClientName),
		}
	case *Route:
		return object{
			"session_mon_tid": b.Tid, "dest_name": object{"type": b.Dest.Type, "num": b.Dest.Num},
			"dest_addr": addrObject(b.DestAddr), "has_msg": b.Msg != nil, "msg": nestedObject(t, b.Msg),
			"send_osdmap_first": b.SendOSDMapFirst,
		}
	case *Auth:
		return authObject(t, b)
	}
	for _, describe := range []func(Body) object{monBodyObject, peerBodyObject, storageBodyObject, mgrBodyObject} {
		if o := describe(b); o != nil {
			return o
		}
	}
	return nil
}

func authObject(t *testing.T, b *Auth) object {
	t.Helper()
	r, err := ParseAuthRequest(b.Payload)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(r.Encode(), b.Payload) {
		t.Errorf("auth request encodes to %x, want %x", r.Encode(), b.Payload)
	}
	return withPaxos(b.Paxos, object{
		"protocol": b.Protocol, "auth_payload_hex": hexText(b.Payload), "monmap_epoch": b.MonMapEpoch,
		"auth_payload": object{
			"struct_v": 1, "supported": r.Methods, "entity_name": authNameObject(r.Name), "global_id": r.GlobalID,
		},
	})
}

func monBodyObject(b Body) object {
	switch b := b.(type) {
	case *AuthReply:
		return object{
			"protocol": b.Protocol, "result": b.Result, "global_id": b.GlobalID,
			"result_bl": hexText(b.Payload), "result_msg": b.Message,
		}
	case *MonGlobalID:
		return withPaxos(b.Paxos, object{"old_max_id": b.OldMax})
	case *MonSubscribe:
		return object{"hostname": b.Hostname, "what": byName(b.What, func(s Subscription) any {
			flags := map[bool]int{false: 0, true: 1}[s.OneTime]
			return object{"start": s.Start, "flags": flags}
		})}
	case *MonGetVersion:
		return object{"handle": b.Handle, "what": b.What}
	case *MonGetVersionReply:
		return object{"handle": b.Handle, "version": b.Newest, "oldest_version": b.Oldest}
	case *MonCommand:
		return withPaxos(b.Paxos, object{"fsid": b.FSID.String(), "cmd": names(b.Cmd)})
	case *MonCommandAck:
		return withPaxos(b.Paxos, object{"retcode": b.Code, "rs": b.Status, "cmd": names(b.Cmd)})
	case *Log:
		return withPaxos(b.Paxos, object{"fsid": b.FSID.String(), "entries": each(b.Entries, logEntryObject)})
	case *LogAck:
		return object{"fsid": b.FSID.String(), "last": b.Last, "channel": b.Channel}
	case *Config:
		return object{"config": texts(b.Options)}
	case *KVData:
		return object{
			"version": b.DataVersion, "prefix": b.Prefix, "incremental": b.Incremental,
			"data": byName(b.Data, hexText),
		}
	case *MonMapMsg:
		return object{"monmap": monMapObject(&b.Map)}
	case *MonPing:
		return object{"op": b.Op, "stamp": b.Stamp.String(), "pad": b.Pad, "tracker": trackerObject(&b.Tracker)}
	}
	return nil
}

func logEntryObject(l LogEntry) any {
	return object{
		"name": authNameObject(l.Name), "rank": object{"type": l.Rank.Type, "num": l.Rank.Num},
		"addrs": addrObjects(l.Addrs), "stamp": l.Stamp.String(), "seq": l.Seq, "prio": l.Level,
		"msg": l.Text, "channel": l.Channel,
	}
}

func trackerObject(c *ConnectionTracker) object {
	return object{
		"rank": c.Rank, "epoch": c.Epoch, "version": c.Version, "half_life": c.HalfLife,
		"peer_reports": pairs(c.Reports, func(r ConnectionReport) any {
			return object{
				"rank": r.Rank, "epoch": r.Epoch, "epoch_version": r.EpochVersion,
				"current": pairs(r.Current, func(up bool) any { return up }),
				"history": pairs(r.History, func(score float64) any { return score }),
			}
		}),
	}
}

func monMapObject(m *MonMap) object {
	mons := object{}
	for _, i := range m.Mons {
		mons[i.Name] = object{
			"name": i.Name, "public_addrs": addrObjects(i.Addrs), "priority": i.Priority, "weight": i.Weight,
			"crush_loc": texts(i.Location),
		}
	}
	return object{
		"fsid": m.FSID.String(), "epoch": m.Epoch, "last_changed": m.Changed.String(), "created": m.Created.String(),
		"persistent_features": m.PersistentFeatures, "optional_features": m.OptionalFeatures, "mons": mons,
		"ranks": names(m.Ranks), "min_mon_release": m.MinRelease,
		"removed_ranks": each(m.RemovedRanks, func(r int32) any { return r }),
		"strategy":      m.Strategy, "disallowed_leaders": names(m.DisallowedLeaders),
		"stretch_mode_enabled": m.Stretch, "tiebreaker_mon": m.Tiebreaker,
		"stretch_marked_down_mons": names(m.MarkedDown),
	}
}

func mgrBodyObject(b Body) object {
	switch b := b.(type) {
	case *MgrBeacon:
		return beaconObject(b)
	case *MgrMapMsg:
		return object{"map": mgrMapObject(&b.Map)}
	case *MgrOpen:
		return object{
			"daemon_name": b.DaemonName, "service_name": b.ServiceName, "service_daemon": b.ServiceDaemon,
			"config_bl_len": len(b.Config), "config_defaults_bl_len": len(b.ConfigDefaults),
		}
	case *MgrConfigure:
		return object{
			"stats_period": b.Period, "stats_threshold": b.Threshold,
			"osd_perf_metric_queries_count": len(b.OSDQueries), "has_metric_config": b.Metric != nil,
		}
	case *MgrReport:
		return mgrReportObject(b)
	case *MonMgrReport:
		return monMgrReportObject(b)
	case *MgrDigest:
		return object{"mon_status_json": string(b.MonStatus), "health_json": string(b.Health)}
	case *ServiceMap:
		return object{"service_map": serviceMapObject(b)}
	case *Command:
		return object{"fsid": b.FSID.String(), "cmd": names(b.Cmd)}
	case *MgrCommand:
		return object{"fsid": b.FSID.String(), "cmd": names(b.Cmd)}
	case *CommandReply:
		return object{"r": b.Code, "rs": b.Status}
	case *MgrCommandReply:
		return object{"r": b.Code, "rs": b.Status}
	}
	return nil
}

func beaconObject(b *MgrBeacon) object {
	return withPaxos(b.Paxos, object{
		"server_addrs": addrObjects(b.ServerAddrs), "gid": b.GID, "available": b.Available, "name": b.Name,
		"fsid": b.FSID.String(), "old_module_names": names(b.ModuleNames),
		"command_descs": each(b.Commands, func(c CommandDescription) any {
			return object{
				"cmdstring": c.Command, "helpstring": c.Help, "module": c.Module, "req_perms": c.Permission,
				"availability": c.Availability, "flags": c.Flags,
			}
		}),
		"metadata": texts(b.Metadata), "services": texts(b.Services), "modules": each(b.Modules, moduleObject),
		"mgr_features":  b.Features,
		"clients_addrs": each(b.ClientAddrs, func(v AddrVec) any { return addrObjects(v) }),
		"clients_names": names(b.ClientNames),
	})
}

func moduleObject(i ModuleInfo) any {
	return object{
		"name": i.Name, "can_run": i.CanRun, "error_string": i.Error,
		"module_options": byName(i.Options, func(o ModuleOption) any {
			return object{
				"name": o.Name, "type": o.Type, "level": o.Level, "flags": o.Flags, "default_value": o.Default,
				"min": o.Min, "max": o.Max, "enum_allowed": names(o.Allowed), "desc": o.Description,
				"long_desc": o.LongDescription, "tags": names(o.Tags), "see_also": names(o.SeeAlso),
			}
		}),
	}
}

func mgrMapObject(m *MgrMap) object {
	return object{
		"epoch": m.Epoch, "active_addrs": addrObjects(m.ActiveAddrs), "active_gid": m.ActiveGID,
		"available": m.Available, "active_name": m.ActiveName,
		"standbys": each(m.Standbys, func(s MgrStandby) any {
			return []any{s.GID, object{
				"gid": s.GID, "name": s.Name, "old_available_modules": names(s.ModuleNames),
				"available_modules": each(s.Modules, moduleObject), "mgr_features": s.Features,
			}}
		}),
		"modules": names(m.EnabledModules), "services": texts(m.Services),
		"available_modules": each(m.AvailableModules, moduleObject), "active_change": m.ActiveChange.String(),
		"always_on_modules":   pairs(m.AlwaysOn, func(list []string) any { return names(list) }),
		"active_mgr_features": m.ActiveFeatures, "last_failure_osd_epoch": m.LastFailureOSDEpoch,
		"clients_addrs": each(m.ClientAddrs, func(v AddrVec) any { return addrObjects(v) }),
		"clients_names": names(m.ClientNames),
	}
}
