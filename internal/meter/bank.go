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
	"cmp"
	"maps"
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
	SectionDepth int   // path segments of a section; 0 is 1
	Lateness     int64 // seconds that records may come out of order
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
	exact    exact
	first    int64             // the first second there was anything in
	begun    bool              // first is one
	closed   int64             // what comes for a second before it is late
	news     int64             // what was closed when the newest late record came, 0 for none
	decided  int64             // the newest second that was asked for
	logs     map[string][]away // oldest first
	lines    ring              // those that are no requests, by second
	set      set
	times    sketch.Histogram // for sums
	active   bool             // some meter counts
	people   bool             // somebody asks for visitors
	odd      bool             // somebody asks for lines that are no requests
}

// away is when the file of a log was not there.
type away struct{ since, back int64 }

// still is the back of a log whose file is not there yet.
const still = math.MaxInt64

// unknown is the closed second of a Bank that was not told of one.
const unknown = math.MinInt64 / 4

// exact are the seconds of the whole site, with the sum of the window that was asked for last:
// several rules look at the same one.
type exact struct {
	*traffic.Seconds
	from, to int64
	sum      traffic.Second
}

// window returns the sum of [from, to), good until the next call.
func (e *exact) window(from, to int64) *traffic.Second {
	if from != e.from || to != e.to {
		e.from, e.to, e.sum = from, to, e.Sum(from, to)
	}
	return &e.sum
}

// changed says that the seconds are others.
func (e *exact) changed() { e.from, e.to, e.sum = 0, 0, traffic.Second{} }

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
	spots []spot
	exact bool // of the exact seconds
	class int
	site  *group // of a rule that Changes: the site itself
}

// New returns a Bank that has counted nothing. seconds are those of the
// whole site, which it only reads.
func New(o Options, seconds *traffic.Seconds) *Bank {
	b := &Bank{
		o: o, rules: slices.Clone(o.Rules), exact: exact{Seconds: seconds}, closed: unknown, decided: unknown,
		logs: map[string][]away{}, set: set{runs: map[string][]note{}}, sections: traffic.Sections{Depth: o.SectionDepth},
	}
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
	for _, m := range b.meters {
		b.odd = b.odd || m.lines
	}
	if b.odd {
		b.lines = newRing(1, b.ahead()+1, nil)
	}
	return b
}

// ahead is how far the newest record may be ahead of what is closed.
func (b *Bank) ahead() int64 { return aheadSeconds + max(0, b.o.Lateness) }

// place finds or makes what counts for a rule.
func (b *Bank) place(r *alert.Rule, filter func(string) int) part {
	class := r.Class()
	if r.Exact() {
		return part{exact: true, class: class}
	}
	if r.Test == alert.Gone {
		return part{}
	}
	b.people = b.people || r.Metric == alert.Visitors
	m := b.meter(r, filter, class)
	p := part{meter: m}
	if r.Test == alert.Changes {
		p.site = b.group(m, alert.Site, false)
		p.group = p.site
		p.step(r)
		if r.By == alert.Section {
			p.group = b.group(m, alert.Section, true)
			p.step(r)
		}
		return p
	}
	p.group = b.group(m, r.By, false)
	for _, l := range r.Looks() {
		p.spots = append(p.spots, p.group.spec.want(r, l))
	}
	return p
}

// step makes room for the steps that a rule takes which Changes.
func (p *part) step(r *alert.Rule) {
	s := &p.group.spec
	s.ring(alert.StepSeconds, alert.StepSeconds)
	if r.Metric.Timed() || r.Metric == alert.Visitors {
		s.keep(r.Metric.Timed(), alert.StepSeconds, r.Cadence())
	}
}

// meter returns the one of the filters of a rule.
func (b *Bank) meter(r *alert.Rule, filter func(string) int, class int) *meter {
	rejected := r.Metric == alert.Rejected
	lines := r.Test == alert.Silent || rejected
	for _, m := range b.meters {
		if m.where == r.Where && m.lines == lines && (m.of == r.Of && m.rejected == rejected || r.Of == "" && !rejected && !m.rejected) {
			return m
		}
	}
	m := &meter{where: r.Where, of: r.Of, filter: filter(r.Where), part: -1, class: class, rejected: rejected, lines: lines}
	if class == 0 {
		m.part = filter(r.Of)
	}
	b.meters = append(b.meters, m)
	return m
}

func (b *Bank) group(m *meter, by alert.By, top bool) *group {
	for _, g := range m.groups {
		if g.by == by && g.top == top {
			return g
		}
	}
	m.groups = append(m.groups, b.newGroup(by, top))
	return m.groups[len(m.groups)-1]
}

// Record counts a record of a log in second sec, which need not be its own.
func (b *Bank) Record(source string, sec int64, r *accesslog.Record) {
	b.exact.changed()
	late := sec < b.closed
	if late {
		b.news = b.closed
	}
	if !b.begun {
		b.begun, b.first = true, max(sec, b.closed)
	} else if sec < b.first && !late {
		b.first = sec
	}
	if !b.active {
		return
	}
	if len(b.set.due) > 0 {
		b.feed(math.MaxInt64)
	}
	clear(b.verdicts)
	h := hit{sec: sec, micros: -1, late: late}
	if r.Latency >= 0 {
		h.micros = int64(r.Latency / time.Microsecond)
	}
	if b.people {
		h.visitor = sketch.Combine(sketch.Hash(r.Client), sketch.Hash(r.Agent))
	}
	var section []byte
	for i, m := range b.meters {
		if m.filter >= 0 && !b.match(m.filter, r) {
			continue
		}
		h.n = cell{hits: 1, bytes: r.Bytes}
		if m.class > 0 && traffic.Class(r.Status) == m.class || m.part >= 0 && b.match(m.part, r) {
			h.n.part = 1
		}
		for k, g := range m.groups {
			var key []byte
			var s *series
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
				if s = g.named(source, &h, b.closed); s == nil {
					g.full = !g.said
					continue
				}
			}
			if s == nil {
				s = g.find(key, &h, b.closed)
			}
			switch {
			case s != nil:
				s.add(&h)
			case !g.top:
				g.full = !g.said
			}
			if !b.set.noting {
				continue
			}
			if s != nil {
				b.noted(source, note{meter: i, group: k, key: s.key, counted: true}, &h)
			} else if s = g.keys[string(key)]; s != nil {
				b.noted(source, note{meter: i, group: k, key: s.key}, &h)
			}
		}
	}
	b.set.noting = false
}

// Crowded returns the names of rules that more keys had requests for at the same time than they
// watch: of each once. Those beyond are not watched until others fall silent.
func (b *Bank) Crowded() (names []string) {
	for i := range b.parts {
		if g := b.parts[i].group; g != nil && g.full {
			names = append(names, b.rules[i].Name)
		}
	}
	if names == nil {
		return nil
	}
	for _, m := range b.meters {
		for _, g := range m.groups {
			g.full, g.said = false, g.said || g.full
		}
	}
	return names
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

// Reject counts lines of a log that are no requests, in second sec.
func (b *Bank) Reject(source string, sec, lines int64) {
	if b.odd && lines > 0 {
		b.lines.add(sec, cell{hits: 1})
	}
	for _, m := range b.meters {
		if !m.lines || lines <= 0 {
			continue
		}
		h := hit{sec: sec, micros: -1, late: sec < b.closed, n: cell{hits: uint32(min(lines, math.MaxUint32))}}
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
			if s := g.named(key, &h, b.closed); s != nil {
				s.add(&h)
			}
		}
	}
}

// Close tells that the seconds before sec are closed: a record of one of them that is
// still to come is late. It counts, but nothing is known the longer for it.
func (b *Bank) Close(sec int64) { b.closed = max(b.closed, sec) }

// Gone notes, at second sec, whether the file of a log is not there.
func (b *Bank) Gone(source string, sec int64, gone bool) {
	list, known := b.logs[source]
	n := len(list)
	switch {
	case gone && (!known || list[n-1].back != still):
		if !known && len(b.logs) >= alert.MaxKeys {
			b.evict()
		}
		// Those before are only needed until what they are about is decided.
		list = slices.DeleteFunc(list, func(a away) bool { return a.back < b.closed })
		b.logs[source] = append(list[max(0, len(list)-mostAway+1):], away{since: sec, back: still})
	case !gone && known && list[n-1].back == still:
		list[n-1].back = sec
	}
}

// mostAway is how many times a log may be gone and back within the lateness.
const mostAway = 8

// evict forgets the log that has been back for longest, or else gone.
func (b *Bank) evict() {
	name, oldest := "", away{}
	for k, list := range b.logs {
		a := list[len(list)-1]
		if order := cmp.Or(cmp.Compare(a.back, oldest.back), cmp.Compare(a.since, oldest.since), cmp.Compare(k, name)); name == "" || order < 0 {
			name, oldest = k, a
		}
	}
	delete(b.logs, name)
}

// Keep forgets the logs that are none of names.
func (b *Bank) Keep(names []string) {
	known := map[string]bool{}
	for _, name := range names {
		known[name] = true
	}
	maps.DeleteFunc(b.logs, func(name string, _ []away) bool { return !known[name] })
	for _, m := range b.meters {
		for _, g := range m.groups {
			if g.by == alert.Source {
				g.keep(known)
			}
		}
	}
}

// Measure implements alert.Figures.
func (b *Bank) Measure(rule int, key string, l alert.Look) alert.Sample {
	r, p := &b.rules[rule], &b.parts[rule]
	if r.Test == alert.Gone {
		// Hits are what there was before: the log itself.
		s := alert.Sample{Num: 1, Den: 1, Hits: 1, Whole: true}
		for _, a := range b.logs[key] {
			if a.since+l.Span <= l.At && l.At <= a.back {
				s.Num = 0
			}
		}
		return s
	}
	to := l.At - l.Lag
	if p.exact {
		n := b.exact.window(to-l.Span, to)
		s := alert.Sample{Num: n.Hits, Den: l.Span, Hits: n.Hits, Whole: b.begun && b.first <= to-l.Span}
		switch {
		case p.class > 0:
			s.Num, s.Den = n.Classes[p.class], n.Hits
		case r.Metric == alert.Bytes:
			s.Num = n.Bytes
		}
		return s
	}
	b.feed(l.At)
	b.decided = max(b.decided, l.At)
	if r.Test == alert.Absent && l.Lag > 0 {
		return b.before(rule, key, l)
	}
	at := p.spot(l)
	to = traffic.FloorDiv(l.At, at.width)*at.width - at.lag
	from := to - at.span
	s := p.group.keys[key]
	if s == nil {
		return alert.Sample{Whole: b.begun && b.first <= from, Den: oneIfSite(r, at.span)}
	}
	n := s.rings[at.ring].sum(at.window, l.At)
	out := alert.Sample{Num: n.hits, Den: at.span, Hits: n.hits, Whole: s.first <= from}
	first := s.first
	if r.By == alert.Site {
		first = b.first
		out.Whole = b.begun && b.first <= from
	}
	if r.Test == alert.Burns {
		out.Known = max(0, min(at.span, to-first))
	}
	switch {
	case r.Metric == alert.Bytes:
		out.Num = n.bytes
	case r.Metric == alert.Share || r.Metric == alert.Rejected:
		out.Num, out.Den = n.part, n.hits
	case r.Metric == alert.Visitors:
		out.Num, out.Den = s.kept[at.kept].visitors(from, to), 1
	case r.Metric.Timed():
		b.times.Reset()
		s.kept[at.kept].merge(from, to, &b.times, nil)
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

// before measures one of the windows before that of an Absent rule. It is no spot of its own:
// nobody asks for it as long as there is traffic.
func (b *Bank) before(rule int, key string, l alert.Look) alert.Sample {
	r, p := &b.rules[rule], &b.parts[rule]
	at := p.spot(alert.Look{At: l.At, Span: l.Span})
	to := traffic.FloorDiv(l.At, at.width)*at.width - ceil(l.Lag, at.width)
	from := to - at.span
	s := p.group.keys[key]
	first, begun := b.first, b.begun
	if r.By != alert.Site {
		if begun = s != nil; begun {
			first = s.first
		}
	}
	out := alert.Sample{Den: at.span, Whole: begun && first <= from}
	if s != nil {
		out.Hits = s.rings[at.ring].count(from/at.width, to/at.width)
	}
	return out
}

// spot returns where the figures of a look are.
func (p *part) spot(l alert.Look) *spot {
	for i := range p.spots {
		if at := &p.spots[i]; at.look.Span == l.Span && at.look.Lag == l.Lag {
			return at
		}
	}
	panic("meter: a rule asks for a window that is none of its Looks")
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
	b.feed(t)
	b.decided = max(b.decided, t)
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
	if r.Metric == alert.Bytes {
		out.Requests = c.bytes >> 10
	}
	for i := range s.kept {
		switch k := s.kept[i]; {
		case k.width != alert.StepSeconds:
		case !k.timed && r.Metric == alert.Visitors:
			out.Requests = k.visitors(t-alert.StepSeconds, t)
		case k.timed && r.Metric.Timed():
			b.times.Reset()
			k.merge(t-r.Cadence(), t, &b.times, nil)
			out.Timed = b.times.Count()
			out.Mean = time.Duration(b.times.Mean()) * time.Microsecond
			out.P90 = time.Duration(b.times.Quantile(max(r.Metric.Quantile(), 0.5))) * time.Microsecond
		}
	}
	return out
}

// Keys implements alert.Figures.
func (b *Bank) Keys(rule int, t int64) []string {
	p := &b.parts[rule]
	switch {
	case b.rules[rule].Test == alert.Gone:
		return slices.Sorted(maps.Keys(b.logs))
	case p.group == nil || p.group == p.site:
		return nil
	}
	return p.group.at(t)
}

// Next implements alert.Figures.
func (b *Bank) Next(from int64) (sec int64, ok bool) {
	sec, ok = b.exact.Next(from)
	sooner := func(s int64) {
		if s >= from && (!ok || s < sec) {
			sec, ok = s, true
		}
	}
	if b.news != 0 {
		sooner(b.news) // keys are known since then
	}
	if b.odd {
		if s, found := b.lines.next(from); found {
			sooner(s)
		}
	}
	if len(b.logs) == 0 {
		return sec, ok
	}
	for i := range b.rules {
		if r := &b.rules[i]; r.Test == alert.Gone {
			for _, list := range b.logs {
				for _, a := range list {
					sooner(a.since + r.Window - 1)
					if a.back != still {
						sooner(a.back)
					}
				}
			}
		}
	}
	return sec, ok
}

// Regroup makes the sections others, of so many path segments. What was counted of
// those before is forgotten.
func (b *Bank) Regroup(depth int) {
	b.sections.Depth = depth
	for _, m := range b.meters {
		for _, g := range m.groups {
			if g.by == alert.Section {
				g.forget()
			}
		}
	}
}

// Forget drops all that was counted. Which logs are gone stays known.
func (b *Bank) Forget() {
	b.exact.changed()
	b.begun, b.closed, b.decided, b.news = false, unknown, unknown, 0
	clear(b.set.runs)
	b.set.due = nil
	b.lines.reset()
	for _, m := range b.meters {
		for _, g := range m.groups {
			g.forget()
			g.hour = 0
		}
	}
}

// shift moves all by delta seconds.
func (b *Bank) shift(delta int64) {
	b.exact.changed()
	b.first += delta
	if b.news != 0 {
		b.news += delta
	}
	for _, sec := range []*int64{&b.closed, &b.decided} {
		if *sec != unknown {
			*sec += delta
		}
	}
	if b.odd {
		b.lines.shift(delta)
	}
	for _, m := range b.meters {
		for _, g := range m.groups {
			g.shift(delta)
		}
	}
	for _, list := range b.logs {
		for i := range list {
			list[i].since += delta
			if list[i].back != still {
				list[i].back += delta
			}
		}
	}
}
