// Package meter counts what rules ask for.
//
// Each different filter is one meter: asked once for each record, whatever the
// number of rules that share it. A meter has a series for the whole site, and one
// for each section, host or log where a rule asks for that:
//
//	Record ──► filters ──► meter ──► group ──► series ──► slots of 1 s, 10 s, ...
//	                                                      latencies, visitors by 10 s
//	alert.Board ◄──Sample── windows over them
//
// What is asked of the whole site, and is no more than hits, bytes or classes of
// status, is taken from the exact seconds that a gauge.Gauge keeps anyway. Memory is
// bounded: alert.MaxKeys keys in a group, as many slots as the longest window has.
package meter

import (
	"math"
	"slices"
	"time"

	"weir/internal/accesslog"
	"weir/internal/alert"
	"weir/internal/change"
	"weir/internal/sketch"
	"weir/internal/traffic"
)

// Options says what a Bank counts.
type Options struct {
	Rules []alert.Rule
	// Filter makes of the text of a Where or an Of what tells whether a record
	// is meant. It is asked once for each different text, and has to be good: a
	// configuration has been read before. With nil no rule has such a text.
	Filter       func(text string) func(*accesslog.Record) bool
	SectionDepth int // path segments of a section; 0 is 1
}

// A Bank holds all meters, and is the alert.Figures of their rules. Make one
// with New. It belongs to one goroutine.
type Bank struct {
	o        Options
	rules    []alert.Rule
	filters  []func(*accesslog.Record) bool
	verdicts []verdict // of the record at hand, by filter
	meters   []*meter
	parts    []part // by rule
	sections traffic.Sections
	exact    *traffic.Seconds
	first    int64            // the first second there was anything in
	begun    bool             // first is one
	gone     map[string]int64 // logs whose file is not there, since when
	times    sketch.Histogram // for sums
	active   bool             // some meter counts
	people   bool             // somebody asks for visitors
}

type verdict uint8

const (
	unasked verdict = iota
	no
	yes
)

// A meter counts the records of a filter.
type meter struct {
	where, of string
	filter    int // -1: all
	part      int // the filter of the part, -1: class, or none
	class     int // the class of status that is the part, 0: none
	rejected  bool
	lines     bool // rejected lines count as well
	groups    []*group
}

// A part is where the figures of a rule are.
type part struct {
	meter *meter
	group *group // the keys
	site  *group // of a rule that Changes: the site itself
	exact bool   // of the exact seconds
	class int
}

// New returns a Bank that has counted nothing. exact are the seconds of the
// whole site, which it only reads.
func New(o Options, exact *traffic.Seconds) *Bank {
	b := &Bank{o: o, rules: slices.Clone(o.Rules), exact: exact, gone: map[string]int64{}, sections: traffic.Sections{Depth: o.SectionDepth}}
	b.parts = make([]part, len(b.rules))
	compiled := map[string]int{"": -1}
	filter := func(text string) int {
		i, ok := compiled[text]
		if !ok {
			i = len(b.filters)
			compiled[text], b.filters = i, append(b.filters, o.Filter(text))
		}
		return i
	}
	// Those first that ask for a part: the others can share any meter of their filter.
	for _, shares := range []bool{false, true} {
		for i := range b.rules {
			r := &b.rules[i]
			if (r.Of == "" && r.Metric != alert.Rejected) != shares {
				continue
			}
			b.parts[i] = b.place(r, filter)
		}
	}
	b.verdicts = make([]verdict, len(b.filters))
	b.active = len(b.meters) > 0
	return b
}

// place finds or makes what counts for a rule.
func (b *Bank) place(r *alert.Rule, filter func(string) int) part {
	class := r.Class()
	if r.Exact() {
		return part{exact: true, class: class}
	}
	if r.Test == alert.Gone {
		return part{}
	}
	m := b.meter(r, filter, class)
	p := part{meter: m}
	if r.Test == alert.Changes {
		p.site = m.group(alert.Site, false)
		p.site.spec.step(r)
		p.group = p.site
		if r.By == alert.Section {
			p.group = m.group(alert.Section, true)
			p.group.spec.step(r)
		}
		return p
	}
	p.group = m.group(r.By, false)
	for _, l := range r.Looks() {
		switch {
		case r.Metric.Timed():
			p.group.spec.times = max(p.group.spec.times, l.Span+l.Lag)
		case r.Metric == alert.Visitors:
			p.group.spec.people = max(p.group.spec.people, l.Span+l.Lag)
			b.people = true
		}
		// Requests are always counted: a rule may ask for enough of them.
		p.group.spec.want(l, r.Cadence())
	}
	return p
}

// step makes room for the steps that a rule takes which Changes.
func (s *spec) step(r *alert.Rule) {
	s.ring(alert.StepSeconds, alert.StepSeconds)
	if r.Metric.Timed() {
		s.times = max(s.times, alert.StepSeconds)
	}
	if r.Metric == alert.Visitors {
		s.people = max(s.people, alert.StepSeconds)
	}
}

// meter returns the one of the filters of a rule.
func (b *Bank) meter(r *alert.Rule, filter func(string) int, class int) *meter {
	lines := r.Test == alert.Silent
	rejected := r.Metric == alert.Rejected
	for _, m := range b.meters {
		if m.where == r.Where && m.lines == lines && (m.of == r.Of && m.rejected == rejected || r.Of == "" && !rejected && !m.rejected) {
			return m
		}
	}
	m := &meter{where: r.Where, of: r.Of, filter: filter(r.Where), part: -1, class: class, rejected: rejected, lines: lines || rejected}
	if class == 0 {
		m.part = filter(r.Of)
	}
	b.meters = append(b.meters, m)
	return m
}

func (m *meter) group(by alert.By, top bool) *group {
	for _, g := range m.groups {
		if g.by == by && g.top == top {
			return g
		}
	}
	m.groups = append(m.groups, newGroup(by, top))
	return m.groups[len(m.groups)-1]
}

// Record counts a record of a log in second sec, which need not be its own.
func (b *Bank) Record(source string, sec int64, r *accesslog.Record) {
	b.seen(sec)
	if !b.active {
		return
	}
	clear(b.verdicts)
	h := hit{sec: sec, micros: -1}
	if r.Latency >= 0 {
		h.micros = int64(r.Latency / time.Microsecond)
	}
	if b.people {
		h.visitor = sketch.Combine(sketch.Hash(r.Client), sketch.Hash(r.Agent))
	}
	var section []byte
	for _, m := range b.meters {
		if m.filter >= 0 && !b.match(m.filter, r) {
			continue
		}
		h.n = cell{hits: 1, bytes: r.Bytes}
		if m.class > 0 && traffic.Class(r.Status) == m.class || m.part >= 0 && b.match(m.part, r) {
			h.n.part = 1
		}
		for _, g := range m.groups {
			var key []byte
			switch g.by {
			case alert.Section:
				if section == nil {
					section = b.sections.Of(r.Method, r.Target, r.Malformed)
				}
				key = section
			case alert.Host:
				if key = r.Host; len(key) == 0 {
					continue
				}
			case alert.Source:
				if s := g.named(source, sec); s != nil {
					s.add(&h)
				}
				continue
			}
			if s := g.find(key, sec); s != nil {
				s.add(&h)
			}
		}
	}
}

// named is find without making bytes of a text.
func (g *group) named(key string, sec int64) *series {
	if s := g.keys[key]; s != nil {
		return s
	}
	return g.find([]byte(key), sec)
}

func (b *Bank) match(filter int, r *accesslog.Record) bool {
	v := &b.verdicts[filter]
	if *v == unasked {
		*v = no
		if b.filters[filter](r) {
			*v = yes
		}
	}
	return *v == yes
}

func (b *Bank) seen(sec int64) {
	if !b.begun || sec < b.first {
		b.begun, b.first = true, sec
	}
}

// Reject counts lines of a log that are no requests, in second sec.
func (b *Bank) Reject(source string, sec, lines int64) {
	for _, m := range b.meters {
		if !m.lines || lines <= 0 {
			continue
		}
		h := hit{sec: sec, micros: -1, n: cell{hits: uint32(min(lines, math.MaxUint32))}}
		if m.rejected {
			h.n.part = h.n.hits
		}
		for _, g := range m.groups {
			key := ""
			switch g.by {
			case alert.Section, alert.Host:
				continue // nobody knows of which
			case alert.Source:
				key = source
			}
			if s := g.named(key, sec); s != nil {
				s.add(&h)
			}
		}
	}
}

// Gone notes, at second sec, whether the file of a log is not there.
func (b *Bank) Gone(source string, sec int64, gone bool) {
	since, known := b.gone[source]
	switch {
	case !gone && !(known && since == here):
		b.gone[source] = here
	case gone && (!known || since == here):
		b.gone[source] = sec
	}
}

// here is what gone has of a log whose file is there.
const here = math.MaxInt64

// Measure implements alert.Figures.
func (b *Bank) Measure(rule int, key string, l alert.Look) alert.Sample {
	r, p := &b.rules[rule], &b.parts[rule]
	to := l.At - l.Lag
	if r.Test == alert.Gone {
		// Hits are what there was before: the log itself.
		s := alert.Sample{Num: 1, Den: 1, Hits: 1, Whole: true}
		if since, ok := b.gone[key]; ok && since != here && l.At-since >= l.Span {
			s.Num = 0
		}
		return s
	}
	if p.exact {
		n := b.exact.Sum(to-l.Span, to)
		s := alert.Sample{Num: n.Hits, Den: l.Span, Hits: n.Hits, Whole: b.begun && b.first <= to-l.Span}
		switch {
		case p.class > 0:
			s.Num, s.Den = n.Classes[p.class], n.Hits
		case r.Metric == alert.Bytes:
			s.Num = n.Bytes
		}
		return s
	}
	g := p.group
	if p.site != nil && key == "" {
		g = p.site
	}
	s := g.keys[key]
	if s == nil {
		return alert.Sample{Whole: b.begun && b.first <= to-l.Span, Den: oneIfSite(r, l.Span)}
	}
	n := total{}
	if at, ok := g.spec.where[look{l.Span, l.Lag}]; ok {
		n = s.rings[at.ring].sum(at.window, l.At)
	}
	out := alert.Sample{Num: n.hits, Den: l.Span, Hits: n.hits, Whole: min(s.first, b.first) <= to-l.Span}
	if r.By != alert.Site {
		out.Whole = s.first <= to-l.Span
	}
	switch {
	case r.Metric == alert.Bytes:
		out.Num = n.bytes
	case r.Metric == alert.Share || r.Metric == alert.Rejected:
		out.Num, out.Den = n.part, n.hits
	case r.Metric == alert.Visitors:
		var d sketch.Distinct
		d.Precision = visitorPrecision
		s.people.merge(to-l.Span, to, nil, &d)
		out.Num, _ = d.Count()
		out.Den = 1
	case r.Metric.Timed():
		b.times.Reset()
		s.times.merge(to-l.Span, to, &b.times, nil)
		out.Hits, out.Num, out.Den = b.times.Count(), b.times.Quantile(r.Metric.Quantile()), 1e6
		if r.Metric == alert.Mean {
			out.Num = b.times.Mean()
		}
		if out.Hits == 0 {
			out.Num, out.Den = 0, 0
		}
	}
	return out
}

// oneIfSite is the Den of a rule of which nothing was counted yet: of rates nothing
// is 0, of all else it is nothing.
func oneIfSite(r *alert.Rule, span int64) int64 {
	switch r.Metric {
	case alert.Hits, alert.Bytes:
		return span
	case alert.Visitors:
		return 1
	}
	return 0
}

// Step implements alert.Figures.
func (b *Bank) Step(rule int, key string, t int64) change.Sample {
	r, p := &b.rules[rule], &b.parts[rule]
	g := p.group
	if key == "" {
		g = p.site
	}
	s := g.keys[key]
	if s == nil {
		return change.Sample{}
	}
	var c cell
	for i, w := range g.spec.widths {
		if w == alert.StepSeconds {
			c = s.rings[i].slot(t)
		}
	}
	out := change.Sample{Requests: int64(c.hits), Failed: int64(c.part)}
	switch {
	case r.Metric == alert.Bytes:
		out.Requests = c.bytes >> 10
	case r.Metric == alert.Visitors:
		var d sketch.Distinct
		d.Precision = visitorPrecision
		s.people.merge(t-alert.StepSeconds, t, nil, &d)
		out.Requests, _ = d.Count()
	case r.Metric.Timed():
		b.times.Reset()
		s.times.merge(t-alert.StepSeconds, t, &b.times, nil)
		out.Timed = b.times.Count()
		out.Mean = time.Duration(b.times.Mean()) * time.Microsecond
		out.P90 = time.Duration(b.times.Quantile(max(r.Metric.Quantile(), 0.5))) * time.Microsecond
	}
	return out
}

// Keys implements alert.Figures.
func (b *Bank) Keys(rule int, _ int64) []string {
	p := &b.parts[rule]
	switch {
	case b.rules[rule].Test == alert.Gone:
		keys := make([]string, 0, len(b.gone))
		for k := range b.gone {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		return keys
	case p.group == nil || p.group == p.site:
		return nil
	}
	return p.group.list
}

// Next implements alert.Figures.
func (b *Bank) Next(from int64) (sec int64, ok bool) { return b.exact.Next(from) }

// Shift moves all by delta seconds: the time line was set.
func (b *Bank) Shift(delta int64) {
	b.first += delta
	for _, m := range b.meters {
		for _, g := range m.groups {
			g.shift(delta)
		}
	}
	for name, since := range b.gone {
		if since != here {
			b.gone[name] = since + delta
		}
	}
}
