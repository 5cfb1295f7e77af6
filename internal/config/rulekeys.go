package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/alert"
	"weir/internal/change"
)

// A draft is a rule while it is read: what its thresholds mean depends on the
// metric, which may stand behind them.
type draft struct {
	Rule
	base      *Rule // that stands by default under the name; nil for none
	above     *value
	below     *value
	recovery  *value
	absent    string
	slo       *value
	change    bool
	sensitive *value
	unknown   bool   // the metric is none
	rated     string // of metric = "rate of FILTER" that
	shared    string // of metric = "errors", "share of FILTER" that
}

// ruleKeys are those of [[rule]].
func ruleKeys() []key[draft] {
	clock := func(least, most time.Duration) codec[int64] { return inSeconds(span(least, most)) }
	const week = 7 * 24 * time.Hour
	return []key[draft]{
		keyOf("name", "of the rule; one of those that stand by default adjusts it", text("a name in quotes", ruleName), func(d *draft) *string { return &d.Name }),
		keyOf("enabled", "on or off", yes(), func(d *draft) *bool { return &d.Enabled }),
		{name: "metric", about: "what the rule looks at", read: readMetric, write: func(d *draft) string { return quote(d.Metric.String()) }},
		{name: "of", about: "of a share: the filter of the part, or a class such as 5xx", read: readOf, write: func(d *draft) string { return quote(d.Of) }},
		{name: "where", about: "the filter of the requests looked at", aliases: []string{"filter"}, read: readWhere, write: func(d *draft) string { return quote(d.Where) }},
		levelKey("above", "the value above which something is wrong", alert.Above, func(d *draft) **value { return &d.above }).also("threshold"),
		levelKey("below", "the value below which something is wrong", alert.Below, func(d *draft) **value { return &d.below }),
		{name: "absent", about: "something is wrong when there is none: traffic, log (no line at all), source (no file)", read: readAbsent, write: writeAbsent},
		{name: "slo", about: "the share of requests that are to be good, as \"99.9%\": something is wrong when what may fail is used up too fast", aliases: []string{"objective"}, read: func(_ *reader, v *value, d *draft) { d.slo = v }, write: writeObjective},
		{name: "change", about: "something is wrong when the metric changes suddenly and unexpectedly", read: readChange, write: func(d *draft) string {
			if d.Test != alert.Changes {
				return ""
			}
			return "true"
		}},
		{name: "sensitivity", about: "of change: high, normal, low, or the -log10 of the probability from which on it is told", aliases: []string{"surprise"}, read: func(_ *reader, v *value, d *draft) { d.sensitive = v }, write: writeSensitivity},
		{name: "recovery", about: "the value at which it is over; the threshold itself where nothing is said", aliases: []string{"recover"}, read: func(_ *reader, v *value, d *draft) { d.recovery = v }, write: func(d *draft) string {
			if d.Recovery == 0 {
				return ""
			}
			return quote(levelText(d.Recovery, d.Metric, d.Earlier > 0))
		}},
		{name: "over", about: "the window that is looked at", aliases: []string{"window"}, read: keyOf("", "", clock(time.Second, week), func(d *draft) *int64 { return &d.Window }).read, write: writeWindow},
		keyOf("ratio_to", "compare with the same window so long before; above and below are multiples then", clock(0, 2*week), func(d *draft) *int64 { return &d.Earlier }).also("compared_with"),
		keyOf("for", "how long it has to hold without a break", clock(0, week), func(d *draft) *int64 { return &d.For }),
		keyOf("keep_firing_for", "how long it has to be over without a break", clock(0, week), func(d *draft) *int64 { return &d.KeepFiring }).also("keep_firing"),
		keyOf("min", "requests in the window without which no alert begins; of absent in the twelve windows before", whole64(), func(d *draft) *int64 { return &d.Min }).also("min_requests", "requests"),
		keyOf("min_of", "of a share that is above: requests in the window that it counts, without which no alert begins", whole64(), func(d *draft) *int64 { return &d.MinOf }).also("min_failed"),
		{name: "by", about: "an alert for each: section, host, source", aliases: []string{"group_by", "per"}, read: readBy, write: func(d *draft) string { return quote(cmp.Or(d.By.String(), "site")) }},
		{name: "severity", about: "info, warning, critical", read: readSeverity, write: func(d *draft) string { return quote(d.Severity.String()) }},
		keyOf("message", "the sentence a person reads", text("a text in quotes", template), func(d *draft) *string { return &d.Message }).also("template"),
		keyOf("labels", "texts that notifications carry", labels(), func(d *draft) *map[string]string { return &d.Labels }),
		keyOf("mute", "when nobody is told", texts(text(`a stretch, such as "22:00-06:00"`, muted)), func(d *draft) *[]string { return &d.Mute }).also("mutes"),
		keyOf("schedule", "the only times at which somebody is told; at any where nothing is said", texts(text(`a stretch, such as "Mon-Fri 08:00-18:00"`, scheduled)), func(d *draft) *[]string { return &d.Schedule }).also("schedules"),
	}
}

func ruleName(_ *reader, v *value) error {
	switch {
	case strings.TrimSpace(v.text) != v.text || v.text == "" || len(v.text) > 64:
		return errors.New("a name has 1 to 64 characters, no spaces around them")
	case strings.ContainsFunc(v.text, isControl) || strings.ContainsAny(v.text, "/{}"):
		return fmt.Errorf("%s is no name for a rule: leave out slashes, braces, line breaks", shown(v.text))
	}
	return nil
}

func whole64() codec[int64] {
	c := whole(0, 1_000_000_000)
	return codec[int64]{
		want: c.want, toml: func(n int64) string { return strconv.FormatInt(n, 10) },
		read: func(r *reader, v *value) (int64, bool) { n, ok := c.read(r, v); return int64(n), ok },
	}
}

func labels() codec[map[string]string] {
	const want = "a table of texts, such as { team = \"web\" }"
	return codec[map[string]string]{
		want: want,
		toml: func(m map[string]string) string {
			var parts []string
			for _, k := range slices.Sorted(maps.Keys(m)) {
				parts = append(parts, quote(k)+" = "+quote(m[k]))
			}
			if parts == nil {
				return "{}"
			}
			return "{ " + strings.Join(parts, ", ") + " }"
		},
		read: func(r *reader, v *value) (map[string]string, bool) {
			if v.sort != isTable {
				r.wrong(v, want)
				return nil, false
			}
			var m map[string]string
			for _, e := range v.table.entries {
				if e.value.sort != isText {
					r.fail(e.value.at, "the label %s must be a text in quotes, not %s", e.name, e.value.what())
					return nil, false
				}
				if m == nil {
					m = map[string]string{}
				}
				m[e.name] = e.value.text
			}
			return m, true
		},
	}
}

// levelKey is a threshold, which is read with the rule.
func levelKey(name, about string, test alert.Test, at func(*draft) **value) key[draft] {
	return key[draft]{
		name: name, about: about,
		read: func(_ *reader, v *value, d *draft) { *at(d) = v },
		write: func(d *draft) string {
			if d.Test != test || d.Threshold == 0 {
				return ""
			}
			return quote(levelText(d.Threshold, d.Metric, d.Earlier > 0))
		},
	}
}

// shorthands are names of metrics besides those of package alert.
func shorthands() map[string]alert.Metric {
	return map[string]alert.Metric{
		"traffic": alert.Hits, "requests": alert.Hits, "rate": alert.Hits, "bandwidth": alert.Bytes,
		"latency": alert.P90, "p50": alert.P50, "p90": alert.P90, "p95": alert.P95, "p99": alert.P99, "median": alert.P50,
		"mean": alert.Mean, "latency_average": alert.Mean, "latency_avg": alert.Mean,
	}
}

// metricNames are all that metric may be, but codes and expressions.
func metricNames() []string {
	var names []string
	for m := range alert.Metrics {
		names = append(names, m.String())
	}
	return append(append(names, "errors", "5xx", "4xx"), slices.Sorted(maps.Keys(shorthands()))...)
}

func readMetric(r *reader, v *value, d *draft) {
	before := len(r.errs)
	defer func() { d.unknown, d.shared = len(r.errs) > before, d.Of }()
	if v.sort != isText {
		r.wrong(v, `the name of a metric, such as "traffic" or "errors"`)
		return
	}
	d.Metric, d.Of, d.Where = alert.Hits, "", ""
	name := strings.TrimSpace(v.text)
	if m, ok := alert.MetricNamed(name); ok {
		d.Metric = m
		return
	}
	if m, ok := shorthands()[name]; ok {
		d.Metric = m
		return
	}
	if part, ok := statusPart(name); ok {
		d.Metric, d.Of = alert.Share, part
		return
	}
	kind, expression, ok := strings.Cut(v.text, " of ")
	if kind = strings.TrimSpace(kind); !ok || kind != "rate" && kind != "share" {
		near := nearest(name, metricNames())
		if near == "" {
			near = ": give one of " + listed(metricNames()) + `, a status, or "rate of FILTER", "share of FILTER"`
		}
		r.fail(v.at, "%s: no metric is called %s%s", r.key, shown(v.text), near)
		return
	}
	if part, ok := statusPart(strings.TrimSpace(expression)); ok {
		expression = part
		if len(part) == 3 && kind == "rate" {
			expression = "status = " + part
		}
	} else if err := r.filter(expression, len([]rune(v.text))-len([]rune(expression))); err != nil {
		r.fail(placeOf(v, err), "%s: %v", r.key, err)
		return
	}
	if kind == "rate" {
		d.rated = strings.TrimSpace(expression)
		d.Where = d.rated
		return
	}
	d.Metric, d.Of = alert.Share, strings.TrimSpace(expression)
}

// statusPart turns 5xx, errors or 503 into what Of of a rule is.
func statusPart(name string) (of string, ok bool) {
	if name == "errors" {
		return "5xx", true
	}
	if name = strings.ToLower(name); len(name) != 3 || name[0] < '1' || name[0] > '5' {
		return "", false
	}
	if name[1:] == "xx" {
		return name, true
	}
	_, err := strconv.ParseUint(name, 10, 16)
	return "status = " + name, err == nil
}

func readOf(r *reader, v *value, d *draft) {
	if v.sort != isText {
		r.wrong(v, `a filter or a class of status, such as "status >= 500" or "5xx"`)
		return
	}
	of := v.text
	if part, ok := statusPart(strings.TrimSpace(v.text)); ok {
		of = part
	} else if err := r.filter(v.text, 0); err != nil {
		r.fail(placeOf(v, err), "%s: %v", r.key, err)
		return
	}
	if d.shared != "" && d.shared != of {
		r.fail(v.at, `%s: metric is the share of %s already: where chooses the requests that are looked at; for the share of these among all write metric = "share"`, r.key, d.shared)
		return
	}
	d.Of = of
}

func readWhere(r *reader, v *value, d *draft) {
	if v.sort == isText && strings.TrimSpace(v.text) == "" {
		d.Where = d.rated
		return
	}
	if w, ok := filters().read(r, v); ok {
		d.Where = both(d.Where, w)
	}
}

// absences are what absent may be.
func absences() map[string]alert.Test {
	return map[string]alert.Test{"traffic": alert.Absent, "log": alert.Silent, "source": alert.Gone}
}

func readAbsent(r *reader, v *value, d *draft) {
	if w, ok := word("traffic", "log", "source").read(r, v); ok {
		d.absent = w
	}
}

func writeAbsent(d *draft) string {
	for name, test := range absences() {
		if d.Test == test {
			return quote(name)
		}
	}
	return ""
}

func writeObjective(d *draft) string {
	if d.Test != alert.Burns {
		return ""
	}
	return quote(levelText(one-d.Budget, alert.Share, false))
}

func readChange(r *reader, v *value, d *draft) {
	if on, ok := yes().read(r, v); ok {
		d.change = on
	}
}

func writeSensitivity(d *draft) string {
	if d.Test != alert.Changes {
		return ""
	}
	if d.Surprise == 0 {
		return quote("normal")
	}
	return strconv.FormatFloat(d.Surprise, 'f', -1, 64)
}

// sensitivity reads how soon a change is told.
func (r *reader) sensitivity(v *value, m alert.Metric) float64 {
	words := map[string]change.Sensitivity{"high": change.High, "normal": change.Normal, "low": change.Low}
	if v.sort == isText {
		s, ok := words[v.text]
		switch {
		case !ok:
			r.fail(v.at, "sensitivity must be high, normal, low or a number, not %s%s", shown(v.text), nearest(v.text, slices.Sorted(maps.Keys(words))))
			return 0
		case s == change.Normal:
			return 0
		}
		return change.Threshold(kindOf(m), s, 1)
	}
	n, err := strconv.ParseFloat(strings.ReplaceAll(v.text, "_", ""), 64)
	if v.sort != isWhole && v.sort != isDecimal || err != nil || !(n >= 1 && n <= 12) { // NaN is neither
		r.fail(v.at, "sensitivity must be high, normal, low or a number from 1 to 12, not %s", v.what())
		return 0
	}
	return n
}

// kindOf is how package alert judges changes of a metric.
func kindOf(m alert.Metric) change.Kind {
	switch {
	case m == alert.Share || m == alert.Rejected:
		return change.Errors
	case m == alert.Mean:
		return change.MeanLatency
	case m.Timed():
		return change.P90Latency
	}
	return change.Traffic
}

func writeWindow(d *draft) string {
	if d.Test == alert.Burns || d.Test == alert.Changes {
		return ""
	}
	return quote(seconds(d.Window))
}

func readBy(r *reader, v *value, d *draft) {
	w, ok := word("site", "section", "host", "source").read(r, v)
	for by := alert.Site; ok && by <= alert.Source; by++ {
		if by.String() == w || by == alert.Site && w == "site" {
			d.By = by
		}
	}
}

func readSeverity(r *reader, v *value, d *draft) {
	w, ok := word("info", "warning", "critical").read(r, v)
	for s := alert.Warning; ok && s <= alert.Critical; s++ {
		if s.String() == w {
			d.Severity = s
		}
	}
}
