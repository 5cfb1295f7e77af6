package accesslog

import "bytes"

// parseTimeText reads the time of a CSV field:
//
//	971211336  971211336.5  971211336500        Unix time
//	2000-10-10T20:55:36Z  2000-10-10T13:55:36.5-07:00   RFC 3339
//	2000-10-10 20:55:36  2000/10/10 20:55:36    the same, in UTC
//	10/Oct/2000:13:55:36 -0700                  Common Log, brackets allowed
func parseTimeText(b []byte) (sec int64, nanos int32, ok bool) {
	if n := len(b); n == stampLen+2 && b[0] == '[' && b[n-1] == ']' {
		b = b[1 : n-1]
	}
	if len(b) == stampLen && b[2] == '/' {
		sec, bad := parseStamp((*[stampLen]byte)(b))
		return sec, 0, bad < 0
	}
	if len(b) > 4 && (b[4] == '-' || b[4] == '/') {
		return parseDateTime(b)
	}
	return parseEpoch(b)
}

// parseEpoch reads Unix time. The number of digits before the point tells the
// unit: up to 11 are seconds (to the year 5138), 13 milliseconds, 16
// microseconds, 19 nanoseconds (all three from 2001 on). A fraction is kept to
// the nanosecond, of seconds only.
func parseEpoch(b []byte) (sec int64, nanos int32, ok bool) {
	whole, fraction, point := bytes.Cut(b, []byte("."))
	n, ok := parseCount(whole)
	if !ok {
		return 0, 0, false
	}
	if len(whole) <= 11 {
		if !point {
			return n, 0, true
		}
		nanos, ok = parseFraction(fraction)
		return n, nanos, ok
	}
	if point {
		return 0, 0, false
	}
	switch len(whole) {
	case 13:
		return n / 1e3, int32(n%1e3) * 1e6, true
	case 16:
		return n / 1e6, int32(n%1e6) * 1e3, true
	case 19:
		return n / 1e9, int32(n % 1e9), true
	}
	return 0, 0, false
}

// parseFraction reads the digits behind a decimal point as nanoseconds; digits
// beyond the ninth are dropped.
func parseFraction(b []byte) (nanos int32, ok bool) {
	if !allDigits(b) {
		return 0, false
	}
	for i := range 9 {
		nanos *= 10
		if i < len(b) {
			nanos += int32(b[i] - '0')
		}
	}
	return nanos, true
}

// parseDateTime reads RFC 3339, with a space for the T too, and without a zone
// as UTC: a guess, but no other is better without asking, and the same file
// gives the same times on every machine.
//
//	2000-10-10T13:55:36.5-07:00
//	0    5  8  11 14 17 19
func parseDateTime(b []byte) (sec int64, nanos int32, ok bool) {
	if len(b) < 19 || b[4] != '-' && b[4] != '/' || b[7] != b[4] || b[13] != ':' || b[16] != ':' ||
		b[10] != 'T' && b[10] != 't' && b[10] != ' ' {
		return 0, 0, false
	}
	year, okYear := digits(b[0:4])
	month, okMonth := digits(b[5:7])
	day, okDay := digits(b[8:10])
	clock, bad := clockSeconds(b[11:19])
	if !okYear || !okMonth || !okDay || bad >= 0 || month < 1 || month > 12 ||
		day < 1 || day > daysIn(year, month) {
		return 0, 0, false
	}
	sec = daysSinceEpoch(year, month, day)*86400 + clock
	rest := b[19:]
	if len(rest) > 0 && (rest[0] == '.' || rest[0] == ',') {
		end := 1
		for end < len(rest) && isDigit(rest[end]) {
			end++
		}
		if nanos, ok = parseFraction(rest[1:end]); !ok {
			return 0, 0, false
		}
		rest = rest[end:]
	}
	offset, ok := parseOffset(rest)
	return sec - offset, nanos, ok
}

// parseOffset reads "", "Z", "+hh:mm", "+hhmm" or " +hhmm" as seconds.
func parseOffset(b []byte) (offset int64, ok bool) {
	b = bytes.TrimLeft(b, " ")
	if len(b) == 0 || len(b) == 1 && b[0]|0x20 == 'z' {
		return 0, true
	}
	switch {
	case len(b) == 6 && b[3] == ':':
		return zoneSeconds(b[0], []byte{b[1], b[2], b[4], b[5]})
	case len(b) == 5:
		return zoneSeconds(b[0], b[1:5])
	}
	return 0, false
}
