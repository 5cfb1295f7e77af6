package drive

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// The measures of the picture, in pixels.
const (
	pictureWide  = 860
	panelHigh    = 230 // of lines alone
	panelLeft    = 70
	panelRight   = 40
	panelTop     = 46
	panelBottom  = 44
	panelColumns = pictureWide - panelLeft - panelRight
)

// pictureStyle has the colours, light and dark as whoever looks at it has chosen.
const pictureStyle = `<style>
svg { background: #fff; font: 13px system-ui, "Liberation Sans", Arial, sans-serif; fill: #1d2329 }
.title { font-size: 15px; font-weight: 600 } .muted { fill: #66707a } .mesh { stroke: #e4e7eb } .line { fill: none; stroke-width: 1.6 } .under { stroke-width: 4; opacity: 0.6 }
.a { stroke: #1f6fc4 } .b { stroke: #d98200 } .fa { fill: #1f6fc4 } .fb { fill: #d98200 } .end { text-anchor: end } .mid { text-anchor: middle }
@media (prefers-color-scheme: dark) { svg { background: #14181d; fill: #e6e9ed } .muted { fill: #98a2ad } .mesh { stroke: #2b323a }
.a { stroke: #5aa9f0 } .b { stroke: #f2b134 } .fa { fill: #5aa9f0 } .fb { fill: #f2b134 } }
</style>
`

// A panel is one of the parts of the picture.
type panel struct {
	text strings.Builder
	top  float64 // of the lines
}

// SVG returns a picture: what was asked for and what was sent in each second, and the
// percentiles of the latency and the service. It needs nothing from elsewhere.
func (r *Report) SVG() []byte {
	var b strings.Builder
	high := 2 * (panelTop + panelHigh + panelBottom)
	if r.Course == nil {
		high /= 2
	}
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\">\n", pictureWide, high, pictureWide, high)
	fmt.Fprintf(&b, "<title>%s</title>\n%s", html.EscapeString(r.title()+" "+r.spanned()), pictureStyle)
	top := 0.0
	if r.Course != nil {
		b.WriteString(r.ratePanel(top))
		top += panelTop + panelHigh + panelBottom
	}
	b.WriteString(r.percentilePanel(top))
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

// HTML returns the report as a page that needs nothing from elsewhere.
func (r *Report) HTML() []byte {
	var b strings.Builder
	title := html.EscapeString(r.title())
	fmt.Fprintf(&b, `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>weir trafficgen: %s</title>
<style>:root { color-scheme: light dark } body { font: 15px/1.5 system-ui, Arial, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em } svg { max-width: 100%%; height: auto } pre { overflow-x: auto }</style>
</head><body>
<h1>%s</h1>
<p>Begun %s, weir %s</p>
%s<pre>%s</pre>
</body></html>
`, title, title, r.Begun.Format(time.RFC3339), html.EscapeString(r.Version), r.SVG(), html.EscapeString(r.Text()))
	return []byte(b.String())
}

// newPanel begins a panel below so many pixels.
func newPanel(below float64, title string, legend [2]string) *panel {
	p := &panel{top: below + panelTop}
	fmt.Fprintf(&p.text, "<text class=\"title\" x=\"%d\" y=\"%.0f\">%s</text>\n", panelLeft, below+22, html.EscapeString(title))
	for i, name := range legend {
		fmt.Fprintf(&p.text, "<text class=\"f%c\" x=\"%d\" y=\"%.0f\">%s</text>\n", 'a'+i, pictureWide-230+i*120, below+22, name)
	}
	return p
}

// level draws a line of the mesh at a height, 0 at the bottom to 1, with its figure.
func (p *panel) level(at float64, label string) {
	y := p.y(at)
	fmt.Fprintf(&p.text, "<path class=\"mesh\" d=\"M%d %.1fH%d\"/><text class=\"muted end\" x=\"%d\" y=\"%.1f\">%s</text>\n", panelLeft, y, pictureWide-panelRight, panelLeft-8, y+4, label)
}

// mark writes what a place from left, 0, to right, 1, is.
func (p *panel) mark(at float64, label string) {
	x := panelLeft + at*panelColumns
	fmt.Fprintf(&p.text, "<path class=\"mesh\" d=\"M%.1f %.1fv%d\"/><text class=\"muted mid\" x=\"%.1f\" y=\"%.1f\">%s</text>\n", x, p.top, panelHigh, x, p.top+panelHigh+18, label)
}

func (p *panel) y(at float64) float64 { return p.top + (1-min(max(at, 0), 1))*panelHigh }

// line draws a line of points, each from 0 to 1 across and upwards.
func (p *panel) line(class string, points [][2]float64) {
	var d strings.Builder
	for i, at := range points {
		fmt.Fprintf(&d, "%c%.1f %.1f", "ML"[min(i, 1)], panelLeft+at[0]*panelColumns, p.y(at[1]))
	}
	fmt.Fprintf(&p.text, "<path class=\"line %s\" d=\"%s\"/>\n", class, d.String())
}

// ratePanel draws the seconds.
func (r *Report) ratePanel(below float64) string {
	p := newPanel(below, "Requests a second", [2]string{"sent", "asked for"})
	most := int32(1)
	for k, n := range r.Course.Due {
		most = max(most, n, r.Course.Sent[k])
	}
	step := niceStep(float64(most) / 5)
	top := math.Ceil(float64(most)/step) * step
	for v := 0.0; v <= top*1.0001; v += step {
		p.level(v/top, unit.Count(int64(v)))
	}
	seconds := float64(len(r.Course.Due))
	every := niceSeconds(seconds / 8)
	for at := 0.0; at <= seconds; at += every {
		p.mark(at/seconds, unit.Span(time.Duration(at)*time.Second))
	}
	p.line("b under", columnsOf(r.Course.Due, top)) // most of the time both are the same
	p.line("a", columnsOf(r.Course.Sent, top))
	return p.text.String()
}

// columnsOf makes points of seconds; where there are more than pixels, the least and the most of
// each pixel, so that no peak is lost.
func columnsOf(all []int32, top float64) [][2]float64 {
	columns := min(len(all), panelColumns)
	var points [][2]float64
	for c := range columns {
		part := all[c*len(all)/columns : (c+1)*len(all)/columns]
		least, most := part[0], part[0]
		for _, n := range part {
			least, most = min(least, n), max(most, n)
		}
		x := (float64(c) + 0.5) / float64(columns)
		points = append(points, [2]float64{x, float64(least) / top})
		if most > least {
			points = append(points, [2]float64{x, float64(most) / top})
		}
	}
	return points
}

// percentilePanel draws percentiles, the further right the more nines they have.
func (r *Report) percentilePanel(below float64) string {
	p := newPanel(below, "Milliseconds by percentile", [2]string{"latency", "service"})
	h := &r.Latency
	if h.Count == 0 {
		return p.text.String() + fmt.Sprintf("<text class=\"muted\" x=\"%d\" y=\"%.0f\">no answers</text>\n", panelLeft, p.top+20)
	}
	// Up to the nine behind which there is one request.
	nines := max(math.Ceil(math.Log10(float64(h.Count))), 1)
	low := math.Floor(math.Log10(max(min(r.value(h, 0), r.value(&r.Service, 0)), 1e-3)))
	high := math.Ceil(math.Log10(max(h.Max, r.Service.Max, math.Pow(10, low+1))))
	for e := low; e <= high; e++ {
		p.level((e-low)/(high-low), strconv.FormatFloat(math.Pow(10, e), 'g', -1, 64))
	}
	p.mark(0, "p0")
	for n := 1.0; n <= nines; n++ {
		p.mark(n/nines, "p"+strconv.FormatFloat(100*(1-math.Pow(10, -n)), 'f', max(int(n)-2, 0), 64))
	}
	for _, l := range []struct {
		class string
		d     *Distribution
	}{{"b", &r.Service}, {"a", h}} {
		if l.d.Count == 0 {
			continue
		}
		var points [][2]float64
		const steps = panelColumns / 2
		for i := range steps + 1 {
			x := float64(i) / steps
			v := r.value(l.d, 1-math.Pow(10, -x*nines))
			points = append(points, [2]float64{x, (math.Log10(max(v, 1e-9)) - low) / (high - low)})
		}
		p.line(l.class, points)
	}
	return p.text.String()
}

// value is a quantile in milliseconds.
func (r *Report) value(d *Distribution, q float64) float64 { return float64(d.Quantile(q)) / 1e6 }

// niceStep is the first of 1, 2, 5, 10, 20 ... that is not below x.
func niceStep(x float64) float64 {
	scale := math.Pow(10, math.Floor(math.Log10(max(x, 1))))
	for _, m := range []float64{1, 2, 5} {
		if m*scale >= x {
			return m * scale
		}
	}
	return 10 * scale
}

// niceSeconds is a step of whole seconds, minutes or hours that is not below x.
func niceSeconds(x float64) float64 {
	for _, s := range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200} {
		if s >= x {
			return s
		}
	}
	return 4 * 3600
}
