package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"weir/internal/alert"
	"weir/internal/change"
)

func calendarKeys() []key[Calendar] {
	return []key[Calendar]{
		keyOf("holidays", "days on which people behave as on another day of the week", texts(datesToo(text("a day, such as \"2026-12-25\"", day))), func(c *Calendar) *[]string { return &c.Holidays }).lively(),
		keyOf("like", "the day of the week that holidays are like", weekday(), func(c *Calendar) *time.Weekday { return &c.Like }).lively(),
		keyOf("pauses", "maintenance: stretches in which no change is learned, none told", texts(text("a stretch, such as \"2026-12-24 18:00/2026-12-25 06:00\"", pause)), func(c *Calendar) *[]string { return &c.Pauses }).also("maintenance").lively(),
	}
}

// datesToo lets dates of TOML stand for texts.
func datesToo(c codec[string]) codec[string] {
	read := c.read
	c.read = func(r *reader, v *value) (string, bool) {
		if v.sort == isDate {
			w := *v
			w.sort = isText
			v = &w
		}
		return read(r, v)
	}
	return c
}

func day(_ *reader, v *value) error {
	if _, err := time.Parse(time.DateOnly, v.text); err != nil {
		return fmt.Errorf("%s is no day: write it as 2026-12-25", shown(v.text))
	}
	return nil
}

func pause(_ *reader, v *value) error {
	_, _, err := stretch(v.text, time.UTC)
	return err
}

// weekdays are the days as they are written, from Sunday.
func weekdays() []string {
	var names []string
	for d := time.Sunday; d <= time.Saturday; d++ {
		names = append(names, d.String())
	}
	return names
}

// weekdayNamed reads a day of the week: three letters of it at least.
func weekdayNamed(s string) (time.Weekday, bool) {
	s = strings.ToLower(s)
	for i, name := range weekdays() {
		if len(s) >= 3 && strings.HasPrefix(strings.ToLower(name), s) {
			return time.Weekday(i), true
		}
	}
	return 0, false
}

func weekday() codec[time.Weekday] {
	const want = "a day of the week, such as \"Sunday\""
	return codec[time.Weekday]{
		want: want, toml: func(d time.Weekday) string { return quote(d.String()) },
		read: func(r *reader, v *value) (time.Weekday, bool) {
			d, ok := weekdayNamed(v.text)
			if v.sort != isText || !ok {
				r.fail(v.at, "%s must be %s, not %s%s", r.key, want, v.what(), nearest(v.text, weekdays()))
				return 0, false
			}
			return d, true
		},
	}
}

// stretch reads two moments of a zone with a / between them. A day alone is the
// whole of it, as the second one, too.
func stretch(text string, zone *time.Location) (from, to int64, err error) {
	first, second, two := strings.Cut(text, "/")
	if !two {
		second = first
	}
	begin, _, ok := point(first, zone)
	_, end, ok2 := point(second, zone)
	switch {
	case !ok || !ok2:
		bad := first
		if ok {
			bad = second
		}
		return 0, 0, fmt.Errorf("%s is no day and no moment: write a stretch as 2026-12-24/2026-12-27 or 2026-12-24 18:00/2026-12-25 06:00", shown(strings.TrimSpace(bad)))
	case !two && begin == end:
		return 0, 0, fmt.Errorf("%s is a moment, no stretch: write both ends, as 2026-12-24 18:00/2026-12-25 06:00", shown(strings.TrimSpace(first)))
	case begin >= end:
		return 0, 0, errors.New("the stretch ends before it begins")
	}
	return begin, end, nil
}

// point returns when a day or a moment begins and, for a day, ends.
func point(text string, zone *time.Location) (begin, end int64, ok bool) {
	text = strings.TrimSpace(text)
	if d, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		y, m, n := d.Date()
		return d.Unix(), time.Date(y, m, n+1, 0, 0, 0, 0, zone).Unix(), true
	}
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02T15:04", time.DateTime, "2006-01-02T15:04:05", time.RFC3339} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.Unix(), t.Unix(), true
		}
	}
	return 0, 0, false
}

// calendar is what package change knows of days, nil where there is nothing but UTC.
func (c *Config) calendar() *change.Calendar {
	var days []change.Day
	for _, text := range c.Calendar.Holidays {
		t, err := time.Parse(time.DateOnly, text)
		if err == nil {
			days = append(days, change.Day{Date: change.Date{Year: t.Year(), Month: t.Month(), Day: t.Day()}, Like: c.Calendar.Like})
		}
	}
	var pauses []change.Pause
	for _, text := range c.Calendar.Pauses {
		if from, to, err := stretch(text, c.Display.Zone); err == nil {
			pauses = append(pauses, change.Pause{From: from, To: to})
		}
	}
	return change.NewCalendar(c.Display.Zone, days, pauses)
}

// stretches are those of mute or schedule of a rule.
func (c *Config) stretches(texts []string) []alert.Mute {
	var out []alert.Mute
	for _, text := range texts {
		if m, err := parseMute(text, c.Display.Zone); err == nil {
			out = append(out, m)
		}
	}
	return out
}

// muted checks a stretch of mute.
func muted(_ *reader, v *value) error {
	m, err := parseMute(v.text, time.UTC)
	if err == nil && always(m) {
		err = errors.New("that is always: enabled = false turns a rule off")
	}
	return err
}

// scheduled checks a stretch of schedule.
func scheduled(_ *reader, v *value) error {
	m, err := parseMute(v.text, time.UTC)
	if err == nil && always(m) {
		err = errors.New("that is always, as where schedule is left out")
	}
	return err
}

func always(m alert.Mute) bool {
	return m.Start == 0 && m.End == 0 && m.From == 0 && m.To == 0 && (m.Days == [7]bool{} || !slices.Contains(m.Days[:], false))
}

// mute says where mute and schedule of a rule leave no minute of the week in which anybody
// is told. Stretches of the calendar are no part of a week: those of mute do not help,
// those of schedule are a time that is left.
func (r *reader) mute(d *draft, g given, at place) {
	if g["mute"] == nil && g["schedule"] == nil {
		return
	}
	ofWeek := func(texts []string) (all []alert.Mute, calendar bool) {
		for _, text := range texts {
			if m, err := parseMute(text, time.UTC); err == nil && m.End == 0 {
				all = append(all, m)
			} else {
				calendar = true
			}
		}
		return all, calendar
	}
	var p alert.Policy
	var calendar bool
	p.Mutes, _ = ofWeek(d.Mute)
	if p.Schedule, calendar = ofWeek(d.Schedule); calendar {
		p.Schedule = nil
	}
	rule := alert.Rule{Policy: &p}
	for t := int64(0); t < 7*86400; t += 60 {
		if !rule.Muted(t) {
			return
		}
	}
	r.fail(g.at(firstOf(g, "mute", "schedule"), at), "nobody is ever told: %s leave no minute of the week; enabled = false turns a rule off", map[bool]string{true: "these stretches", false: "mute and schedule together"}[d.Schedule == nil])
}

const muteForm = `write days, hours, or a stretch of the calendar, as "Sat,Sun", "22:00-06:00", "Mon-Fri 12:00-13:00" or "2026-12-24/2026-12-27"`

// parseMute reads a stretch of the week or of the calendar.
//
//	Sat,Sun                   the whole days
//	22:00-06:00               every day, into the next one
//	Mon-Fri 12:00-13:00       both
//	2026-12-24/2026-12-27     days of the calendar, the last one included
func parseMute(text string, zone *time.Location) (alert.Mute, error) {
	m := alert.Mute{Zone: zone}
	if text != "" && strings.Count(text, "-") >= 2 && text[0] >= '0' && text[0] <= '9' && !strings.Contains(text[:min(3, len(text))], ":") {
		var err error
		m.Start, m.End, err = stretch(text, zone)
		return m, err
	}
	words := strings.Fields(text)
	if len(words) == 0 || len(words) > 2 {
		return m, fmt.Errorf("%s: %s", shown(text), muteForm)
	}
	last := words[len(words)-1]
	if strings.Contains(last, ":") {
		var err error
		if m.From, m.To, err = parseHours(last); err != nil {
			return m, err
		}
		words = words[:len(words)-1]
	}
	for i, w := range words {
		if i > 0 {
			return m, fmt.Errorf("%s: %s", shown(text), muteForm)
		}
		if err := parseDays(w, &m.Days); err != nil {
			return m, err
		}
	}
	return m, nil
}

func parseDays(text string, days *[7]bool) error {
	for _, part := range strings.Split(text, ",") {
		first, second, two := strings.Cut(part, "-")
		if !two {
			second = first
		}
		from, ok := weekdayNamed(first)
		to, ok2 := weekdayNamed(second)
		if !ok || !ok2 {
			bad := first
			if ok {
				bad = second
			}
			return fmt.Errorf("%s is no day of the week%s: %s", shown(bad), nearest(bad, weekdays()), muteForm)
		}
		for d := from; ; d = (d + 1) % 7 {
			days[d] = true
			if d == to {
				break
			}
		}
	}
	return nil
}

// parseHours reads two times of the day as minutes.
func parseHours(text string) (from, to int, err error) {
	first, second, ok := strings.Cut(text, "-")
	clock := func(s string) int {
		if s == "24:00" {
			return 24 * 60
		}
		t, err := time.Parse("15:04", s)
		if err != nil {
			ok = false
		}
		return 60*t.Hour() + t.Minute()
	}
	from, to = clock(first), clock(second)
	switch {
	case !ok:
		return 0, 0, fmt.Errorf("%s are no hours: %s", shown(text), muteForm)
	case from == to, from == 24*60:
		return 0, 0, fmt.Errorf("%s is no stretch: %s", shown(text), muteForm)
	case from == 0 && to == 24*60:
		return 0, 0, nil
	}
	return from, to, nil
}
