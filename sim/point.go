package sim

// pointKey is a fault point on one host.
type pointKey struct {
	host *Host
	name string
}

// point is what is asked for one fault point of one host.
type point struct {
	strikes         func(reached uint64) bool
	reached, struck uint64
}

// SetPoint lets strikes decide whether the fault point called name strikes on
// host h, each time a process reaches it; reached counts those times from 1. It
// runs inside the callback that has reached the point, and may do to the world
// whatever a fault can do, the end of that very process included. nil disables
// the point. A point that nobody set never strikes.
func (s *Sim) SetPoint(h *Host, name string, strikes func(reached uint64) bool) {
	key := pointKey{h, name}
	if strikes == nil {
		delete(s.points, key)
		return
	}
	s.points[key] = &point{strikes: strikes}
}

// EnablePoint lets the fault point called name strike on host h, once in oneIn
// times that it is reached, by a stream of its own.
func (s *Sim) EnablePoint(h *Host, name string, oneIn int) {
	draws := NewStream(s.config.Seed, "point/"+h.name+"/"+name)
	s.SetPoint(h, name, func(uint64) bool { return draws.IntN(oneIn) == 0 })
}

// PointCounts reports how often a fault point was reached and struck since it was
// set.
func (s *Sim) PointCounts(h *Host, name string) (reached, struck uint64) {
	if p := s.points[pointKey{h, name}]; p != nil {
		return p.reached, p.struck
	}
	return 0, 0
}

// strikes asks the point, if it is set.
func (s *Sim) strikes(h *Host, name string) bool {
	if len(s.points) == 0 {
		return false
	}
	p := s.points[pointKey{h, name}]
	if p == nil {
		return false
	}
	p.reached++
	if !p.strikes(p.reached) {
		return false
	}
	p.struck++
	s.trace.point(h, name, p.reached)
	return true
}
