package sim

import (
	"maps"
	"slices"
	"strings"
)

// point is a fault point of one host. It is there once a process has reached it,
// or somebody has set it.
type point struct {
	name           string
	reached, fired uint64
	enabled        bool   // it was, at some time
	next           *point // that which came after it the last time, a guess

	// strikes decides whether the point fires, nil while it is not enabled; since
	// counts how often it was asked.
	strikes func(reached uint64) bool
	since   uint64
}

// PointCount says what became of a fault point in a run, on all hosts together.
type PointCount struct {
	Name string `json:"name"`
	// Reached and Fired are how often.
	Reached uint64 `json:"reached"`
	Fired   uint64 `json:"fired"`
	// Enabled says that it could fire, on one host at least.
	Enabled bool `json:"enabled"`
}

// PointOdds say how often fault points fire. A point is enabled for the whole run,
// or not at all, and once in EnabledOneIn runs it is. So runs differ in which points
// they have, and a few of them fire so often that what follows from it has time to
// show, where a little of everything would drown it.
type PointOdds struct {
	// EnabledOneIn is drawn once for each point, from a stream of its own.
	EnabledOneIn int
	// FiresOneIn is drawn each time that a process reaches an enabled point, from a
	// stream of that point and host.
	FiresOneIn int
}

// pointRule is what EnablePoints was told.
type pointRule struct {
	prefix string
	odds   PointOdds
}

// SetPoint lets strikes decide whether the fault point called name fires on host
// h, each time a process reaches it; reached counts those times from 1. It runs
// inside the callback that has reached the point, and may do to the world whatever
// a fault can do, the end of that very process included. nil disables the point. A
// point that nobody set or enabled never fires.
func (s *Sim) SetPoint(h *Host, name string, strikes func(reached uint64) bool) {
	p := h.point(name)
	p.strikes, p.since = strikes, 0
	p.enabled = p.enabled || strikes != nil
}

// EnablePoint lets the fault point called name fire on host h, once in oneIn
// times that it is reached, by a stream of its own.
func (s *Sim) EnablePoint(h *Host, name string, oneIn int) {
	draws := s.stream("point/" + h.name + "/" + name)
	s.SetPoint(h, name, func(uint64) bool { return draws.IntN(oneIn) == 0 })
}

// EnablePoints lets the fault points whose names begin with prefix fire by those
// odds, on all hosts. It is for points that no process has reached yet and that
// nobody has set. A point that several calls are about follows the first.
func (s *Sim) EnablePoints(prefix string, odds PointOdds) {
	s.pointRules = append(s.pointRules, pointRule{prefix, odds})
}

// DisablePoints lets no fault point of the host fire any more, whoever enabled it, those
// that no process has reached yet included.
func (s *Sim) DisablePoints(h *Host) {
	h.noPoints = true
	for _, p := range h.points {
		p.strikes = nil
	}
}

// Points are the counts of all fault points that were reached or set, in the order
// of their names.
func (s *Sim) Points() []PointCount {
	sums := make(map[string]PointCount)
	for _, h := range s.hosts {
		for _, name := range slices.Sorted(maps.Keys(h.points)) {
			p, sum := h.points[name], sums[name]
			sums[name] = PointCount{
				Name: name, Reached: sum.Reached + p.reached, Fired: sum.Fired + p.fired, Enabled: sum.Enabled || p.enabled,
			}
		}
	}
	list := make([]PointCount, 0, len(sums))
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		list = append(list, sums[name])
	}
	return list
}

// point finds a fault point. Code goes through its points in much the same order
// over and over, so the one that came next the last time is tried first.
func (h *Host) point(name string) *point {
	if h.lastPoint != nil {
		if guess := h.lastPoint.next; guess != nil && guess.name == name {
			h.lastPoint = guess
			return guess
		}
	}
	p := h.points[name]
	if p == nil {
		p = &point{name: name}
		h.points[name] = p
		h.sim.enableByRule(h, p)
	}
	if h.lastPoint != nil {
		h.lastPoint.next = p
	}
	h.lastPoint = p
	return p
}

// enableByRule enables a point that has just come to be, if the first rule about it
// says so.
func (s *Sim) enableByRule(h *Host, p *point) {
	i := slices.IndexFunc(s.pointRules, func(r pointRule) bool { return strings.HasPrefix(p.name, r.prefix) })
	if i < 0 || h.noPoints {
		return
	}
	odds := s.pointRules[i].odds
	if NewStream(s.config.Seed, "point-enabled/"+p.name).IntN(odds.EnabledOneIn) > 0 {
		return
	}
	draws := s.stream("point/" + h.name + "/" + p.name)
	p.enabled, p.strikes = true, func(uint64) bool { return draws.IntN(odds.FiresOneIn) == 0 }
}

// strikes counts that a process has reached the point, and asks it.
func (s *Sim) strikes(h *Host, name string) bool {
	p := h.point(name)
	p.reached++
	if p.strikes == nil {
		return false
	}
	p.since++
	if !p.strikes(p.since) {
		return false
	}
	p.fired++
	s.trace.point(h, name, p.since)
	return true
}
