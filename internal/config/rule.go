package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"weir/internal/alert"
	"weir/internal/unit"
)

// What a rule has where nothing is said.
const (
	usualWindow = 120 // seconds
	// usualMin is how many requests a share, a latency or a multiple is of, at
	// least: of two requests at night one is always half.
	usualMin = 10
	// maxReach is how far back a rule may look, in seconds: the same day of the
	// week before, and a day's window.
	maxReach = 8 * 86400
	// Of latencies and visitors a summary of each step is kept, which takes a hundred
	// times the room of a count: those of a day, or of an hour for each of 256 keys.
	maxSummaries, maxSummariesBy = 86400, 3600
)

// readRule reads a [[rule]]: a new one, or what is other in one of those that
// stand by default.
func readRule(r *reader, v *value, c *Config) {
	r.counted = c.Filter.counted()
	d := draft{Rule: Rule{Enabled: true}}
	if e := v.table.find("name"); e != nil && e.value.sort == isText {
		if i := slices.IndexFunc(r.standing, func(s Rule) bool { return s.Name == e.value.text }); i >= 0 {
			d.base = &r.standing[i]
			d.Rule = r.standing[i]
		}
	}
	d.Name = ""
	before := len(r.errs)
	g := readTable(r, v.table, ruleKeys(), &d, "[[rule]]")
	if g["name"] == nil {
		r.missing(v.at, `[[rule]] has no name: name = "slow-checkout"`)
		return
	}
	if d.Name == "" {
		return
	}
	if _, again := r.rules[d.Name]; again {
		r.fail(g["name"].value.at, "two rules are called %s, the first at line %d: each needs a name of its own", shown(d.Name), r.rules[d.Name].at("name", v.at).line)
		return
	}
	if r.rules == nil {
		r.rules = map[string]given{}
	}
	r.rules[d.Name] = g
	r.decide(&d, g, v.at, len(r.errs) > before)
	if len(r.errs) > before {
		return
	}
	if i := slices.IndexFunc(c.Rules, func(o Rule) bool { return o.Name == d.Name }); i >= 0 {
		c.Rules[i] = d.Rule
		return
	}
	c.Rules = append(c.Rules, d.Rule)
}

// decide works out what the keys of a rule mean together. What a rule says of its
// condition takes the place of all that the one it adjusts says of it. Of a rule that is
// wrong already no more is said than is sure.
func (r *reader) decide(d *draft, g given, at place, wrong bool) {
	if d.base != nil && g["metric"] != nil {
		d.Threshold, d.Recovery = 0, 0
	}
	var conditions []string
	for _, name := range []string{"above", "below", "absent", "slo", "change"} {
		if g[name] != nil && (name != "change" || d.change) {
			conditions = append(conditions, name)
		}
	}
	if len(conditions) > 1 {
		r.fail(g[conditions[1]].at, "%s and %s contradict one another: give a rule for each", g[conditions[0]].name, g[conditions[1]].name)
		return
	}
	if e := g["metric"]; e != nil && g["absent"] != nil && !d.unknown && d.Metric != alert.Hits {
		r.fail(e.value.at, "absent is about requests, or lines, of which there are none: leave metric out; where chooses the requests that are missed")
		return
	}
	if len(conditions) == 1 {
		d.Threshold, d.Recovery, d.Budget, d.Surprise = 0, 0, 0, 0
		if d.condition(conditions[0]) && g["over"] == nil {
			d.Window = 0
		}
		if d.Test == alert.Changes { // what it adjusts may have these
			for name, of := range map[string]*int64{"min": &d.Min, "for": &d.For, "keep_firing_for": &d.KeepFiring} {
				if g[name] == nil {
					*of = 0
				}
			}
		}
	} else if d.base == nil || g["change"] != nil && d.Test == alert.Changes {
		// A key of its own that is wrong may have been meant to.
		r.missingUnless(wrong, at, `the rule %s does not say when something is wrong: give above, below, absent, slo or change = true`, shown(d.Name))
		return
	}
	if g["metric"] == nil && d.Test == alert.Burns && d.Of == "" {
		d.Metric, d.Of = alert.Share, "5xx"
	}
	if g["metric"] == nil && d.base == nil && (d.Test == alert.Above || d.Test == alert.Below || d.Test == alert.Changes) {
		r.missingUnless(wrong, at, `the rule %s does not say what it looks at: metric = "traffic", "errors", "latency", ...%s`, shown(d.Name), r.nearRule(d.Name))
		return
	}
	if d.unknown || !r.values(d, g, at) || wrong {
		return
	}
	if b := d.base; b != nil && g["metric"] == nil && d.recovery == nil && d.Test == b.Test && d.Metric == b.Metric && (d.Earlier > 0) == (b.Earlier > 0) {
		// To leave it where it was would put it on the wrong side of a lower threshold, and
		// to leave it out brought a rule that tells of a wobble each time.
		d.Recovery = b.RecoveryAt(d.Threshold)
	}
	d.fillIn(g)
	before := len(r.errs)
	if r.sense(d, g, at); len(r.errs) == before {
		r.stuck(d, g, at)
	}
	r.mute(d, g, at)
}

// nearRule names the rule that stands by default which a name may have meant.
func (r *reader) nearRule(name string) string {
	var names []string
	for i := range r.standing {
		names = append(names, r.standing[i].Name)
	}
	if near := nearest(strings.ToLower(name), names); near != "" {
		return near + " That one stands by default, and has one"
	}
	return ""
}

// condition takes one of the conditions, and reports whether it is another than before.
func (d *draft) condition(name string) bool {
	was := d.Test
	switch name {
	case "above":
		d.Test = alert.Above
	case "below":
		d.Test = alert.Below
	case "absent":
		d.Test = absences()[d.absent]
		d.Metric, d.Of = alert.Hits, ""
	case "slo":
		d.Test = alert.Burns
	case "change":
		d.Test = alert.Changes
	}
	return d.base == nil || was != d.Test
}

// values reads the values whose meaning depends on the metric.
func (r *reader) values(d *draft, g given, at place) bool {
	before := len(r.errs)
	if v := d.above; v != nil && v.sort == isText && d.Metric == alert.Share && d.Earlier == 0 && isRate(v.text) {
		d.toRate()
	} else if v := d.below; v != nil && v.sort == isText && d.Metric == alert.Share && d.Earlier == 0 && isRate(v.text) {
		d.toRate()
	}
	for _, l := range []struct {
		v  *value
		to *alert.Level
	}{{d.above, &d.Threshold}, {d.below, &d.Threshold}, {d.recovery, &d.Recovery}} {
		if l.v != nil {
			r.level(l.v, d, l.to)
		}
	}
	if v := d.slo; v != nil {
		r.objective(v, d)
	}
	if d.sensitive != nil {
		if d.Test != alert.Changes {
			r.fail(g["sensitivity"].at, "sensitivity goes with change = true")
		} else {
			d.Surprise = r.sensitivity(d.sensitive, d.Metric)
		}
	}
	if len(r.errs) == before && (d.Test == alert.Above || d.Test == alert.Below) && d.Threshold == 0 && d.above == nil && d.below == nil {
		r.fail(g.at("metric", at), "the rule %s has another metric than by default, and no threshold for it: give above or below", shown(d.Name))
	}
	return len(r.errs) == before
}

// isRate tells whether a threshold is one of requests a second, not of a share.
func isRate(text string) bool {
	_, err := unit.ParsePerSecond(text)
	return err == nil && slices.Contains([]byte(text), '/')
}

// toRate makes a share of requests the number of them a second.
func (d *draft) toRate() {
	of := d.Of
	if len(of) == 3 {
		of = "status = " + of
	}
	d.Metric, d.Of, d.Where = alert.Hits, "", both(d.Where, of)
}

func (r *reader) level(v *value, d *draft, to *alert.Level) {
	form := levelForm(d.Metric, d.Earlier > 0)
	if v.sort != isText && v.sort != isWhole && v.sort != isDecimal {
		r.fail(v.at, "this is %s: %s", v.what(), form)
		return
	}
	l, err := parseLevel(v.text, v.sort != isText, d.Metric, d.Earlier > 0)
	if err != nil {
		r.fail(v.at, "%s for %s: %v: %s", shown(v.text), d.Metric, err, form)
		return
	}
	*to = l
}

// objective reads the share of requests that are to be good.
func (r *reader) objective(v *value, d *draft) {
	const form = `write the share of requests that are to be good, such as "99.9%"`
	l, err := parseLevel(v.text, v.sort != isText, alert.Share, false)
	switch {
	case v.sort != isText && v.sort != isDecimal && v.sort != isWhole:
		r.fail(v.at, "this is %s: %s", v.what(), form)
	case err != nil:
		r.fail(v.at, "%s: %v: %s", shown(v.text), err, form)
	case l >= one:
		r.fail(v.at, "an objective of 100 %% allows no failure: there is nothing to use up. Write above of errors for that, or 99.99%%")
	case l < one/2:
		r.fail(v.at, "an objective of %s is below half: %s", shown(v.text), form)
	case d.Metric != alert.Share:
		r.fail(v.at, `an objective is about a share: metric = "errors", or leave metric out`)
	default:
		d.Budget = one - l
	}
}

// fillIn gives a rule what nothing was said of.
func (d *draft) fillIn(g given) {
	if d.Window == 0 {
		d.Window = usualWindow
	}
	switch d.Test {
	case alert.Burns:
		d.Window = alert.Pairs()[0].Long
	case alert.Changes:
		d.Window = alert.StepSeconds
	case alert.Silent, alert.Gone:
		d.By = alert.Source
	}
	if g["min_of"] == nil && !d.counts() { // what it adjusts may have one
		d.MinOf = 0
	}
	if g["min"] == nil && d.base == nil && (d.Earlier > 0 || d.Metric == alert.Share || d.Metric.Timed()) && d.Test != alert.Changes {
		d.Min = usualMin
	}
}

// counts reports whether min_of says something of the rule.
func (d *draft) counts() bool {
	return d.Test == alert.Above && (d.Metric == alert.Share || d.Metric == alert.Rejected) && d.Earlier == 0
}

// sense says why a rule can never fire, never end, or means something else than it says.
func (r *reader) sense(d *draft, g given, at place) {
	where := func(name string) place {
		if e := g[name]; e != nil {
			return e.value.at
		}
		return at
	}
	threshold := d.Test == alert.Above || d.Test == alert.Below
	side := "above"
	if d.Test == alert.Below {
		side = "below"
	}
	limit := levelText(d.Threshold, d.Metric, d.Earlier > 0)
	ratio := d.Earlier > 0
	share := (d.Metric == alert.Share || d.Metric == alert.Rejected) && !ratio
	timed := d.Metric.Timed() || d.Metric == alert.Visitors
	of := d.Of
	if d.Rule.Class() != 0 {
		of = "status = " + of
	}
	switch {
	case r.never(d.Where):
		r.fail(where("where"), "never fires: no request is both, %s contradicts itself", shown(d.Where))
	case of != "" && d.Test != alert.Below && r.never(both(d.Where, of)):
		r.fail(where("where"), "never fires: of the requests looked at none is one with %s", of)
	case threshold && d.Test == alert.Above && d.Metric.Timed() && !ratio && r.never(both(d.Where, "latency > "+limit)):
		r.fail(where("above"), "never fires: no request that is looked at takes longer than %s", limit)
	case threshold && d.Test == alert.Above && share && d.Threshold >= one:
		r.fail(where("above"), "never fires: a share is never above 100 %%")
	case threshold && d.Test == alert.Below && d.Threshold == 0:
		r.fail(where("below"), "never fires: nothing is below 0")
	case threshold && d.Threshold == 0:
		r.fail(where("above"), "never ends: nothing is below 0 again. Write the smallest value that matters, such as %q", levelText(smallest(d), d.Metric, ratio))
	case d.Recovery != 0 && !threshold:
		r.fail(where("recovery"), "recovery goes with above or below")
	case d.Recovery != 0 && d.Test == alert.Above && d.Recovery > d.Threshold, d.Recovery != 0 && d.Test == alert.Below && d.Recovery < d.Threshold:
		r.fail(where("recovery"), "recovery is on the wrong side: it is over at %s while something is still wrong %s %s", levelText(d.Recovery, d.Metric, ratio), side, limit)
	case d.recovery != nil && d.Recovery == 0:
		r.fail(where("recovery"), "never ends: nothing is below 0")
	case d.Test == alert.Below && d.Metric == alert.Hits && !ratio && unit.PerSecond(d.Threshold).Compare(d.Min, d.Window) >= 0:
		r.fail(where("min"), "never fires: %d requests in %s are not %s %s", d.Min, seconds(d.Window), side, limit)
	case d.MinOf > 0 && !d.counts():
		r.fail(where("min_of"), "min_of goes with above of a share: it is how many of those that the share counts there have to be")
	case d.Metric == alert.Share && d.Of == "" && d.Test != alert.Absent && d.Test != alert.Silent && d.Test != alert.Gone:
		r.fail(where("metric"), `a share is of something: of = "5xx", or of = "FILTER"`)
	case d.Metric != alert.Share && d.Of != "" && g["of"] != nil:
		r.fail(g["of"].at, "of goes with a share, and %s is none: where chooses the requests that are looked at", d.Metric)
	case d.Metric == alert.Rejected && (d.Where != "" || d.By != alert.Site && d.By != alert.Source):
		r.fail(at, "never fires: a line that is no request has no section, no host, nothing to filter by")
	case (d.Test == alert.Silent || d.Test == alert.Gone) && (d.Where != "" || g["by"] != nil && d.By != alert.Source):
		r.fail(at, "absent = %s is about a log as a whole: leave out where and by", writeAbsent(d))
	case ratio && !threshold:
		r.fail(where("ratio_to"), "ratio_to goes with above or below")
	case ratio && d.Earlier < d.Window:
		r.fail(where("ratio_to"), "the window of %s before would overlap the one of %s: ratio_to is as long as over, at least", seconds(d.Earlier), seconds(d.Window))
	case d.Test == alert.Absent && d.Reach() > maxReach:
		r.fail(where("over"), "looks back further than the %s that are kept, as the twelve windows before count, too: over is %s at most", unit.Span(maxReach*time.Second), unit.Span(maxReach/13/3600*time.Hour))
	case ratio && d.Window+d.Earlier > maxReach:
		r.fail(where("over"), "looks back further than the %s that are kept", unit.Span(maxReach*time.Second))
	case threshold && timed && d.By == alert.Site && d.Reach() > maxSummaries, threshold && timed && d.By != alert.Site && d.Reach() > maxSummariesBy:
		r.fail(where("over"), "looks back further than latencies and visitors are kept: %s, or %s with by", seconds(maxSummaries), seconds(maxSummariesBy))
	case (d.Test == alert.Burns || d.Test == alert.Changes) && g["over"] != nil:
		r.fail(g["over"].at, "over goes with above, below and absent: %s has windows of its own", map[alert.Test]string{alert.Burns: "slo", alert.Changes: "change"}[d.Test])
	case threshold && timed && d.Window < alert.StepSeconds:
		r.fail(where("over"), "%s is measured every %d s: over is that, at least", d.Metric, alert.StepSeconds)
	case d.Test == alert.Changes && (d.By == alert.Host || d.By == alert.Source):
		r.fail(where("by"), `changes are told of the site, and of its sections with by = "section"`)
	case d.Test == alert.Changes && d.Min > 0:
		r.fail(where("min"), "min goes with above, below, absent and slo: a change of few requests is told where it cannot be chance; see sensitivity")
	case d.Test == alert.Changes && d.For+d.KeepFiring > 0:
		r.fail(where(firstOf(g, "for", "keep_firing_for")), "a change is told once it has lasted three minutes, its end after five: leave out for and keep_firing_for")
	case d.Test == alert.Changes && d.Metric == alert.Visitors:
		r.fail(where("metric"), "changes of visitors are not told: those of traffic, bytes, shares and latency are")
	}
}

// stuck says where the requests that a rule looks at leave its value nowhere to go: an alert could
// not begin, or not end.
func (r *reader) stuck(d *draft, g given, at place) {
	where := func(names ...string) place {
		if e := g[firstOf(g, names...)]; e != nil {
			return e.value.at
		}
		return at
	}
	end := d.Threshold
	if d.Recovery != 0 {
		end = d.Recovery
	}
	above, below := d.Test == alert.Above && d.Earlier == 0, d.Test == alert.Below && d.Earlier == 0
	share := d.Metric == alert.Share && (d.Test == alert.Burns || d.Test == alert.Changes || above || below)
	of := d.Of
	if d.Rule.Class() != 0 {
		of = "status = " + of
	}
	limit := func(l alert.Level) string { return levelText(l, d.Metric, false) }
	switch {
	case below && (d.Metric == alert.Share || d.Metric == alert.Rejected) && end >= one:
		r.fail(where("recovery", "below"), "never ends: a share is never above 100 %%, where it would be over. Write a smaller one, such as \"99.9%%\"")
	case share && r.all(d.Where, of):
		r.fail(where("where", "of", "metric"), "never %s: the requests looked at are all ones with %s, so the share is always 100 %%", map[bool]string{true: "fires", false: "ends"}[below || d.Test == alert.Changes], of)
	case share && below && r.never(both(d.Where, of)):
		r.fail(where("where", "of", "metric"), "never ends: of the requests looked at none is one with %s, so the share is always 0", of)
	case d.Metric.Timed() && below && r.never(both(d.Where, "latency < "+limit(d.Threshold))):
		r.fail(where("below"), "never fires: no request that is looked at takes less than %s", limit(d.Threshold))
	case d.Metric.Timed() && above && r.never(both(d.Where, "latency < "+limit(end))):
		r.fail(where("recovery", "above"), "never ends: no request that is looked at takes less than %s", limit(end))
	case d.Metric.Timed() && below && r.never(both(d.Where, "latency > "+limit(end))):
		r.fail(where("recovery", "below"), "never ends: no request that is looked at takes longer than %s", limit(end))
	case g["where"] != nil || g["metric"] != nil || g["of"] != nil:
		r.uncounted(d, where("where", "of", "metric"), of)
	}
}

// all reports whether every request for which where holds is one of a part. A status
// above 599 is none: "status >= 500" is 5xx.
func (r *reader) all(where, part string) bool {
	const usual = "status < 600"
	return part != "" && !r.never(both(where, usual)) && r.never(both(both(where, "not ("+part+")"), usual))
}

// uncounted says where the filters at the top of the file leave nothing for a rule to look at.
func (r *reader) uncounted(d *draft, at place, of string) {
	looked := d.Where
	if d.Test != alert.Below {
		looked = both(looked, of)
	}
	if looked != "" && r.counted != "" && !r.never(r.counted) && r.never(both(r.counted, looked)) {
		r.fail(at, "never fires: where and ignore at the top of the file leave no request with %s", looked)
	}
}

// firstOf returns the one of names that is given.
func firstOf(g given, names ...string) string {
	for _, name := range names {
		if g[name] != nil {
			return name
		}
	}
	return ""
}

// smallest is a threshold that one request exceeds.
func smallest(d *draft) alert.Level {
	if d.Metric == alert.Hits && d.Earlier == 0 {
		return alert.Level(max(1, one/(2*d.Window)))
	}
	if d.Metric == alert.Visitors {
		return one
	}
	return one / 1000
}

// finish looks at what keys mean together, and puts in what the top of the file says
// of high traffic.
func (r *reader) finish(c *Config, root *table, g given) {
	r.errs = append(r.errs, r.lines...)
	fail := func(name, format string, args ...any) { r.fail(g.at(name, place{1, 1}), format, args...) }
	if c.Inputs.Since != "" && c.Inputs.FromEnd {
		fail("since", "since and from_end contradict one another: give one of them")
	}
	if len(c.Filter.Trust) > 0 && g["client_from"] == nil {
		fail("trust", `trust says whom client_from may believe: give that too, as client_from = "x-forwarded-for"`)
	}
	if len(c.Inputs.Map) > 0 && c.Inputs.Format != "" && c.Inputs.Format != "json" {
		fail("map", "map is for JSON logs, and format is %s: take one of them out", shown(c.Inputs.Format))
	}
	if t := c.Inputs.Since; t != "" {
		if at, err := unit.ParseTime(t, r.o.Now, c.Display.Zone); err == nil && !r.o.Now.IsZero() && at.After(r.o.Now) {
			fail("since", "%s is later than now: nothing would be read", shown(t))
		}
	}
	if r.counted = c.Filter.counted(); r.never(r.counted) {
		fail(firstOf(g, "where", "ignore"), "nothing is ever counted: no request is one for which %s", r.counted)
	}
	r.highTraffic(c)
	r.namings(c)
	for i := range c.Rules {
		// Nobody changes what others hold.
		c.Rules[i].Labels = maps.Clone(c.Rules[i].Labels)
		if c.Rules[i].Name == alert.HighTraffic {
			c.Rules[i].Total = c.Display.AlertValue == "total"
		}
	}
}

// highTraffic adjusts the rule by threshold and window.
func (r *reader) highTraffic(c *Config) {
	i := slices.IndexFunc(c.Rules, func(o Rule) bool { return o.Name == alert.HighTraffic })
	if i < 0 {
		return
	}
	own := r.rules[alert.HighTraffic]
	rule := &c.Rules[i]
	for _, top := range []struct {
		v     *value
		name  string
		names []string
	}{{r.high.threshold, "threshold", []string{"above", "below", "absent", "slo", "change", "metric"}}, {r.high.window, "window", []string{"over"}}} {
		if top.v == nil {
			continue
		}
		for _, name := range top.names {
			if e := own[name]; e != nil {
				r.fail(e.at, "the rule %s has %s, and %s of line %d is the same: give one of them", alert.HighTraffic, e.name, top.name, top.v.at.line)
				return
			}
		}
		r.key = top.name
		if top.name == "threshold" {
			if p, ok := rate().read(r, top.v); ok {
				rule.Threshold = alert.Level(p)
				if rule.Recovery > rule.Threshold {
					r.fail(own.at("recovery", top.v.at), "recovery is on the wrong side: it is over at %s while something is still wrong above %s", decimal(int64(rule.Recovery)), p)
				}
			}
		} else if d, ok := span(time.Second, 12*time.Hour).read(r, top.v); ok {
			rule.Window = int64(d / time.Second)
		}
	}
}

// standingText is what stands by default: quiet on a healthy site, each with a
// least number of requests.
func standingText() string {
	return fmt.Sprintf(`
[[rule]]
name = %q
metric = "traffic"
above = "10/s"
over = "2m"

[[rule]]
name = "errors"
metric = "errors"
above = "5%%"
over = "2m"
min = 50
min_of = 10
recovery = "4%%"
keep_firing_for = "1m"

[[rule]]
name = "latency"
metric = "latency_p90"
above = "2s"
over = "5m"
min = 100

[[rule]]
name = "no-traffic"
absent = "traffic"
over = "2m"
min = 480
severity = "critical"

[[rule]]
name = "traffic-change"
metric = "traffic"
change = true
by = "section"

[[rule]]
name = "error-change"
metric = "errors"
change = true
by = "section"

[[rule]]
name = "latency-change"
metric = "latency_p90"
change = true
by = "section"

[[rule]]
name = "mean-latency-change"
metric = "latency_mean"
change = true
by = "section"

[[rule]]
name = "any-5xx"
enabled = false
metric = "rate of 5xx"
above = "0.05/s"
over = "10s"
severity = "info"

[[rule]]
name = "errors-vanished"
enabled = false
metric = "share of status >= 400"
below = "0.01%%"
over = "10m"
min = 1000
severity = "info"
`, alert.HighTraffic)
}

// defaults are the rules of standingText.
func defaults() []Rule {
	c, err := parse("the rules by default", standingText(), Options{}, nil)
	if err != nil {
		return nil // a test says why
	}
	return c.Rules
}
