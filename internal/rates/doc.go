// Package rates turns the readings of counters into rates.
//
//	Reader.Line ──> Table ──> Series.Rates ──> points of a line
//
// A counter only grows, until its program is restarted and it begins at 0. So
// what matters is by how much it grew between two looks at it:
//
//	grown(a, b) = b - a, or b where b < a (it was reset in between)
//	rate(t, W)  = what it grew in (t-W, t] / the seconds of (t-W, t] that are known
//
// Growth first, then the window: a reset takes nothing away. What lies between two
// looks further apart than Series.Gap is not known; a rate is given at times that
// are known, where at least nine tenths of its window are. So the first minute has
// no rate over a minute, nor has a gap or the minute behind it; nothing is made up,
// and nothing is drawn through. A window that begins or ends between two looks has
// its share of what grew there.
//
// Times are in milliseconds since 1970. All of it is pure; values belong to one
// goroutine, but a Series may be read by many.
package rates
