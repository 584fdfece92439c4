package mon

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// healthSpace is the space of the store that holds what is wrong with the cluster:
// checks as "SOURCE/CODE", and under quorumKey the names of those that answer.
const (
	healthSpace = "health"
	quorumKey   = "quorum"
)

// Where checks come from: the monitors themselves, and the active manager. What a
// monitor reports about itself comes from "mon.NAME".
const (
	healthOfMons = "mon"
	healthOfMgr  = "mgr"
)

// healthMonitor is what is wrong with the cluster: the leader looks, every monitor
// tells. Ceph: src/mon/HealthMonitor.cc.
type healthMonitor struct {
	*ledger
	seen   uint64                     // the ledger's version, when it was read
	checks map[string]msg.HealthCheck // by code, of all sources
	names  []string                   // who answers, by rank then; nil as long as nobody has looked
	// look is what the leader finds out by itself from time to time.
	look func(now time.Duration, wall wire.UTime)
	// changed is told what the checks were when others are taken over.
	changed func(was map[string]msg.HealthCheck)
	mutes   *healthMutes // a service of its own
}

func newHealthMonitor() *healthMonitor {
	h := &healthMonitor{ledger: newLedger(healthSpace), mutes: newHealthMutes()}
	h.mutes.checks = func() map[string]msg.HealthCheck { return h.checks }
	return h
}

// load implements service.
func (h *healthMonitor) load(s *store.State) error {
	h.state = s
	if h.version() == h.seen {
		return nil
	}
	was := h.checks
	h.seen, h.checks, h.names = h.version(), map[string]msg.HealthCheck{}, nil
	for _, key := range h.keys("") {
		encoded, _ := h.get(key)
		d := wire.NewDecoder(encoded)
		if _, code, isCheck := strings.Cut(key, "/"); isCheck {
			h.checks[code] = worse(h.checks[code], msg.DecodeHealthCheck(d))
		} else {
			h.names = d.Strings()
		}
		if err := d.Err(); err != nil {
			return fmt.Errorf("health %q: %w", key, err)
		}
	}
	if h.changed != nil {
		h.changed(was)
	}
	return nil
}

// worse is one check made of two of the same code; the first may be none.
func worse(a, b msg.HealthCheck) msg.HealthCheck {
	if a.Summary == "" {
		return b
	}
	a.Severity = min(a.Severity, b.Severity)
	a.Detail = slices.Concat(a.Detail, b.Detail)
	a.Count += b.Count
	return a
}

// tick implements service.
func (h *healthMonitor) tick(now time.Duration, wall wire.UTime) { h.look(now, wall) }

// report replaces the checks of a source with the next batch. The service must be
// open.
func (h *healthMonitor) report(source string, checks map[string]msg.HealthCheck) (changed bool) {
	for _, key := range h.keys(source + "/") {
		if _, still := checks[strings.TrimPrefix(key, source+"/")]; !still {
			h.remove(key)
			changed = true
		}
	}
	for _, code := range wire.SortedKeys(checks) {
		c := checks[code]
		var e wire.Encoder
		c.Encode(&e)
		changed = h.update(source+"/"+code, e.Bytes()) || changed
	}
	return changed
}

// answering says which monitors answer.
func (h *healthMonitor) answering(names []string) {
	var e wire.Encoder
	e.Strings(names)
	h.update(quorumKey, e.Bytes())
}

// update writes a key if its value is another.
func (h *healthMonitor) update(key string, value []byte) bool {
	if old, ok := h.get(key); ok && string(old) == string(value) {
		return false
	}
	h.put(key, value)
	return true
}

// status is the worst of the checks that are not muted: "HEALTH_OK" if there is none.
func (h *healthMonitor) status() string {
	worst := msg.HealthOK
	for _, code := range wire.SortedKeys(h.checks) {
		if !h.muted(code) {
			worst = min(worst, h.checks[code].Severity)
		}
	}
	return severity(worst)
}

func (h *healthMonitor) muted(code string) bool {
	_, muted := h.mutes.byCode[code]
	return muted
}

// summaries are the checks in a line each, the worst first and the muted ones together
// at the end.
func (h *healthMonitor) summaries(wall wire.UTime) (lines []string) {
	for _, code := range h.codes() {
		if !h.muted(code) {
			lines = append(lines, h.checks[code].Summary)
		}
	}
	if muted := h.mutes.text(wall); muted != "" {
		lines = append(lines, muted)
	}
	return lines
}

func severity(s uint8) string {
	names := [...]string{"HEALTH_ERR", "HEALTH_WARN", "HEALTH_OK"}
	return names[min(int(s), len(names)-1)]
}

// lookAround is the leader's look at the quorum and the managers.
func (m *Mon) lookAround(now time.Duration, wall wire.UTime) {
	ranks := m.whoAnswers(now)
	m.health.answering(m.namesOf(ranks))
	checks := map[string]msg.HealthCheck{}
	if c, down := m.monDown(ranks); down {
		checks["MON_DOWN"] = c
	}
	mm := m.mgr.committed
	osds, _, _ := m.osd.committed.Count()
	if c, down := mgrDown(mm, osds, since(m.monMap().Created, wall), m.mgrMissed(now)); down {
		checks["MGR_DOWN"] = c
	}
	m.health.report(healthOfMons, checks)
}

// whoAnswers are the monitors that the leader has heard lately, ascending. One that
// it could not yet hear since it leads counts as before.
func (m *Mon) whoAnswers(now time.Duration) (ranks []int) {
	patience := scale(m.opts.Lease, m.opts.LeaseAckTimeoutFactor)
	before := m.quorumRanks()
	for rank := range m.size() {
		heard, ever := m.heard[m.nameOf(rank)]
		switch {
		case rank == m.rank || ever && now-heard <= patience:
			ranks = append(ranks, rank)
		case now-m.electedAt <= patience && slices.Contains(before, rank):
			ranks = append(ranks, rank)
		}
	}
	return ranks
}

// monDown says which monitors do not answer.
func (m *Mon) monDown(ranks []int) (c msg.HealthCheck, down bool) {
	names := m.namesOf(ranks)
	c = msg.HealthCheck{Severity: msg.HealthWarn, Count: int64(m.size() - len(ranks))}
	c.Summary = fmt.Sprintf("%d/%d mons down, quorum %s", c.Count, m.size(), strings.Join(names, ","))
	for rank := range m.size() {
		if !slices.Contains(ranks, rank) {
			c.Detail = append(c.Detail, fmt.Sprintf("mon.%s (rank %d) addr v1:%s is down (out of quorum)",
				m.nameOf(rank), rank, shortAddr(msg.AddrVec{m.addrOf(rank)})))
		}
	}
	return c, c.Count > 0
}

// Options of MGR_DOWN (mon_mgr_mkfs_grace, mon_mgr_inactive_grace), with Ceph's
// defaults.
const (
	mgrMkfsGrace     = 120 * time.Second
	mgrInactiveGrace = 60 * time.Second
)

// mgrDown says that no manager serves: not before the cluster has OSDs and has had
// time for its first manager, and worse when it lasts (MM-23).
func mgrDown(mm *msg.MgrMap, osds int, age, inactive time.Duration) (c msg.HealthCheck, down bool) {
	c = msg.HealthCheck{Severity: msg.HealthWarn, Summary: "no active mgr", Count: 1}
	if inactive > mgrInactiveGrace {
		c.Severity = msg.HealthErr
	}
	return c, !mm.Available && osds > 0 && age > mgrMkfsGrace
}

// mgrMissed is for how long this leader has seen no manager serve.
func (m *Mon) mgrMissed(now time.Duration) time.Duration {
	switch {
	case m.mgr.committed.Available:
		m.mgrGone = 0
		return 0
	case m.mgrGone == 0:
		m.mgrGone = now
	}
	return now - m.mgrGone
}

// since is the time from a to b.
func since(a, b wire.UTime) time.Duration { return b.Time().Sub(a.Time()) }

// quorumRanks are the monitors in the quorum as the leader has found it, ascending:
// at first, all. raft itself knows no membership but the whole monmap. Without a
// leader there is none.
func (m *Mon) quorumRanks() []int {
	ranks := []int{}
	if m.status().Role == quorum.Electing {
		return ranks
	}
	for rank := range m.size() {
		if m.health.names == nil || rank == m.rank || rank == m.leader() || slices.Contains(m.health.names, m.nameOf(rank)) {
			ranks = append(ranks, rank)
		}
	}
	return ranks
}

// handleMonHealthChecks takes what a peon finds wrong with itself.
func (m *Mon) handleMonHealthChecks(from string, h *msg.MonHealthChecks) {
	if m.writeable() && m.health.report(healthOfMons+"."+from, h.Checks) {
		m.schedule(false)
	}
}

// handleMgrReport takes what the active manager finds wrong with the cluster, and what
// services there are.
func (m *Mon) handleMgrReport(o *op, r *msg.MonMgrReport) {
	m.noReply(o)
	if !m.leads(o) || r.GID != m.mgr.committed.ActiveGID {
		return
	}
	changed := m.reported.report(r)
	if m.health.report(healthOfMgr, r.Checks) || changed {
		m.schedule(false)
	}
}

// sayHealth logs how the checks have changed, in Ceph's words.
func (m *Mon) sayHealth(was map[string]msg.HealthCheck) {
	for _, code := range wire.SortedKeys(m.health.checks) {
		is, level := m.health.checks[code], msg.LogWarning
		if is.Severity == msg.HealthErr {
			level = msg.LogError
		}
		if old, before := was[code]; !before {
			m.say(level, "Health check failed: %s (%s)", is.Summary, code)
		} else if old.Summary != is.Summary || old.Severity != is.Severity {
			m.say(level, "Health check update: %s (%s)", is.Summary, code)
		}
	}
	for _, code := range wire.SortedKeys(was) {
		if _, still := m.health.checks[code]; !still {
			m.say(msg.LogInfo, "Health check cleared: %s (was: %s)", code, was[code].Summary)
		}
	}
	if len(was) > 0 && len(m.health.checks) == 0 {
		m.say(msg.LogInfo, "Cluster is now healthy")
	}
}

func healthCommands() []command {
	return []command{
		{"health", "name=detail,type=CephChoices,strings=detail,req=false", "show cluster health", "mon", "r", (*Mon).healthCommand},
		{"health mute", "name=code,type=CephString name=ttl,type=CephString,req=false name=sticky,type=CephBool,req=false",
			"mute health alert", "mon", "w", (*Mon).healthMuteCommand},
		{"health unmute", "name=code,type=CephString,req=false", "unmute existing health alert mute(s)", "mon", "w", (*Mon).healthUnmuteCommand},
	}
}

type healthMessageJSON struct {
	Text string `json:"message"`
}

type healthCheckJSON struct {
	Severity string `json:"severity"`
	Summary  struct {
		Text  string `json:"message"`
		Count int64  `json:"count"`
	} `json:"summary"`
	Detail *[]healthMessageJSON `json:"detail,omitempty"`
	Muted  bool                 `json:"muted"`
}

type healthJSON struct {
	Status string                     `json:"status"`
	Checks map[string]healthCheckJSON `json:"checks"`
	Mutes  []healthMute               `json:"mutes"`
}

func (h *healthMonitor) json(detail bool) healthJSON {
	out := healthJSON{h.status(), map[string]healthCheckJSON{}, h.mutes.list()}
	for _, code := range wire.SortedKeys(h.checks) {
		c := h.checks[code]
		j := healthCheckJSON{Severity: severity(c.Severity), Muted: h.muted(code)}
		j.Summary.Text, j.Summary.Count = c.Summary, c.Count
		if detail {
			j.Detail = &[]healthMessageJSON{}
			for _, line := range c.Detail {
				*j.Detail = append(*j.Detail, healthMessageJSON{line})
			}
		}
		out.Checks[code] = j
	}
	return out
}

// codes are the checks' codes, the worst first.
func (h *healthMonitor) codes() []string {
	codes := wire.SortedKeys(h.checks)
	slices.SortStableFunc(codes, func(a, b string) int { return cmp.Compare(h.checks[a].Severity, h.checks[b].Severity) })
	return codes
}

func (m *Mon) healthCommand(o *op, c *msg.MonCommand, args commandArgs) {
	detail := args.text("detail") == "detail"
	if !args.plain() {
		m.ackFlushed(o, c, args, m.health.json(detail))
		return
	}
	wall := m.wall()
	text := strings.TrimSpace(m.health.status()+" "+strings.Join(m.health.summaries(wall), "; ")) + "\n"
	if detail {
		text += m.health.details(wall)
	}
	m.ack(o, c, result{prefix: args.prefix(), data: []byte(text)})
}

// details are the checks with all that they say.
func (h *healthMonitor) details(wall wire.UTime) string {
	var b strings.Builder
	for _, code := range h.codes() {
		check := h.checks[code]
		if h.muted(code) {
			b.WriteString(h.mutes.byCode[code].mark(wall))
		}
		fmt.Fprintf(&b, "[%s] %s: %s\n", map[bool]string{true: "ERR", false: "WRN"}[check.Severity == msg.HealthErr], code, check.Summary)
		for _, line := range check.Detail {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}
