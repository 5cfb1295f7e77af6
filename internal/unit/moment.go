package unit

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// momentForm is what ParseTime accepts, in words.
const momentForm = `write it as 2026-03-10 14:05, 14:05, 10/Mar/2026:14:05:00 +0000, @1773151500, "2h ago", now, today or yesterday`

// ParseTime reads a moment as a person types it:
//
//	2026-03-10T14:05:00Z  2026-03-10T14:05:00.5+01:00   RFC 3339
//	2026-03-10 14:05:00   2026-03-10T14:05:00           in loc
//	2026-03-10 14:05      2026-03-10                    in loc
//	14:05  14:05:30                                     of the day that now is in loc
//	10/Mar/2026:14:05:00 +0000                          as access logs write it, brackets allowed
//	@1773151500  1773151500                             Unix seconds; bare from nine digits on
//	2h  -2h  2h ago  1d12h ago                          before now, in the form of ParseSpan
//	now  today  yesterday                               the days begin at midnight in loc
//
// A bare number of fewer than nine digits is refused: it could be seconds ago
// or a date. The result is in loc; nil means UTC.
func ParseTime(s string, now time.Time, loc *time.Location) (time.Time, error) {
	if loc == nil {
		loc = time.UTC
	}
	t, err := parseTime(strings.TrimSpace(s), now.In(loc))
	if err != nil {
		return time.Time{}, fmt.Errorf("time %q: %w: %s", s, err, momentForm)
	}
	return t.In(loc), nil
}

// parseTime reads s, trimmed; now carries the zone.
func parseTime(s string, now time.Time) (time.Time, error) {
	y, m, d := now.Date()
	switch s {
	case "":
		return time.Time{}, errors.New("it is empty")
	case "now":
		return now, nil
	case "today":
		return time.Date(y, m, d, 0, 0, 0, 0, now.Location()), nil
	case "yesterday": // by the calendar: a day of a clock change has not 24 hours
		return time.Date(y, m, d-1, 0, 0, 0, 0, now.Location()), nil
	}
	if t, ok, err := parseUnix(s); ok {
		return t, err
	}
	for _, layout := range []string{
		time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly,
		"02/Jan/2006:15:04:05 -0700", "[02/Jan/2006:15:04:05 -0700]",
	} {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	for _, layout := range []string{"15:04", time.TimeOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), now.Location()), nil
		}
	}
	return parseAgo(s, now)
}

// parseUnix reads Unix seconds; false when s has another form.
func parseUnix(s string) (time.Time, bool, error) {
	digits, at := strings.CutPrefix(s, "@")
	if !at && strings.Trim(digits, "0123456789") != "" {
		return time.Time{}, false, nil
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil:
		return time.Time{}, true, errors.New("it is no whole number of Unix seconds")
	case !at && len(digits) < 9:
		return time.Time{}, true, fmt.Errorf("a bare number must be Unix seconds (for seconds ago write %ss)", digits)
	case n > 253402300799 || n < -62135596800: // the years 1 to 9999, which RFC 3339 can write
		return time.Time{}, true, errors.New("it lies outside the years 1 to 9999 (Unix time in seconds, not milliseconds?)")
	}
	return time.Unix(n, 0), true, nil
}

// parseAgo reads a stretch of time before now.
func parseAgo(s string, now time.Time) (time.Time, error) {
	span, _ := strings.CutPrefix(s, "-")
	if before, ok := strings.CutSuffix(s, "ago"); ok {
		span = strings.TrimSpace(before)
	}
	d, err := parseSpan(span)
	if err != nil {
		return time.Time{}, errors.New("it is in no known form")
	}
	return now.Add(-d), nil
}
