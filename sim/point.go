package sim

// pointSet holds the fault points that may strike in a run.
type pointSet struct {
	streams map[string]*point
}

// point is one fault point on one host.
type point struct {
	stream  *Stream
	oneIn   int
	reached uint64
	struck  uint64
}

// EnablePoint lets the fault point called name strike on host h, once in oneIn
// times that it is reached, by a stream of its own.
func (s *Sim) EnablePoint(h *Host, name string, oneIn int) {
	key := h.name + "/" + name
	s.points.streams[key] = &point{stream: NewStream(s.config.Seed, "point/"+key), oneIn: oneIn}
}

// PointCounts reports how often an enabled fault point was reached and struck.
func (s *Sim) PointCounts(h *Host, name string) (reached, struck uint64) {
	p := s.points.streams[h.name+"/"+name]
	if p == nil {
		return 0, 0
	}
	return p.reached, p.struck
}

func (ps *pointSet) strikes(host, name string) bool {
	if len(ps.streams) == 0 {
		return false
	}
	p := ps.streams[host+"/"+name]
	if p == nil {
		return false
	}
	p.reached++
	if p.stream.IntN(p.oneIn) != 0 {
		return false
	}
	p.struck++
	return true
}
