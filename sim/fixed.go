package sim

import (
	"math"
	"math/bits"
)

// Logarithms, powers and normal deviates in fixed-point numbers: qN is an integer
// that counts 2^-N. A run must be the same on every machine, and floating point is
// not. The compiler may fuse a product and a sum into one rounding on some of
// them, and math.Exp and math.Log are written in assembly for some.

// log2 is the binary logarithm of x > 0 in q32, rounded down.
func log2(x uint64) uint64 {
	shift := bits.LeadingZeros64(x)
	result := uint64(63 - shift)
	m := x << shift // q63, in [1, 2)
	for range 32 {
		hi, lo := bits.Mul64(m, m) // q126, in [1, 4)
		result <<= 1
		if hi>>63 == 1 {
			result |= 1
			m = hi
		} else {
			m = hi<<1 | lo>>63
		}
	}
	return result
}

// timesPower2 is v >= 0 times 2^e, e in q32, rounded down; more than an int64 holds
// becomes the largest.
func timesPower2(v, e int64) int64 {
	m := uint64(1) << 63 // 2^(fraction of e), q63
	for i, root := range rootsOf2() {
		if e>>(31-i)&1 == 1 {
			hi, lo := bits.Mul64(m, root)
			m = hi<<1 | lo>>63
		}
	}
	hi, lo := bits.Mul64(uint64(v), m)
	switch right := 63 - e>>32; {
	case v == 0 || right >= 128:
		return 0
	case right >= 64:
		return int64(hi >> (right - 64))
	case right <= 0 || hi>>(right-1) != 0:
		return math.MaxInt64
	default:
		return int64(hi<<(64-right) | lo>>right)
	}
}

// timesQ32 is v times a factor in q32, rounded towards 0. It must fit.
func timesQ32(v int64, factor uint64) int64 {
	if v < 0 {
		return -timesQ32(-v, factor)
	}
	hi, lo := bits.Mul64(uint64(v), factor)
	return int64(hi<<32 | lo>>32)
}

// rootsOf2 are 2^(1/2), 2^(1/4), 2^(1/8) ... in q63.
func rootsOf2() [32]uint64 {
	return [...]uint64{
		0xb504f333f9de6484, 0x9837f0518db8a96f, 0x8b95c1e3ea8bd6e6, 0x85aac367cc487b14,
		0x82cd8698ac2ba1d7, 0x8164d1f3bc030773, 0x80b1ed4fd999ab6c, 0x8058d7d2d5e5f6b0,
		0x802c6436d0e04f50, 0x8016302f17467628, 0x800b179c82028fd0, 0x80058baf7fee3b5d,
		0x8002c5d00fdcfcb6, 0x800162e61bed4a48, 0x8000b17292f702a3, 0x800058b92abbae02,
		0x80002c5c8dade4d7, 0x8000162e44eaf636, 0x80000b1721fa7c18, 0x8000058b90de7e4c,
		0x800002c5c8678f36, 0x80000162e431db9f, 0x800000b1721872d0, 0x80000058b90c1aa8,
		0x8000002c5c8605a4, 0x800000162e4300e6, 0x8000000b17217ff8, 0x800000058b90bfdd,
		0x80000002c5c85fe6, 0x8000000162e42ff1, 0x80000000b17217f8, 0x8000000058b90bfc,
	}
}

// Constants for changing the base of logarithms.
const (
	ln2   = 0xb17217f7d1cf79ab // natural logarithm of 2, q64
	log2e = 0x171547652        // binary logarithm of e, q32
)

// minusLog2 is -log2 of a uniform number in (0, 1), in q32.
func (s *Stream) minusLog2() uint64 { return 64<<32 - log2(max(s.Uint64(), 1)) }

// normal is a standard normal deviate in q28, by Marsaglia's polar method.
func (s *Stream) normal() int64 {
	for {
		u := s.Uint64()
		a, b := int64(int32(u>>32)), int64(int32(u)) // q31, in [-1, 1)
		r := uint64(a*a) + uint64(b*b)               // q62, the square of the radius
		if r == 0 || r >= 1<<62 {
			continue
		}
		minusLn, _ := bits.Mul64(62<<32-log2(r), ln2)               // q32
		share, _ := bits.Div64(uint64(a*a)>>32, uint64(a*a)<<32, r) // a*a/r, q32, at most 1
		hi, lo := bits.Mul64(share, 2*minusLn)                      // the deviate's square, q64
		z := int64(sqrt(hi<<56 | lo>>8))
		if a < 0 {
			return -z
		}
		return z
	}
}

// sqrt is the square root of x, rounded down.
func sqrt(x uint64) uint64 {
	var root uint64
	for bit := uint64(1) << 31; bit > 0; bit >>= 1 {
		if next := root | bit; next*next <= x {
			root = next
		}
	}
	return root
}
