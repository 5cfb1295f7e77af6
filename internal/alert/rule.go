// Package alert decides when something is wrong: rules, their states, the events they cause.
//
// A Rule says what is unusual. A Watch holds the state of one Rule for one key
// and steps through the closed seconds of event time; its Step is a pure
// function of the state, the second and the Sample. The Board owns all Watches,
// walks them through time without stepping through every second of a long
// silence, and keeps the history of Events. The message a person reads is
// Event.Message.
//
//	Figures ──Sample──► Watch.Step ──Event──► Board ──► history, screens, notices
//
// What is counted for a rule, and how, is not known here: see Figures.
package alert

import (
	"math"
	"time"

	"weir/internal/change"
	"weir/internal/unit"
)

// HighTraffic is the name of the rule that stands by default, and has the
// messages of its own.
const HighTraffic = "high-traffic"

// A Level is a value of a Metric in millionths of its unit, so that 0.1 is
// exactly that.
type Level int64

// Compare returns -1, 0 or +1 as num/den is below, at or above l. Nothing is
// rounded. den is above 0, else the answer is -1: nothing alerts on nothing.
func (l Level) Compare(num, den int64) int { return unit.PerSecond(l).Compare(num, den) }

// String writes l as it can be parsed: 10, 10.5, 0.25.
func (l Level) String() string { return unit.PerSecond(l).String() }

// Float is the value, in the unit of its Metric.
func (l Level) Float() float64 { return float64(l) / 1e6 }

// A Metric is what a rule looks at.
type Metric uint8

// The metrics, with their units.
const (
	Hits     Metric = iota // requests a second
	Bytes                  // bytes a second, sent
	Visitors               // different clients with their user agents, in the window
	Share                  // of the requests looked at, those that Rule.Of names: 0 to 1
	Rejected               // of all lines, those that are no requests: 0 to 1
	Mean                   // of the time that requests take: seconds
	P50                    // the time that half of the requests take at most: seconds
	P90
	P95
	P99
	Metrics // how many there are
)

// String is the name that configurations use, such as "latency_p90".
func (m Metric) String() string {
	if m < Metrics {
		return metricNames()[m]
	}
	return "unknown"
}

func metricNames() [Metrics]string {
	return [Metrics]string{
		"hits", "bytes", "visitors", "share", "rejected",
		"latency_mean", "latency_p50", "latency_p90", "latency_p95", "latency_p99",
	}
}

// MetricNamed returns the metric of a name.
func MetricNamed(name string) (Metric, bool) {
	for m, n := range metricNames() {
		if n == name {
			return Metric(m), true
		}
	}
	return 0, false
}

// Timed tells whether the metric is a latency, or one of several.
func (m Metric) Timed() bool { return m >= Mean }

// Quantile is the share of requests below a latency; 0 for what is none.
func (m Metric) Quantile() float64 {
	switch m {
	case P50:
		return 0.5
	case P90:
		return 0.9
	case P95:
		return 0.95
	case P99:
		return 0.99
	}
	return 0
}

// A Test is when a rule says that something is wrong.
type Test uint8

const (
	// Above the threshold.
	Above Test = iota
	// Below the threshold; once a whole window was seen.
	Below
	// Absent: there was no request in the window, where at least Rule.Min were in
	// the twelve windows before it, and none in three of those at most.
	Absent
	// Silent: a log had no line at all in the window, nor one that is no request.
	Silent
	// Gone: the file of a log has not been there for the window.
	Gone
	// Burns: what an objective allows is used up too fast; see Rule.Budget.
	Burns
	// Changes: sudden, unexpected change, by package change.
	Changes
	tests
)

// By is what a rule has an alert of its own for.
type By uint8

const (
	// Site: one for all requests.
	Site By = iota
	// Section: one for each section. A rule that Changes has one for the site, and
	// one for each section that had most requests in the hour before.
	Section
	// Host: one for each virtual host.
	Host
	// Source: one for each log.
	Source
	bys
)

// String is the name that configurations use: "", "section", "host", "source".
func (b By) String() string { return [...]string{"", "section", "host", "source"}[min(b, Source)] }

// MaxKeys is how many keys a rule has alerts for at the same time. The one
// whose last request is longest ago, a minute at least, makes room for a new one.
const MaxKeys = 256

// A Severity is how much a person should be bothered.
type Severity uint8

// The severities; Warning is that of rules which say nothing of it.
const (
	Warning Severity = iota
	Info
	Critical
)

// String is "info", "warning" or "critical".
func (s Severity) String() string {
	return [...]string{"warning", "info", "critical"}[min(s, Critical)]
}

// A Rule is a condition on the traffic of a window. It is one struct because each
// field is a choice of its own that somebody makes in a configuration. Rules
// that are equal mean the same; Policy is compared by who it is.
type Rule struct {
	Name   string
	Metric Metric
	Test   Test
	By     By
	// Where is the filter of the requests looked at; "" is all of them. Of is that
	// of the part that Share counts; "4xx" and the like are classes of status.
	Where, Of string

	Threshold Level // of Above and Below
	// Recovery is the value below which (above which, for Below) an alert ends; 0
	// is Threshold.
	Recovery Level
	Window   int64 // seconds, > 0
	// Earlier, when not 0, makes the value a multiple of that of the same window
	// so many seconds before.
	Earlier    int64
	For        int64 // seconds that it has to hold without a break
	KeepFiring int64 // seconds that it has to be over without a break
	// Min is how many requests have to be in the window for an alert to begin. Of
	// Absent it is how many were in the twelve windows before.
	Min int64
	// MinOf is, for Above of a Share, how many of those that Of names have to be in the
	// window for an alert to begin: three of sixty may be chance, and are 5 %.
	MinOf int64
	// Budget is, for Burns, the share of requests that may fail.
	Budget Level
	// Surprise is, for Changes, the -log10 of the probability from which on a
	// change is told; 0 is the usual one. See change.Threshold.
	Surprise float64

	// Total makes messages carry the number of hits in the window instead of
	// their average per second.
	Total    bool
	Severity Severity
	Policy   *Policy // nil is none
}

// RecoveryAt returns the Recovery that the rule has with another threshold: as far from that, in
// proportion, as it is from its own; 0 where it has none.
func (r *Rule) RecoveryAt(threshold Level) Level {
	if r.Recovery == 0 || r.Threshold == 0 {
		return 0
	}
	end := math.Round(float64(threshold) * (float64(r.Recovery) / float64(r.Threshold)))
	if r.Metric == Visitors && r.Earlier == 0 {
		end = 1e6 * math.Round(end/1e6) // there are no parts of them
	}
	return max(1, Level(end))
}

// A Policy is what a rule has beside its condition. It is not changed once in use.
type Policy struct {
	Message string // a template of the message; see Event.Message
	Labels  map[string]string
	Mutes   []Mute
	// Schedule, where it is not empty, are the only stretches in which alerts are told.
	Schedule []Mute
	// Calendar is that of Changes: local time, holidays, maintenance.
	Calendar *change.Calendar
}

// HighTrafficRule returns the rule that fires when the hits of the past window
// exceed threshold on average. Windows are whole seconds, at least one.
func HighTrafficRule(threshold unit.PerSecond, window time.Duration) Rule {
	return Rule{Name: HighTraffic, Threshold: Level(threshold), Window: max(1, int64(window/time.Second))}
}

// StepSeconds is how often rules are decided that are not decided each second:
// those of latency, visitors and change.
const StepSeconds = 10

// TimedSeconds is how often a change of latency is decided, out of the requests of a minute at
// once. Of ten seconds a quiet site has one or two: their 90th percentile is the slower one,
// half of what it is of a hundred. So messages had a p90 that no recount gave, and each rush of
// requests was told as a rise of their latency.
const TimedSeconds = 60

// Cadence is how many seconds lie between two decisions of the rule, which are
// aligned to it: 1, but for what takes longer to know, and for windows so long
// that a second is nothing in them.
func (r *Rule) Cadence() int64 {
	switch {
	case r.Exact():
		return 1
	case r.Test == Changes && r.Metric.Timed():
		return TimedSeconds
	case r.Test == Burns, r.Test == Changes:
		return StepSeconds
	case r.Test == Gone:
		return Width(r.Window)
	case r.Metric == Visitors, r.Metric.Timed():
		return max(StepSeconds, Width(r.Reach()))
	}
	// What is compared with the day before is still looked at in parts of its
	// own window, as long as that many parts are not too many.
	most := int64(12_000)
	if r.By != Site {
		most = 2000
	}
	w := Width(r.Window)
	for w < 600 && r.Reach()/w > most {
		w = map[int64]int64{1: 10, 10: 60, 60: 600}[w]
	}
	return w
}

// Slot is how many seconds are counted together for a window of span seconds.
// Windows end with a slot, and those that are no multiple of it are longer by
// what is missing.
func (r *Rule) Slot(span int64) int64 {
	if r.Test == Burns {
		return max(StepSeconds, Width(span))
	}
	return r.Cadence()
}

// Exact reports whether all that the rule asks for is in the exact seconds of the
// last day (traffic.Seconds), so that nothing has to be counted for it.
func (r *Rule) Exact() bool {
	switch r.Metric {
	case Hits, Bytes:
	case Share:
		if r.Class() == 0 {
			return false
		}
	default:
		return false
	}
	return r.Where == "" && r.By == Site && r.Test <= Absent && r.Reach() <= day
}

// day is a day but for what the newest second, from which traffic.Seconds reckons it,
// may be ahead of the one that is decided.
const day = 24*3600 - 900

// Class is the class of status that Of names: 5 for "5xx"; 0 where it names none.
func (r *Rule) Class() int {
	if len(r.Of) == 3 && r.Of[1:] == "xx" && r.Of[0] >= '1' && r.Of[0] <= '5' {
		return int(r.Of[0] - '0')
	}
	return 0
}

// Width is how many seconds are counted together for a window of so many: a
// window has 60 to 1,200 parts.
func Width(window int64) int64 {
	switch {
	case window <= 1200:
		return 1
	case window <= 3*3600:
		return 10
	case window <= 24*3600:
		return 60
	}
	return 600
}

// Reach is how far back, in seconds, the rule looks.
func (r *Rule) Reach() int64 {
	switch r.Test {
	case Burns:
		pairs := Pairs()
		return pairs[len(pairs)-1].Long
	case Absent:
		return 13 * r.Window
	case Changes:
		return r.Cadence()
	}
	return r.Window + r.Earlier
}

// A Pair is two windows in which a budget burns so many times as fast as
// would use it up in 30 days. The short one ends an alert soon after the cause
// has ended. Source: Site Reliability Workbook, chapter 5 (multiwindow,
// multi-burn-rate alerts).
type Pair struct {
	Long, Short int64 // seconds
	Factor      Level
}

// Pairs are those that Burns looks at.
func Pairs() [3]Pair {
	return [3]Pair{
		{3600, 300, 14_400_000},
		{6 * 3600, 1800, 6_000_000},
		{3 * 86400, 6 * 3600, 1_000_000},
	}
}
