package main

import (
	"math"
	"math/bits"
)

// choice picks one of n things, each with its weight, in constant time: the
// alias method of A. J. Walker (1977), with its tables made as M. D. Vose
// (1991) has it. It does not change once made.
type choice struct {
	columns []column
}

// column is one of n equally probable columns: its own thing up to keep, the
// alias from there on.
type column struct {
	keep  uint64 // share of the column, of 2^64
	alias uint32
}

// newChoice takes a positive sum of weights, none of them negative.
func newChoice(weights []float64) choice {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	n := len(weights)
	share := make([]float64, n) // of a column, 1 on the average
	var small, large []int
	for i, w := range weights {
		share[i] = w / sum * float64(n)
		if share[i] < 1 {
			small = append(small, i)
		} else {
			large = append(large, i)
		}
	}
	columns := make([]column, n)
	for i := range columns {
		columns[i] = column{math.MaxUint64, uint32(i)}
	}
	for len(small) > 0 && len(large) > 0 {
		s, l := small[len(small)-1], large[len(large)-1]
		small = small[:len(small)-1]
		columns[s] = column{uint64(share[s] * (1 << 64)), uint32(l)}
		if share[l] -= 1 - share[s]; share[l] < 1 {
			large = large[:len(large)-1]
			small = append(small, l)
		}
	}
	return choice{columns}
}

// pick returns the index that the random number r stands for. The same r
// always gives the same index.
func (c choice) pick(r uint64) int {
	i, rest := bits.Mul64(r, uint64(len(c.columns)))
	if rest < c.columns[i].keep {
		return int(i)
	}
	return int(c.columns[i].alias)
}

// zipf is n weights that fall as 1/(v+k)^s: the law of Zipf, in the form of
// Mandelbrot.
func zipf(n int, s, v float64) []float64 {
	w := make([]float64, n)
	for k := range w {
		w[k] = math.Pow(v+float64(k), -s)
	}
	return w
}

// equal is n weights of 1.
func equal(n int) []float64 {
	w := make([]float64, n)
	for k := range w {
		w[k] = 1
	}
	return w
}

// scramble is a bijection on 64 bits that leaves no trace of the order: the
// finaliser of splitmix64 (Steele, Lea, Flood 2014, with the constants of
// Stafford).
func scramble(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}
