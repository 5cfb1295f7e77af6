package simulate

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// A wheel draws one of n numbers, each with its own weight, in constant time:
// Walker's alias method in Vose's form (M. D. Vose, A Linear Algorithm for
// Generating Random Numbers with a Given Distribution, 1991). Each slot is
// shared by at most two numbers.
type wheel []slot

type slot struct {
	keep  uint32 // share of the slot's own number, of 2^32
	other uint32 // the number that has the rest
}

// newWheel returns a wheel over the weights, of which one is above zero.
func newWheel(weights []float64) wheel {
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	n := len(weights)
	w := make(wheel, n)
	share := make([]float64, n)
	var small, large []int
	for i, x := range weights {
		share[i] = x / sum * float64(n)
		if share[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		w[s] = slot{keep: uint32(min(share[s]*(1<<32), math.MaxUint32)), other: uint32(l)}
		share[l] -= 1 - share[s]
		if share[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	for _, i := range append(small, large...) { // full up to rounding
		w[i] = slot{keep: math.MaxUint32, other: uint32(i)}
	}
	return w
}

// draw returns a number: the slot from the upper half of one random word, the
// side of it from the lower half.
func (w wheel) draw(r *rand.Rand) int {
	x := r.Uint64()
	hi, _ := bits.Mul64(x&^math.MaxUint32, uint64(len(w)))
	if s := w[hi]; uint32(x) >= s.keep {
		return int(s.other)
	}
	return int(hi)
}

// zipf returns the weights 1, 1/2^s, 1/3^s, ...
func zipf(n int, s float64) []float64 {
	w := make([]float64, n)
	for i := range w {
		w[i] = math.Pow(float64(i+1), -s)
	}
	return w
}

// logNormal draws from the log-normal distribution with the median and the
// spread (standard deviation of the logarithm) given, cut at six spreads.
func logNormal(r *rand.Rand, median, spread float64) float64 {
	return median * math.Exp(spread*min(max(r.NormFloat64(), -6), 6))
}
