package report

import (
	"strconv"
	"time"

	"weir/internal/traffic"
)

const (
	hourSeconds = traffic.HourSeconds
	daySeconds  = 24 * hourSeconds
	weekSeconds = 7 * daySeconds
	// mondayShift is how long before the epoch, a Thursday, a week began.
	mondayShift = 3 * daySeconds
)

// A step is the length of time that a bar stands for.
type step struct {
	name    string
	seconds int64
}

// steps are tried in turn until the bars fit; beyond the last one years are
// doubled.
func steps() []step {
	return []step{
		{"hour", hourSeconds},
		{"3 hours", 3 * hourSeconds},
		{"6 hours", 6 * hourSeconds},
		{"12 hours", 12 * hourSeconds},
		{"day", daySeconds},
		{"week", weekSeconds},
		{"4 weeks", 4 * weekSeconds},
		{"12 weeks", 12 * weekSeconds},
		{"52 weeks", 52 * weekSeconds},
	}
}

// bars sums hours up to bars, so many at most.
func (p *page) bars(hours []traffic.Hour, most int) (*step, []bar) {
	first, last := hours[0].From, hours[len(hours)-1].From
	all := steps()
	s := all[0]
	for i := 0; p.barAt(last, &s)-p.barAt(first, &s) >= int64(most); {
		if i++; i < len(all) {
			s = all[i]
			continue
		}
		s.seconds *= 2
		s.name = strconv.FormatInt(s.seconds/weekSeconds, 10) + " weeks"
	}
	from := p.barAt(first, &s)
	bars := make([]bar, p.barAt(last, &s)-from+1)
	for i := range bars {
		bars[i].start = p.barStart(from+int64(i), &s)
	}
	for _, h := range hours {
		// Where clocks are set back by more than a bar an hour lies before the
		// first one on the wall.
		b := &bars[max(0, min(int64(len(bars)-1), p.barAt(h.From, &s)-from))]
		b.hits += h.Hits
		b.errors += h.Classes[5]
	}
	return &s, bars
}

// barAt is the number of the bar that a second belongs to. Hours are counted as
// they pass, so that none is missing or double when clocks are set; longer
// steps as the clock on the wall shows them, so that days begin at midnight.
func (p *page) barAt(sec int64, s *step) int64 {
	if s.seconds == hourSeconds {
		return traffic.FloorDiv(sec, hourSeconds)
	}
	return traffic.FloorDiv(p.wall(sec)+shift(s.seconds), s.seconds)
}

// barStart is when a bar begins, as the clock on the wall shows it.
func (p *page) barStart(number int64, s *step) int64 {
	if s.seconds == hourSeconds {
		return p.wall(number * hourSeconds)
	}
	return number*s.seconds - shift(s.seconds)
}

// wall is what the clock on the wall shows, as if it stood in UTC.
func (p *page) wall(sec int64) int64 {
	_, offset := time.Unix(sec, 0).In(p.zone).Zone()
	return sec + int64(offset)
}

func shift(seconds int64) int64 {
	if seconds%weekSeconds == 0 {
		return mondayShift
	}
	return 0
}

// A tick is a mark on the axis of time.
type tick struct {
	bar   int
	label string
}

// ticks marks the bars in which a new stretch of a round length begins, and the
// first bar unless the next mark is too near.
func ticks(bars []bar, s *step, wide int) []tick {
	period := tickPeriod(s, wide)
	var marks []tick
	for i := range bars {
		at := bars[i].start
		fresh := i == 0 || traffic.FloorDiv(at+shift(period), period) != traffic.FloorDiv(bars[i-1].start+shift(period), period)
		if fresh {
			marks = append(marks, tick{i, label(at, s, len(bars))})
		}
	}
	if len(marks) > 1 && marks[1].bar*wide < len(marks[0].label)+1 {
		marks = marks[1:]
	}
	return marks
}

// tickPeriod is the time from one mark to the next, so long that their labels
// have room.
func tickPeriod(s *step, wide int) int64 {
	cells := int64(len("Jan 02") + 1)
	if s.seconds >= weekSeconds {
		cells = int64(len(time.DateOnly) + 1)
	}
	for _, hours := range []int64{3, 6, 12, 24, 48, 7 * 24, 14 * 24} {
		if period := hours * hourSeconds; period%s.seconds == 0 && period/s.seconds*int64(wide) >= cells {
			return period
		}
	}
	return s.seconds * ((cells + int64(wide) - 1) / int64(wide))
}

// label is the time at which a bar begins: a day where that is its midnight
// among others.
func label(at int64, s *step, bars int) string {
	t := time.Unix(at, 0).UTC()
	switch {
	case s.seconds >= weekSeconds:
		return t.Format(time.DateOnly)
	case s.seconds >= daySeconds || t.Hour() == 0 && int64(bars)*s.seconds > daySeconds:
		return t.Format("Jan 02")
	}
	return t.Format("15:04")
}
