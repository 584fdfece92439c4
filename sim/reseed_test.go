package sim

import (
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// draws are what two processes draw once a second, one of which begins in the middle.
func draws(reseed Reseed) (got []uint64) {
	s := New(Config{Seed: 1, Reseed: reseed})
	defer s.Close()
	program := func(h host.Host) {
		rand, l := h.Rand("dice"), h.NewLoop("l")
		var tick host.Timer
		tick = l.NewTimer(func() {
			got = append(got, rand.Uint64())
			tick.Reset(time.Second)
		})
		tick.Reset(time.Second)
	}
	s.AddHost("a").Start(program)
	late := s.AddHost("b")
	s.At(5500*ms, func() { late.Start(program) })
	s.Run(10 * time.Second)
	return got
}

// Up to its time a reseeded run is the seed's; then it is another one, of those that there
// are later too, and the same for the same salt.
func TestReseed(t *testing.T) {
	plain := draws(Reseed{})
	for _, tt := range []struct {
		at   time.Duration
		same int // draws at the beginning
	}{{0, 0}, {2500 * ms, 2}, {5200 * ms, 5}, {8 * time.Hour, len(plain)}} {
		got := draws(Reseed{At: tt.at, Salt: 7})
		if !slices.Equal(got[:tt.same], plain[:tt.same]) {
			t.Errorf("at %v: %v, want the first %d of %v", tt.at, got, tt.same, plain)
		}
		for i, v := range got[tt.same:] {
			if slices.Contains(plain, v) {
				t.Errorf("at %v: draw %d is the seed's", tt.at, tt.same+i)
			}
		}
		if again := draws(Reseed{At: tt.at, Salt: 7}); !slices.Equal(got, again) {
			t.Errorf("at %v: the same salt gives %v and %v", tt.at, got, again)
		}
		if other := draws(Reseed{At: tt.at, Salt: 8}); tt.same < len(plain) && slices.Equal(got, other) {
			t.Errorf("at %v: two salts give the same", tt.at)
		}
	}
}
