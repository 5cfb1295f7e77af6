package unit

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
)

// A PerSecond is a rate in millionths of an event per second. It is the exact
// form of a threshold: whether an average lies above, below or at it is
// decided in whole numbers, since at equality an alert must keep its state.
// The zero value is no rate at all.
type PerSecond int64

// One is the rate of one event per second.
const One PerSecond = 1_000_000

// MaxPerSecond is the largest rate that ParsePerSecond accepts: a thousand
// million per second.
const MaxPerSecond = 1_000_000_000 * One

const perSecondForm = "write a number above 0 and up to 1000000000 with at most six decimals, such as 10, 10.5, 10/s, 600/m or 3600/h"

// ParsePerSecond reads a rate: 10, 10.5, 0.25, and with a unit 10/s, 600/m,
// 3600/h. A rate by the minute or hour that is no whole number of millionths
// per second is rounded to the nearest; String shows the outcome.
func ParsePerSecond(s string) (PerSecond, error) {
	p, err := parsePerSecond(strings.TrimSpace(s))
	if err != nil {
		return 0, fmt.Errorf("rate %q: %w: %s", s, err, perSecondForm)
	}
	return p, nil
}

func parsePerSecond(s string) (PerSecond, error) {
	number, name, slash := strings.Cut(s, "/")
	seconds := uint64(1)
	switch name {
	case "m", "min":
		seconds = 60
	case "h":
		seconds = 3600
	default:
		if slash && name != "s" {
			return 0, fmt.Errorf("no unit of time is named %q", name)
		}
	}
	whole, frac, _ := strings.Cut(number, ".")
	frac = strings.TrimRight(frac, "0")
	if whole+frac == "" || strings.Trim(whole+frac, "0123456789") != "" {
		return 0, errors.New("it is no number")
	}
	if len(frac) > 6 {
		return 0, errors.New("it has more than six decimals")
	}
	// Thirteen digits hold 3600e9, the largest rate by the hour, and with six
	// decimals they fit 64 bits.
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > 13 {
		return 0, errors.New("it is too large")
	}
	millionths, _ := strconv.ParseUint(whole+frac+strings.Repeat("0", 6-len(frac)), 10, 64)
	p := roundDiv(millionths, seconds)
	switch {
	case p == 0:
		return 0, errors.New("it is not above zero")
	case p > uint64(MaxPerSecond):
		return 0, errors.New("it is too large")
	}
	return PerSecond(p), nil
}

// String writes p as it can be parsed: 10, 10.5, 0.25.
func (p PerSecond) String() string {
	text := fixed(magnitude(int64(p)), 6)
	text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	if p < 0 {
		text = "-" + text
	}
	return text
}

// Compare returns -1, 0 or +1 as hits in so many seconds are below, at or
// above p on average. It compares hits with p*seconds in 128 bits, so nothing
// is rounded and nothing overflows. Without a positive number of seconds
// there is no average, and the answer is -1: nothing alerts on no time.
func (p PerSecond) Compare(hits, seconds int64) int {
	switch {
	case seconds <= 0:
		return -1
	case hits < 0 && p >= 0:
		return -1
	case hits >= 0 && p < 0:
		return 1
	case hits < 0:
		return -compareProducts(magnitude(hits), uint64(One), magnitude(int64(p)), uint64(seconds))
	}
	return compareProducts(uint64(hits), uint64(One), uint64(p), uint64(seconds))
}

// compareProducts compares a*b with c*d.
func compareProducts(a, b, c, d uint64) int {
	ahi, alo := bits.Mul64(a, b)
	chi, clo := bits.Mul64(c, d)
	switch {
	case ahi != chi:
		if ahi < chi {
			return -1
		}
		return 1
	case alo != clo:
		if alo < clo {
			return -1
		}
		return 1
	}
	return 0
}
