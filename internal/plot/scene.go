package plot

import (
	"image/color"
	"math"
	"slices"
	"time"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"

	"weir/internal/rates"
	"weir/internal/unit"
)

// Distances in pixels.
const (
	sideMargin  = 16
	textSize    = 12
	titleSize   = 15
	rowHeight   = 18
	tickSpace   = 84 // that a label of the axis of time wants
	valueSpace  = 46 // and one of the rates
	footHeight  = 40
	panelSpace  = 26
	manyMarks   = 40 // of which the smallest are not drawn
	swatchWidth = 18
)

// A scene is a chart on its way onto a canvas.
type scene struct {
	*Chart
	Options
	theme
	pen
	hues []int
}

// paint draws a chart on a canvas.
func paint(on canvas, c *Chart, o Options) {
	t := themeOf(o.Dark)
	s := &scene{Chart: c, Options: o, theme: t, hues: hues(c.Series), pen: pen{
		on: on, height: float64(o.Height), fonts: font.NewCache(liberation.Collection()),
	}}
	width, height := float64(o.Width), float64(o.Height)
	s.rectangle(t.ground, 0, 0, width, height)
	top := s.head(width)
	panels := s.panels()
	if s.Stack {
		top += rowHeight // the name of the first panel stands above it
	}
	left := sideMargin + s.gutter(panels)
	right, foot := width-sideMargin, height-footHeight
	each := (foot - top - float64(len(panels)-1)*panelSpace) / float64(len(panels))
	for i := range panels {
		p := &panels[i]
		p.x0, p.x1 = left, right
		p.y0 = top + float64(i)*(each+panelSpace)
		p.y1 = p.y0 + each
		s.panel(p, i == len(panels)-1)
	}
}

// A panel is a grid with lines in it.
type panel struct {
	scale
	windows        []int // which lines of each series
	x0, x1, y0, y1 float64
}

// panels returns them with their scales.
func (s *scene) panels() []panel {
	var all []panel
	if s.Stack {
		for i := range s.Windows {
			all = append(all, panel{windows: []int{i}})
		}
	} else {
		one := panel{}
		for i := range s.Windows {
			one.windows = append(one.windows, i)
		}
		all = append(all, one)
	}
	room := (float64(s.Height) - 120) / float64(len(all))
	most := int(min(8, max(2, room/valueSpace)))
	for i := range all {
		all[i].scale = s.scaleOf(all[i].windows, most)
	}
	return all
}

// scaleOf returns the scale on which the lines of the windows, and the threshold, have room.
func (s *scene) scaleOf(windows []int, most int) scale {
	lo, hi, least := 0.0, math.NaN(), math.NaN()
	see := func(v float64) {
		if math.IsNaN(v) {
			return
		}
		lo = min(lo, v)
		if !(v <= hi) {
			hi = v
		}
		if v > 0 && !(v >= least) {
			least = v
		}
	}
	for i := range s.Series {
		for _, w := range windows {
			for _, p := range s.Series[i].Lines[w].Points {
				see(p.Value)
			}
		}
	}
	if s.Threshold > 0 {
		see(s.Threshold)
	}
	return newScale(lo, hi, least, s.Log, most)
}

// gutter is how much room the figures left of the panels need.
func (s *scene) gutter(panels []panel) float64 {
	most := 0.0
	for i := range panels {
		for _, v := range panels[i].ticks {
			most = max(most, s.wide(short(v), s.small()))
		}
	}
	return most + 8
}

func (s *scene) small() script { return script{color: s.muted, size: textSize} }

// head draws the title and the legend, and returns where they end.
func (s *scene) head(width float64) float64 {
	y := 26.0
	corner := s.small()
	corner.align = 1
	what := "requests per second"
	if len(s.Windows) == 1 {
		what += ", over " + unit.Span(s.Windows[0])
	}
	note := what + " · " + s.zoneName()
	title := script{color: s.ink, size: titleSize, bold: true}
	name := clean(s.Title)
	room := width - 3*sideMargin - s.wide(note, corner)
	if room < 80 { // a narrow picture: the note has a line of its own
		room = width - 2*sideMargin
	}
	for text := []rune(name); s.wide(name, title) > room && len(text) > 1; name = string(text) + "..." {
		text = text[:len(text)-1]
	}
	s.write(name, sideMargin, y, title)
	if room == width-2*sideMargin {
		y += rowHeight
	}
	s.write(note, width-sideMargin, y, corner)
	return s.legend(width, y+rowHeight+4) + 14
}

// An entry is a piece of the legend.
type entry struct {
	draw         func(x, y float64)
	name, figure string
}

// legend draws the entries, one after the other as long as there is room in the row. It
// returns the base line of the last row.
func (s *scene) legend(width, y float64) float64 {
	x := float64(sideMargin)
	for _, e := range s.entries() {
		name, figure := script{color: s.ink, size: textSize, bold: true}, s.small()
		from := swatchWidth + 6 + s.wide(e.name, name)
		if e.name != "" {
			from += 6
		}
		wide := from + s.wide(e.figure, figure)
		if x > sideMargin && x+wide > width-sideMargin {
			x, y = sideMargin, y+rowHeight
		}
		e.draw(x, y-4)
		s.write(e.name, x+swatchWidth+6, y, name)
		s.write(e.figure, x+from, y, figure)
		x += wide + 22
	}
	return y
}

func (s *scene) entries() []entry {
	var all []entry
	sample := func(k stroke) func(x, y float64) {
		return func(x, y float64) { s.line(k, spot{x, y}, spot{x + swatchWidth, y}) }
	}
	for i := range s.Series {
		l := &s.Series[i].Lines[s.Main]
		figure := "last " + short(l.Last) + "  mean " + short(l.Mean) + "  max " + short(l.Max)
		if math.IsNaN(l.Max) {
			figure = "no rate: it needs " + unit.Span(s.Windows[s.Main]) + " of counters"
		}
		k := s.strokeOf(i, s.Main)
		k.width, k.dash, k.color.A = 3, nil, 255
		all = append(all, entry{sample(k), clean(s.Series[i].Name), figure})
	}
	if len(s.Windows) > 1 && !s.Stack {
		for w, window := range s.Windows {
			k := s.strokeOf(0, w)
			k.color = faint(s.ink, k.color.A)
			all = append(all, entry{sample(k), "", "over " + unit.Span(window)})
		}
	}
	if s.Threshold > 0 {
		all = append(all, entry{sample(s.limit()), "", "threshold " + rate(s.Threshold)})
	}
	if len(s.Alerts) > 0 {
		all = append(all, entry{func(x, y float64) {
			s.rectangle(faint(s.alert, 40), x, y-5, x+swatchWidth, y+5)
			s.triangle(s.alert, x+swatchWidth/2, y, 5)
		}, "", "alert"})
	}
	if len(s.Resets) > 0 {
		all = append(all, entry{func(x, y float64) { s.triangle(s.ink, x+swatchWidth/2, y, 5) }, "", "restart"})
	}
	if len(s.Gaps) > 0 {
		all = append(all, entry{func(x, y float64) { s.rectangle(s.gap, x, y-5, x+swatchWidth, y+5) }, "", "no data"})
	}
	return all
}

func (s *scene) limit() stroke { return stroke{color: s.alert, width: 1.2, dash: []float64{6, 4}} }

// strokeOf is how the line of a series over a window looks: of several windows the shortest is
// thin and pale, the longest of three or more thick and dashed.
func (s *scene) strokeOf(series, window int) stroke {
	k := stroke{color: s.lines[s.hues[series]%len(s.lines)], width: 1.6}
	if s.Stack || len(s.Windows) == 1 {
		return k
	}
	switch {
	case window == 0:
		k.color.A, k.width = 110, 1
	case window == len(s.Windows)-1 && window > 1:
		k.width, k.dash = 2.4, []float64{7, 4}
	}
	return k
}

// triangle draws one that points up.
func (s *scene) triangle(c color.NRGBA, x, y, size float64) {
	s.area(c, spot{x - size, y + size}, spot{x + size, y + size}, spot{x, y - size})
}

// x is where a time lies.
func (s *scene) x(p *panel, at int64) float64 {
	if s.To <= s.From {
		return (p.x0 + p.x1) / 2
	}
	f := float64(at-s.From) / float64(s.To-s.From)
	return p.x0 + max(0, min(1, f))*(p.x1-p.x0)
}

// y is how high a rate lies.
func (p *panel) y(v float64) float64 { return p.y1 - p.at(v)*(p.y1-p.y0) }

func (s *scene) panel(p *panel, lowest bool) {
	for _, g := range s.Gaps {
		s.gapBand(p, g)
	}
	for _, a := range s.Alerts {
		s.alertBand(p, a)
	}
	s.grid(p, lowest)
	for _, a := range s.Alerts {
		s.alertEdges(p, a)
	}
	s.restarts(p)
	for n, w := range p.windows {
		for i := range s.Series {
			s.curve(p, s.Series[i].Lines[w].Points, s.strokeOf(i, w))
		}
		if s.Stack && n == 0 {
			s.write("over "+unit.Span(s.Windows[w]), p.x0, p.y0-6, script{color: s.ink, size: textSize, bold: true})
		}
	}
	if s.Threshold > 0 {
		if y := p.y(s.Threshold); !math.IsNaN(y) {
			s.line(s.limit(), spot{p.x0, y}, spot{p.x1, y})
		}
	}
}

func (s *scene) gapBand(p *panel, g rates.Span) {
	x0, x1 := s.x(p, g.From), s.x(p, g.To)
	if x1-x0 < 1 {
		if len(s.Gaps) > manyMarks {
			return // they would paint the whole panel
		}
		x1 = x0 + 1
	}
	s.rectangle(s.gap, x0, p.y0, x1, p.y1)
	text := "no data " + unit.Span(time.Duration(g.To-g.From)*time.Millisecond)
	label := script{color: s.muted, size: textSize - 1, align: 0.5}
	if s.wide(text, label)+8 < x1-x0 {
		s.write(text, (x0+x1)/2, p.y0+14, label)
	}
}

func (s *scene) alertBand(p *panel, a rates.Span) {
	to := a.To
	if to == 0 {
		to = s.To
	}
	if to >= s.From && a.From <= s.To {
		x0, x1 := s.x(p, a.From), s.x(p, to)
		s.rectangle(faint(s.alert, 28), x0, p.y0, max(x1, x0+1), p.y1)
	}
}

// alertEdges marks when an alert fired and when it recovered, as far as that is shown.
func (s *scene) alertEdges(p *panel, a rates.Span) {
	edge := stroke{color: faint(s.alert, 150), width: 1}
	if a.From >= s.From && a.From <= s.To {
		x := s.x(p, a.From)
		s.line(edge, spot{x, p.y0}, spot{x, p.y1})
		s.triangle(s.alert, x, p.y0+5, 5)
	}
	if a.To >= s.From && a.To <= s.To {
		x := s.x(p, a.To)
		s.line(edge, spot{x, p.y0}, spot{x, p.y1})
		s.area(s.alert, spot{x - 5, p.y0}, spot{x + 5, p.y0}, spot{x, p.y0 + 10})
	}
}

// grid draws the lines of the scale and the axis of time.
func (s *scene) grid(p *panel, lowest bool) {
	thin := stroke{color: s.mesh, width: 1}
	figure := s.small()
	figure.align = 1
	for _, v := range p.ticks {
		y := math.Round(p.y(v)) + 0.5
		s.line(thin, spot{p.x0, y}, spot{p.x1, y})
		s.write(short(v), p.x0-6, y+4, figure)
	}
	label := s.small()
	label.align = 0.5
	for _, t := range timeTicks(s.From, s.To, s.zone(), int((p.x1-p.x0)/tickSpace)) {
		x := math.Round(s.x(p, t.at)) + 0.5
		s.line(thin, spot{x, p.y0}, spot{x, p.y1 + 4})
		if !lowest {
			continue
		}
		half := s.wide(t.label, label) / 2
		s.write(t.label, min(x, float64(s.Width)-half-2), p.y1+17, label)
		half = s.wide(t.date, label) / 2
		s.write(t.date, max(half+2, min(x, float64(s.Width)-half-2)), p.y1+31, label)
	}
	zero := p.y1
	if !p.log && p.lo < 0 {
		zero = p.y(0)
	}
	y := math.Round(zero) + 0.5
	s.line(stroke{color: s.muted, width: 1}, spot{p.x0, y}, spot{p.x1, y})
}

// restarts marks where counters began anew, those at the same time once.
func (s *scene) restarts(p *panel) {
	var at []int64
	for _, r := range s.Resets {
		if r.At >= s.From && r.At <= s.To && !slices.Contains(at[max(0, len(at)-8):], r.At) {
			at = append(at, r.At)
		}
	}
	for _, t := range at {
		x := math.Round(s.x(p, t)) + 0.5
		if len(at) <= manyMarks {
			s.line(stroke{color: s.muted, width: 1, dash: []float64{2, 3}}, spot{x, p.y0}, spot{x, p.y1})
		}
		s.triangle(s.ink, x, p.y1-5, 5)
	}
}

// curve draws a line from break to break. What stands alone is a dot.
func (s *scene) curve(p *panel, points []rates.Point, k stroke) {
	var run []spot
	flush := func() {
		if len(run) == 1 {
			a := run[0]
			s.rectangle(k.color, a.x-1.5, a.y-1.5, a.x+1.5, a.y+1.5)
		}
		s.line(k, run...)
		run = run[:0]
	}
	for _, pt := range points {
		y := p.y(pt.Value)
		if math.IsNaN(y) {
			flush()
			continue
		}
		run = append(run, spot{s.x(p, pt.At), y})
	}
	flush()
}
