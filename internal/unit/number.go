package unit

import (
	"math/bits"
	"strconv"
)

// Count writes n with a comma between thousands: 1,234,567.
func Count(n int64) string {
	digits := strconv.FormatUint(magnitude(n), 10)
	out := make([]byte, 0, 26)
	if n < 0 {
		out = append(out, '-')
	}
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%3 == 0 {
			out = append(out, ',')
		}
		out = append(out, digits[i])
	}
	return string(out)
}

// Short writes n in at most four figures: 999, 1.2k, 12.3k, 123k, 3.4M. The
// steps are SI prefixes, thousands apart, up to E (10^18).
func Short(n int64) string { return scaled(n, "") }

// Bytes writes a number of bytes in decimal (SI) units: 999 B, 1.2 kB,
// 38.4 GB, 214 MB.
//
// Decimal, because transfer rates, disks and bills are; a kB is 1,000 bytes
// and never 1,024.
func Bytes(n int64) string { return scaled(n, " ") + "B" }

// scaled writes n with an SI prefix, sep standing between the two: one decimal
// below a hundred, none above. The prefix is chosen after rounding, so that
// 999,950 is 1.0M and never 1000k.
func scaled(n int64, sep string) string {
	m := magnitude(n)
	sign := ""
	if n < 0 {
		sign = "-"
	}
	if m < 1000 {
		return sign + strconv.FormatUint(m, 10) + sep
	}
	unit := uint64(1000)
	for _, prefix := range "kMGTP" {
		if tenths := roundDiv(m, unit/10); tenths < 1000 {
			return sign + fixed(tenths, 1) + sep + string(prefix)
		}
		if whole := roundDiv(m, unit); whole < 1000 {
			return sign + strconv.FormatUint(whole, 10) + sep + string(prefix)
		}
		unit *= 1000
	}
	return sign + fixed(roundDiv(m, unit/10), 1) + sep + "E"
}

// Average writes hits per second with two decimals, half a hundredth rounded
// up: 1206 hits in 120 seconds are 10.05. Without a positive number of
// seconds there is no average.
func Average(hits, seconds int64) string { return perSecond(hits, seconds, 2) }

// Rate writes hits per second with one decimal, half a tenth rounded up, and
// with a comma between thousands, for tables where two decimals are noise:
// 446.8 and 1,489.3.
func Rate(hits, seconds int64) string {
	text := perSecond(hits, seconds, 1)
	for at := len(text) - len(".0") - 3; at > 0 && text[at-1] != '-'; at -= 3 {
		text = text[:at] + "," + text[at:]
	}
	return text
}

// perSecond divides and rounds in one step.
//
// A float64 division followed by %.2f was rejected: 1.005 has no exact binary
// form, and the figure in an alert must be the one a person gets by hand.
func perSecond(hits, seconds int64, decimals int) string {
	if seconds <= 0 {
		return None
	}
	unit := uint64(1)
	for range decimals {
		unit *= 10
	}
	m, s := magnitude(hits), uint64(seconds)
	whole, part := m/s, roundMulDiv(m%s, unit, s)
	if part == unit {
		whole, part = whole+1, 0
	}
	text := strconv.FormatUint(whole, 10) + "." + padded(part, decimals)
	if hits < 0 && (whole > 0 || part > 0) {
		text = "-" + text
	}
	return text
}

// Percent writes part of whole in percent with one decimal: 3.4%. A share
// that exists but would round to nothing is <0.1%, one that is not complete
// but would round to all is >99.9%. Without a positive whole, or with a
// negative part, there is no share. A part may be larger than the whole:
// 310.0%. Beyond a million percent it is >999999%.
func Percent(part, whole int64) string {
	if whole <= 0 || part < 0 {
		return None
	}
	if part == whole {
		return "100%"
	}
	q, w := uint64(part)/uint64(whole), uint64(whole)
	if q >= 10_000 {
		return ">999999%"
	}
	tenths := q*1000 + roundMulDiv(uint64(part)%w, 1000, w)
	switch {
	case tenths == 0 && part > 0:
		return "<0.1%"
	case tenths == 1000 && part < whole:
		return ">99.9%"
	}
	return fixed(tenths, 1) + "%"
}

// magnitude returns |n|, also of the smallest int64.
func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// roundDiv returns a/b, half rounded up, without overflow.
func roundDiv(a, b uint64) uint64 {
	q, r := a/b, a%b
	if r >= b-r {
		q++
	}
	return q
}

// roundMulDiv returns a*m/b, half rounded up. It needs a < b and b < 2^63;
// the product has 128 bits.
func roundMulDiv(a, m, b uint64) uint64 {
	hi, lo := bits.Mul64(a, m)
	q, r := bits.Div64(hi, lo, b)
	if r >= b-r {
		q++
	}
	return q
}

// fixed writes v, a number of 10^-decimals, as a decimal number.
func fixed(v uint64, decimals int) string {
	unit := uint64(1)
	for range decimals {
		unit *= 10
	}
	return strconv.FormatUint(v/unit, 10) + "." + padded(v%unit, decimals)
}

// padded writes v with leading zeros to the width given.
func padded(v uint64, width int) string {
	text := strconv.FormatUint(v, 10)
	for len(text) < width {
		text = "0" + text
	}
	return text
}

// Plural is word, with an s where n is not one.
func Plural(n int64, word string) string {
	if n == 1 {
		return word
	}
	return word + "s"
}

// About is the mark in front of a figure that is not exact, or nothing.
func About(estimated bool) string {
	if estimated {
		return "~"
	}
	return ""
}
