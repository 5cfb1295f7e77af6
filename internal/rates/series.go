package rates

import (
	"math"
	"slices"
)

// A Series is one counter over time.
type Series struct {
	Name   string
	At     []int64   // milliseconds since 1970, rising; may be shared
	Values []float64 // what the counter was; NaN where it was not read
	Gap    int64     // milliseconds; looks further apart have a gap between them. 0 is none ever
}

// A Table is what was read of several counters at the same times. The zero value is
// empty.
type Table struct {
	Series  []Series
	Notices []string // what a person should know of how it was read
}

// Shortage is the part of a window that may be unknown: a tenth.
const shortage = 10

// UsualGap returns the distance of two looks beyond which nothing is known of what lies
// between: two and a half times the usual one, which is the median. So one look may fail.
// It is 0 for fewer than two looks.
func UsualGap(at []int64) int64 {
	if len(at) < 2 {
		return 0
	}
	apart := make([]int64, len(at)-1)
	for i := range apart {
		apart[i] = at[i+1] - at[i]
	}
	slices.Sort(apart)
	return apart[len(apart)/2] * 5 / 2
}

// grown is by how much a counter grew from a to b.
func grown(a, b float64) float64 {
	if b < a {
		return b
	}
	return b - a
}

// A cursor walks along a Series and knows what grew until a time.
type cursor struct {
	s       *Series
	last    int // of the looks behind it, -1 for none
	next    int // of those before it
	joined  bool
	growth  float64
	covered int64
}

func (s *Series) cursor() cursor {
	c := cursor{s: s, last: -1, next: -1}
	c.step()
	return c
}

// step goes on to the next look that read the counter.
func (c *cursor) step() {
	c.next++
	for c.next < len(c.s.At) && math.IsNaN(c.s.Values[c.next]) {
		c.next++
	}
}

// known tells whether nothing is missing between the looks around the cursor.
func (c *cursor) known() bool {
	return c.last >= 0 && c.next < len(c.s.At) && (c.s.Gap == 0 || c.s.At[c.next]-c.s.At[c.last] <= c.s.Gap)
}

// to goes on to t, which is no earlier than the one before. It returns what grew until
// then, of how many milliseconds that is known, and whether t itself is.
func (c *cursor) to(t int64) (growth, covered float64, inside bool) {
	s := c.s
	for c.next < len(s.At) && s.At[c.next] <= t {
		if c.joined = c.known(); c.joined {
			c.growth += grown(s.Values[c.last], s.Values[c.next])
			c.covered += s.At[c.next] - s.At[c.last]
		}
		c.last = c.next
		c.step()
	}
	growth, covered = c.growth, float64(c.covered)
	if c.last < 0 || t == s.At[c.last] {
		return growth, covered, c.joined && c.last >= 0
	}
	if !c.known() {
		return growth, covered, false
	}
	from, to := s.At[c.last], s.At[c.next]
	return growth + grown(s.Values[c.last], s.Values[c.next])*float64(t-from)/float64(to-from), covered + float64(t-from), true
}

// Rates calls yield for the points of the line that the rate per second over a window of
// so many milliseconds is: at every look, and a window behind each, for between these
// it is straight. A value of NaN, at a time of which none is known, breaks the line.
func (s *Series) Rates(window int64, yield func(at int64, value float64)) {
	head, tail := s.cursor(), s.cursor()
	n, i, j, before := len(s.At), 0, 0, int64(math.MinInt64)
	for i < n {
		t := s.At[i]
		for s.At[j]+window <= before {
			j++
		}
		if s.At[j]+window < t {
			t = s.At[j] + window
		} else {
			i++
		}
		before = t
		g1, c1, inside := head.to(t)
		g0, c0, _ := tail.to(t - window)
		value := math.NaN()
		if known := c1 - c0; inside && known*shortage >= float64(window)*(shortage-1) {
			// A difference of large sums may be a hair below what it is.
			value = max(0, g1-g0) / known * 1000
		}
		yield(t, value)
	}
}

// Strict calls yield for the points of the plain rule that the difference of two
// looks, a window apart, is divided by their distance. Where no look lies a window before,
// but for half of the usual distance of two looks and a tenth of the window, there is
// none. A counter that was reset makes it fall below 0.
func (s *Series) Strict(window int64, yield func(at int64, value float64)) {
	past, last, slack := 0, int64(0), window/shortage
	if s.Gap > 0 {
		slack = min(slack, s.Gap/5) // of two and a half distances
	}
	for i, t := range s.At {
		if math.IsNaN(s.Values[i]) {
			continue
		}
		if last != 0 && s.Gap != 0 && t-last > s.Gap {
			yield(last+1, math.NaN())
		}
		last = t
		want := t - window
		for past < i && (s.At[past] < want || math.IsNaN(s.Values[past])) {
			past++
		}
		near := past
		for k := past - 1; k >= 0; k-- {
			if !math.IsNaN(s.Values[k]) {
				if s.At[past] > want && want-s.At[k] < s.At[past]-want || past == i {
					near = k
				}
				break
			}
		}
		value := math.NaN()
		if off := s.At[near] - want; near < i && max(off, -off) <= slack {
			value = (s.Values[i] - s.Values[near]) / float64(t-s.At[near]) * 1000
		}
		yield(t, value)
	}
}

// A Mark is a time at which a counter was found to have been reset.
type Mark struct {
	At   int64
	Name string
}

// Resets returns when the counter was found smaller than before.
func (s *Series) Resets() []Mark {
	var all []Mark
	before := math.NaN()
	for i, v := range s.Values {
		if v < before {
			all = append(all, Mark{At: s.At[i], Name: s.Name})
		}
		if !math.IsNaN(v) {
			before = v
		}
	}
	return all
}

// A Span is a stretch of time.
type Span struct{ From, To int64 }

// Gaps returns the stretches of which nothing is known, between the first look and the
// last.
func (s *Series) Gaps() []Span {
	var all []Span
	for c := s.cursor(); c.next < len(s.At); {
		if c.last >= 0 && !c.known() {
			all = append(all, Span{s.At[c.last], s.At[c.next]})
		}
		c.last = c.next
		c.step()
	}
	return all
}

// Grown returns by how much the counter grew within [from, to], and of how many
// milliseconds that is known.
func (s *Series) Grown(from, to int64) (growth, known float64) {
	c := s.cursor()
	g0, c0, _ := c.to(from)
	g1, c1, _ := c.to(to)
	return g1 - g0, c1 - c0
}

// Sum returns a counter that grows as all of the given ones together. It is known
// where all of them are. They must have the same times.
func Sum(name string, all []Series) Series {
	if len(all) == 0 {
		return Series{Name: name}
	}
	sum := Series{Name: name, At: all[0].At, Gap: all[0].Gap, Values: make([]float64, len(all[0].At))}
	before := make([]float64, len(all))
	total, any := 0.0, false
	for i := range sum.At {
		whole := true
		for k := range all {
			whole = whole && !math.IsNaN(all[k].Values[i])
		}
		if !whole {
			sum.Values[i] = math.NaN()
			continue
		}
		for k := range all {
			if any {
				total += grown(before[k], all[k].Values[i])
			}
			before[k] = all[k].Values[i]
		}
		sum.Values[i], any = total, true
	}
	return sum
}
