package pace

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// A kind is a kind of value.
type kind uint8

const (
	kindSpan   kind = iota // a stretch of time
	kindSpell              // one with a spread
	kindLevel              // a rate, or a share of the rate
	kindShare              // a share of all, up to 100 %
	kindFactor             // so many times
	kindClock              // a time of day
	kindSwitch             // yes or no
	kindText               // a name
	kindSteps              // rates one after the other
)

// form is an example of a value.
func (k kind) form() string {
	return [...]string{"2m", "30s+-10s", "50%", "10%", "10", "20:00", "yes", "FILE", "60s@9,60s@18"}[k]
}

// A datum is a value that has been read: the fields of its kind are set.
type datum struct {
	spell  Spell
	rate   unit.PerSecond
	share  int64 // millionths
	shared bool  // the level is a share
	yes    bool
	text   string
	steps  Steps
}

// longest is the longest stretch of time in a pattern, so that a sum of some
// is a time.
const longest = 10 * 365 * 24 * time.Hour

func (k kind) parse(s string) (datum, error) {
	var d datum
	var err error
	if s == "" {
		return d, fmt.Errorf("the value is empty: write it as %s", k.form())
	}
	switch k {
	case kindSpan:
		d.spell.Mean, err = parseStretch(s)
	case kindSpell:
		mean, spread, random := strings.Cut(strings.Replace(s, "+-", "±", 1), "±")
		if d.spell.Mean, err = parseStretch(mean); err == nil && random {
			d.spell.Spread, err = parseStretch(spread)
		}
		if err == nil && d.spell.Spread > d.spell.Mean {
			err = fmt.Errorf("the spread of %q is more than the length: nothing lasts less than no time", s)
		}
	case kindLevel:
		if d.shared = strings.HasSuffix(s, "%"); d.shared {
			d.share, err = parseMillionths(strings.TrimSuffix(s, "%"), 2, 1_000_000)
		} else {
			d.rate, err = parseRate(s)
		}
	case kindShare:
		if percent, ok := strings.CutSuffix(s, "%"); ok {
			d.share, err = parseMillionths(percent, 2, 1)
		} else {
			d.share, err = parseMillionths(s, 0, 1)
		}
	case kindFactor:
		d.share, err = parseMillionths(strings.Trim(s, "x"), 0, 1_000_000)
	case kindClock:
		d.spell.Mean, err = parseClock(s)
	case kindSwitch:
		d.yes = s == "yes"
		if !d.yes && s != "no" {
			err = fmt.Errorf("%q is neither yes nor no", s)
		}
	case kindText:
		d.text = s
	case kindSteps:
		d.steps, err = ParseSteps(s)
	}
	return d, err
}

// String writes d as its kind is read.
func (d datum) String(k kind) string {
	switch k {
	case kindSpan:
		return span(d.spell.Mean)
	case kindSpell:
		if d.spell.Spread == 0 {
			return span(d.spell.Mean)
		}
		return span(d.spell.Mean) + "+-" + span(d.spell.Spread)
	case kindLevel:
		if !d.shared {
			return d.rate.String()
		}
		return unit.PerSecond(d.share*100).String() + "%"
	case kindShare:
		return unit.PerSecond(d.share*100).String() + "%"
	case kindFactor:
		return unit.PerSecond(d.share).String()
	case kindClock:
		return fmt.Sprintf("%02d:%02d", d.spell.Mean/time.Hour, d.spell.Mean%time.Hour/time.Minute)
	case kindSwitch:
		if d.yes {
			return "yes"
		}
		return "no"
	case kindSteps:
		return d.steps.String()
	}
	return d.text
}

// span writes a stretch of time whole, as unit.ParseSpan reads it.
func span(d time.Duration) string {
	text := d.String()
	if short, ok := strings.CutSuffix(text, "m0s"); ok {
		text = short + "m"
	}
	if short, ok := strings.CutSuffix(text, "h0m"); ok {
		text = short + "h"
	}
	return text
}

func parseStretch(s string) (time.Duration, error) {
	d, err := unit.ParseSpan(s)
	if err == nil && d > longest {
		return 0, fmt.Errorf("duration %q: a pattern has none longer than ten years", s)
	}
	return d, err
}

// parseMillionths reads a decimal number of which the unit is ten to the minus
// shift, in millionths; most is the largest it may be, in ones.
func parseMillionths(s string, shift int, most int64) (int64, error) {
	digits, part, _ := strings.Cut(strings.TrimSpace(s), ".")
	part = strings.TrimRight(part, "0")
	switch {
	case digits+part == "" || strings.Trim(digits+part, "0123456789") != "":
		return 0, fmt.Errorf("%q is no number", s)
	case len(part) > 6-shift:
		return 0, fmt.Errorf("%q has more than %d decimals", s, 6-shift)
	case len(digits) > 12:
		return 0, tooLarge(s, shift, most)
	}
	n, err := strconv.ParseInt(digits+part+strings.Repeat("0", 6-shift-len(part)), 10, 64)
	if err != nil || n > most*whole {
		return 0, tooLarge(s, shift, most)
	}
	return n, nil
}

func tooLarge(s string, shift int, most int64) error {
	if shift > 0 {
		return fmt.Errorf("%s%% is too large: at most %d%%", s, most*100)
	}
	return fmt.Errorf("%s is too large: at most %d", s, most)
}

// parseClock reads a time of day: 20:00 or 20.
func parseClock(s string) (time.Duration, error) {
	hour, minute, _ := strings.Cut(s, ":")
	h, err := strconv.ParseUint(hour, 10, 8)
	m := uint64(0)
	if err == nil && minute != "" {
		m, err = strconv.ParseUint(minute, 10, 8)
	}
	if err != nil || m > 59 || h > 24 || h == 24 && m > 0 {
		return 0, errors.New(strconv.Quote(s) + " is no time of day: write it as 20:00")
	}
	return time.Duration(h)*time.Hour + time.Duration(m)*time.Minute, nil
}

// values are the keys of a pattern as its shape asks for them.
type values struct {
	plan  *plan
	given map[string]string
	rate  unit.PerSecond
}

// get returns the value of a key, or what it is without being given.
func (v values) get(name string) (datum, bool) {
	k := v.plan.key(name)
	text, ok := v.given[name]
	if !ok {
		text = k.initial
	}
	if text == "" {
		return datum{}, false
	}
	d, err := k.kind.parse(text)
	return d, err == nil
}

func (v values) span(name string) time.Duration {
	d, _ := v.get(name)
	return d.spell.Mean
}

func (v values) spell(name string) Spell {
	d, _ := v.get(name)
	return d.spell
}

func (v values) share(name string) int64 {
	d, _ := v.get(name)
	return d.share
}

func (v values) level(name string) unit.PerSecond {
	d, _ := v.get(name)
	if d.shared {
		return portion(v.rate, d.share)
	}
	return d.rate
}
