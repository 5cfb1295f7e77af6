package report

import (
	"math"
	"strings"
	"time"

	"weir/internal/escape"
	"weir/internal/unit"
	"weir/internal/view"
)

// longest is the longest span that can be told, in seconds: 292 years.
const longest = math.MaxInt64 / int64(time.Second)

// head says what was read.
func (p *page) head() {
	p.paint(bold, "report "+strings.Repeat("-", p.width-len("report ")))
	p.end()
	const formatCells = 16
	names, figures := 0, 0
	listed := min(len(p.Sources), maxLogs)
	for _, s := range p.Sources[:listed] {
		names = max(names, escape.Width([]byte(s.Name)))
		figures = max(figures, len(unit.Count(s.Lines)))
	}
	names = min(names, p.width-len(indent)-len(indent)-formatCells-len(indent)-figures-len(" lines"))
	for _, s := range p.Sources[:listed] {
		p.add(indent)
		p.left(s.Name, names)
		format := s.Format
		switch {
		case s.Lines == 0:
			format = "-"
		case format == "":
			format = "unknown format"
		}
		p.add(indent)
		p.left(format, formatCells)
		p.add(indent + right(unit.Count(s.Lines), figures) + " " + unit.Plural(s.Lines, "line"))
		p.end()
	}
	if more := p.Sources[listed:]; len(more) > 0 {
		lines := int64(0)
		for _, s := range more {
			lines += s.Lines
		}
		p.sentence(dim, indent+"… ", unit.Count(int64(len(more)))+" more "+unit.Plural(int64(len(more)), "log")+" of "+unit.Count(lines)+" "+unit.Plural(lines, "line"))
	}
	if p.Seen {
		p.sentence("", indent, p.stretch())
	}
}

// stretch is the time that the report tells of. A date or a zone that both its
// ends share stands once.
func (p *page) stretch() string {
	from, to := time.Unix(p.From, 0).In(p.zone), time.Unix(p.To, 0).In(p.zone)
	text := from.Format(time.DateTime)
	if z := from.Format(" -0700"); z != to.Format(" -0700") {
		text += z
	}
	layout := time.DateTime
	if p.date(p.From) == p.date(p.To) {
		layout = time.TimeOnly
	}
	return text + " to " + to.Format(layout+" -0700") + " (" + unit.Span(time.Duration(min(p.seconds(), longest))*time.Second) + ")"
}

// whole writes the figures of all requests.
func (p *page) whole() {
	p.end()
	hits := []string{unit.Count(p.Hits), p.rate(), unit.Bytes(p.Bytes)}
	if p.Visitors > 0 {
		hits = append(hits, unit.About(p.VisitorsEstimated)+unit.Count(p.Visitors)+" "+unit.Plural(p.Visitors, "visitor"))
	}
	if n := int64(p.Sections.Keys); n > 0 {
		more := ""
		if p.Sections.Bound > 0 {
			more = "at least "
		}
		hits = append(hits, more+unit.Count(n)+" "+unit.Plural(n, "section"))
	}
	p.flow("hits", hits...)
	p.peaks()
	p.flow("status", p.classes()...)
	if items := counts(p.Methods.Rows); len(items) > 0 || p.Malformed > 0 {
		if p.Malformed > 0 {
			items = append(items, "no HTTP "+unit.Count(p.Malformed))
		}
		p.flow("methods", items...)
	}
	if items := counts(p.Protocols.Rows); len(items) > 0 {
		p.flow("protocols", items...)
	}
	if n := p.BotHits; n > 0 {
		items := []string{"people " + unit.Percent(p.Hits-n, p.Hits), "bots " + unit.Percent(n, p.Hits)}
		for _, k := range p.BotKinds.Rows {
			items = append(items, k.Key+" "+unit.Percent(k.Hits, p.Hits))
		}
		p.flow("visits by", items...)
	}
	if l := p.Latency; l != nil {
		quantile := func(name string, d time.Duration) string { return name + " " + unit.About(l.Coarse) + unit.Duration(d) }
		items := []string{"mean " + unit.Duration(l.Mean), quantile("p50", l.P50), quantile("p90", l.P90), quantile("p99", l.P99)}
		if !l.Coarse {
			items = append(items, "max "+unit.Duration(l.Max))
		}
		if l.Count < p.Hits {
			items = append(items, "of "+unit.Count(l.Count)+" "+unit.Plural(l.Count, "hit"))
		}
		p.flow("latency", items...)
	} else {
		p.flow("latency", "none in these logs: weir explain shows the line that adds it")
	}
}

// rate is the hits per second, or where that would be 0.0 per hour or day.
func (p *page) rate() string {
	for _, per := range []struct {
		seconds int64
		name    string
	}{{1, "/s"}, {hourSeconds, "/h"}} {
		if p.Hits >= p.seconds()/per.seconds/10 {
			return unit.Rate(p.Hits*per.seconds, p.seconds()) + per.name
		}
	}
	return unit.Rate(p.Hits*daySeconds, p.seconds()) + "/day"
}

func (p *page) peaks() {
	if p.Peak1.Hits == 0 {
		return
	}
	items := []string{
		unit.Count(p.Peak1.Hits) + " in the second " + p.moment(p.Peak1.At),
		unit.Count(p.Peak10.Hits) + " in 10 s from " + p.moment(p.Peak10.At),
	}
	if p.AlertsFrom != 0 {
		items = append(items, "(known from "+p.full(p.AlertsFrom)+" on)")
	}
	p.flow("busiest", items...)
}

func (p *page) classes() []string {
	var items []string
	for class := 1; class <= 5; class++ {
		n := p.Classes[class]
		if class == 1 && n == 0 {
			continue
		}
		item := string(rune('0'+class)) + "xx " + unit.Count(n)
		if n > 0 {
			item += " " + unit.Percent(n, p.Hits)
		}
		if class == 5 && n > 0 {
			item += " (500: " + unit.Count(p.Count(500)) + ")"
		}
		items = append(items, item)
	}
	if n := p.Classes[0]; n > 0 {
		items = append(items, "other "+unit.Count(n))
	}
	return items
}

// counts are keys with their hits, those beyond maxItems as one.
func counts(rows []view.Row) []string {
	var items []string
	rest := int64(0)
	for i, r := range rows {
		if i >= maxItems {
			rest += r.Hits
			continue
		}
		name, _ := escape.AppendCut(nil, []byte(view.Name(r.Key)), 20)
		items = append(items, string(name)+" "+unit.About(r.Missed > 0)+unit.Count(r.Hits))
	}
	if rest > 0 {
		items = append(items, "others "+unit.Count(rest))
	}
	return items
}

// notes writes what stands out.
func (p *page) notes() {
	if len(p.Notes) > 0 {
		p.end()
	}
	for _, n := range p.Notes {
		p.sentence("", indent+"! ", n)
	}
}

// nothing says why there is nothing to tell.
func (p *page) nothing() {
	p.end()
	why := "no request was counted"
	switch {
	case p.Outside > 0:
		why += ": all that there are were passed over"
	case p.Rejected.Total > 0:
		why += ": no line is one"
	case p.Lines == 0:
		why += ": no line was read"
	}
	p.sentence(bold, indent, why)
}
