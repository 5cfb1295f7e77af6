package stamp

import "time"

// parts are what a time is written down in.
type parts struct {
	year           int // 0: it has none
	month, day     int
	hour, min, sec int
	nanos          int32
	zoned          bool
	offset         int64 // of the zone, in seconds east of UTC
}

// valid reports whether there is such a time in that year.
func (p *parts) valid(year int) bool {
	if p.month < 1 || p.month > 12 || p.day < 1 || p.hour > 23 || p.min > 59 || p.sec > 60 || year < 1970 || year > 9999 {
		return false
	}
	return p.day <= time.Date(year, time.Month(p.month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// moment turns p into a Moment.
func (r *Reader) moment(p *parts) (m Moment, ok bool) {
	if p.year != 0 {
		return r.in(p, p.year)
	}
	limit := r.newest.AddDate(0, 0, 1)
	// Leap days come every four years, or eight.
	for year := limit.Year(); year > limit.Year()-9; year-- {
		if m, ok := r.in(p, year); ok && m.Sec <= limit.Unix() {
			return m, true
		}
	}
	return m, false
}

// in is moment in a year.
func (r *Reader) in(p *parts, year int) (m Moment, ok bool) {
	if !p.valid(year) {
		return m, false
	}
	m.Nanos = p.nanos
	if p.zoned {
		m.Sec = time.Date(year, time.Month(p.month), p.day, p.hour, p.min, p.sec, 0, time.UTC).Unix() - p.offset
		return m.sound()
	}
	if q := (wall{year, p.month, p.day, p.hour, p.min / 15, true}); q != r.quarter {
		r.quarter = q
		r.base, r.again = local(time.Date(year, time.Month(p.month), p.day, p.hour, p.min/15*15, 0, 0, time.UTC).Unix(), r.zone)
	}
	m.Sec, m.Again = r.base+int64(p.min%15*60+p.sec), r.again
	return m.sound()
}

// sound returns m if it is a time that a Moment may have.
func (m Moment) sound() (Moment, bool) {
	if m.Sec < 0 || m.Sec > most {
		return Moment{}, false
	}
	return m, true
}

// local returns when the clocks of zone showed what those of UTC show at sec, and
// how much later they did so again, 0 if they did not. A time that was left out,
// as clocks went forward, is read as if they had not.
func local(sec int64, zone *time.Location) (first, again int64) {
	offset := func(at int64) int64 {
		_, o := time.Unix(at, 0).In(zone).Zone()
		return int64(o)
	}
	const far = 15 * 3600 // no zone is further from UTC
	before, after := offset(sec-far-3*3600), offset(sec+far+3*3600)
	if guess := offset(sec - before); guess == before && before == after {
		return sec - before, 0
	}
	early, late := sec-before, sec-after
	isEarly, isLate := offset(early) == before, offset(late) == after
	switch {
	case isEarly && isLate && late > early:
		return early, late - early
	case isLate && !isEarly:
		return late, 0
	}
	return early, 0
}
