// Package unit holds the written forms of figures: numbers for people to
// read, times for people to type.
//
// Everything here is exact integer arithmetic: what is shown is the true value
// rounded once, and no input gives NaN, Inf or a panic. Where a figure does
// not exist (a share of nothing, a latency that was not logged) None is
// shown. The functions are pure and safe for concurrent use.
package unit

// None is shown where there is no figure.
const None = "-"
