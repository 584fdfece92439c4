package cinder

import (
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
)

// Scheduler is the manager of cinder-scheduler: it knows which backends there are, from
// their reports and from the table of services.
type Scheduler struct {
	s        *Service
	reported []capabilities // the last report of each backend, in the order of the first ones
	active   []string       // backends that could be scheduled to at the last look
	missing  bool           // at the last look a backend had not reported
}

// NewScheduler is a manager without any backends.
func NewScheduler() *Scheduler { return &Scheduler{} }

// schedulerRPCVersion is the version of the topic cinder-scheduler.
const schedulerRPCVersion = "3.12"

// RPCVersion implements Manager.
func (m *Scheduler) RPCVersion() string { return schedulerRPCVersion }

// IsWorking implements Manager: a scheduler always works.
func (m *Scheduler) IsWorking() bool { return true }

// InitHost implements Manager.
func (m *Scheduler) InitHost(_ host.Task, s *Service) error {
	m.s = s
	return nil
}

// InitHostWithRPC implements Manager: it asks all volume services to report, and waits
// for those that are up.
func (m *Scheduler) InitHostWithRPC(t host.Task) {
	if err := m.s.rpc.Fanout(t, BinaryVolume, methodPublish, nil); err != nil {
		m.s.log.Warn("volume services not asked for their capabilities", "error", err)
	}
	const look = time.Second
	for waited := time.Duration(0); waited < m.s.opt.SchedulerInitWait; waited += look {
		if err := m.refresh(t); err == nil && !m.missing {
			return
		}
		t.Sleep(look)
	}
}

// Periodic implements Manager: the map of hosts is kept fresh, and what it says of
// services can be seen.
func (m *Scheduler) Periodic() []PeriodicTask {
	return []PeriodicTask{{Name: "update_backend_state_map", Run: m.refresh}}
}

// Handle implements Manager.
func (m *Scheduler) Handle(t host.Task, r rpc.Request) (any, error) {
	switch r.Method {
	case methodUpdateCapabilities:
		return nil, decoded(r, func(c capabilities) error { m.report(c); return nil })
	case methodGetPools:
		return m.pools(t)
	case methodWorkCleanup:
		var args struct {
			Request cleanupFilter `json:"cleanup_request"`
		}
		if err := r.Decode(&args); err != nil {
			return nil, err
		}
		return m.workCleanup(t, args.Request)
	}
	return nil, noSuchMethod(r)
}

// backend is what pools are named after: the cluster, if it is in one.
func (c capabilities) backend() string {
	if c.Cluster != "" {
		return c.Cluster
	}
	return c.Host
}

// report takes over the report of a backend, unless a later one is there.
func (m *Scheduler) report(c capabilities) {
	i := slices.IndexFunc(m.reported, func(old capabilities) bool { return old.backend() == c.backend() })
	switch {
	case i < 0:
		m.reported = append(m.reported, c)
	case !c.At.Before(m.reported[i].At):
		m.reported[i] = c
	}
}

// refresh looks up which backends can be scheduled to: those of services that are up,
// enabled and not frozen. The flags of a service in a cluster are its cluster's.
func (m *Scheduler) refresh(t host.Task) error {
	began, now := m.s.h.Clock().Monotonic(), m.s.now()
	services, err := m.s.cfg.Store.Services(t, db.ServiceFilter{Topic: BinaryVolume})
	if err != nil {
		return err
	}
	m.active, m.missing = nil, false
	for _, s := range services {
		up := m.s.judge(s, now, began)
		enabled, err := m.schedulable(t, s)
		if err != nil {
			return err
		}
		if !up || !enabled {
			continue
		}
		name := s.Host
		if s.ClusterName != nil {
			name = *s.ClusterName
		}
		if !slices.ContainsFunc(m.reported, func(c capabilities) bool { return c.backend() == name }) {
			m.missing = true
			continue
		}
		if !slices.Contains(m.active, name) {
			m.active = append(m.active, name)
		}
	}
	m.s.h.Probe(Schedulable{m.s.who(), strings.Join(m.active, ","), m.s.h.Clock().Monotonic() - began})
	return nil
}

func (m *Scheduler) schedulable(t host.Task, s db.Service) (bool, error) {
	if m.s.cfg.Defects.SchedulesDisabled {
		return true, nil
	}
	if s.ClusterName == nil {
		return !s.Disabled && !s.Frozen, nil
	}
	c, err := m.s.cfg.Store.Cluster(t, db.ClusterFilter{Name: *s.ClusterName, Binary: s.Binary})
	return err == nil && !c.Disabled && !c.Frozen, err
}

// judge says whether a service is up, and states it. The time, by both clocks, is that before
// its row was read: an answer of the database may be under way for long.
func (s *Service) judge(row db.Service, now time.Time, began time.Duration) bool {
	up := s.liveness().Up(row, now)
	s.h.Probe(Judged{
		Who: Who{row.Host, row.Binary}, ID: row.ID, Up: up, Disabled: row.Disabled, Count: row.ReportCount,
		UpdatedAt: sinceEpoch(row.UpdatedAt), CreatedAt: sinceEpoch(row.CreatedAt), Now: sinceEpoch(now), DownTime: s.opt.ServiceDownTime,
		Took: s.h.Clock().Monotonic() - began,
	})
	return up
}

func (s *Service) liveness() Liveness {
	return Liveness{DownTime: s.opt.ServiceDownTime, Defects: s.cfg.Defects}
}

// pool is a pool that can be scheduled to.
type pool struct {
	Name         string `json:"name"` // "ctl@lvm#pool"
	Capabilities Stats  `json:"capabilities"`
}

// pools lists those of active backends.
func (m *Scheduler) pools(t host.Task) ([]pool, error) {
	if err := m.refresh(t); err != nil {
		return nil, err
	}
	pools := []pool{}
	for _, c := range m.reported {
		if slices.Contains(m.active, c.backend()) {
			pools = append(pools, pool{Name: c.backend() + "#" + c.Stats.Pool, Capabilities: c.Stats})
		}
	}
	return pools, nil
}

// cleanupFilter chooses the services whose unfinished work is to be cleaned up. What is
// null chooses all.
type cleanupFilter struct {
	ServiceID    *int64  `json:"service_id"`
	Cluster      *string `json:"cluster_name"`
	Host         *string `json:"host"`
	Binary       *string `json:"binary"`
	ResourceType *string `json:"resource_type"`
	ResourceID   *string `json:"resource_id"`
	Disabled     *bool   `json:"disabled"`
	Up           *bool   `json:"is_up"`
}

// cleaned are the services whose work is being cleaned up, and those for which nobody is
// there to do it.
type cleaned struct {
	Cleaning    []cleanedService `json:"cleaning"`
	Unavailable []cleanedService `json:"unavailable"`
}

// cleanedService is a service in an answer.
type cleanedService struct {
	ID      int64   `json:"id"`
	Host    string  `json:"host"`
	Binary  string  `json:"binary"`
	Cluster *string `json:"cluster_name"`
}

// workCleanup has live members of their clusters clean up what services have left, or
// the services themselves if they are up.
func (m *Scheduler) workCleanup(t host.Task, f cleanupFilter) (cleaned, error) {
	began, now := m.s.h.Clock().Monotonic(), m.s.now()
	all, err := m.s.cfg.Store.Services(t, db.ServiceFilter{})
	if err != nil {
		return cleaned{}, err
	}
	out := cleaned{Cleaning: []cleanedService{}, Unavailable: []cleanedService{}}
	for _, s := range all {
		if !f.chooses(s) || f.Up != nil && *f.Up != m.s.judge(s, now, began) {
			continue
		}
		named := cleanedService{s.ID, s.Host, s.Binary, s.ClusterName}
		to := m.cleaner(all, s)
		if to == "" {
			out.Unavailable = append(out.Unavailable, named)
			continue
		}
		r := cleanRequest{ServiceID: s.ID, ResourceType: value(f.ResourceType), ResourceID: value(f.ResourceID), Until: m.s.now()}
		if err := m.s.rpc.Cast(t, rpc.Target{Topic: BinaryVolume + "." + to}, methodCleanUp, r); err != nil {
			return cleaned{}, err
		}
		out.Cleaning = append(out.Cleaning, named)
	}
	return out, nil
}

func (f cleanupFilter) chooses(s db.Service) bool {
	return s.Binary == BinaryVolume &&
		is(f.ServiceID, s.ID) && is(f.Cluster, value(s.ClusterName)) && is(f.Host, s.Host) &&
		is(f.Binary, s.Binary) && is(f.Disabled, s.Disabled)
}

// is reports whether a filter that may be null lets a value through.
func is[T comparable](wanted *T, v T) bool { return wanted == nil || *wanted == v }

// cleaner is the queue of who can clean up after a service: itself if it is up, or its
// cluster if a member is.
func (m *Scheduler) cleaner(all []db.Service, dead db.Service) string {
	now := m.s.now()
	l := m.s.liveness()
	if l.Up(dead, now) {
		return dead.Host
	}
	for _, s := range all {
		if dead.ClusterName != nil && value(s.ClusterName) == *dead.ClusterName && s.Binary == dead.Binary && l.Up(s, now) {
			return *dead.ClusterName
		}
	}
	return ""
}
