package alert

import (
	"time"

	"weir/internal/traffic"
)

// A Mute is a stretch of the week, or of the calendar: one in which the alerts of a rule are
// kept, and told to nobody, or one of those in which alone they are told. The zero value
// is always.
type Mute struct {
	Days     [7]bool // from Sunday; none of them is every day
	From, To int     // minutes of the local day; To may be the smaller one, on the next day. Equal: the whole day
	Zone     *time.Location
	// Start and End, when not 0, make it that half-open stretch of Unix seconds
	// instead.
	Start, End int64
}

// Holds reports whether second t lies in the stretch.
func (m *Mute) Holds(t int64) bool {
	if m.Start != 0 || m.End != 0 {
		return m.Start <= t && t < m.End
	}
	zone := m.Zone
	if zone == nil {
		zone = time.UTC
	}
	at := time.Unix(t, 0).In(zone)
	minute := 60*at.Hour() + at.Minute()
	day := int(at.Weekday())
	switch {
	case m.From == m.To:
		return m.on(day)
	case m.From < m.To:
		return m.on(day) && m.From <= minute && minute < m.To
	}
	// It began on the day before, or begins today.
	return minute >= m.From && m.on(day) || minute < m.To && m.on((day+6)%7)
}

func (m *Mute) on(day int) bool { return m.Days[day] || m.Days == [7]bool{} }

// Muted reports whether the rule is told to nobody at second t.
func (r *Rule) Muted(t int64) bool {
	if r.Policy == nil {
		return false
	}
	return held(r.Policy.Mutes, t) || len(r.Policy.Schedule) > 0 && !held(r.Policy.Schedule, t)
}

func held(all []Mute, t int64) bool {
	for i := range all {
		if all[i].Holds(t) {
			return true
		}
	}
	return false
}

// unmuted returns the first second after t at which the rule may be told again; a
// day later, when it is none of that day.
func (r *Rule) unmuted(t int64) int64 {
	for range 24 * 60 {
		next := traffic.FloorDiv(t, 60)*60 + 60
		for i := range r.Policy.Mutes {
			if end := r.Policy.Mutes[i].End; end > t {
				next = min(next, end)
			}
		}
		for i := range r.Policy.Schedule {
			if start := r.Policy.Schedule[i].Start; start > t {
				next = min(next, start)
			}
		}
		if t = next; !r.Muted(t) {
			break
		}
	}
	return t
}
