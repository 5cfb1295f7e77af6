package pace

import (
	"math/bits"
	"time"

	"weir/internal/unit"
)

// A Jitter is a shape whose rate is drawn anew every interval, uniformly from
// rate*(1-Amount) to rate*(1+Amount) of the shape within. The mean is that of
// the shape within.
//
// Drawing a rate per request and waiting 1/rate was rejected: slow draws last
// longer, so at an Amount of 0.5 the mean falls 9 % short. Drawing a gap per
// request keeps the mean but averages out within a second, so that nobody
// sees it. With one draw a second each whole second lies inside the asked
// band, and averages over minutes still move.
//
// The draw of an interval depends on Seed and on the number of the interval
// alone, hence the same Seed gives the same schedule, wherever one looks first.
type Jitter struct {
	Shape  Shape
	Amount float64       // share of the rate, 0 to 1; what lies outside is moved to the nearer end
	Every  time.Duration // 0 = one second
	Seed   uint64
}

// At implements Shape.
func (j Jitter) At(t time.Duration) (unit.PerSecond, time.Duration, bool) {
	rate, until, ok := j.Shape.At(t)
	if !ok || rate == 0 {
		return rate, until, ok
	}
	every := j.Every
	if every <= 0 {
		every = time.Second
	}
	k := t / every
	if end := k*every + every; end > 0 { // it wraps around in the last interval of all
		until = min(until, end)
	}
	reach := j.reach(rate)
	// 2*reach+1 equally likely values, the middle one being rate itself: the
	// mean is kept exactly, without any floating point.
	draw, _ := bits.Mul64(mix(j.Seed+uint64(k)*golden), 2*uint64(reach)+1)
	return rate - reach + unit.PerSecond(draw), until, true
}

// reach is how far a draw may lie from rate.
func (j Jitter) reach(rate unit.PerSecond) unit.PerSecond {
	if !(j.Amount > 0) { // not a number, too
		return 0
	}
	return min(unit.PerSecond(float64(rate)*min(j.Amount, 1)), rate)
}

// golden is 2^64 divided by the golden ratio, the step of SplitMix64.
const golden = 0x9E3779B97F4A7C15

// mix is the output function of SplitMix64 (Steele, Lea, Flood: Fast
// Splittable Pseudorandom Number Generators, 2014). A counter-based generator
// is needed here, since an interval must not depend on those before it.
func mix(z uint64) uint64 {
	z += golden
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}
