package sketch

import (
	"math"
	"math/bits"
)

// place returns the register of a hash at precision p, its top p bits, and its
// rank there: one more than the leading zeros of the rest, 65-p at most.
func place(hash uint64, p uint8) (i uint64, rank uint8) {
	rest := hash<<(p&63) | 1<<((p-1)&63)
	return hash >> ((64 - p) & 63), uint8(bits.LeadingZeros64(rest)) + 1
}

// maxRank is the highest value of a register at precision p.
func maxRank(p uint8) uint8 { return 65 - p }

// register returns register i of words.
func register(words []uint64, i uint64) uint8 {
	return uint8(words[i/8] >> (i % 8 * 8))
}

// set writes register i of words.
func set(words []uint64, i uint64, rank uint8) {
	shift := i % 8 * 8
	words[i/8] = words[i/8]&^(0xff<<shift) | uint64(rank)<<shift
}

// raise lifts register i of words to rank if it is lower.
func raise(words []uint64, i uint64, rank uint8) {
	w, shift := words[i/8], i%8*8
	if old := uint8(w >> shift); rank > old {
		words[i/8] = w + uint64(rank-old)<<shift
	}
}

// raiseAll lifts each register of words to that of others, eight at a time.
func raiseAll(words, others []uint64) {
	others = others[:len(words)]
	for i, a := range words {
		words[i] = raised(a, others[i])
	}
}

// topBits are those that no register comes near.
const topBits = 0x8080808080808080

// raised returns of each two of eight registers the larger one.
func raised(a, b uint64) uint64 {
	keep := (a | topBits - b) & topBits // where a is not less than b
	keep -= keep >> 7                   // the 7 bits below
	return a&keep | b&^keep
}

// anyAbove reports whether one of eight bytes, of any value, is above most.
func anyAbove(w uint64, most uint8) bool {
	const ones = 0x0101010101010101
	return (w|(w&^topBits)+ones*uint64(0x7f-most))&topBits != 0
}

// folded returns what register i would hold, had all been counted with k bits
// of precision less. Those k bits, the last of the index here, would begin the
// rest whose leading zeros are counted. Of the registers from i<<k on, all k
// bits are zeros in the first alone, where the rank goes on; from there on, the
// lower the index, the more zeros it begins with.
func folded(words []uint64, i uint64, k uint8) uint8 {
	first := i << k
	if r := register(words, first); r != 0 {
		return r + k
	}
	for low := uint64(1); low < 1<<k; low++ {
		if register(words, first+low) != 0 {
			return k - uint8(bits.Len64(low)) + 1
		}
	}
	return 0
}

// estimate is the improved raw estimator of Otmar Ertl, "New cardinality
// estimation algorithms for HyperLogLog sketches" (2017), algorithm 6. It needs
// no table of corrections, and holds from empty registers to full ones.
func estimate(words []uint64, p uint8) int64 {
	var counts [256]int // of registers, by their value
	for _, w := range words {
		for range 8 {
			counts[uint8(w)]++
			w >>= 8
		}
	}
	m := float64(uint64(1) << p)
	top := int(maxRank(p))
	z := m * tau(1-float64(counts[top])/m)
	for k := top - 1; k >= 1; k-- {
		z = 0.5 * (z + float64(counts[k]))
	}
	z += m * sigma(float64(counts[0])/m)
	n := m * m / (2 * math.Ln2 * z)
	if n >= math.MaxInt64 { // when all registers are full, z is 0
		return math.MaxInt64
	}
	return int64(math.Round(n))
}

// sigma corrects for registers that are 0: the sum of x and x^(2^k)*2^(k-1).
func sigma(x float64) float64 {
	if x == 1 {
		return math.Inf(1)
	}
	for z, y := x, 1.0; ; y += y {
		x *= x
		before := z
		if z += x * y; z == before {
			return z
		}
	}
}

// tau corrects for registers that are full: a third of 1-x less the sum of
// (1-x^(2^-k))^2 * 2^-k.
func tau(x float64) float64 {
	if x == 0 || x == 1 {
		return 0
	}
	for z, y := 1-x, 0.5; ; y *= 0.5 {
		x = math.Sqrt(x)
		before := z
		if z -= (1 - x) * (1 - x) * y; z == before {
			return z / 3
		}
	}
}
