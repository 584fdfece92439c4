package sim

import (
	"fmt"
	"math/bits"
	"strings"
	"time"
)

// DelayShape is how delays are spread.
type DelayShape uint8

// The shapes of a Delay. Every delay is Min and something that is drawn:
const (
	DelayConstant    DelayShape = iota // nothing
	DelayUniform                       // anything in [0, Scale)
	DelayExponential                   // exponential with mean Scale
	DelayLogNormal                     // log-normal with median Scale; Tail is sigma
	DelayPareto                        // Pareto from Scale upwards; Tail is alpha, the smaller the heavier
)

// Delay is a distribution of one-way delays, drawn for each segment from the
// link's own stream. Segments of one connection never overtake each other.
// Everything is drawn in integers, so it is the same on every machine.
type Delay struct {
	Shape DelayShape
	// Min is the least delay.
	Min time.Duration
	// Scale is what the shape says.
	Scale time.Duration
	// Tail is what the shape says, in thousandths; from 1 to 10,000 for sigma,
	// from 100 to 100,000 for alpha.
	Tail int
	// Max is the greatest delay, to which greater draws are cut; 0 means Min and
	// 1000 times Scale.
	Max time.Duration
}

func (d *Delay) String() string {
	b := new(strings.Builder)
	switch d.Shape {
	case DelayConstant:
		fmt.Fprintf(b, "constant %v", d.Min)
	case DelayUniform:
		fmt.Fprintf(b, "uniform %v..%v", d.Min, d.Min+d.Scale)
	case DelayExponential:
		fmt.Fprintf(b, "exponential min %v mean %v", d.Min, d.Scale)
	case DelayLogNormal:
		fmt.Fprintf(b, "log-normal min %v median %v sigma %s", d.Min, d.Scale, thousandths(d.Tail))
	case DelayPareto:
		fmt.Fprintf(b, "pareto min %v scale %v alpha %s", d.Min, d.Scale, thousandths(d.Tail))
	default:
		fmt.Fprintf(b, "shape %d", d.Shape)
	}
	if d.Max > 0 {
		fmt.Fprintf(b, " max %v", d.Max)
	}
	return b.String()
}

func thousandths(n int) string { return fmt.Sprintf("%d.%03d", n/1000, n%1000) }

// maxDelay bounds the parameters of a Delay, so that sums of them stay exact.
const maxDelay = 24 * time.Hour

// validate is an error that names the parameter that is out of range.
func (d *Delay) validate() error {
	tail := [...][2]int{DelayLogNormal: {1, 10_000}, DelayPareto: {100, 100_000}}
	switch {
	case d.Shape > DelayPareto:
		return fmt.Errorf("delay %v: no such shape", d)
	case d.Min < 0 || d.Min > maxDelay:
		return fmt.Errorf("delay %v: min %v is not in 0..%v", d, d.Min, maxDelay)
	case d.Scale < 0 || d.Scale > maxDelay:
		return fmt.Errorf("delay %v: scale %v is not in 0..%v", d, d.Scale, maxDelay)
	case d.Max != 0 && (d.Max < d.Min || d.Max > 1000*maxDelay):
		return fmt.Errorf("delay %v: max %v is not in %v..%v", d, d.Max, d.Min, 1000*maxDelay)
	case d.Shape < DelayLogNormal:
	case d.Tail < tail[d.Shape][0] || d.Tail > tail[d.Shape][1]:
		return fmt.Errorf("delay %v: tail %s is not in %s..%s", d,
			thousandths(d.Tail), thousandths(tail[d.Shape][0]), thousandths(tail[d.Shape][1]))
	}
	return nil
}

// draw draws one.
func (d *Delay) draw(s *Stream) time.Duration {
	limit := d.Max
	if limit == 0 {
		limit = d.Min + 1000*d.Scale
	}
	return min(d.Min+min(d.above(s), limit), limit)
}

// above is how much more than Min one takes.
func (d *Delay) above(s *Stream) time.Duration {
	scale := int64(d.Scale)
	switch d.Shape {
	case DelayUniform:
		return time.Duration(s.int64N(scale))
	case DelayExponential:
		minusLn, _ := bits.Mul64(s.minusLog2(), ln2)
		return time.Duration(timesQ32(scale, minusLn))
	case DelayLogNormal:
		sigmas := s.normal() << 4 * int64(d.Tail) / 1000 // q32
		return time.Duration(timesPower2(scale, timesQ32(sigmas, log2e)))
	case DelayPareto:
		return time.Duration(timesPower2(scale, int64(s.minusLog2())*1000/int64(d.Tail)))
	}
	return 0
}
