package alert

import (
	"fmt"
	"strconv"
	"time"

	"weir/internal/change"
	"weir/internal/unit"
)

// An Event is a change of state of a rule. It owns all it holds. The two that
// everybody is told of are an alert (State is Firing) and its end (Was is Firing,
// State Quiet); the others are kept.
type Event struct {
	Rule  Rule
	Key   string // the section, host or log it is of; "" for the site
	State State
	Was   State
	At    int64 // the closed second T that caused it; the window is [T-Window, T)
	Sample
	After int64 // seconds since the State before began, at the end of an alert
	// Began is when the alert began: with rule and key the name of an alert.
	Began int64
	// Muted is why nobody is to be told: a schedule, or another rule that tells the
	// same. "" is nothing.
	Muted        string
	Acknowledged bool // somebody knows of the alert: nothing else has changed
	// Hushed is, of the event that somebody muted the rule by hand, until when; of the one that
	// takes that back it is At. Nothing else has changed then. It is 0 of other events.
	Hushed int64
	// Ended is why an alert is over, where it is not that all is well: a sentence.
	Ended  string
	Change *change.Decision // of a rule that Changes
	Cause  *Cause           // nil where nothing is known
}

// Instead begins an Event's Muted where another rule has told the same.
const Instead = "told by "

// Told reports whether it is the begin or the end of an alert.
//
// An alert that was muted is told again, as Firing, when it no longer is.
func (e *Event) Told() bool {
	return !e.Acknowledged && e.Hushed == 0 && (e.State == Firing || e.Was == Firing)
}

// Begins reports whether it is the begin of an alert.
func (e *Event) Begins() bool { return e.State == Firing && e.Was != Firing }

// Name is the state in words: "firing", "recovered", "pending", "acknowledged",
// "muted", "unmuted", or "cleared", of what was pending.
func (e *Event) Name() string {
	switch {
	case e.Acknowledged:
		return "acknowledged"
	case e.Hushed > e.At:
		return "muted"
	case e.Hushed > 0:
		return "unmuted"
	case e.State == Quiet && e.Was == Pending:
		return "cleared"
	case e.State == Quiet:
		return "recovered"
	}
	return e.State.String()
}

// ID names the event for receivers that may get it twice.
func (e *Event) ID() string {
	return fmt.Sprintf("%s/%s/%d/%s", e.Rule.Name, e.Key, e.Began, e.Name())
}

// Value is what messages of high traffic print: the average per second with two
// decimals, or the total of the window where the rule says so.
func (e *Event) Value() string {
	if e.Rule.Total {
		return strconv.FormatInt(e.Hits, 10)
	}
	return e.Rule.value(e.Sample)
}

// Message is the sentence a person reads, its time in loc.
func (e *Event) Message(loc *time.Location) string {
	if e.Hushed != 0 {
		return e.hush(loc)
	}
	at := time.Unix(e.At, 0).In(loc).Format(time.RFC3339)
	if e.Rule.Policy != nil && e.Rule.Policy.Message != "" && e.Ended == "" && !e.Acknowledged {
		return e.fill(e.Rule.Policy.Message, loc)
	}
	switch {
	case e.Rule.Name == HighTraffic && e.Ended == "" && e.State == Firing && !e.Acknowledged:
		return fmt.Sprintf("High traffic generated an alert - hits = %s, triggered at %s", e.Value(), at)
	case e.Rule.Name == HighTraffic && e.Ended == "" && e.State == Quiet:
		return fmt.Sprintf("High traffic alert recovered - hits = %s, recovered at %s", e.Value(), at)
	}
	return e.sentence(loc)
}

// String is Message in UTC.
func (e Event) String() string { return e.Message(time.UTC) }

// value writes what was measured, in the unit of the metric.
func (r *Rule) value(s Sample) string {
	if s.Den <= 0 {
		return "nothing"
	}
	v := float64(s.Num) / float64(s.Den)
	switch {
	case r.Earlier > 0:
		return strconv.FormatFloat(v, 'f', 2, 64) + " times"
	case r.Metric == Hits:
		return unit.Average(s.Num, s.Den)
	}
	return r.figure(v)
}

// figure writes a value of the metric.
func (r *Rule) figure(v float64) string {
	switch {
	case r.Earlier > 0:
		return strconv.FormatFloat(v, 'g', -1, 64) + " times"
	case r.Metric == Hits:
		return strconv.FormatFloat(v, 'f', -1, 64) + "/s"
	case r.Metric == Bytes:
		return unit.Bytes(int64(v)) + "/s"
	case r.Metric == Visitors:
		return unit.Count(int64(v)) + " visitors"
	case r.Metric.Timed():
		return unit.Duration(time.Duration(v * float64(time.Second)))
	}
	return percent(v)
}

func percent(v float64) string {
	digits := 1
	if v < 0.001 && v > 0 {
		digits = 2
	}
	return strconv.FormatFloat(100*v, 'f', digits, 64) + " %"
}
