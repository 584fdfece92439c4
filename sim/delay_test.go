package sim

import (
	"math"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// quantiles draws from a distribution and takes its quantiles, in seconds.
func quantiles(d Delay, at ...float64) []float64 {
	const n = 100_000
	s := NewStream(3, "quantiles")
	draws := make([]float64, n)
	for i := range draws {
		draws[i] = d.draw(s).Seconds()
	}
	slices.Sort(draws)
	var out []float64
	for _, q := range at {
		out = append(out, draws[int(q*n)])
	}
	return out
}

func TestDelay_isDistributedAsItSays(t *testing.T) {
	const z90 = 1.2815515655 // of the standard normal distribution
	for _, tt := range []struct {
		delay    Delay
		quantile func(q float64) float64
	}{
		{Delay{Min: time.Second}, func(float64) float64 { return 1 }},
		{Delay{Shape: DelayUniform, Min: time.Second, Scale: 2 * time.Second}, func(q float64) float64 { return 1 + 2*q }},
		{
			Delay{Shape: DelayExponential, Min: time.Second, Scale: 2 * time.Second},
			func(q float64) float64 { return 1 - 2*math.Log(1-q) },
		},
		{
			Delay{Shape: DelayLogNormal, Min: time.Second, Scale: 2 * time.Second, Tail: 500},
			func(q float64) float64 {
				return 1 + 2*math.Exp(0.5*map[float64]float64{0.1: -z90, 0.5: 0, 0.9: z90}[q])
			},
		},
		{
			Delay{Shape: DelayPareto, Min: time.Second, Scale: 2 * time.Second, Tail: 1500},
			func(q float64) float64 { return 1 + 2*math.Pow(1-q, -1/1.5) },
		},
	} {
		t.Run(tt.delay.String(), func(t *testing.T) {
			at := []float64{0.1, 0.5, 0.9}
			for i, got := range quantiles(tt.delay, at...) {
				if want := tt.quantile(at[i]); math.Abs(got-want) > 0.02*want {
					t.Errorf("quantile %g is %g, want %g", at[i], got, want)
				}
			}
		})
	}
}

// TestDelay_sameOnEveryMachine holds draws that any architecture must repeat. If
// the arithmetic is changed on purpose, put in what it gives now.
func TestDelay_sameOnEveryMachine(t *testing.T) {
	want := [][4]time.Duration{
		DelayConstant:    {1000, 1000, 1000, 1000},
		DelayUniform:     {509946, 71468, 892843, 202367},
		DelayExponential: {676413, 2653591, 115464, 1603622},
		DelayLogNormal:   {1561194, 755023, 1610218, 176886},
		DelayPareto:      {1756658, 9121213, 1101084, 3802968},
	}
	for shape, draws := range want {
		s := NewStream(7, "golden")
		d := Delay{Shape: DelayShape(shape), Min: time.Microsecond, Scale: time.Millisecond, Tail: 1200}
		for i, w := range draws {
			if got := d.draw(s); got != w {
				t.Errorf("%v: draw %d is %d, want %d", &d, i, got, w)
			}
		}
	}
}

func TestDelay_staysInItsRange(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := Delay{
			Shape: DelayShape(rapid.IntRange(0, 5).Draw(t, "shape")),
			Min:   time.Duration(rapid.Int64Range(-1, int64(maxDelay)+1).Draw(t, "min")),
			Scale: time.Duration(rapid.Int64Range(-1, int64(maxDelay)+1).Draw(t, "scale")),
			Tail:  rapid.IntRange(0, 100_001).Draw(t, "tail"),
			Max:   time.Duration(rapid.SampledFrom([]int64{0, 0, 1, int64(time.Hour), math.MaxInt64}).Draw(t, "max")),
		}
		if d.validate() != nil {
			return
		}
		limit := d.Max
		if limit == 0 {
			limit = d.Min + 1000*d.Scale
		}
		s := NewStream(rapid.Uint64().Draw(t, "seed"), "range")
		for range 20 {
			if got := d.draw(s); got < d.Min || got > limit {
				t.Fatalf("%v: drew %v, not in %v..%v", &d, got, d.Min, limit)
			}
		}
	})
}

func TestDelay_validate(t *testing.T) {
	for _, d := range []Delay{
		{Shape: 9},
		{Min: -1},
		{Min: maxDelay + 1},
		{Scale: -1},
		{Min: time.Second, Max: time.Millisecond},
		{Max: math.MaxInt64},
		{Shape: DelayLogNormal},
		{Shape: DelayPareto, Tail: 99},
		{Shape: DelayPareto, Tail: 100_001},
	} {
		s := New(Config{})
		a, b := s.AddHost("a"), s.AddHost("b")
		if err := s.Link(a, b).SetDelay(&d); err == nil {
			t.Errorf("%v was taken", &d)
		}
		s.Close()
	}
}
