package msg

import (
	"encoding/hex"

	"github.com/wavetank/wavetank/daemons/wire"
)

// peerBodyObject describes what monitors say to each other.
func peerBodyObject(b Body) object {
	switch b := b.(type) {
	case *MonProbe:
		return object{
			"fsid": b.FSID.String(), "op": b.Op, "name": b.Name, "quorum": numbers(b.Quorum),
			"monmap": optionalMonMapObject(b.Map), "has_ever_joined": b.HasEverJoined, "paxos_first": b.PaxosFirst,
			"paxos_last": b.PaxosLast, "required_features": b.RequiredFeatures, "mon_release": b.Release,
			"leader": b.Leader,
		}
	case *MonElection:
		return object{
			"fsid": b.FSID.String(), "op": b.Op, "epoch": b.Epoch, "monmap": optionalMonMapObject(b.Map),
			"quorum": numbers(b.Quorum), "quorum_features": b.QuorumFeatures, "defunct1": 0, "defunct2": 0,
			"sharing_bl_len": len(b.Sharing), "mon_features": b.MonFeatures, "metadata": texts(b.Metadata),
			"mon_release": b.Release, "scoring_bl": trackerHex(b.Scoring), "strategy": b.Strategy,
		}
	case *MonPaxos:
		return object{
			"epoch": b.Epoch, "op": b.Op, "first_committed": b.FirstCommitted, "last_committed": b.LastCommitted,
			"pn_from": b.PNFrom, "pn": b.PN, "uncommitted_pn": b.UncommittedPN,
			"lease_timestamp": b.LeaseStamp.String(), "sent_timestamp": b.SentStamp.String(),
			"latest_version": b.LatestVersion, "latest_value_len": len(b.LatestValue),
			"values": pairs(b.Values, byteCount), "feature_map_len": len(b.FeatureMap),
		}
	case *TimeCheck2:
		seconds := func(s float64) any { return s }
		return object{
			"op": b.Op, "epoch": b.Epoch, "round": b.Round, "timestamp": b.Stamp.String(),
			"skews": pairs(b.Skews, seconds), "latencies": pairs(b.Latencies, seconds),
		}
	case *MonHealthChecks:
		return withPaxos(b.Paxos, object{"health_checks": byName(b.Checks, healthCheckObject)})
	}
	return nil
}

func optionalMonMapObject(m *MonMap) any {
	if m == nil {
		return nil
	}
	return monMapObject(m)
}

func trackerHex(t *ConnectionTracker) string {
	var e wire.Encoder
	if t != nil {
		t.encode(&e)
	}
	return hex.EncodeToString(e.Bytes())
}

func healthCheckObject(c HealthCheck) any {
	return object{"severity": c.Severity, "summary": c.Summary, "detail": names(c.Detail), "count": c.Count}
}

func monMgrReportObject(b *MonMgrReport) object {
	o := withPaxos(b.Paxos, object{
		"health_checks": byName(b.Checks, healthCheckObject), "service_map": nil, "gid": b.GID,
		"progress_events": pairs(b.Progress, func(p ProgressEvent) any { return p }),
	})
	if b.Services != nil {
		o["service_map"] = serviceMapObject(b.Services)
	}
	return o
}

func mgrReportObject(b *MgrReport) object {
	return object{
		"daemon_name": b.DaemonName, "declare_types": each(b.Declared, func(c CounterType) any {
			return object{
				"path": c.Path, "description": c.Description, "nick": c.Nick,
				"type": c.Type, "priority": c.Priority, "unit": c.Unit,
			}
		}),
		"packed_len": len(b.Packed), "undeclare_types": names(b.Undeclared), "service_name": b.ServiceName,
		"daemon_status": optionalTexts(b.Status),
		"daemon_health_metrics": each(b.Health, func(h DaemonHealthMetric) any {
			return object{"type": h.Type, "value": h.Value}
		}),
		"config_bl_len":           len(b.Config),
		"osd_perf_metric_reports": each(b.OSDMetrics, func(r OSDMetricReport) any { return r }),
		"task_status":             optionalTexts(b.TaskStatus), "has_metric_report": b.Metric != nil,
	}
}

func optionalTexts(m map[string]string) any {
	if m == nil {
		return nil
	}
	return texts(m)
}
