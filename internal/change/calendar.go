package change

import (
	"cmp"
	"slices"
	"time"
)

// A Date is a day of the calendar.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// A Day makes one Date be expected like another day of the week: a public
// holiday like a Sunday.
type Day struct {
	Date Date
	Like time.Weekday
}

// A Pause is maintenance: the half-open stretch [From, To) in Unix seconds in
// which nothing is learned, nothing told.
type Pause struct{ From, To int64 }

// A Calendar tells what time it is for the people who make the traffic, and
// which days are like no other of their name. Series may share one: it never
// changes. A nil Calendar is UTC without exceptions.
type Calendar struct {
	zone   *time.Location
	days   []Day
	pauses []Pause
}

// NewCalendar returns the Calendar of a time zone, nil standing for UTC. Of
// two Days with the same Date the first one holds.
func NewCalendar(zone *time.Location, days []Day, pauses []Pause) *Calendar {
	c := &Calendar{zone: zone, days: slices.Clone(days), pauses: slices.Clone(pauses)}
	slices.SortStableFunc(c.days, func(a, b Day) int { return a.Date.compare(b.Date) })
	return c
}

func (d Date) compare(e Date) int {
	return cmp.Or(cmp.Compare(d.Year, e.Year), cmp.Compare(d.Month, e.Month), cmp.Compare(d.Day, e.Day))
}

// A place is where a minute stands in its week.
type place struct {
	day       int // minute of the local day
	week      int // minute of the local week, which begins on Sunday
	exception bool
	paused    bool
}

// place finds the minute that begins at t. Bins of UTC would move all profiles
// by an hour twice a year: 25 % of such days were told as changes.
func (c *Calendar) place(t int64) place {
	at := time.Unix(t, 0).UTC()
	if c == nil {
		return local(at, at.Weekday())
	}
	if c.zone != nil {
		at = at.In(c.zone)
	}
	p := local(at, at.Weekday())
	if len(c.days) > 0 {
		var d Date
		d.Year, d.Month, d.Day = at.Date()
		if i, ok := slices.BinarySearchFunc(c.days, d, func(e Day, d Date) int { return e.Date.compare(d) }); ok {
			p = local(at, c.days[i].Like)
			p.exception = true
		}
	}
	p.paused = slices.ContainsFunc(c.pauses, func(s Pause) bool { return s.From <= t && t < s.To })
	return p
}

func local(at time.Time, day time.Weekday) place {
	minute := 60*at.Hour() + at.Minute()
	// Days of the week are 0 to 6, whatever a caller made of them.
	return place{day: minute, week: minutesOfDay*((int(day)%7+7)%7) + minute}
}

const (
	minutesOfDay  = 24 * 60
	minutesOfWeek = 7 * minutesOfDay
)
