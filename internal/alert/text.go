package alert

import (
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// Fields are the names that a template of messages may have, in braces.
func Fields() []string {
	return []string{"value", "threshold", "window", "rule", "key", "state", "time", "since", "duration", "requests"}
}

// fill writes a message by a template.
func (e *Event) fill(template string, loc *time.Location) string {
	at := func(sec int64) string { return time.Unix(sec, 0).In(loc).Format(time.RFC3339) }
	state := "recovered"
	switch e.State {
	case Pending:
		state = "pending"
	case Firing:
		state = "firing"
	}
	return strings.NewReplacer(
		"{value}", e.Value(), "{threshold}", e.Rule.Limit(), "{window}", seconds(e.Rule.Window),
		"{rule}", e.Rule.Name, "{key}", e.Key, "{state}", state, "{time}", at(e.At), "{since}", at(e.Began),
		"{duration}", seconds(e.At-e.Began), "{requests}", unit.Count(e.Hits),
	).Replace(template)
}

// sentence is the message of all rules that have none of their own.
func (e *Event) sentence(loc *time.Location) string {
	var b strings.Builder
	if e.Change != nil && e.Ended == "" {
		if e.Key != "" {
			b.WriteString(e.Key + ": ")
		}
		return b.String() + e.Change.Text(loc)
	}
	at := time.Unix(e.At, 0).In(loc).Format(time.RFC3339)
	what := e.Rule.subject()
	if e.Key != "" {
		what += " of " + e.Key
	}
	switch {
	case e.Acknowledged:
		return "Alert " + e.Of() + " acknowledged at " + at
	case e.Ended != "":
		return "Alert " + e.Of() + " ended at " + at + ": " + e.Ended
	case e.State == Pending:
		return what + " is " + e.Standing() + "; an alert if it stays so for " + seconds(e.Rule.For) + ", from " + at
	case e.State == Firing:
		return what + " is " + e.Standing() + ", triggered at " + at
	case e.Was == Pending:
		return what + " is " + e.measured() + " again, at " + at
	}
	return what + " recovered: " + e.measured() + ", recovered at " + at + " after " + seconds(e.After)
}

// hush is the sentence of an event that mutes a rule by hand, or takes that back.
func (e *Event) hush(loc *time.Location) string {
	at := func(sec int64) string { return time.Unix(sec, 0).In(loc).Format(time.RFC3339) }
	if e.Hushed > e.At {
		return "Alerts of " + e.Of() + " are told to nobody until " + at(e.Hushed) + ": muted at " + at(e.At)
	}
	return "Alerts of " + e.Of() + " are told again: unmuted at " + at(e.At)
}

// Standing is where the value stands against the rule, without a time. What is rounded to the
// threshold is just above it, or below.
func (e *Event) Standing() string {
	condition := e.Rule.condition()
	if (e.Rule.Test == Above || e.Rule.Test == Below) && e.Rule.value(e.Sample) == e.Rule.Limit() && e.Den > 0 {
		condition = "just " + condition
	}
	return e.measured() + ", " + condition
}

// Of is what a person calls the alert: its rule, with its key.
func (e *Event) Of() string {
	if e.Key == "" {
		return e.Rule.Name
	}
	return e.Rule.Name + " of " + e.Key
}

// subject is what the rule looks at, as the begin of a sentence.
func (r *Rule) subject() string {
	switch r.Test {
	case Absent:
		return "Traffic"
	case Silent, Gone:
		return "Log"
	case Burns:
		return "Use of the error budget"
	}
	what := ""
	switch r.Metric {
	case Hits:
		what = "Traffic"
	case Bytes:
		what = "Bandwidth"
	case Visitors:
		what = "Number of visitors"
	case Share:
		what = "Share of " + r.Of
	case Rejected:
		what = "Share of lines that are no requests"
	case Mean:
		what = "Mean latency"
	default:
		what = r.Metric.String()[len("latency_"):] + " latency"
	}
	if r.Where != "" {
		what += " where " + r.Where
	}
	return what
}

// measured writes the value with what it was measured of.
func (e *Event) measured() string {
	value := e.Rule.value(e.Sample)
	switch {
	case e.Rule.Test == Absent || e.Rule.Test == Silent || e.Rule.Test == Gone:
		if e.Num == 0 {
			return "absent"
		}
		return "there"
	case e.Rule.Test == Burns && e.Num == 0:
		return "within what it may be"
	case e.Rule.Test == Burns:
		return strconv.FormatFloat(float64(e.Num)/float64(e.Den), 'f', 1, 64) + " times what it may be"
	case e.Den <= 0 || e.Rule.Earlier > 0:
		return value
	case e.Rule.Metric == Share && e.Den == e.Hits:
		return value + " (" + unit.Count(e.Num) + " of " + unit.Count(e.Den) + ")"
	case e.Rule.Metric == Hits:
		return value + "/s"
	case e.Rule.Metric.Timed():
		return value + " (" + unit.Count(e.Hits) + " " + unit.Plural(e.Hits, "request") + ")"
	}
	return value
}

// Limit is the threshold, with its unit.
func (r *Rule) Limit() string { return r.figure(r.Threshold.Float()) }

// condition is what the value is held against.
func (r *Rule) condition() string {
	over := " over " + seconds(r.Window)
	if r.Earlier > 0 {
		over += " compared with " + seconds(r.Earlier) + " before"
	}
	switch r.Test {
	case Below:
		return "below " + r.Limit() + over
	case Absent:
		return "nothing for " + seconds(r.Window)
	case Silent:
		return "no line for " + seconds(r.Window)
	case Gone:
		return "no file for " + seconds(r.Window)
	case Burns:
		return "which is " + percent(r.Budget.Float()) + " of the requests of 30 days"
	}
	return "above " + r.Limit() + over
}

// seconds writes a span.
func seconds(n int64) string { return unit.Span(time.Duration(n) * time.Second) }
