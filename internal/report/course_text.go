package report

import (
	"slices"
	"strings"
	"time"

	"weir/internal/escape"
	"weir/internal/traffic"
	"weir/internal/unit"
	"weir/internal/view"
)

// barCells is how many cells a bar beside the figures of a step has at least.
const barCells = 12

// GraphCells returns how many cells the graphs of a Course have on a page of that width,
// so many steps being the most they can show.
func GraphCells(width int) int { return pageWidth(width) - len(indent) - graphLabel - gutterCells }

// graphLabel is how many cells stand left of a graph.
const graphLabel = 6

func pageWidth(width int) int {
	if width == 0 {
		return usualWidth
	}
	return max(width, leastWidth)
}

// WriteCourse writes c as a page: the whole of it, graphs, a line for each step, with
// alerts and marks between them. The error is that of the writer.
func (t *Text) WriteCourse(c *Course) error {
	p := &page{
		Report: &Report{Seen: c.Hits > 0, From: max(c.From, c.KnownFrom), To: min(c.To, c.KnownTo) - 1, Stats: c.Stats},
		zone:   zone(t.Zone), color: t.Color, width: pageWidth(t.Width),
	}
	p.courseHead("history", c.Of, c.From, c.To)
	if p.Seen {
		p.whole()
		p.odd(c)
		p.compared(c)
		p.sparks(c)
	}
	p.end()
	p.steps(c)
	_, err := t.W.Write(p.buf)
	return err
}

// courseHead says of what, and of which time.
func (p *page) courseHead(title, of string, from, to int64) {
	p.paint(bold, title+" "+strings.Repeat("-", p.width-len(title)-1))
	p.end()
	p.sentence("", indent, of)
	p.sentence("", indent, p.between(from, to))
}

// between is a stretch of time, half open, with its zone.
func (p *page) between(from, to int64) string {
	text := p.full(from)
	if a, b := time.Unix(from, 0).In(p.zone).Format(" -0700"), time.Unix(to, 0).In(p.zone).Format(" -0700"); a != b {
		text += a
	}
	return text + " to " + time.Unix(to, 0).In(p.zone).Format(time.DateTime+" -0700") + " (" + lasting(to-from) + ")"
}

func lasting(seconds int64) string {
	return unit.Span(time.Duration(min(seconds, longest)) * time.Second)
}

// odd tells of lines that are not where they should be.
func (p *page) odd(c *Course) {
	var items []string
	if n := c.Late; n > 0 {
		items = append(items, unit.Count(n)+" late "+unit.Plural(n, "line")+", counted in their own time")
	}
	if n := c.Rejected; n > 0 {
		items = append(items, unit.Count(n)+" rejected "+unit.Plural(n, "line"))
	}
	if len(items) > 0 {
		p.flow("lines", items...)
	}
}

// compared says what c is compared with, and how its whole differs.
func (p *page) compared(c *Course) {
	e := c.Earlier
	if e == nil {
		return
	}
	items := []string{"with " + p.full(e.From) + ", " + lasting(c.Shift) + " before"}
	if e.Hits == 0 {
		p.flow("compared", append(items, "nothing was counted then")...)
		return
	}
	items = append(items,
		"hits "+unit.Count(e.Hits)+" ("+change(c.Hits, e.Hits)+")",
		"5xx "+unit.Percent(e.Classes[5], e.Hits)+" then",
		"visitors "+unit.About(e.VisitorsEstimated)+unit.Count(e.Visitors)+" ("+change(c.Visitors, e.Visitors)+")")
	if c.Latency != nil && e.Latency != nil {
		items = append(items, "p90 "+unit.Duration(e.Latency.P90)+" ("+change(int64(c.Latency.P90), int64(e.Latency.P90))+")")
	}
	p.flow("compared", items...)
}

// sparks draws hits, errors and latency in a line each, over the time that is known.
func (p *page) sparks(c *Course) {
	g := graphed{fine: c.Fine, step: c.FineStep}
	if len(g.fine) == 0 {
		g.fine, g.step = c.Stretches, c.Step
	}
	whole := max(c.Step, g.step)
	g.from = max(c.From, traffic.FloorDiv(c.KnownFrom, whole)*whole)
	to := min(c.To, -traffic.FloorDiv(-c.KnownTo, whole)*whole)
	g.bars = int((to - g.from + g.step - 1) / g.step)
	cells := p.width - len(indent) - graphLabel - gutterCells
	if g.bars < fewHours || g.bars > cells {
		return
	}
	g.wide = min(widestBar, cells/g.bars)
	p.title("every " + lasting(g.step))
	p.spark("hits", "", &g, spark{g.fine, 1, func(s *Stretch) int64 { return s.per(g.step, s.Hits) }, unit.Short})
	p.spark("5xx", red, &g, spark{g.fine, 1, func(s *Stretch) int64 { return s.per(g.step, s.Classes[5]) }, unit.Short})
	// The quantiles of finer steps may be but bounds.
	slow, repeat := g.fine, 1
	if c.Step%g.step == 0 {
		slow, repeat = c.Stretches, int(c.Step/g.step)
	}
	p.spark("p90", "", &g, spark{slow, repeat, func(s *Stretch) int64 {
		if s.Latency == nil {
			return 0
		}
		return int64(s.Latency.P90)
	}, func(n int64) string { return strings.ReplaceAll(unit.Duration(time.Duration(n)), " ", "") }})
	p.sparkAxis(&g)
}

// per is how much of n there is in a step, on average, where s is more than one; at least
// one of what there is.
func (s *Stretch) per(step, n int64) int64 {
	if wide := s.To - s.From; wide > step && n > 0 {
		return max(1, int64(float64(n)/float64(wide)*float64(step)))
	}
	return n
}

// graphed is what graphs of one line have in common.
type graphed struct {
	fine []Stretch
	from int64
	step int64 // of a bar
	bars int
	wide int // cells of a bar
}

// A spark is what one line is drawn of.
type spark struct {
	steps  []Stretch
	repeat int // bars for each of them
	of     func(*Stretch) int64
	figure func(int64) string
}

// spark draws a line of bars: a dot where nothing was counted, which is not the same as a
// count of nothing. It draws none where all are 0.
func (p *page) spark(label, color string, g *graphed, s spark) {
	most := int64(0)
	for i := range s.steps {
		most = max(most, s.of(&s.steps[i]))
	}
	if most == 0 {
		return
	}
	var line strings.Builder
	i, step := 0, g.step*int64(s.repeat)
	for n := 0; n < g.bars; n += s.repeat {
		at := g.from + int64(n)*g.step
		for i < len(s.steps) && s.steps[i].To <= at {
			i++
		}
		cell := "·"
		if i < len(s.steps) && s.steps[i].From < at+step {
			cell = block(height(s.of(&s.steps[i]), most, 8))
		}
		line.WriteString(strings.Repeat(cell, g.wide*min(s.repeat, g.bars-n)))
	}
	p.add(indent)
	p.paint(dim, pad(label, graphLabel))
	p.paint(color, line.String())
	p.paint(dim, " "+s.figure(most))
	p.end()
}

// sparkAxis writes the times below the graphs.
func (p *page) sparkAxis(g *graphed) {
	length := int64(g.bars) * g.step
	at := func(i int) string {
		sec := g.from + int64(i)*g.step
		switch {
		case g.step >= daySeconds:
			return p.at(sec, time.DateOnly)
		case length > daySeconds:
			return p.at(sec, "Jan 02 15:04")
		}
		return p.at(sec, "15:04")
	}
	every := 1
	for every*g.wide < len(at(0))+4 || g.bars/every > 8 || !roundSpan(int64(every)*g.step) && every < g.bars {
		every++
	}
	line, labels := []byte(strings.Repeat("-", g.bars*g.wide)), []byte(strings.Repeat(" ", g.bars*g.wide+gutterCells))
	for i := 0; i < g.bars; i += every {
		line[i*g.wide] = '+'
		if label := at(i); i*g.wide+len(label) <= len(labels) {
			copy(labels[i*g.wide:], label)
		}
	}
	for _, text := range [][]byte{line, labels} {
		p.add(indent + pad("", graphLabel))
		p.paint(dim, strings.TrimRight(string(text), " "))
		p.end()
	}
}

// roundSpan reports whether marks so many seconds apart have times that are easily read.
func roundSpan(seconds int64) bool {
	for _, r := range []int64{daySeconds, 12 * hourSeconds, 6 * hourSeconds, 3 * hourSeconds, 2 * hourSeconds, hourSeconds, 1800, 900, 600, 300, 120, 60} {
		if seconds >= r {
			return seconds == r || r == daySeconds && seconds%r == 0
		}
	}
	return false
}

// steps writes a line for each step, gap, alert and mark, in the order of time.
func (p *page) steps(c *Course) {
	layout := p.stepTime(c)
	cols, cells := p.stepColumns(c, len(layout))
	p.paint(bold, indent+pad("time", cells))
	head := ""
	bar, most := p.width-len(indent)-cells, int64(0)
	for _, col := range cols {
		head += right(col.title, col.cells)
		bar -= col.cells
	}
	p.paint(dim, head)
	p.end()
	for i := range c.Stretches {
		most = max(most, c.Stretches[i].per(c.Step, c.Stretches[i].Hits))
	}
	notes := p.moments(c)
	say := func(to int64) {
		for len(notes) > 0 && notes[0].at < to {
			notes[0].write()
			notes = notes[1:]
		}
	}
	gaps, coarse := c.gaps(), int64(0)
	gapsUntil := func(to int64) {
		for len(gaps) > 0 && gaps[0].from < to {
			g := gaps[0]
			gaps = gaps[1:]
			say(g.from)
			at := p.at(g.from, layout)
			if layout == time.DateOnly && p.at(g.from, "15:04") != "00:00" {
				at = p.at(g.from, time.DateOnly+" 15:04")
			}
			p.sentence(dim, indent+pad(at, cells)+indent, g.why+" ("+lasting(g.to-g.from)+")")
			say(g.to)
		}
	}
	for i := range c.Stretches {
		s := &c.Stretches[i]
		gapsUntil(s.From)
		say(s.From)
		p.add(indent + pad(p.at(s.From, layout), cells))
		line := ""
		for _, col := range cols {
			line += right(col.text(s), col.cells)
		}
		if bar >= barCells {
			line += indent + lying(s.per(c.Step, s.Hits), most, bar-len(indent))
		}
		p.add(strings.TrimRight(line, " "))
		p.end()
		say(s.To)
		if s.To-s.From > c.Step {
			coarse = max(coarse, s.To)
		}
	}
	gapsUntil(c.To)
	say(c.To + 1)
	if coarse > 0 {
		p.sentence(dim, indent, "(before "+p.full(coarse)+" steps so fine are no longer kept)")
	}
}

// stepTime is how the time of a step is written.
func (p *page) stepTime(c *Course) string {
	first, last := time.Unix(c.From, 0).In(p.zone), time.Unix(c.To-1, 0).In(p.zone)
	layout := "15:04"
	if c.Step%60 != 0 {
		layout = time.TimeOnly
	}
	switch {
	case c.Step%daySeconds == 0 && first.Hour() == 0 && first.Minute() == 0:
		return time.DateOnly
	case first.Year() != last.Year():
		layout = time.DateOnly + " " + layout
	case first.YearDay() != last.YearDay():
		layout = "Jan 02 " + layout
	}
	return layout + p.turned(c)
}

// turned is the layout of a zone behind a time, where clocks are set in c: one hour may
// come twice.
func (p *page) turned(c *Course) string {
	_, before := time.Unix(c.From, 0).In(p.zone).Zone()
	_, after := time.Unix(c.To-1, 0).In(p.zone).Zone()
	if before == after {
		return ""
	}
	return " -0700"
}

func (p *page) at(sec int64, layout string) string {
	return time.Unix(sec, 0).In(p.zone).Format(layout)
}

// stepColumns returns the columns that there is room for, and the cells of the time.
func (p *page) stepColumns(c *Course, least int) ([]column[Stretch], int) {
	timed, late, rejected := false, false, false
	for i := range c.Stretches {
		s := &c.Stretches[i]
		timed, late, rejected = timed || s.Latency != nil, late || s.Late > 0, rejected || s.Rejected > 0
	}
	cols := []column[Stretch]{{"hits", 11, func(s *Stretch) string { return hitsText("", s.Hits) }, 0}}
	if c.Earlier != nil {
		cols = append(cols, beside(c)...)
	}
	cols = append(cols, column[Stretch]{"per s", 9, func(s *Stretch) string { return unit.Rate(s.Hits, s.To-s.From) }, 11})
	for i, leave := range []int{8, 12, 3, 0} {
		class := i + 2
		if class == 5 && c.Earlier != nil {
			continue // it stands beside that of before
		}
		cols = append(cols, column[Stretch]{string(rune('0'+class)) + "xx", 7, func(s *Stretch) string { return unit.Percent(s.Classes[class], s.Hits) }, leave})
	}
	cols = append(cols, column[Stretch]{"bytes", 9, func(s *Stretch) string { return unit.Bytes(s.Bytes) }, 7},
		column[Stretch]{"visitors", 10, func(s *Stretch) string { return hitsText(unit.About(s.Bounds), s.Visitors) }, 6})
	if timed {
		cols = append(cols, quantile("p50", 10, func(l *view.Latency) time.Duration { return l.P50 }))
		if c.Earlier == nil {
			cols = append(cols, slowest())
		}
		cols = append(cols, quantile("p99", 4, func(l *view.Latency) time.Duration { return l.P99 }))
	}
	if late {
		cols = append(cols, column[Stretch]{"late", 8, func(s *Stretch) string { return unit.Short(s.Late) }, 9})
	}
	if rejected {
		cols = append(cols, column[Stretch]{"rejected", 10, func(s *Stretch) string { return unit.Short(s.Rejected) }, 5})
	}
	cols, _ = fitted(cols, p.width-len(indent), least)
	return cols, least
}

func quantile(title string, leave int, of func(*view.Latency) time.Duration) column[Stretch] {
	return column[Stretch]{title, 9, func(s *Stretch) string {
		if s.Latency == nil {
			return unit.None
		}
		return unit.About(s.Bounds) + unit.Duration(of(s.Latency))
	}, leave}
}

func slowest() column[Stretch] {
	return quantile("p90", 0, func(l *view.Latency) time.Duration { return l.P90 })
}

// beside are the columns of what c is compared with, each beside that of c.
func beside(c *Course) []column[Stretch] {
	before := func(of func(e *Stretch) string) func(*Stretch) string {
		return func(s *Stretch) string {
			if e := c.before(s); e != nil {
				return of(e)
			}
			return unit.None
		}
	}
	errors := func(s *Stretch) string { return unit.Percent(s.Classes[5], s.Hits) }
	p90 := slowest()
	return []column[Stretch]{
		{"before", 11, before(func(e *Stretch) string { return hitsText("", e.Hits) }), 0},
		{"change", 10, func(s *Stretch) string {
			if e := c.before(s); e != nil {
				return change(s.Hits, e.Hits)
			}
			return unit.None
		}, 0},
		{"5xx", 7, errors, 0},
		{"before", 8, before(errors), 2},
		p90,
		{"before", 9, before(p90.text), 1},
	}
}

// A moment is what is told between steps.
type moment struct {
	at    int64
	write func()
}

// moments returns the alerts and marks of c, in the order of time.
func (p *page) moments(c *Course) []moment {
	var all []moment
	older := max(0, len(c.Alerts)-maxMessages)
	if older > 0 {
		all = append(all, moment{c.Alerts[older].At, func() {
			p.sentence(dim, indent, "("+unit.Count(int64(older))+" older "+unit.Plural(int64(older), "message")+": weir alerts lists them)")
		}})
	}
	for i := range c.Alerts[older:] {
		e := &c.Alerts[older+i]
		all = append(all, moment{e.At, func() {
			// In one piece and at the margin, however wide: people search for it.
			p.paint(eventColor(e.State), escape.Terminal([]byte(e.Message(p.zone))))
			p.end()
		}})
	}
	layout := time.TimeOnly
	if p.date(c.From) != p.date(c.To-1) {
		layout = time.DateTime
	}
	layout += p.turned(c)
	for _, m := range c.Marks {
		all = append(all, moment{m.At, func() { p.sentence(bold, indent+"# ", p.at(m.At, layout)+" "+m.Text) }})
	}
	slices.SortStableFunc(all, func(a, b moment) int { return int(min(max(a.at-b.at, -1), 1)) })
	return all
}

// WriteRanking writes r as a table. The error is that of the writer.
func (t *Text) WriteRanking(r *Ranking) error {
	p := &page{Report: &Report{}, zone: zone(t.Zone), color: t.Color, width: pageWidth(t.Width)}
	p.courseHead("history", r.Of, r.From, r.To)
	switch {
	case len(r.Table.Rows) == 0:
		p.end()
		p.sentence("", indent, "no hit has a "+strings.ReplaceAll(r.By, "-", " ")+" there")
	case r.Earlier == nil:
		p.table(strings.ReplaceAll(r.By, "-", " "), r.Table, kindOf(r.By), r.Hits)
	default:
		p.sentence("", indent, "compared with "+p.between(r.Earlier.From, r.Earlier.To))
		p.rankings(r)
	}
	_, err := t.W.Write(p.buf)
	return err
}

// rankings writes a table beside that of before.
func (p *page) rankings(r *Ranking) {
	cols := []column[view.Row]{
		{"hits", hitCells, func(w *view.Row) string { return hitsText(unit.About(w.Missed > 0), w.Hits) }, 0},
		{"before", hitCells, func(w *view.Row) string {
			if e := r.before(w.Key); e != nil {
				return hitsText(unit.About(e.Missed > 0), e.Hits)
			}
			if b := r.Earlier.Table.Bound; b > 0 {
				return "<=" + unit.Short(b)
			}
			return "0"
		}, 0},
		{"change", 10, func(w *view.Row) string {
			if e := r.before(w.Key); e != nil {
				return change(w.Hits, e.Hits)
			}
			if r.Earlier.Table.Bound > 0 {
				return unit.None
			}
			return change(w.Hits, 0)
		}, 0},
		{"share", shareCells + 1, func(w *view.Row) string { return unit.Percent(w.Hits, r.Hits) }, 2},
		{"before", shareCells + 1, func(w *view.Row) string {
			if e := r.before(w.Key); e != nil {
				return unit.Percent(e.Hits, r.Earlier.Hits)
			}
			return unit.None
		}, 3},
	}
	if kindOf(r.By) != ofCounts && kindOf(r.By) != ofAnswers {
		cols = append(cols, column[view.Row]{"5xx", shareCells + 1, func(w *view.Row) string { return unit.Percent(w.Errors, w.Hits) }, 1})
	}
	cols, key := fitted(cols, p.width-len(indent), leastKey)
	p.end()
	title := strings.ReplaceAll(r.By, "-", " ")
	p.paint(bold, title)
	head := strings.Repeat(" ", max(0, key+len(indent)-len(title)))
	for _, c := range cols {
		head += right(c.title, c.cells)
	}
	p.paint(dim, head)
	p.end()
	for i := range r.Table.Rows {
		w := &r.Table.Rows[i]
		p.add(indent)
		p.left(view.Name(w.Key), key)
		for _, c := range cols {
			p.add(right(c.text(w), c.cells))
		}
		p.end()
	}
	if r.Table.Bound > 0 {
		p.sentence(dim, indent, "(more keys than are counted one by one: one that is not has "+unit.Count(r.Table.Bound)+" "+unit.Plural(r.Table.Bound, "hit")+" at most)")
	}
}

// before returns the row of that key in what r is compared with; nil where there is none.
func (r *Ranking) before(key string) *view.Row {
	for i := range r.Earlier.Table.Rows {
		if e := &r.Earlier.Table.Rows[i]; e.Key == key {
			return e
		}
	}
	return nil
}

// WriteAlerts writes the message of each alert in a line. The error is that of the
// writer.
func (t *Text) WriteAlerts(alerts []Alert) error {
	p := &page{zone: zone(t.Zone), color: t.Color}
	for i := range alerts {
		e := &alerts[i]
		p.paint(eventColor(e.State), escape.Terminal([]byte(e.Message(p.zone))))
		if e.Replayed {
			p.paint(dim, " (replayed)")
		}
		p.end()
	}
	_, err := t.W.Write(p.buf)
	return err
}
