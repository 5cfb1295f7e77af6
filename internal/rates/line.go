package rates

import "math"

// A Point is one of a line. A Value of NaN breaks the line.
type Point struct {
	At    int64
	Value float64
}

// A Line is what is drawn of a rate.
type Line struct {
	Points []Point
	Last   float64 // the last value, NaN where there is none
	Max    float64 // the largest, NaN where there is none
	MaxAt  int64
	Min    float64
	Mean   float64 // of all that is known, not of the points
}

// A Cut says what of a rate becomes a Line.
type Cut struct {
	Window   int64 // milliseconds
	From, To int64 // what is shown, both included
	Columns  int   // how many there are for it; at least 1
	Strict   bool  // the plain rule
}

// Line returns the points of a rate, no more than a handful for each column: the first, the
// largest, the smallest and the last. So a line through them covers the same dots as
// one through all points, and no peak is lost. The largest of several neighbours, which is
// common, and three buckets of the largest triangle, which is pretty, both lose peaks.
func (s *Series) Line(c Cut) Line {
	t := thin{cut: c, line: Line{Last: math.NaN(), Max: math.NaN(), Min: math.NaN(), Mean: math.NaN()}, column: -1}
	if c.Strict {
		s.Strict(c.Window, t.add)
	} else {
		s.Rates(c.Window, t.add)
	}
	t.flush()
	if growth, known := s.Grown(c.From, c.To); known > 0 {
		t.line.Mean = growth / known * 1000
	}
	return t.line
}

// A thin collects the points of one column.
type thin struct {
	cut       Cut
	line      Line
	column    int64
	points    int
	first, hi Point
	lo, last  Point
	gone      bool // the line is broken in front of the column
	broken    bool // and behind the last point
}

func (t *thin) add(at int64, value float64) {
	if at < t.cut.From || at > t.cut.To {
		return
	}
	if math.IsNaN(value) {
		t.broken = true
		return
	}
	p, l := Point{at, value}, &t.line
	l.Last = value
	if !(value <= l.Max) {
		l.Max, l.MaxAt = value, at
	}
	if !(value >= l.Min) {
		l.Min = value
	}
	column := int64(0)
	if span := t.cut.To - t.cut.From; span > 0 {
		column = int64(float64(at-t.cut.From) / float64(span) * float64(t.cut.Columns))
	}
	if column != t.column {
		t.flush()
		t.column, t.gone = column, t.broken
	}
	// A break within a column cannot be seen: its points are neighbours on the screen.
	t.broken = false
	if t.points == 0 {
		t.first, t.hi, t.lo = p, p, p
	}
	if value > t.hi.Value {
		t.hi = p
	}
	if value < t.lo.Value {
		t.lo = p
	}
	t.last = p
	t.points++
}

// flush hands the points of the column over in the order of time.
func (t *thin) flush() {
	if t.points == 0 {
		return
	}
	out := t.line.Points
	if t.gone && len(out) > 0 {
		out = append(out, Point{t.first.At, math.NaN()})
	}
	a, b := t.hi, t.lo
	if a.At > b.At {
		a, b = b, a
	}
	for _, p := range [...]Point{t.first, a, b, t.last} {
		if n := len(out); n == 0 || math.IsNaN(out[n-1].Value) || out[n-1] != p {
			out = append(out, p)
		}
	}
	t.line.Points, t.points = out, 0
}

// Above returns the stretches in which a rate is above a threshold: from when it
// rises above to when it falls below, as an alert does; at the threshold it stays as it
// is. A stretch ends where the rate is not known. One that is open at the end has To 0.
func (s *Series) Above(window int64, threshold float64) []Span {
	var all []Span
	var before Point
	open, known := false, false
	s.Rates(window, func(at int64, value float64) {
		switch {
		case math.IsNaN(value):
			if open {
				all[len(all)-1].To = before.At
			}
			open, known = false, false
			return
		case !open && value > threshold:
			all, open = append(all, Span{From: crossed(before, Point{at, value}, threshold, known)}), true
		case open && value < threshold:
			all[len(all)-1].To, open = crossed(before, Point{at, value}, threshold, known), false
		}
		before, known = Point{at, value}, true
	})
	return all
}

// crossed is when the line from a to b is at y.
func crossed(a, b Point, y float64, known bool) int64 {
	if !known || a.Value == b.Value {
		return b.At
	}
	return a.At + int64(math.Round((y-a.Value)/(b.Value-a.Value)*float64(b.At-a.At)))
}
