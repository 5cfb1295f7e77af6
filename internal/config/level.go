package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"weir/internal/alert"
	"weir/internal/unit"
)

// one is a Level of one.
const one = 1_000_000

// most is the largest Level that may be asked for.
const most = math.MaxInt64 / one

// levelForm is how a threshold is written.
func levelForm(m alert.Metric, ratio bool) string {
	switch {
	case ratio:
		return `write a multiple, such as 2, 0.5 or "150%"`
	case m == alert.Hits:
		return `write a rate, such as 10, "10/s" or "600/m"`
	case m == alert.Bytes:
		return `write a size in a time, such as "1MB/s"`
	case m == alert.Visitors:
		return "write a whole number, such as 500"
	case m.Timed():
		return `write a time with its unit, such as "800ms" or "1.5s"`
	}
	return `write a share, such as "5%" or 0.05`
}

// parseLevel reads a threshold of a metric, with its unit. With ratio it is a
// multiple of an earlier value. bare says that it stands as a number.
func parseLevel(text string, bare bool, m alert.Metric, ratio bool) (alert.Level, error) {
	text = strings.TrimSpace(text)
	if bare {
		text = strings.ReplaceAll(text, "_", "")
	}
	if strings.HasPrefix(text, "-") {
		return 0, errors.New("it is negative")
	}
	if ratio {
		return parseRatio(text)
	}
	switch {
	case m == alert.Hits:
		if n, err := millionths(strings.TrimSuffix(text, "/s")); err == nil && n == 0 {
			return 0, nil // what is wrong with it is told with the rule
		}
		p, err := unit.ParsePerSecond(text)
		return alert.Level(p), err
	case m == alert.Bytes:
		return parseBandwidth(text, bare)
	case m == alert.Visitors:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil || n > most {
			return 0, errors.New("it is no number of visitors")
		}
		return alert.Level(n * one), nil
	case m.Timed():
		if bare || strings.Trim(text, "0123456789.") == "" {
			return 0, errors.New("a unit is missing")
		}
		d, err := unit.ParseSpan(text)
		if err == nil && d%time.Microsecond != 0 {
			err = errors.New("it is finer than a microsecond")
		}
		return alert.Level(d / time.Microsecond), err
	}
	return parseShare(text)
}

func parseShare(text string) (alert.Level, error) {
	number, percent := strings.CutSuffix(text, "%")
	n, err := millionths(strings.TrimSpace(number))
	switch {
	case err != nil:
		return 0, err
	case percent && n%100 != 0:
		return 0, errors.New("it has more than four decimals")
	case percent:
		return alert.Level(n / 100), nil
	case n > one:
		return 0, fmt.Errorf("%s is a share of %s00 %%", text, text)
	}
	return alert.Level(n), nil
}

func parseRatio(text string) (alert.Level, error) {
	if strings.HasSuffix(text, "%") {
		return parseShare(text)
	}
	for _, name := range []string{"times", "x"} {
		text = strings.TrimSpace(strings.TrimSuffix(text, name))
	}
	n, err := millionths(text)
	return alert.Level(n), err
}

func parseBandwidth(text string, bare bool) (alert.Level, error) {
	amount, per, ok := strings.Cut(text, "/")
	if bare || !ok {
		return 0, errors.New("the unit of time is missing")
	}
	seconds := int64(0)
	switch strings.TrimSpace(per) {
	case "s":
		seconds = 1
	case "m", "min":
		seconds = 60
	case "h":
		seconds = 3600
	default:
		return 0, fmt.Errorf("no unit of time is named %q", per)
	}
	if number, plain := strings.CutSuffix(strings.TrimSpace(amount), "B"); plain && strings.Contains(number, ".") && strings.Trim(number, "0123456789.") == "" {
		n, err := millionths(number) // which is finer than a byte
		return alert.Level(n / seconds), err
	}
	n, err := unit.ParseBytes(amount)
	if err == nil && n > most {
		err = errors.New("it is too large")
	}
	return alert.Level(n * one / seconds), err
}

// millionths reads a decimal number.
func millionths(s string) (int64, error) {
	whole, frac, _ := strings.Cut(s, ".")
	frac = strings.TrimRight(frac, "0")
	switch {
	case whole+frac == "" && !strings.HasPrefix(s, "0") && !strings.HasPrefix(s, ".0") || strings.Trim(whole+frac, "0123456789") != "":
		return 0, errors.New("it is no number")
	case len(frac) > 6:
		return 0, errors.New("it has more than six decimals")
	case len(strings.TrimLeft(whole, "0")) > 12:
		return 0, errors.New("it is too large")
	}
	return strconv.ParseInt(whole+frac+strings.Repeat("0", 6-len(frac)), 10, 64)
}

// levelText writes a threshold as parseLevel reads it.
func levelText(l alert.Level, m alert.Metric, ratio bool) string {
	number := decimal(int64(l))
	switch {
	case ratio:
		return number + "x"
	case m == alert.Hits:
		return number + "/s"
	case m == alert.Bytes:
		return number + "B/s"
	case m == alert.Visitors:
		return strconv.FormatInt(int64(l)/one, 10)
	case m.Timed() && l < one:
		return decimal(int64(l)*1000) + "ms"
	case m.Timed():
		return number + "s"
	}
	return decimal(int64(l)*100) + "%"
}

// decimal writes millionths.
func decimal(n int64) string { return unit.PerSecond(n).String() }
