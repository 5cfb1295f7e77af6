package accesslog

import (
	"math"
	"time"
)

// parseStatus reads a status of three digits; "-" and nothing are 0.
func parseStatus(b []byte) (int, bool) {
	if orNil(b) == nil {
		return 0, true
	}
	if len(b) != 3 || !isDigit(b[0]) || !isDigit(b[1]) || !isDigit(b[2]) {
		return 0, false
	}
	return int(b[0]-'0')*100 + int(b[1]-'0')*10 + int(b[2]-'0'), true
}

// maxSize is the largest answer that is believed: 4 PiB, 35 days at 10 Gbit/s.
const maxSize = 1 << 52

// parseSize reads a count of bytes; "-" and nothing are 0. A number beyond
// maxSize is refused rather than cut: it would spoil every sum it goes into.
func parseSize(b []byte) (int64, bool) {
	if orNil(b) == nil {
		return 0, true
	}
	n, ok := parseCount(b)
	return n, ok && n <= maxSize
}

// parseCount reads decimal digits into an int64.
func parseCount(b []byte) (int64, bool) {
	if len(b) == 0 {
		return 0, false
	}
	var n int64
	for i, c := range b {
		d := int64(c) - '0'
		if d < 0 || d > 9 {
			return 0, false
		}
		// 18 digits always fit.
		if i >= 18 && n > (math.MaxInt64-d)/10 {
			return 0, false
		}
		n = n*10 + d
	}
	return n, true
}

// parseDecimal reads digits with an optional fraction, as a count of unit.
// Digits that are worth less than a nanosecond are dropped.
func parseDecimal(b []byte, unit time.Duration) (d time.Duration, fraction, ok bool) {
	point := len(b)
	for i, c := range b {
		if c == '.' {
			point = i
			break
		}
	}
	whole, ok := parseCount(b[:point])
	if !ok || whole > math.MaxInt64/int64(unit)-1 {
		return 0, false, false
	}
	d = time.Duration(whole) * unit
	if point == len(b) {
		return d, false, true
	}
	part := b[point+1:]
	if !allDigits(part) {
		return 0, false, false
	}
	worth := unit
	for _, c := range part {
		worth /= 10
		d += time.Duration(c-'0') * worth
	}
	return d, true, true
}
