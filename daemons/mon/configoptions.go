package mon

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
)

// optionKind is the type of an option's values.
type optionKind uint8

const (
	optString optionKind = iota
	optBool
	optInt
	optUint
	optSize
	optFloat
	optSecs
	optDebug // a debug level, "N" or "N/M"
)

// configOption is what a monitor knows of an option.
type configOption struct {
	name     string
	kind     optionKind
	level    string // "basic", "advanced", "dev"
	def      string // what holds if nobody says anything
	min, max string // "" for no bound
	runtime  bool   // a running daemon takes a new value
	special  bool   // monitors do not keep it: it is needed to find them
}

// badValue is a value that an option cannot have.
func badValue(format string, args ...any) error {
	return &commandError{eInval, "error parsing value: " + fmt.Sprintf(format, args...)}
}

// findOption is the option of that name, nil if there is none. Options of managers'
// modules, "mgr/MODULE/OPTION", are those that the active manager has announced.
func findOption(name string, mm *msg.MgrMap) *configOption {
	known := configOptions()
	if i, found := slices.BinarySearchFunc(known, name, func(o configOption, n string) int { return strings.Compare(o.name, n) }); found {
		return new(known[i])
	}
	rest, ok := strings.CutPrefix(name, "mgr/")
	module, option, _ := strings.Cut(rest, "/")
	i := slices.IndexFunc(mm.AvailableModules, func(m msg.ModuleInfo) bool { return m.Name == module })
	if !ok || i < 0 {
		return nil
	}
	o, ok := mm.AvailableModules[i].Options[option[strings.LastIndex(option, "/")+1:]]
	if !ok {
		return nil
	}
	return &configOption{
		name: name, kind: moduleOptionKind(o.Type), level: "advanced", def: o.Default, min: o.Min, max: o.Max,
		runtime: o.Flags&1 != 0, // FLAG_RUNTIME in src/common/options.h
	}
}

// moduleOptionKind reads Option::type_t of src/common/options.h.
func moduleOptionKind(t uint8) optionKind {
	kinds := [...]optionKind{0: optUint, 1: optInt, 2: optString, 3: optFloat, 4: optBool, 8: optSize, 9: optSecs, 10: optString}
	if int(t) < len(kinds) {
		return kinds[t]
	}
	return optString
}

// parse checks a value and writes it as Ceph does, "0.100000" for "0.1". The errors
// are Ceph's (Option::parse_value in src/common/options.cc, strtol.cc).
func (o *configOption) parse(value string) (string, error) {
	parsed, err := o.parseKind(value)
	if err != nil {
		return "", err
	}
	if f, err := strconv.ParseFloat(parsed, 64); err == nil {
		if low, err := strconv.ParseFloat(o.min, 64); err == nil && f < low {
			return "", badValue("Value '%s' is below minimum %s", value, o.min)
		}
		if high, err := strconv.ParseFloat(o.max, 64); err == nil && f > high {
			return "", badValue("Value '%s' exceeds maximum %s", value, o.max)
		}
	}
	return parsed, nil
}

func (o *configOption) parseKind(value string) (string, error) {
	switch o.kind {
	case optBool:
		return parseBool(value)
	case optInt:
		return parseScaled(value, "si", 1000, true)
	case optUint:
		return parseScaled(value, "si", 1000, false)
	case optSize:
		return parseScaled(value, "iec", 1024, false)
	case optFloat:
		return parseFloat(value)
	case optSecs:
		return parseSecs(value)
	case optDebug:
		return parseDebug(value)
	}
	return value, nil
}

func parseBool(value string) (string, error) {
	switch strings.ToLower(value) {
	case "true":
		return "true", nil
	case "false":
		return "false", nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return "", badValue("Expected option value to be integer, got '%s'", value)
	}
	return strconv.FormatBool(n != 0), nil
}

// parseScaled is a whole number with a unit prefix: K, M, G, T, P, E of the base.
func parseScaled(value, name string, base int64, negative bool) (string, error) {
	digits := strings.TrimRight(value, "BKMGTPEi")
	unit := value[len(digits):]
	if value == "" {
		return "", badValue("strict_%sstrtoll: value not specified", name)
	}
	factor := int64(1)
	if prefix := strings.TrimSuffix(unit, "i"); prefix != "" && prefix != "B" {
		power := strings.Index("KMGTPE", prefix)
		if len(prefix) != 1 || power < 0 || unit != prefix && base != 1024 {
			return "", badUnit(name)
		}
		for range power + 1 {
			factor *= base
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil && isDigits(digits):
		return "", badValue("The option value '%s' seems to be invalid", value)
	case err != nil:
		return "", badUnit(name)
	case n < 0 && !negative:
		return "", badValue("strict_%sstrtoll: value should not be negative", name)
	case n > math.MaxInt64/factor || n < math.MinInt64/factor:
		return "", badValue("strict_%sstrtoll: value seems to be too large", name)
	}
	return strconv.FormatInt(n*factor, 10), nil
}

func badUnit(name string) error {
	if name == "si" {
		return badValue("strict_si_cast: unit prefix not recognized")
	}
	return badValue("strict_%sstrtoll: unit prefix not recognized", name)
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(strings.TrimPrefix(s, "-"), "0123456789") == ""
}

func parseFloat(value string) (string, error) {
	f, err := strconv.ParseFloat(value, 64)
	if err != nil {
		return "", badValue("strict_strtod: expected double, got: '%s'", value)
	}
	return fmt.Sprintf("%f", f), nil
}

// parseSecs is a timespan as an option.
func parseSecs(value string) (string, error) {
	seconds, err := parseTimespan(value)
	if err != nil {
		return "", badValue("%v", err)
	}
	return strconv.FormatUint(seconds, 10), nil
}

// parseTimespan reads a time in seconds, or with units: "90", "5 s", "1h30m", "1 day".
// The errors are Ceph's (parse_timespan in src/common/ceph_time.cc).
func parseTimespan(text string) (seconds uint64, err error) {
	units := map[string]uint64{
		"s": 1, "sec": 1, "second": 1, "seconds": 1, "m": 60, "min": 60, "minute": 60, "minutes": 60,
		"h": 3600, "hr": 3600, "hour": 3600, "hours": 3600, "d": 86400, "day": 86400, "days": 86400,
		"w": 604800, "wk": 604800, "week": 604800, "weeks": 604800,
		"mo": 2592000, "month": 2592000, "months": 2592000, "y": 31536000, "yr": 31536000, "year": 31536000, "years": 31536000,
	}
	for rest := text; ; {
		digits := rest[:len(rest)-len(strings.TrimLeft(rest, "0123456789"))]
		switch {
		case text == "":
			return 0, nil
		case digits == "":
			return 0, errors.New("expected digit")
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		if err != nil {
			return 0, fmt.Errorf("The option value '%s' seems to be invalid", digits) //lint:ignore ST1005 Ceph's words
		}
		after := strings.TrimLeft(rest[len(digits):], " \t")
		unit := after[:len(after)-len(strings.TrimLeft(after, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))]
		factor, known := units[unit]
		switch rest = strings.TrimLeft(after[len(unit):], " \t"); {
		case after == "":
			factor = 1
		case unit == "":
			return 0, fmt.Errorf("unexpected trailing '%s'", after)
		case !known:
			return 0, fmt.Errorf("unrecogized unit '%s'", unit)
		}
		if high, low := bits.Mul64(n, factor); high != 0 || seconds+low < seconds {
			return 0, fmt.Errorf("The option value '%s' seems to be invalid", digits) //lint:ignore ST1005 Ceph's words
		} else if seconds += low; rest == "" {
			return seconds, nil
		}
	}
}

func parseDebug(value string) (string, error) {
	first, second, both := strings.Cut(value, "/")
	n, err := strconv.Atoi(first)
	if err != nil {
		return "", badValue("value must take the form N or N/M, where N and M are integers")
	}
	m := n
	if both {
		if m, err = strconv.Atoi(second); err != nil {
			m = n
		}
	}
	if n < 0 || n > 99 || m < 0 || m > 99 {
		return "", &commandError{eRange, "error parsing value: value must be in range [0, 99]"}
	}
	return fmt.Sprintf("%d/%d", n, m), nil
}

// configOptions are the options that monitors know, ascending by name: those of our
// daemons and messenger, and some that operators set often. Types, levels and
// defaults are those that Ceph 16.2.15 tells with "config help". For those of
// logging the default is that of daemons.
// Nobody changes them.
func configOptions() []configOption { return allOptions }

var allOptions = slices.Concat(generalOptions(), daemonOptions(), messengerOptions(), storageOptions())

// generalOptions are those before "mds_".
func generalOptions() []configOption {
	return []configOption{
		{name: "auth_allow_insecure_global_id_reclaim", kind: optBool, level: "advanced", def: "true", runtime: true},
		{name: "auth_client_required", kind: optString, level: "advanced", def: "cephx, none"},
		{name: "auth_cluster_required", kind: optString, level: "advanced", def: "cephx"},
		{name: "auth_service_required", kind: optString, level: "advanced", def: "cephx"},
		{name: "auth_supported", kind: optString, level: "advanced", def: ""},
		{name: "client_mount_timeout", kind: optSecs, level: "advanced", def: "300", runtime: true},
		{name: "cluster_network", kind: optString, level: "advanced", def: ""},
		{name: "container_image", kind: optString, level: "basic", def: "docker.io/ceph/daemon-base:latest-pacific-devel"},
		{name: "debug_auth", kind: optDebug, level: "advanced", def: "1/5", runtime: true},
		{name: "debug_mds", kind: optDebug, level: "advanced", def: "1/5", runtime: true},
		{name: "debug_mgr", kind: optDebug, level: "advanced", def: "2/5", runtime: true},
		{name: "debug_mgrc", kind: optDebug, level: "advanced", def: "1/5", runtime: true},
		{name: "debug_mon", kind: optDebug, level: "advanced", def: "1/5", runtime: true},
		{name: "debug_monc", kind: optDebug, level: "advanced", def: "0/10", runtime: true},
		{name: "debug_ms", kind: optDebug, level: "advanced", def: "0/0", runtime: true},
		{name: "debug_none", kind: optDebug, level: "advanced", def: "0/5", runtime: true},
		{name: "debug_objecter", kind: optDebug, level: "advanced", def: "0/1", runtime: true},
		{name: "debug_osd", kind: optDebug, level: "advanced", def: "1/5", runtime: true},
		{name: "debug_paxos", kind: optDebug, level: "advanced", def: "1/5", runtime: true},
		{name: "err_to_stderr", kind: optBool, level: "basic", def: "true", runtime: true},
		{name: "fsid", kind: optString, level: "basic", def: "00000000-0000-0000-0000-000000000000", special: true},
		{name: "host", kind: optString, level: "basic", def: "", special: true},
		{name: "keyring", kind: optString, level: "advanced", def: "/etc/ceph/$cluster.$name.keyring,/etc/ceph/$cluster.keyring,/etc/ceph/keyring,/etc/ceph/keyring.bin,", special: true},
		{name: "log_file", kind: optString, level: "basic", def: ""},
		{name: "log_to_file", kind: optBool, level: "basic", def: "true", runtime: true},
		{name: "log_to_stderr", kind: optBool, level: "basic", def: "false", runtime: true},
		{name: "log_to_syslog", kind: optBool, level: "basic", def: "false", runtime: true},
	}
}

// daemonOptions are those of metadata servers, managers and monitors.
func daemonOptions() []configOption {
	return []configOption{
		{name: "mds_beacon_grace", kind: optFloat, level: "advanced", def: "15.000000", runtime: true},
		{name: "mds_beacon_interval", kind: optFloat, level: "advanced", def: "4.000000", runtime: true},
		{name: "mds_beacon_mon_down_grace", kind: optSecs, level: "advanced", def: "60", runtime: true},
		{name: "mds_cache_memory_limit", kind: optSize, level: "basic", def: "4294967296", runtime: true},
		{name: "mds_tick_interval", kind: optFloat, level: "advanced", def: "5.000000", runtime: true},
		{name: "mgr_data", kind: optString, level: "advanced", def: "/var/lib/ceph/mgr/$cluster-$id", special: true},
		{name: "mgr_debug_aggressive_pg_num_changes", kind: optBool, level: "dev", def: "false", runtime: true},
		{name: "mgr_initial_modules", kind: optString, level: "basic", def: "restful iostat nfs", special: true},
		{name: "mgr_service_beacon_grace", kind: optFloat, level: "advanced", def: "60.000000", runtime: true},
		{name: "mgr_standby_modules", kind: optBool, level: "advanced", def: "true", runtime: true},
		{name: "mgr_stats_period", kind: optInt, level: "basic", def: "5", runtime: true},
		{name: "mgr_stats_threshold", kind: optInt, level: "advanced", def: "5", runtime: true, min: "0", max: "11"},
		{name: "mgr_tick_period", kind: optSecs, level: "advanced", def: "2", runtime: true},
		{name: "mon_allow_pool_delete", kind: optBool, level: "advanced", def: "false", runtime: true},
		{name: "mon_client_hunt_interval", kind: optFloat, level: "advanced", def: "3.000000", runtime: true},
		{name: "mon_client_hunt_interval_backoff", kind: optFloat, level: "advanced", def: "1.500000", runtime: true},
		{name: "mon_client_hunt_interval_max_multiple", kind: optFloat, level: "advanced", def: "10.000000", runtime: true},
		{name: "mon_client_hunt_parallel", kind: optUint, level: "advanced", def: "3", runtime: true},
		{name: "mon_client_ping_interval", kind: optFloat, level: "advanced", def: "10.000000", runtime: true},
		{name: "mon_client_ping_timeout", kind: optFloat, level: "advanced", def: "30.000000", runtime: true},
		{name: "mon_cluster_log_file_level", kind: optString, level: "advanced", def: "debug", runtime: true},
		{name: "mon_config_key_max_entry_size", kind: optSize, level: "advanced", def: "65536", runtime: true},
		{name: "mon_data", kind: optString, level: "advanced", def: "/var/lib/ceph/mon/$cluster-$id", special: true},
		{name: "mon_election_timeout", kind: optFloat, level: "advanced", def: "5.000000", runtime: true},
		{name: "mon_globalid_prealloc", kind: optUint, level: "advanced", def: "10000", runtime: true},
		{name: "mon_health_to_clog", kind: optBool, level: "advanced", def: "true", runtime: true},
		{name: "mon_health_to_clog_tick_interval", kind: optFloat, level: "dev", def: "60.000000", runtime: true},
		{name: "mon_host", kind: optString, level: "basic", def: "", special: true},
		{name: "mon_lease", kind: optFloat, level: "advanced", def: "5.000000", runtime: true},
		{name: "mon_lease_ack_timeout_factor", kind: optFloat, level: "advanced", def: "2.000000", runtime: true, min: "1.0001", max: "100"},
		{name: "mon_lease_renew_interval_factor", kind: optFloat, level: "advanced", def: "0.600000", runtime: true, min: "0", max: "0.9999999"},
		{name: "mon_max_mgrmap_epochs", kind: optInt, level: "advanced", def: "500", runtime: true},
		{name: "mon_max_osd", kind: optInt, level: "advanced", def: "10000", runtime: true},
		{name: "mon_mgr_beacon_grace", kind: optSecs, level: "advanced", def: "30", runtime: true},
		{name: "mon_mgr_inactive_grace", kind: optInt, level: "advanced", def: "60", runtime: true},
		{name: "mon_mgr_mkfs_grace", kind: optInt, level: "advanced", def: "120", runtime: true},
		{name: "mon_osd_down_out_interval", kind: optInt, level: "advanced", def: "600", runtime: true},
		{name: "mon_osd_min_down_reporters", kind: optUint, level: "advanced", def: "2", runtime: true},
		{name: "mon_session_timeout", kind: optInt, level: "advanced", def: "300", runtime: true},
		{name: "mon_tick_interval", kind: optInt, level: "advanced", def: "5", runtime: true},
		{name: "mon_warn_on_insecure_global_id_reclaim_allowed", kind: optBool, level: "advanced", def: "true", runtime: true},
	}
}

// messengerOptions are those of the messenger.
func messengerOptions() []configOption {
	return []configOption{
		{name: "ms_async_op_threads", kind: optUint, level: "advanced", def: "3", runtime: true, min: "1", max: "24"},
		{name: "ms_bind_msgr1", kind: optBool, level: "advanced", def: "true", runtime: true},
		{name: "ms_bind_msgr2", kind: optBool, level: "advanced", def: "true", runtime: true},
		{name: "ms_bind_port_max", kind: optInt, level: "advanced", def: "7300", runtime: true},
		{name: "ms_bind_port_min", kind: optInt, level: "advanced", def: "6800", runtime: true},
		{name: "ms_bind_retry_count", kind: optInt, level: "advanced", def: "3", runtime: true},
		{name: "ms_connection_idle_timeout", kind: optUint, level: "advanced", def: "900", runtime: true},
		{name: "ms_connection_ready_timeout", kind: optUint, level: "advanced", def: "10", runtime: true},
		{name: "ms_dispatch_throttle_bytes", kind: optSize, level: "advanced", def: "104857600", runtime: true},
		{name: "ms_initial_backoff", kind: optFloat, level: "advanced", def: "0.200000", runtime: true},
		{name: "ms_inject_delay_max", kind: optFloat, level: "dev", def: "1.000000", runtime: true},
		{name: "ms_inject_delay_probability", kind: optFloat, level: "dev", def: "0.000000", runtime: true},
		{name: "ms_inject_delay_type", kind: optString, level: "dev", def: "", runtime: true},
		{name: "ms_inject_internal_delays", kind: optFloat, level: "dev", def: "0.000000", runtime: true},
		{name: "ms_inject_socket_failures", kind: optUint, level: "dev", def: "0", runtime: true},
		{name: "ms_max_backoff", kind: optFloat, level: "advanced", def: "15.000000", runtime: true},
		{name: "ms_tcp_listen_backlog", kind: optInt, level: "advanced", def: "512", runtime: true},
		{name: "ms_type", kind: optString, level: "advanced", def: "async+posix"},
	}
}

// storageOptions are those from "osd_" on.
func storageOptions() []configOption {
	return []configOption{
		{name: "osd_heartbeat_grace", kind: optInt, level: "advanced", def: "20", runtime: true},
		{name: "osd_heartbeat_interval", kind: optInt, level: "dev", def: "6", runtime: true, min: "1", max: "60"},
		{name: "osd_pool_default_min_size", kind: optUint, level: "advanced", def: "0", runtime: true, min: "0", max: "255"},
		{name: "osd_pool_default_pg_num", kind: optUint, level: "advanced", def: "32", runtime: true},
		{name: "osd_pool_default_size", kind: optUint, level: "advanced", def: "3", runtime: true, min: "0", max: "10"},
		{name: "paxos_min", kind: optInt, level: "advanced", def: "500", runtime: true},
		{name: "paxos_min_wait", kind: optFloat, level: "advanced", def: "0.050000", runtime: true},
		{name: "paxos_propose_interval", kind: optFloat, level: "advanced", def: "1.000000", runtime: true},
		{name: "public_network", kind: optString, level: "advanced", def: ""},
		{name: "rados_mon_op_timeout", kind: optSecs, level: "advanced", def: "0", runtime: true, min: "0"},
		{name: "rados_osd_op_timeout", kind: optSecs, level: "advanced", def: "0", runtime: true, min: "0"},
	}
}
