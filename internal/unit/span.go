package unit

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// Duration writes how long a request took: 0.85 ms, 4.2 ms, 13 ms, 388 ms,
// 2.1 s, from 100 s on as Span does. A negative duration means that none was
// logged.
func Duration(d time.Duration) string {
	n := uint64(d)
	switch {
	case d < 0:
		return None
	case d == 0:
		return "0 ms"
	case d < 5*time.Microsecond:
		return "<0.01 ms"
	case d < 995*time.Microsecond:
		return fixed(roundDiv(n, 10_000), 2) + " ms"
	case d < 9950*time.Microsecond:
		return fixed(roundDiv(n, 100_000), 1) + " ms"
	case d < 999_500*time.Microsecond:
		return strconv.FormatUint(roundDiv(n, 1_000_000), 10) + " ms"
	case d < 99_950*time.Millisecond:
		return fixed(roundDiv(n, 100_000_000), 1) + " s"
	}
	return Span(d)
}

// Span writes a stretch of time in its one or two largest units: 250ms, 45s,
// 2m20s, 3h12m, 5d4h, 40 days, 11 years (of 365 days). What is smaller is
// cut off, not rounded, as clocks and ages are read.
func Span(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "-", -max(d, -math.MaxInt64) // the smallest has no positive twin
	}
	switch {
	case d == 0:
		return "0s"
	case d < time.Millisecond:
		return sign + "<1ms"
	case d < time.Second:
		return sign + pair(d, time.Millisecond, "ms", 0, "")
	case d < time.Minute:
		return sign + pair(d, time.Second, "s", 0, "")
	case d < time.Hour:
		return sign + pair(d, time.Minute, "m", time.Second, "s")
	case d < day:
		return sign + pair(d, time.Hour, "h", time.Minute, "m")
	case d < 14*day:
		return sign + pair(d, day, "d", time.Hour, "h")
	case d < 2*year:
		return sign + pair(d, day, " days", 0, "")
	}
	return sign + pair(d, year, " years", 0, "")
}

// pair writes d in units of large, then what is left in units of small unless
// that is nothing.
func pair(d, large time.Duration, largeName string, small time.Duration, smallName string) string {
	text := strconv.FormatInt(int64(d/large), 10) + largeName
	if small == 0 || d%large < small {
		return text
	}
	return text + strconv.FormatInt(int64(d%large/small), 10) + smallName
}

// spanForm is what ParseSpan accepts, in words.
const spanForm = "write it as 30s, 2m, 1h30m, 7d, 2w, 1y or as a number of seconds"

// ParseSpan reads a stretch of time: Go durations (1h30m, 1.5s, 250ms), the
// same with d, w and y (days of 24 hours, weeks, years of 365 days), or a bare
// number of seconds. It is never negative; fractions of a nanosecond are cut.
func ParseSpan(s string) (time.Duration, error) {
	d, err := parseSpan(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("duration %q: %w: %s", s, err, spanForm)
	}
	return d, nil
}

// parseSpan reads numbers with units until s is used up.
func parseSpan(s string) (time.Duration, error) {
	if s == "" {
		return 0, errors.New("it is empty")
	}
	if s[0] == '-' {
		return 0, errors.New("it is negative")
	}
	var total time.Duration
	for rest, first := s, true; rest != ""; first = false {
		number := numberPrefix(rest)
		name := unitPrefix(rest[len(number):])
		rest = rest[len(number)+len(name):]
		size, ok := unitSize(name)
		if name == "" && first && rest == "" {
			size, ok = time.Second, true
		}
		switch {
		case number == "" || number == ".":
			return 0, errors.New("a number is missing")
		case !ok && name == "":
			return 0, fmt.Errorf("a unit is missing after %q", number)
		case !ok:
			return 0, fmt.Errorf("no unit is named %q", name)
		}
		d, ok := scale(number, size)
		if !ok || d > math.MaxInt64-total {
			return 0, errors.New("it is longer than 292 years")
		}
		total += d
	}
	return total, nil
}

// scale returns number, digits with at most one point, times size; false when
// it does not fit.
func scale(number string, size time.Duration) (time.Duration, bool) {
	whole, frac, _ := strings.Cut(number, ".")
	n := uint64(0)
	if whole != "" {
		v, err := strconv.ParseUint(whole, 10, 64)
		if err != nil {
			return 0, false
		}
		n = v
	}
	hi, lo := bits.Mul64(n, uint64(size))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	// Eighteen digits reach below a nanosecond for every unit up to a year.
	frac = frac[:min(len(frac), 18)]
	if frac != "" {
		v, _ := strconv.ParseUint(frac, 10, 64)
		power := uint64(1)
		for range len(frac) {
			power *= 10
		}
		fhi, flo := bits.Mul64(v, uint64(size))
		q, _ := bits.Div64(fhi, flo, power)
		lo += q
	}
	return time.Duration(lo), lo <= math.MaxInt64
}

// numberPrefix returns the digits at the head of s, with at most one point.
func numberPrefix(s string) string {
	point := false
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9':
		case c == '.' && !point:
			point = true
		default:
			return s[:i]
		}
	}
	return s
}

// unitPrefix returns the head of s up to the next number.
func unitPrefix(s string) string {
	if i := strings.IndexAny(s, "0123456789."); i >= 0 {
		return s[:i]
	}
	return s
}

func unitSize(name string) (time.Duration, bool) {
	switch name {
	case "ns":
		return time.Nanosecond, true
	case "us", "µs", "μs":
		return time.Microsecond, true
	case "ms":
		return time.Millisecond, true
	case "s":
		return time.Second, true
	case "m":
		return time.Minute, true
	case "h":
		return time.Hour, true
	case "d":
		return day, true
	case "w":
		return 7 * day, true
	case "y":
		return year, true
	}
	return 0, false
}
