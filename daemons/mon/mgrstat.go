package mon

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Where mgrStat keeps its things in the store.
const (
	mgrStatSpace   = "mgrstat"
	serviceMapKey  = "servicemap"
	progressKey    = "progress"
	serviceMapName = "servicemap" // the subscription
)

// mgrStat is what the active manager reports of the cluster besides health: the map of
// services, which its successor goes on with, and what is in progress. Ceph:
// src/mon/MgrStatMonitor.cc.
type mgrStat struct {
	*ledger
	seen     uint64 // the ledger's version, when it was read
	services *msg.ServiceMap
	progress map[string]msg.ProgressEvent
}

func newMgrStat(created wire.UTime) *mgrStat {
	return &mgrStat{ledger: newLedger(mgrStatSpace), services: &msg.ServiceMap{Epoch: 1, Modified: created}}
}

// load implements service.
func (s *mgrStat) load(state *store.State) error {
	s.state = state
	if s.version() == s.seen {
		return nil
	}
	s.seen = s.version()
	if encoded, ok := s.get(serviceMapKey); ok {
		m := &msg.ServiceMap{}
		if err := m.DecodePayload(wire.NewDecoder(encoded), 1, msg.FeaturesAll); err != nil {
			return fmt.Errorf("service map: %w", err)
		}
		s.services = m
	}
	if encoded, ok := s.get(progressKey); ok {
		var r msg.MonMgrReport
		head, _ := r.Version()
		if err := r.DecodePayload(wire.NewDecoder(encoded), head, msg.FeaturesAll); err != nil {
			return fmt.Errorf("progress: %w", err)
		}
		s.progress = r.Progress
	}
	return nil
}

// report takes what a manager reports with the next batch, as far as it is news. The
// service must be open.
func (s *mgrStat) report(r *msg.MonMgrReport) (changed bool) {
	if r.Services != nil && r.Services.Epoch > s.services.Epoch {
		changed = s.update(serviceMapKey, r.Services)
	}
	if len(r.Progress) > 0 || len(s.progress) > 0 {
		changed = s.update(progressKey, &msg.MonMgrReport{Progress: r.Progress}) || changed
	}
	return changed
}

func (s *mgrStat) update(key string, b msg.Body) bool {
	var e wire.Encoder
	b.EncodePayload(&e, msg.FeaturesAll)
	if old, ok := s.get(key); ok && string(old) == string(e.Bytes()) {
		return false
	}
	s.put(key, e.Bytes())
	return true
}

// serveServiceMap sends what the active manager has reported, if the subscriber has not
// got it. It is the manager's map, not the monitors': no fact tells of it.
func (m *Mon) serveServiceMap(s *session, sub *subscription) {
	if epoch := uint64(m.reported.services.Epoch); sub.next <= epoch {
		s.con.Send(msg.NewFromMon(m.reported.services))
		sub.sent(epoch)
	}
}

// serviceSummaries are the lines of "ceph status" about services that are none of
// Ceph's own, by name. (Ceph: ServiceMap::Service::get_summary in src/mgr/ServiceMap.cc.)
func serviceSummaries(m *msg.ServiceMap) (names []string, summaries map[string]string) {
	summaries = map[string]string{}
	for _, name := range wire.SortedKeys(m.Services) {
		switch name {
		case "osd", "client", "mon", "mds", "mgr":
			continue
		}
		names = append(names, name)
		summaries[name] = serviceSummary(m.Services[name])
	}
	return names, summaries
}

func serviceSummary(s msg.Service) string {
	if s.Summary != "" {
		return s.Summary
	}
	if len(s.Daemons) == 0 {
		return "no daemons active"
	}
	kind, hosts, zones := "daemon", map[string]bool{}, map[string]bool{}
	for _, name := range wire.SortedKeys(s.Daemons) {
		meta := s.Daemons[name].Metadata
		if t, ok := meta["daemon_type"]; ok {
			kind = t
		}
		if host, ok := meta["hostname"]; ok {
			hosts[host] = true
		}
		if zone, ok := meta["zone_id"]; ok {
			zones[zone] = true
		}
	}
	if len(s.Daemons) > 1 {
		kind += "s"
	}
	var groups []string
	if len(hosts) > 0 {
		groups = append(groups, fmt.Sprintf("%d hosts", len(hosts)))
	}
	if len(zones) > 0 {
		groups = append(groups, fmt.Sprintf("%d zones", len(zones)))
	}
	text := fmt.Sprintf("%d %s active", len(s.Daemons), kind)
	if len(groups) > 0 {
		text += " (" + strings.Join(groups, ", ") + ")"
	}
	return text
}

// serviceJSON is a service as Ceph dumps it, whose summary lies among its daemons.
func serviceJSON(s msg.Service) map[string]any {
	type daemon struct {
		StartEpoch uint32            `json:"start_epoch"`
		StartStamp string            `json:"start_stamp"`
		GID        uint64            `json:"gid"`
		Addr       string            `json:"addr"`
		Metadata   map[string]string `json:"metadata"`
		TaskStatus map[string]string `json:"task_status"`
	}
	daemons := map[string]any{"summary": s.Summary}
	for _, name := range wire.SortedKeys(s.Daemons) {
		d := s.Daemons[name]
		daemons[name] = daemon{d.StartEpoch, stamp(d.StartStamp), d.GID, plainAddr(d.Addr), orNone(d.Metadata), orNone(d.TaskStatus)}
	}
	return map[string]any{"daemons": daemons}
}

func progressJSON(events map[string]msg.ProgressEvent) map[string]any {
	type event struct {
		Message  string  `json:"message"`
		Progress float32 `json:"progress"`
		Shown    bool    `json:"add_to_ceph_s"`
	}
	all := map[string]any{}
	for _, id := range wire.SortedKeys(events) {
		e := events[id]
		all[id] = event{e.Message, e.Progress, e.AddToStatus}
	}
	return all
}

// progressText is the section of "ceph status" about what is in progress, empty if
// there is nothing.
func progressText(events map[string]msg.ProgressEvent) string {
	var b strings.Builder
	for _, id := range wire.SortedKeys(events) {
		if e := events[id]; e.AddToStatus {
			fmt.Fprintf(&b, "    %s\n", e.Message)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return "  progress:\n" + b.String() + " \n"
}
