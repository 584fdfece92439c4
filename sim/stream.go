package sim

import "math/bits"

// Stream is a named stream of pseudo-random integers (splitmix64). Every choice
// of the simulator comes from a stream of its own, derived from the seed and the
// stream's name, so that one more draw in one place never shifts the draws of
// another. It implements host.Rand.
type Stream struct {
	state uint64
}

const (
	goldenGamma = 0x9e3779b97f4a7c15 // splitmix64's increment: 2^64 / golden ratio, odd
	fnvOffset   = 0xcbf29ce484222325
	fnvPrime    = 0x100000001b3
)

// NewStream derives the stream called name from seed.
func NewStream(seed uint64, name string) *Stream {
	h := uint64(fnvOffset)
	for i := range len(name) {
		h = (h ^ uint64(name[i])) * fnvPrime
	}
	return &Stream{state: mix(mix(seed+goldenGamma) ^ h)}
}

// Uint64 is uniform over all 64-bit values.
func (s *Stream) Uint64() uint64 {
	s.state += goldenGamma
	return mix(s.state)
}

// IntN is uniform over [0, n) up to a bias of n/2^64. It panics if n <= 0.
func (s *Stream) IntN(n int) int {
	if n <= 0 {
		panic("sim: IntN of a range that is empty")
	}
	hi, _ := bits.Mul64(s.Uint64(), uint64(n))
	return int(hi)
}

// int64N is IntN for durations; a range of 0 or less gives 0 and draws nothing.
func (s *Stream) int64N(n int64) int64 {
	if n <= 0 {
		return 0
	}
	hi, _ := bits.Mul64(s.Uint64(), uint64(n))
	return int64(hi)
}

// Pick chooses one of the options for a seed, each with the same chance, and one
// that is there twice with twice the chance. Each draws a ticket from a stream of
// its own, named after it, and the highest wins (rendezvous hashing). So an option
// that is added takes over the seeds that it wins, and no other seed notices. It
// panics if there are no options.
func Pick[T ~string](seed uint64, name string, options []T) T {
	if len(options) == 0 {
		panic("sim: Pick of no options for " + name)
	}
	var won T
	var highest uint64
	tickets := make(map[T]*Stream, len(options))
	for _, o := range options {
		if tickets[o] == nil {
			tickets[o] = NewStream(seed, name+"/"+string(o))
		}
		// Equal tickets are next to impossible; the name decides, and not the order.
		if t := tickets[o].Uint64(); t > highest || t == highest && o > won {
			won, highest = o, t
		}
	}
	return won
}

// mix is splitmix64's finaliser: a bijection in which every input bit moves
// about half of the output bits.
func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}
