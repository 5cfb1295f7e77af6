package drive

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/sketch"
	"weir/internal/unit"
)

// kindOfReport marks the JSON of a Report.
const kindOfReport = "weir trafficgen"

// mostTargets is how many of its targets a Report names.
const mostTargets = 10

// A Report is what came of a run, or of several. It can be written as JSON and read again.
// Because it is that document, it has as many fields as there are keys.
type Report struct {
	Kind    string    `json:"kind"`
	Version string    `json:"version"` // of weir
	Runs    int       `json:"runs"`
	Engine  string    `json:"engine"`
	Targets []string  `json:"targets"` // some of them: method and URL
	Begun   time.Time `json:"begun"`
	Seconds float64   `json:"seconds"` // how long the schedule was
	Took    float64   `json:"took"`    // until the last request was sent, where that is longer
	Stopped bool      `json:"stopped"` // before its end
	// Overloaded tells that it was stopped since all connections were taken.
	Overloaded bool `json:"overloaded,omitempty"`

	Due      int64 `json:"due"` // requests that were to be sent
	Sent     int64 `json:"sent"`
	Answered int64 `json:"answered"`
	Failed   int64 `json:"failed"` // without an answer, unsent ones among them
	Late     int64 `json:"late"`   // sent more than 10 ms after they were due
	Waited   int64 `json:"waited"` // for a connection, since all were taken
	Retried  int64 `json:"retried"`

	// What was changed by hand: how often rate, jitter or pattern, and for how many seconds
	// nothing was due since it was paused. AskedRate is what was asked for in the end.
	Changed int     `json:"changed,omitempty"`
	Paused  float64 `json:"paused,omitempty"`

	AskedRate float64 `json:"asked_rate"` // per second
	SentRate  float64 `json:"sent_rate"`
	Course    *Course `json:"per_second,omitempty"`

	Status      map[string]int64 `json:"status"`
	Errors      map[string]int64 `json:"errors"`
	BytesIn     int64            `json:"bytes_in"`
	BytesOut    int64            `json:"bytes_out"`
	Connections Connections      `json:"connections"`

	Latency Distribution `json:"latency"`
	Service Distribution `json:"service"`
	Lag     Distribution `json:"lag"`
}

// A Course is how even a run was: requests sent in its whole seconds.
type Course struct {
	Least int64 `json:"least"`
	Most  int64 `json:"most"`
	// Apart is the greatest difference between what was due in a second and what was sent.
	Apart int64 `json:"apart"`
	// Due and Sent are what was due in each second, and what was sent; of a day at most.
	Due  []int32 `json:"due"`
	Sent []int32 `json:"sent"`
}

// newCourse makes one of what was due in each second, and what was sent; nil where there is
// none.
func newCourse(due, sent []int32) *Course {
	if len(due) == 0 {
		return nil
	}
	c := &Course{Least: math.MaxInt64, Due: due, Sent: sent}
	for k, n := range sent {
		c.Least, c.Most = min(c.Least, int64(n)), max(c.Most, int64(n))
		c.Apart = max(c.Apart, int64(max(due[k]-n, n-due[k])))
	}
	return c
}

// add puts the seconds of another run to those of c, which begins after so long, to the nearest
// second.
func (c *Course) add(after time.Duration, o *Course) {
	from := int(after.Round(time.Second) / time.Second)
	for k := range min(len(o.Due), max(longestCourse-from, 0)) {
		for len(c.Due) <= from+k {
			c.Due, c.Sent = append(c.Due, 0), append(c.Sent, 0)
		}
		c.Due[from+k] += o.Due[k]
		c.Sent[from+k] += o.Sent[k]
	}
}

// Connections are those of a run.
type Connections struct {
	Allowed int   `json:"allowed"` // at once
	Most    int   `json:"most"`    // at once
	Opened  int64 `json:"opened"`
	Surplus int64 `json:"surplus"` // on which more came than was asked for
}

// A Distribution is that of times, in milliseconds. Histogram is the binary form of a
// sketch.Histogram of nanoseconds, from which all else is computed.
type Distribution struct {
	Count     int64   `json:"count"`
	Mean      float64 `json:"mean_ms"`
	P50       float64 `json:"p50_ms"`
	P75       float64 `json:"p75_ms"`
	P90       float64 `json:"p90_ms"`
	P95       float64 `json:"p95_ms"`
	P99       float64 `json:"p99_ms"`
	P999      float64 `json:"p99_9_ms"`
	P9999     float64 `json:"p99_99_ms"`
	Max       float64 `json:"max_ms"`
	Histogram []byte  `json:"histogram"`

	h sketch.Histogram
}

// newDistribution takes h over.
func newDistribution(h *sketch.Histogram) Distribution {
	at := func(q float64) float64 { return millis(h.Quantile(q)) }
	return Distribution{
		Count: h.Count(), Mean: millis(h.Mean()), P50: at(0.5), P75: at(0.75), P90: at(0.9), P95: at(0.95), P99: at(0.99),
		P999: at(0.999), P9999: at(0.9999), Max: millis(h.Max()), Histogram: h.AppendBinary(nil), h: *h,
	}
}

// millis turns nanoseconds into milliseconds, to the microsecond.
func millis(ns int64) float64 { return math.Round(float64(ns)/1e3) / 1e3 }

// Quantile returns the time below which that share of all lies; -1 where there are none.
func (d *Distribution) Quantile(q float64) time.Duration {
	if d.h.Count() == 0 {
		return -1
	}
	return time.Duration(d.h.Quantile(q))
}

// newReport begins the report of a run.
func newReport(o *Options, engine string) *Report {
	r := &Report{Kind: kindOfReport, Runs: 1, Engine: engine, Connections: Connections{Allowed: o.Connections}}
	if _, version, ok := strings.Cut(o.Agent, "/"); ok {
		r.Version = version
	}
	for i := range o.Requests {
		if len(r.Targets) == mostTargets {
			break
		}
		if name := o.Requests[i].String(); !slices.Contains(r.Targets, name) {
			r.Targets = append(r.Targets, name)
		}
	}
	return r
}

// fill puts in what came of the run.
func (r *Report) fill(o *Options, out *outcome) {
	t := out.tally
	length := out.length
	if span, ok := planned(o.Plan); ok && !out.stopped {
		length = span
	} else if !out.stopped && t.due > 1 {
		length = time.Duration(float64(length) * float64(t.due) / float64(t.due-1)) // the gap behind the last
	}
	r.Overloaded = out.full
	r.Begun, r.Stopped = out.begun.UTC().Round(time.Millisecond), out.stopped
	r.Seconds = length.Seconds()
	r.Took = max(length, out.ended).Seconds()
	r.Due, r.Sent, r.Answered, r.Failed = t.due, t.sent, t.answered, t.failed()
	r.Late, r.Waited, r.Retried = t.late, t.waited, t.retried
	r.Changed = t.hand.changed
	if pauses := t.hand.pauses(length); pauses > 0 {
		r.Paused = max(round(pauses.Seconds()), 0.001) // a short one is one, too
	}
	r.Course = newCourse(t.seconds(length))
	r.Status, r.Errors = t.byStatus(), t.byReason()
	r.BytesIn, r.BytesOut = t.in, t.out
	r.Connections.Most, r.Connections.Opened, r.Connections.Surplus = t.most, t.opened, t.surplus
	r.Latency, r.Service, r.Lag = newDistribution(&t.times.Latency), newDistribution(&t.times.Service), newDistribution(&t.times.Lag)
	r.rate()
}

func planned(p Plan) (time.Duration, bool) {
	if b, ok := p.(bounded); ok {
		return b.span()
	}
	return 0, false
}

// rate computes the rates.
func (r *Report) rate() {
	r.AskedRate, r.SentRate = 0, 0
	if r.Seconds > 0 {
		r.AskedRate = round(float64(r.Due) / r.Seconds)
		r.SentRate = round(float64(r.Sent) / r.Took)
	}
	r.Seconds, r.Took = round(r.Seconds), round(r.Took)
}

// round is to the thousandth.
func round(x float64) float64 { return math.Round(x*1000) / 1000 }

// Kept is the share of the asked rate that was sent; 1 where nothing was asked for.
func (r *Report) Kept() float64 {
	if r.AskedRate == 0 {
		return 1
	}
	return r.SentRate / r.AskedRate
}

// Bad is how many requests went wrong: without an answer, or with one of 500 and more.
func (r *Report) Bad() int64 {
	n := r.Failed
	for status, k := range r.Status {
		if status >= "500" {
			n += k
		}
	}
	return n
}

// unanswered is a *UnreachableError where no request of a run had an answer; one that was stopped
// since its connections were taken has not waited for any.
func (r *Report) unanswered() error {
	if r.Answered > 0 || r.Failed == 0 || r.Stopped && r.Sent == 0 || r.Overloaded {
		return nil
	}
	most, times := noFault, int64(0)
	for f := range faults {
		if n := r.Errors[f.told().key]; n > times {
			most, times = f, n
		}
	}
	return &UnreachableError{fmt.Sprintf("none of %s %s had an answer: %s %s", unit.Count(r.Due), unit.Plural(r.Due, "request"), unit.Count(times), most.told().text)}
}

// ParseReport reads the JSON of a Report.
func ParseReport(b []byte) (*Report, error) {
	r := &Report{}
	if err := json.Unmarshal(b, r); err != nil {
		return nil, fmt.Errorf("it is no report of weir trafficgen: %w", err)
	}
	if r.Kind != kindOfReport {
		return nil, errors.New("it is no report of weir trafficgen: write one with -o report.json")
	}
	for _, d := range []*Distribution{&r.Latency, &r.Service, &r.Lag} {
		h, rest, err := sketch.DecodeHistogram(d.Histogram)
		if err != nil {
			return nil, err
		}
		if len(rest) > 0 {
			return nil, errors.New("a histogram in it is damaged: there is something behind it")
		}
		*d = newDistribution(&h)
	}
	if c := r.Course; c != nil && (len(c.Due) != len(c.Sent) || len(c.Due) > longestCourse) {
		return nil, errors.New("its seconds are not those of a run")
	}
	if r.Seconds < 0 || r.Took < 0 || math.IsInf(r.Seconds+r.Took, 0) {
		return nil, errors.New("its length is no length")
	}
	return r, nil
}

// Merge returns the report of several runs, at the same time or one after the other: what was
// counted is added up, and the rates are those from the first begin to the last end. At least
// one is given.
func Merge(all []*Report) *Report {
	m := &Report{Kind: kindOfReport, Version: all[0].Version, Engine: all[0].Engine, Status: map[string]int64{}, Errors: map[string]int64{}}
	begun := all[0].Begun
	for _, r := range all {
		if r.Begun.Before(begun) {
			begun = r.Begun
		}
	}
	m.Begun = begun
	var times Times
	var course Course
	for _, r := range all {
		if r.Course != nil {
			course.add(r.Begun.Sub(begun), r.Course)
		}
		after := r.Begun.Sub(begun).Seconds()
		m.Runs += r.Runs
		m.Seconds, m.Took = max(m.Seconds, after+r.Seconds), max(m.Took, after+r.Took)
		m.Stopped = m.Stopped || r.Stopped
		m.Overloaded = m.Overloaded || r.Overloaded
		m.Due += r.Due
		m.Sent += r.Sent
		m.Answered += r.Answered
		m.Failed += r.Failed
		m.Late += r.Late
		m.Waited += r.Waited
		m.Retried += r.Retried
		m.Changed += r.Changed
		m.Paused = round(m.Paused + r.Paused)
		m.BytesIn += r.BytesIn
		m.BytesOut += r.BytesOut
		m.Connections.Allowed += r.Connections.Allowed
		m.Connections.Most += r.Connections.Most
		m.Connections.Opened += r.Connections.Opened
		m.Connections.Surplus += r.Connections.Surplus
		for _, name := range r.Targets {
			if !slices.Contains(m.Targets, name) && len(m.Targets) < mostTargets {
				m.Targets = append(m.Targets, name)
			}
		}
		for k, n := range r.Status {
			m.Status[k] += n
		}
		for k, n := range r.Errors {
			m.Errors[k] += n
		}
		times.merge(&Times{r.Latency.h, r.Service.h, r.Lag.h})
		if r.Engine != m.Engine {
			m.Engine = "several"
		}
	}
	m.Course = newCourse(course.Due, course.Sent)
	m.Latency, m.Service, m.Lag = newDistribution(&times.Latency), newDistribution(&times.Service), newDistribution(&times.Lag)
	m.rate()
	return m
}

// JSON returns the report as one document, with a line feed at its end.
func (r *Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}

// HGRM returns the latencies as HdrHistogram writes percentiles, in milliseconds: what its
// plotter, and those of other load generators, read.
func (r *Report) HGRM() []byte {
	const ticks = 5 // for each halving of what is left
	h := &r.Latency.h
	b := fmt.Appendf(nil, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)")
	for p := 0.0; h.Count() > 0; {
		v := h.Quantile(p / 100)
		total := h.UpTo(v)
		if total >= h.Count() {
			break
		}
		b = fmt.Appendf(b, "%12.3f %2.12f %10d %14.2f\n", float64(v)/1e6, p/100, total, 1/(1-p/100))
		half := math.Pow(2, math.Floor(math.Log2(100/(100-p)))+1)
		p += 100 / (ticks * half)
	}
	if h.Count() > 0 {
		b = fmt.Appendf(b, "%12.3f %2.12f %10d\n", float64(h.Max())/1e6, 1.0, h.Count())
	}
	const octave = 64
	b = fmt.Appendf(b, "#[Mean    = %12.3f, StdDeviation   = %12.3f]\n", float64(h.Mean())/1e6, h.Deviation()/1e6)
	b = fmt.Appendf(b, "#[Max     = %12.3f, Total count    = %12d]\n", float64(h.Max())/1e6, h.Count())
	return fmt.Appendf(b, "#[Buckets = %12d, SubBuckets     = %12d]\n", 58, octave)
}

// Text returns the report for people.
func (r *Report) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", r.title(), r.spanned())
	fmt.Fprintf(&b, "sent      %s of %s due, %s a second of %s asked%s\n", unit.Count(r.Sent), unit.Count(r.Due), perSecond(r.SentRate), perSecond(r.AskedRate), r.even())
	if r.Changed > 0 || r.Paused > 0 {
		fmt.Fprintf(&b, "by hand   %s\n", r.byHand())
	}
	fmt.Fprintf(&b, "answered  %s; %s without an answer\n", unit.Count(r.Answered), unit.Count(r.Failed))
	if len(r.Status) > 0 {
		fmt.Fprintf(&b, "status    %s\n", r.statuses())
	}
	for f := range faults {
		if n := r.Errors[f.told().key]; n > 0 {
			fmt.Fprintf(&b, "error     %s %s\n", unit.Count(n), f.told().text)
		}
	}
	if c := r.Connections; c.Allowed == 0 { // a raw file knows less
		fmt.Fprintf(&b, "bytes     %s of bodies\n", unit.Bytes(r.BytesIn))
	} else {
		fmt.Fprintf(&b, "bytes     %s in, %s out\n", unit.Bytes(r.BytesIn), unit.Bytes(r.BytesOut))
		fmt.Fprintf(&b, "on        %s %s at once, of %s allowed; %s opened%s%s\n", unit.Count(int64(c.Most)), unit.Plural(int64(c.Most), "connection"), unit.Count(int64(c.Allowed)), unit.Count(c.Opened),
			some(c.Surplus, "; more than was asked for came on %s"), some(r.Retried, "; %s requests sent again, since the server had closed theirs"))
	}
	if r.Sent > 0 {
		fmt.Fprintf(&b, "\n%-10s%10s%10s%10s%10s%10s%10s%10s\n", "", "p50", "p90", "p95", "p99", "p99.9", "p99.99", "max")
		for _, row := range []struct {
			name string
			d    *Distribution
		}{{"latency", &r.Latency}, {"service", &r.Service}, {"sent late", &r.Lag}} {
			fmt.Fprintf(&b, "%-10s", row.name)
			for _, q := range []float64{0.5, 0.9, 0.95, 0.99, 0.999, 0.9999, 1} {
				fmt.Fprintf(&b, "%10s", unit.Duration(row.d.Quantile(q)))
			}
			b.WriteByte('\n')
		}
		b.WriteString("latency: from when a request was due to the end of its answer; service: from when it was sent\n")
	}
	for _, w := range r.Warnings() {
		fmt.Fprintf(&b, "%s\n", w)
	}
	return b.String()
}

func (r *Report) title() string {
	if len(r.Targets) == 0 {
		return "nothing"
	}
	text := strings.TrimPrefix(r.Targets[0], http.MethodGet+" ")
	switch n := len(r.Targets) - 1; {
	case n == mostTargets-1:
		text += " and others"
	case n > 0:
		text += " and " + strconv.Itoa(n) + " " + unit.Plural(int64(n), "other")
	}
	return text
}

func (r *Report) spanned() string {
	text := "for " + unit.Duration(time.Duration(r.Seconds*float64(time.Second)))
	if r.Runs > 1 {
		text += ", " + strconv.Itoa(r.Runs) + " generators"
	}
	if r.Stopped {
		text += ", stopped"
	}
	return text + "  (" + r.Engine + ")"
}

// byHand tells what was changed while the run went on.
func (r *Report) byHand() string {
	var parts []string
	if r.Changed > 0 {
		parts = append(parts, "changed "+unit.Count(int64(r.Changed))+" "+unit.Plural(int64(r.Changed), "time"))
	}
	if r.Paused > 0 {
		parts = append(parts, "paused for "+unit.Duration(time.Duration(r.Paused*float64(time.Second))))
	}
	return strings.Join(parts, ", ") + ": the rate asked for is the one of it all"
}

func (r *Report) even() string {
	if r.Course == nil {
		return ""
	}
	return fmt.Sprintf("; %s to %s in each", unit.Count(r.Course.Least), unit.Count(r.Course.Most))
}

func (r *Report) statuses() string {
	keys := make([]string, 0, len(r.Status))
	for k := range r.Status {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var parts []string
	for _, k := range keys {
		parts = append(parts, k+": "+unit.Count(r.Status[k]))
	}
	return strings.Join(parts, ", ")
}

// Warnings are what a person should know before the figures are believed; sentences.
func (r *Report) Warnings() []string {
	var all []string
	if r.Late > 0 {
		text := fmt.Sprintf("behind schedule: %s of %s %s sent more than 10 ms after %s due", unit.Count(r.Late), unit.Count(r.Sent), was(r.Late, "request"), was(r.Late, "it"))
		if 2*r.Waited >= r.Late {
			text += ": all connections were taken: the server is slow, or --connections too few"
		} else {
			text += ": this machine was busy"
		}
		all = append(all, text)
	}
	if n := r.Errors[dropped.told().key]; n > 0 {
		all = append(all, fmt.Sprintf("overloaded: %s dropped, since all connections were taken: the server is slow, or --connections too few", was(n, unit.Count(n)+" request")))
	}
	if r.Overloaded {
		all = append(all, "overloaded: stopped at the first request for which no connection was free: the server is slow, or --connections too few")
	}
	return all
}

// was is the verb behind a word of which there are n.
func was(n int64, word string) string {
	switch {
	case n == 1:
		return word + " was"
	case word == "it":
		return "they were"
	}
	return word + "s were"
}

// perSecond writes a rate with one decimal.
func perSecond(rate float64) string { return unit.Rate(int64(math.Round(rate*1000)), 1000) }

// some writes a number into a text; "" where it is 0.
func some(n int64, text string) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(text, unit.Count(n))
}
