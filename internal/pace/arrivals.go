package pace

import (
	"fmt"
	"math"
	"math/bits"
	"strings"
	"time"
)

// Arrivals say how requests lie within the rate of a shape.
type Arrivals uint8

// The three arrivals, named as the options d, e and u of httperf are explained.
const (
	Even    Arrivals = iota // each request where the integral passes its number
	Poisson                 // independent of one another: gaps are exponential
	Uniform                 // each gap from nothing to twice the mean, all equally likely
)

func arrivals() []string { return []string{"even", "poisson", "uniform"} }

// String returns the name of a, as ParseArrivals reads it.
func (a Arrivals) String() string { return arrivals()[min(int(a), int(Uniform))] }

// ParseArrivals reads even, poisson or uniform.
func ParseArrivals(s string) (Arrivals, error) {
	for i, name := range arrivals() {
		if s == name {
			return Arrivals(i), nil
		}
	}
	near := ""
	if n := nearest(strings.ToLower(s), arrivals()); n != "" {
		near = fmt.Sprintf(" (did you mean %s?)", n)
	}
	return Even, fmt.Errorf("no arrivals are named %q%s: write even, poisson or uniform", s, near)
}

// NewArrivals returns the schedule of a shape with such arrivals. The mean is
// that of the shape: gaps are drawn in requests, not in seconds, and the
// integral of the shape says when they have passed. So they widen and narrow
// with the rate, in the middle of a gap too, and Poisson is the Poisson process
// of that rate, without error where the rate changes.
//
// With Poisson and Uniform how many requests a shape with an end has is a
// matter of chance and of the seed. Their Pacer draws gap after gap, so asking
// for request n at once costs n draws.
func NewArrivals(shape Shape, a Arrivals, seed uint64) Turning {
	if a != Poisson && a != Uniform {
		return New(shape)
	}
	return &drawn{schedule: New(shape), arrivals: a, seed: mix(seed ^ 0x6172726976616c73)}
}

// drawn is a Pacer whose requests lie at random places of the integral.
type drawn struct {
	schedule *Schedule
	arrivals Arrivals
	seed     uint64

	next  int64  // number of the gap to draw next
	whole int64  // the sum of those drawn: whole requests
	part  uint64 // and what is left, less than request
}

// Due implements Pacer.
func (d *drawn) Due(n int64) (time.Duration, bool) {
	n = max(n, 0)
	if n < d.next-1 {
		d.next, d.whole, d.part = 0, 0, 0
	}
	for d.next <= n {
		gap := d.gap(d.next) + d.part
		d.whole += int64(gap / request)
		d.part = gap % request
		d.next++
	}
	return d.schedule.due(d.whole, d.part)
}

// gap returns the n-th gap, in the unit of the integral.
func (d *drawn) gap(n int64) uint64 {
	x := mix(d.seed + uint64(n)*golden)
	if d.arrivals == Uniform {
		gap, _ := bits.Mul64(x, 2*request)
		return gap
	}
	// The inverse of the exponential distribution, of a number above 0 and up to 1
	// with 53 bits, so at most 36.8 requests.
	return uint64(-math.Log(float64(x>>11+1)/(1<<53)) * float64(request))
}
