package plot

import (
	"math"
	"time"
)

// A tick is a mark on the axis of time.
type tick struct {
	at          int64 // milliseconds since 1970
	label, date string
}

const secondsOfDay = 24 * 60 * 60

// timeSteps are the distances of ticks within a day, in seconds. All but those of more than
// an hour divide one, so they are round in every zone.
func timeSteps() []int64 {
	const minute, hour = 60, 60 * 60
	return []int64{1, 2, 5, 10, 15, 30, minute, 2 * minute, 5 * minute, 10 * minute, 15 * minute, 30 * minute, hour, 2 * hour, 3 * hour, 6 * hour, 12 * hour}
}

// timeTicks returns at most so many ticks, and a few, at times that are round on the clocks
// of the zone, also in the days on which these are set.
func timeTicks(from, to int64, zone *time.Location, most int) []tick {
	if most < 1 {
		most = 1
	}
	span := float64(to-from) / 1000
	for _, step := range timeSteps() {
		if span/float64(step) <= float64(most) {
			return clockTicks(from, to, zone, step)
		}
	}
	for _, days := range []int{1, 2, 7, 14} {
		if span/float64(days*secondsOfDay) <= float64(most) {
			return dayTicks(from, to, zone, days)
		}
	}
	for months := range calendar() {
		if span/(float64(months)*30.4*secondsOfDay) <= float64(most) {
			return monthTicks(from, to, zone, months)
		}
	}
	return nil
}

// calendar yields numbers of months: 1, 3, 6, and those of 1, 2, 5, 10 ... years.
func calendar() func(yield func(int) bool) {
	return func(yield func(int) bool) {
		for _, m := range []int{1, 3, 6} {
			if !yield(m) {
				return
			}
		}
		for size := 12; size <= 120_000; size *= 10 {
			for _, n := range []int{1, 2, 5} {
				if !yield(n * size) {
					return
				}
			}
		}
	}
}

// clockTicks looks at every quarter of an hour, or finer, since clocks are set by such: a
// tick is where the clock on the wall shows a multiple of step. So the hour that comes
// twice has its ticks twice, and the one left out none.
func clockTicks(from, to int64, zone *time.Location, step int64) []tick {
	const quarter = 15 * 60
	grain := step
	for r := int64(quarter); r != 0; {
		grain, r = r, grain%r
	}
	_, offset := time.UnixMilli(from).In(zone).Zone()
	first := (from + 999) / 1000
	local := first + int64(offset)
	at := local + (grain-local%grain)%grain - int64(offset)
	layout := "15:04"
	if step < 60 {
		layout = "15:04:05"
	}
	var all []tick
	day, before := "", ""
	for ; at*1000 <= to; at += grain {
		t := time.Unix(at, 0).In(zone)
		h, m, s := t.Clock()
		if int64(h*3600+m*60+s)%step != 0 {
			continue
		}
		one := tick{at: at * 1000, label: t.Format(layout)}
		if d := t.Format(time.DateOnly); d != day {
			one.date, day = d, d
		}
		name := t.Format("MST")
		if before != "" && name != before && one.date == "" {
			one.date = name
		}
		before = name
		all = append(all, one)
	}
	return all
}

// dayTicks are at midnight. Weeks begin on Mondays.
func dayTicks(from, to int64, zone *time.Location, days int) []tick {
	y, m, d := time.UnixMilli(from).In(zone).Date()
	if days%7 == 0 {
		d -= (int(time.Date(y, m, d, 0, 0, 0, 0, zone).Weekday()) + 6) % 7
	}
	var all []tick
	year := ""
	for ; ; d += days {
		t := time.Date(y, m, d, 0, 0, 0, 0, zone)
		if t.UnixMilli() > to {
			return all
		}
		if t.UnixMilli() < from {
			continue
		}
		one := tick{at: t.UnixMilli(), label: t.Format("Jan 2")}
		if name := t.Format("2006"); name != year {
			one.date, year = name, name
		}
		all = append(all, one)
	}
}

func monthTicks(from, to int64, zone *time.Location, months int) []tick {
	y, m, _ := time.UnixMilli(from).In(zone).Date()
	begin := 0
	if months >= 12 {
		y, m = y-y%(months/12), 1
	} else {
		m = (m-1)/time.Month(months)*time.Month(months) + 1
	}
	var all []tick
	year := ""
	for ; ; begin += months {
		t := time.Date(y, m+time.Month(begin), 1, 0, 0, 0, 0, zone)
		if t.UnixMilli() > to {
			return all
		}
		if t.UnixMilli() < from {
			continue
		}
		name := t.Format("2006")
		switch {
		case months >= 12:
			all = append(all, tick{at: t.UnixMilli(), label: name})
		case name != year:
			all = append(all, tick{at: t.UnixMilli(), label: t.Format("Jan"), date: name})
		default:
			all = append(all, tick{at: t.UnixMilli(), label: t.Format("Jan")})
		}
		year = name
	}
}

// niceStep returns a step of 1, 2 or 5 times a power of ten of which span has at most so
// many.
func niceStep(span float64, most int) float64 {
	if !(span > 0) || math.IsInf(span, 0) {
		return 1
	}
	step := math.Pow(10, math.Floor(math.Log10(span/float64(most))))
	for _, f := range []float64{1, 2, 5, 10} {
		if span/(step*f) <= float64(most)*(1+1e-9) {
			return step * f
		}
	}
	return step * 10
}

// A scale maps rates to the height of a panel, 0 at its foot and 1 at its top.
type scale struct {
	lo, hi float64
	log    bool
	ticks  []float64
}

// newScale returns one that has room for all from lo to hi, and for 0 unless it is
// logarithmic. least is the smallest value above 0.
func newScale(lo, hi, least float64, log bool, most int) scale {
	if math.IsNaN(hi) || hi <= 0 && lo >= 0 {
		hi = 1 // nothing at all, or nothing but 0
	}
	if log {
		if !(least > 0) {
			least = hi / 10
		}
		s := scale{lo: math.Pow(10, math.Floor(math.Log10(least)+1e-9)), hi: math.Pow(10, math.Ceil(math.Log10(hi)-1e-9)), log: true}
		if s.hi <= s.lo {
			s.hi = s.lo * 10
		}
		decades := int(math.Round(math.Log10(s.hi / s.lo)))
		every := max(1, (decades+most-1)/most)
		for d := 0; d <= decades; d += every {
			s.ticks = append(s.ticks, s.lo*math.Pow(10, float64(d)))
		}
		return s
	}
	lo = min(0, lo)
	step := niceStep(hi-lo, most)
	s := scale{lo: math.Floor(lo/step+1e-9) * step, hi: math.Ceil(hi/step-1e-9) * step}
	for i := range int(math.Round((s.hi-s.lo)/step)) + 1 {
		s.ticks = append(s.ticks, s.lo+float64(i)*step)
	}
	return s
}

// at returns the height of a value; NaN where the scale has no place for it.
func (s *scale) at(v float64) float64 {
	if s.log {
		if v <= 0 {
			return math.NaN()
		}
		return math.Log(v/s.lo) / math.Log(s.hi/s.lo)
	}
	return (v - s.lo) / (s.hi - s.lo)
}
