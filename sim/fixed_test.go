package sim

import (
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"
)

func TestLog2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64Min(1).Draw(t, "x")
		got, want := float64(log2(x))/(1<<32), math.Log2(float64(x))
		if math.Abs(got-want) > 1e-8 {
			t.Errorf("log2(%d) = %.10f, want %.10f", x, got, want)
		}
	})
}

func TestTimesPower2(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Int64Range(0, math.MaxInt64).Draw(t, "v")
		e := rapid.Int64Range(-200<<32, 100<<32).Draw(t, "e")
		want := math.Ldexp(float64(v)*math.Exp2(float64(e&(1<<32-1))/(1<<32)), int(e>>32))
		got := timesPower2(v, e)
		if want >= math.MaxInt64 {
			if got < math.MaxInt64/2 {
				t.Errorf("%d * 2^%g = %d, want about %g", v, float64(e)/(1<<32), got, want)
			}
			return
		}
		if math.Abs(float64(got)-want) > 1+want*1e-8 {
			t.Errorf("%d * 2^%g = %d, want %g", v, float64(e)/(1<<32), got, want)
		}
	})
}

func TestRootsOf2(t *testing.T) {
	root := new(big.Float).SetPrec(200).SetInt64(2)
	for i, got := range rootsOf2() {
		root.Sqrt(root)
		want, _ := new(big.Float).SetMantExp(root, 63).Uint64()
		if got != want {
			t.Errorf("2^(2^-%d) is %#x, want %#x", i+1, got, want)
		}
	}
}

func TestSqrt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Uint64().Draw(t, "x")
		root := new(big.Int).Sqrt(new(big.Int).SetUint64(x)).Uint64()
		if got := sqrt(x); got != root {
			t.Errorf("sqrt(%d) = %d, want %d", x, got, root)
		}
	})
}

func TestNormal_hasItsMoments(t *testing.T) {
	const n = 200_000
	s := NewStream(1, "normal")
	var sum, squares, fourths, beyond float64
	for range n {
		z := float64(s.normal()) / (1 << 28)
		sum += z
		squares += z * z
		fourths += z * z * z * z
		if z > 3 {
			beyond++
		}
	}
	for _, m := range []struct {
		what                 string
		got, want, tolerance float64
	}{
		{"mean", sum / n, 0, 0.01}, {"variance", squares / n, 1, 0.02},
		{"fourth moment", fourths / n, 3, 0.15}, {"share beyond 3 sigma", beyond / n, 0.00135, 0.0003},
	} {
		if math.Abs(m.got-m.want) > m.tolerance {
			t.Errorf("%s %g, want %g", m.what, m.got, m.want)
		}
	}
}
