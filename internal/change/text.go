package change

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// Text is the sentence a person reads, times in loc. Every figure of it is a
// field of the Decision, and nothing else makes texts of them.
func (d Decision) Text(loc *time.Location) string {
	at := time.Unix(d.At, 0).In(loc)
	switch d.Event {
	case Recovered:
		return fmt.Sprintf("Recovered: %s, expected %s, lasted %s.", d.value(), d.band(), span(d.At-d.Since))
	case NewNormal:
		return fmt.Sprintf("New normal accepted after %s: %s about %s (was %s).", span(d.At-d.Since), d.Kind, d.value(), d.figure(d.Was))
	case Returned:
		return fmt.Sprintf("Back to the former normal: %s %s, expected %s.", d.Kind, d.value(), d.band())
	}
	if d.Basis.Pattern == Unknown {
		return "Nothing is known of " + d.Kind.String() + " yet. " + d.Basis.text(at)
	}
	var b strings.Builder
	b.WriteString(d.head())
	b.WriteString(": " + d.value())
	if d.Kind == Errors {
		fmt.Fprintf(&b, " of %s requests failed (%s)", whole(d.Of), whole(d.Count))
	}
	b.WriteString(", expected " + d.band())
	fmt.Fprintf(&b, " (%s, last %s", at.Format("Mon 15:04"), span(d.Span))
	if d.Kind >= MeanLatency {
		fmt.Fprintf(&b, ", %s requests", whole(d.Of))
	}
	b.WriteString("). ")
	if d.Event == Alert {
		fmt.Fprintf(&b, "%s, %s. ", d.size(), d.seldom())
	}
	b.WriteString(d.Basis.text(at))
	return b.String()
}

// Usual is what is expected, within which band, by what: without an event.
func (d Decision) Usual() string {
	text := d.band()
	switch b := d.Basis; {
	case b.Learning():
		return text + ", learning"
	case b.Pattern == OfTheDay:
		return text + ", by time of day"
	case b.Pattern == OfTheWeek:
		return text + ", by time of week"
	}
	return text + ", by the last hour"
}

// head names what happened.
func (d Decision) head() string {
	if d.Event == Nothing {
		return strings.ToUpper(d.Kind.String()[:1]) + d.Kind.String()[1:]
	}
	up := d.Value > d.Expected
	switch {
	case d.Kind == Traffic && up:
		return "Traffic surge"
	case d.Kind == Traffic && d.Count == 0:
		return "No traffic"
	case d.Kind == Traffic:
		return "Traffic drop"
	case d.Kind == Errors && up:
		return "Errors up"
	case d.Kind == Errors:
		return "Errors down"
	case d.Kind == MeanLatency:
		return "Mean latency up"
	}
	return "p90 latency up"
}

// figure writes a value with its unit.
func (d Decision) figure(v float64) string {
	switch d.Kind {
	case Traffic:
		per, name := d.per()
		return decimal(v*per) + name
	case Errors:
		return percent(v)
	}
	return unit.Duration(time.Duration(v * float64(time.Second)))
}

// per chooses requests a second or a minute, for all figures of a Decision.
func (d Decision) per() (float64, string) {
	if max(d.Value, d.Expected, d.Was) < 1 {
		return 60, " req/min"
	}
	return 1, " req/s"
}

func (d Decision) value() string { return d.figure(d.Value) }

// band writes what is expected, with what would not have been told.
func (d Decision) band() string {
	switch d.Kind {
	case Traffic:
		per, _ := d.per()
		low, high := (d.Expected-d.Low)*per, (d.High-d.Expected)*per
		if math.Abs(high-low) < 0.25*high {
			return decimal(d.Expected*per) + " ±" + decimal(max(low, high))
		}
		return fmt.Sprintf("%s (%s to %s)", decimal(d.Expected*per), decimal(d.Low*per), decimal(d.High*per))
	case Errors:
		expected := fmt.Sprintf("%s (%s)", percent(d.Expected), decimal(d.Expected*d.Of))
		if d.Value < d.Low {
			return expected + ", at least " + percent(d.Low)
		}
		return expected + ", at most " + percent(d.High)
	}
	return fmt.Sprintf("%s, at most %s", d.figure(d.Expected), d.figure(d.High))
}

// size writes how large a change is.
func (d Decision) size() string {
	switch {
	case math.IsInf(d.Change, 1):
		return "where nothing was expected"
	case d.Change >= 3:
		return decimal(d.Change+1) + " times as much"
	}
	return fmt.Sprintf("%+.0f %%", 100*d.Change)
}

// seldom writes how seldom so much is told by chance.
func (d Decision) seldom() string {
	weeks := d.Rarity.Hours() / 24 / 7
	switch {
	case weeks >= 52:
		return "seen less than once in a year"
	case weeks >= 2:
		return fmt.Sprintf("seen less than once in %.0f weeks", math.Floor(weeks))
	case weeks >= 1:
		return "seen less than once in a week"
	}
	return "seen once in some days"
}

// Name is the basis in a word or two: "learning", "last hour", "daily pattern",
// "weekly pattern", "unknown".
func (b Basis) Name() string {
	switch {
	case b.Pattern == Unknown:
		return "unknown"
	case b.Learning():
		return "learning"
	case b.Pattern == OfTheDay:
		return "daily pattern"
	case b.Pattern == OfTheWeek:
		return "weekly pattern"
	}
	return "last hour"
}

// text writes what was compared with, at the time of the decision.
func (b Basis) text(at time.Time) string {
	today := ""
	if math.Abs(b.Today-1) >= 0.005 {
		today = fmt.Sprintf(" at today's level (%.0f %%)", 100*b.Today)
	}
	switch {
	case b.Pattern == Unknown:
		return "Basis: nothing yet (learning)."
	case b.Pattern == Lately && b.Learning():
		return fmt.Sprintf("Basis: last %s only (learning).", span(60*int64(b.Minutes)))
	case b.Pattern == Lately:
		return "Basis: the last hour."
	case b.Pattern == OfTheDay:
		return fmt.Sprintf("Basis: daily pattern, %d %s%s.", b.Visits, unit.Plural(int64(b.Visits), "day"), today)
	case b.Like:
		return fmt.Sprintf("Basis: weekly pattern, %d %s, of the day that the calendar names%s.", b.Visits, unit.Plural(int64(b.Visits), "week"), today)
	case b.Visits == 1:
		return fmt.Sprintf("Basis: same time last %s%s.", at.Weekday(), today)
	}
	return fmt.Sprintf("Basis: same time on the last %d %ss%s.", b.Visits, at.Weekday(), today)
}

// span writes seconds.
func span(seconds int64) string { return unit.Span(time.Duration(seconds) * time.Second) }

// whole writes a count.
func whole(v float64) string { return unit.Count(int64(math.Round(min(v, 1e18)))) }

// decimal writes a figure to two digits or more.
func decimal(v float64) string {
	switch {
	case v >= 9.95 || v == 0:
		return whole(v)
	case v >= 0.095:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'g', 1, 64)
}

// percent writes a share.
func percent(v float64) string {
	switch p := 100 * v; {
	case p >= 9.95 || p == 0:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	case p >= 0.095:
		return strconv.FormatFloat(p, 'f', 1, 64) + " %"
	default:
		return strconv.FormatFloat(p, 'f', 2, 64) + " %"
	}
}
