// Package pace says when the next request is due.
//
// A shape is a rate over time. It is integrated, and request n (counted from
// zero) is due at the moment at which the integral passes n:
//
//	requests                        due(n) = the t with  ∫ rate dt = n
//	   4 |            .---'          0..t
//	   3 |- - - - -.-'
//	   2 |      .-'|
//	   1 |   .-'   |
//	   0 '--'------+---------> t
//	                due(3)
//
// So the slowest rates stay exact, a change of the rate takes hold in the
// middle of a gap, and whoever runs late loses no request: each keeps the time
// at which it was due. The alternative, waiting 1/rate after each request,
// drifts with every delay and sleeps through the end of a slow stretch.
//
// All arithmetic is in whole numbers: rates in millionths of a request per
// second, times in nanoseconds, integrals in 128 bits. Only the height of a
// sine, and gaps drawn for Poisson arrivals, come from floating point.
//
// In words a shape is a Pattern:
//
//	Parse("sine:amp=60%") -> Pattern --Shape(rate, seed)--> Shape
//	      Shape [in Jitter, in Limit] --NewArrivals--> Pacer
package pace

import "time"

// A Pacer knows when each request is due.
//
// Due returns the offset from the start at which request n is due, to the
// nanosecond below; false when the schedule ends before it. Offsets never
// decrease as n grows. A negative n counts as 0. A Pacer may keep a cursor:
// it belongs to one goroutine, and asking in ascending order is cheapest.
type Pacer interface {
	Due(n int64) (time.Duration, bool)
}
