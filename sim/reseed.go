package sim

import "time"

// Reseed lets a run be that of its seed up to a time, and from there one of many that it
// could have been: every stream goes on from another state, and those that are made later
// are others. What is on its way then, or was drawn for later, stays. The same Salt gives
// the same run. The zero value is no Reseed.
//
// So one can ask when a run's fate was decided: see package scenarios/why.
type Reseed struct {
	At   time.Duration // since the run began
	Salt uint64
}

// drawn are the streams of a run.
type drawn struct {
	seed uint64
	kept bool      // streams are kept, for a Reseed is to come
	all  []*Stream // those that were made, if they are kept
}

// stream derives the stream called name from the run's seed.
func (s *Sim) stream(name string) *Stream {
	stream := NewStream(s.drawn.seed, name)
	if s.drawn.kept {
		s.drawn.all = append(s.drawn.all, stream)
	}
	return stream
}

// reseed is the time of Config.Reseed.
func (s *Sim) reseed() {
	salt := mix(s.config.Reseed.Salt + goldenGamma)
	s.drawn.seed = mix(s.drawn.seed ^ salt)
	for _, stream := range s.drawn.all {
		stream.state = mix(stream.state ^ salt)
	}
	s.drawn.kept, s.drawn.all = false, nil
}
