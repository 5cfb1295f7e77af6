package report

import (
	"math"
	"strings"
	"time"

	"weir/internal/traffic"
	"weir/internal/unit"
)

const (
	graphRows   = 4
	gutterCells = 6 // right of the bars, for a figure of unit.Short
	widestBar   = 3 // cells of a column where there are few
	fewHours    = 3 // of so many a graph would say nothing
)

// A bar is a column of the graph.
type bar struct {
	start        int64 // as the clock on the wall shows it, in seconds
	hits, errors int64
}

// when draws the hits over time.
func (p *page) when() {
	c := coreOf(p.Hours)
	if len(c.hours) == 0 {
		return
	}
	first, last := c.hours[0], c.hours[len(c.hours)-1]
	switch span := (last.From-first.From)/traffic.HourSeconds + 1; {
	case span == 1 && c.before+c.after == 0:
		return
	case span <= fewHours || p.seconds() < fewHours*traffic.HourSeconds:
		p.hourLines(c.hours)
	default:
		p.graph(c.hours)
	}
	p.beyond(&c)
}

// hourLines draws a line for each hour.
func (p *page) hourLines(hours []traffic.Hour) {
	most := int64(0)
	for _, h := range hours {
		most = max(most, h.Hits)
	}
	p.title("hits per hour")
	for _, h := range hours {
		start := time.Unix(h.From, 0).In(p.zone).Format("15:04")
		figure := indent + start + right(hitsText("", h.Hits), hitCells) + indent
		p.add(strings.TrimRight(figure+lying(h.Hits, most, p.width-len(figure)), " "))
		p.end()
	}
}

// graph draws columns of block characters with an axis of time below them.
func (p *page) graph(hours []traffic.Hour) {
	cells := p.width - len(indent) - gutterCells
	step, bars := p.bars(hours, cells)
	wide := min(widestBar, cells/len(bars))
	most, errors := int64(0), int64(0)
	for _, b := range bars {
		most, errors = max(most, b.hits), max(errors, b.errors)
	}
	p.title("hits per " + step.name)
	for row := graphRows - 1; row >= 0; row-- {
		p.barRow(bars, wide, row, graph{rows: graphRows, most: most, of: func(b *bar) int64 { return b.hits }})
	}
	p.axis(bars, step, wide)
	if errors > 0 {
		p.paint(bold, "5xx per "+step.name)
		p.end()
		p.barRow(bars, wide, 0, graph{rows: 1, color: red, most: errors, of: func(b *bar) int64 { return b.errors }})
	}
}

// graph is what bars are drawn of.
type graph struct {
	rows  int
	color string
	most  int64 // the largest figure
	of    func(*bar) int64
}

// barRow draws one row of the bars, of which there are so many, counted from
// the lowest one. The highest has the largest figure at its right.
func (p *page) barRow(bars []bar, wide, row int, g graph) {
	most, of, rows, color := g.most, g.of, g.rows, g.color
	var line strings.Builder
	for i := range bars {
		line.WriteString(strings.Repeat(block(height(of(&bars[i]), most, rows*8)-row*8), wide))
	}
	p.add(indent)
	if row < rows-1 {
		p.paint(color, strings.TrimRight(line.String(), " "))
	} else {
		p.paint(color, line.String())
		p.paint(dim, " "+unit.Short(most))
	}
	p.end()
}

// axis writes the line below the bars with its marks, and their times.
func (p *page) axis(bars []bar, step *step, wide int) {
	line := []byte(strings.Repeat("-", len(bars)*wide))
	labels := []byte(strings.Repeat(" ", p.width-len(indent)))
	end := 0
	for _, t := range ticks(bars, step, wide) {
		at := t.bar * wide
		line[at] = '+'
		if at >= end && at+len(t.label) <= len(labels) {
			copy(labels[at:], t.label)
			end = at + len(t.label) + 1
		}
	}
	p.add(indent)
	p.paint(dim, string(line))
	p.end()
	p.add(indent)
	p.paint(dim, strings.TrimRight(string(labels), " "))
	p.end()
}

// beyond says what the graph leaves out.
func (p *page) beyond(c *core) {
	before := c.before + p.GoneHits
	var parts []string
	if before > 0 {
		parts = append(parts, unit.Count(before)+" "+unit.Plural(before, "hit")+" before "+p.full(c.hours[0].From))
	}
	if n := c.after; n > 0 {
		end := c.hours[len(c.hours)-1].From + traffic.HourSeconds
		parts = append(parts, unit.Count(n)+" "+unit.Plural(n, "hit")+" from "+p.full(end)+" on")
	}
	if len(parts) > 0 {
		p.sentence(dim, indent, "(not drawn: "+strings.Join(parts, ", ")+")")
	}
}

// height is how many eighths high a figure is drawn: at least one where it is
// not 0.
func height(n, most int64, highest int) int {
	if n <= 0 || most <= 0 {
		return 0
	}
	return max(1, min(highest, int(math.Round(float64(n)/float64(most)*float64(highest)))))
}

// block is a cell filled from below by so many eighths.
func block(eighths int) string {
	return string([]rune(" ▁▂▃▄▅▆▇█")[max(0, min(8, eighths))])
}

// lying is a bar that lies, in cells filled from the left.
func lying(n, most int64, cells int) string {
	eighths := height(n, most, cells*8)
	text := strings.Repeat("█", eighths/8)
	if part := eighths % 8; part > 0 {
		text += string([]rune("▏▎▍▌▋▊▉")[part-1])
	}
	return text
}
