package plot

import (
	"fmt"
	"math"
	"strings"
	"time"

	"weir/internal/rates"
	"weir/internal/unit"
)

// Screen says how a preview looks.
type Screen struct {
	Cells, Lines int  // of the terminal
	Color        bool // may be used
	Blocks       bool // columns of blocks, where a font has no braille
	Log          bool
}

// Preview returns the chart as text for a terminal: for each series its figures, and below them
// its line over the Main window, in braille, four dots high and two wide a cell. All of it
// can be read without colour.
func Preview(c *Chart, o Screen) string {
	v := &preview{Chart: c, Screen: o}
	v.Cells = max(40, v.Cells)
	v.rows = max(3, min(12, (max(v.Lines, 16)-6)/max(1, len(c.Series))-2))
	v.hues = hues(c.Series)
	v.head()
	for i := range c.Series {
		v.series(i)
	}
	v.axis()
	v.events()
	return v.text.String()
}

// PreviewColumns is how many points a line of a preview can have, in a terminal so wide.
func PreviewColumns(cells int) int { return 2 * (max(40, cells) - gutterCells) }

// gutterCells is what figures take, left of the lines.
const gutterCells = 8

// mostEvents of a kind are told below a preview.
const mostEvents = 5

type preview struct {
	*Chart
	Screen
	rows int // of cells, for each series
	hues []int
	text strings.Builder
}

func (v *preview) head() {
	what := "requests per second, over " + unit.Span(v.Windows[v.Main])
	v.paint("1", clean(v.Title))
	fmt.Fprintf(&v.text, "  %s, %s\n", what, v.zoneName())
}

// paint writes text with a terminal sequence around it.
func (v *preview) paint(code, text string) {
	if !v.Color {
		v.text.WriteString(text)
		return
	}
	fmt.Fprintf(&v.text, "\x1b[%sm%s\x1b[0m", code, text)
}

// code is the colour of a series.
func (v *preview) code(i int) string {
	return []string{"32", "34", "33", "35", "37", "36", "31", "36"}[v.hues[i]%8]
}

func (v *preview) series(i int) {
	s := &v.Series[i]
	l := &s.Lines[v.Main]
	v.paint("1;"+v.code(i), clean(s.Name))
	if math.IsNaN(l.Max) {
		fmt.Fprintf(&v.text, "  no rate: it needs %s of counters without a gap\n", unit.Span(v.Windows[v.Main]))
		return
	}
	fmt.Fprintf(&v.text, "  last %s  mean %s  max %s at %s", rate(l.Last), rate(l.Mean), rate(l.Max), v.moment(l.MaxAt))
	for w, window := range v.Windows {
		if w != v.Main {
			fmt.Fprintf(&v.text, "  over %s: last %s, max %s", unit.Span(window), rate(s.Lines[w].Last), rate(s.Lines[w].Max))
		}
	}
	v.text.WriteString("\n")
	least := math.NaN()
	for _, p := range l.Points {
		if p.Value > 0 && !(p.Value >= least) {
			least = p.Value
		}
	}
	scale := newScale(min(0, l.Min), l.Max, least, v.Log, max(2, v.rows/2))
	cells := v.Cells - gutterCells
	var drawn []string
	if v.Blocks {
		drawn = v.blocks(l.Points, &scale, cells)
	} else {
		drawn = v.braille(l.Points, &scale, cells)
	}
	for row, line := range drawn {
		label := ""
		switch row {
		case 0:
			label = short(scale.hi)
		case v.rows - 1:
			label = short(scale.lo)
		}
		line = strings.TrimRight(line, " ")
		switch {
		case line != "":
			fmt.Fprintf(&v.text, "%*s ", gutterCells-1, label)
			v.paint(v.code(i), line)
		case label != "":
			fmt.Fprintf(&v.text, "%*s", gutterCells-1, label)
		}
		v.text.WriteString("\n")
	}
}

// column is where a time lies among so many.
func (v *preview) column(at int64, columns int) int {
	if v.To <= v.From {
		return columns / 2
	}
	return max(0, min(columns-1, int(float64(at-v.From)/float64(v.To-v.From)*float64(columns))))
}

// braille draws a line of dots.
func (v *preview) braille(points []rates.Point, s *scale, cells int) []string {
	const across, down = 2, 4
	wide, high := cells*across, v.rows*down
	dots := make([]bool, wide*high)
	place := func(p rates.Point) (x, y int, ok bool) {
		at := s.at(p.Value)
		if math.IsNaN(at) {
			return 0, 0, false
		}
		return v.column(p.At, wide), high - 1 - int(math.Round(at*float64(high-1))), true
	}
	joined, x0, y0 := false, 0, 0
	for _, p := range points {
		x, y, ok := place(p)
		if !ok {
			joined = false
			continue
		}
		if !joined {
			x0, y0 = x, y
		}
		steps := max(x-x0, max(y-y0, y0-y), 1)
		for k := range steps + 1 {
			f := float64(k) / float64(steps)
			dx, dy := x0+int(math.Round(f*float64(x-x0))), y0+int(math.Round(f*float64(y-y0)))
			dots[dy*wide+dx] = true
		}
		joined, x0, y0 = true, x, y
	}
	// The eight dots of a cell, as bits of the code point (Unicode 2800).
	bit := [down][across]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}
	lines := make([]string, v.rows)
	for row := range lines {
		var b strings.Builder
		for cell := range cells {
			r := rune(0)
			for y := range down {
				for x := range across {
					if dots[(row*down+y)*wide+cell*across+x] {
						r |= bit[y][x]
					}
				}
			}
			if r == 0 {
				b.WriteByte(' ') // an empty cell of braille shows as dots in some fonts
			} else {
				b.WriteRune(0x2800 + r)
			}
		}
		lines[row] = b.String()
	}
	return lines
}

// blocks draws a column for each cell, as high as the largest value in it.
func (v *preview) blocks(points []rates.Point, s *scale, cells int) []string {
	highest := make([]float64, cells)
	for i := range highest {
		highest[i] = math.NaN()
	}
	last := -1
	before := math.NaN()
	for _, p := range points {
		at := s.at(p.Value)
		if math.IsNaN(at) {
			last = -1
			continue
		}
		x := v.column(p.At, cells)
		if last >= 0 { // between two points the line is straight
			for k := last + 1; k < x; k++ {
				f := float64(k-last) / float64(x-last)
				highest[k] = before + f*(at-before)
			}
		}
		if !(at <= highest[x]) {
			highest[x] = at
		}
		last, before = x, at
	}
	full := []rune(" ▁▂▃▄▅▆▇█")
	lines := make([]string, v.rows)
	for row := range lines {
		var b strings.Builder
		for _, at := range highest {
			eighths := 0
			if !math.IsNaN(at) {
				eighths = int(math.Round(at*float64(v.rows*8))) - (v.rows-1-row)*8
				if row == v.rows-1 {
					eighths = max(1, eighths) // known, if nothing
				}
			}
			b.WriteRune(full[max(0, min(8, eighths))])
		}
		lines[row] = b.String()
	}
	return lines
}

// axis writes the times below the lines.
func (v *preview) axis() {
	cells := v.Cells - gutterCells
	line, labels, dates := blank(v.Cells, gutterCells, '-'), blank(v.Cells, v.Cells, ' '), blank(v.Cells, v.Cells, ' ')
	put := func(row []byte, at int, text string) {
		at = max(0, min(at, len(row)-len(text)))
		if at > 0 && row[at-1] != ' ' || len(text) > len(row) {
			return
		}
		copy(row[at:], text)
	}
	for _, t := range timeTicks(v.From, v.To, v.zone(), max(2, cells/14)) {
		at := gutterCells + v.column(t.at, cells)
		line[at] = '+'
		put(labels, at-len(t.label)/2, t.label)
		put(dates, at-len(t.label)/2, t.date)
	}
	for _, row := range [][]byte{line, labels, dates} {
		if text := strings.TrimRight(string(row), " "); text != "" {
			v.text.WriteString(text + "\n")
		}
	}
}

// blank is a row of cells: spaces up to from, then what.
func blank(cells, from int, what byte) []byte {
	row := make([]byte, cells)
	for i := range row {
		row[i] = ' '
		if i >= from {
			row[i] = what
		}
	}
	return row
}

// events tells what a picture would mark.
func (v *preview) events() {
	var rows []string
	many := func(n int, one func(i int) string, what string) {
		for i := range min(n, mostEvents) {
			rows = append(rows, one(i))
		}
		if n > mostEvents {
			rows = append(rows, fmt.Sprintf("... and %d more %s", n-mostEvents, unit.Plural(int64(n-mostEvents), what)))
		}
	}
	many(len(v.Alerts), func(i int) string {
		a := v.Alerts[i]
		text := "alert from " + v.moment(a.From)
		if a.To == 0 {
			return text + " on"
		}
		return text + " to " + v.moment(a.To) + " (" + apart(a) + ")"
	}, "alert")
	resets := together(v.Resets)
	many(len(resets), func(i int) string {
		return "restart at " + v.moment(resets[i].At) + " (" + resets[i].Name + ")"
	}, "restart")
	many(len(v.Gaps), func(i int) string {
		g := v.Gaps[i]
		return "no data from " + v.moment(g.From) + " to " + v.moment(g.To) + " (" + apart(g) + ")"
	}, "gap")
	for _, r := range rows {
		v.text.WriteString(r + "\n")
	}
}

// together joins the names of counters that began anew at the same time. Marks are in the
// order of time.
func together(all []rates.Mark) []rates.Mark {
	var out []rates.Mark
	for _, r := range all {
		if n := len(out); n > 0 && out[n-1].At == r.At {
			out[n-1].Name += ", " + clean(r.Name)
			continue
		}
		out = append(out, rates.Mark{At: r.At, Name: clean(r.Name)})
	}
	return out
}

func apart(s rates.Span) string {
	return unit.Span(time.Duration(s.To-s.From) * time.Millisecond)
}
