package report

import (
	"slices"
	"strings"
	"time"

	"weir/internal/escape"
	"weir/internal/unit"
	"weir/internal/view"
)

// kind says what the rows of a table are.
type kind uint8

const (
	ofRequests kind = iota
	ofSections
	ofAgents  // whose beginnings are alike
	ofSome    // of those requests that have such a key at all
	ofPlaces  // of clients, each of which may have been dropped
	ofAnswers // of one status, so that a share of errors says nothing
	ofCounts  // of which only the hits are known
)

const (
	// leastKey is how many cells of a key are worth more than another column.
	leastKey     = 16
	leastAgent   = 50
	hitCells     = 11
	shareCells   = 7
	visitorCells = 9
)

// A column is a figure of each row, which is a R. Text longer than its cells is
// shortened.
type column[R any] struct {
	title string
	cells int
	text  func(*R) string
	// leave: the columns of the highest number are left away first where a page
	// is narrow, those of 0 never.
	leave int
}

// table writes rows under a header, which is the title; nothing when there are
// none. whole is the number of hits that shares are of.
func (p *page) table(title string, t view.Table, k kind, whole int64) {
	if len(t.Rows) == 0 {
		return
	}
	least := leastKey
	if k == ofAgents {
		least = leastAgent
	}
	cols, key := fitted(columns(t.Rows, k, whole), p.width-len(indent), least)
	p.end()
	p.paint(bold, title)
	head := strings.Repeat(" ", max(0, key+len(indent)-len(title)))
	for _, c := range cols {
		head += right(c.title, c.cells)
	}
	p.paint(dim, head)
	p.end()
	for i := range t.Rows {
		r := &t.Rows[i]
		p.add(indent)
		p.left(view.Name(r.Key), key)
		for _, c := range cols {
			p.add(right(c.text(r), c.cells))
		}
		p.end()
	}
	if t.Rest > 0 {
		who := others(t, k)
		if len(who) > key-2 {
			who = "others"
		}
		p.paint(dim, indent+"… "+pad(who, key-2)+right(hitsText("", t.Rest), hitCells)+right(unit.Percent(t.Rest, whole), shareCells))
		p.end()
	}
	switch {
	case t.Bound > 0 && k == ofPlaces:
		p.sentence(dim, indent, "(of the clients counted one by one, all others are in the rest: one of those has "+unit.Count(t.Bound)+" "+unit.Plural(t.Bound, "hit")+" at most)")
	case t.Bound > 0:
		p.sentence(dim, indent, "(more keys than are counted one by one: one that is not has "+unit.Count(t.Bound)+" "+unit.Plural(t.Bound, "hit")+" at most)")
	}
}

// others says whose hits are those of no row.
func others(t view.Table, k kind) string {
	n := int64(t.Keys - len(t.Rows))
	switch {
	case n <= 0 && t.Bound > 0:
		return "others"
	case n <= 0:
		return "none given"
	}
	text := unit.Count(n) + " " + unit.Plural(n, "other")
	if t.Bound > 0 {
		text = "at least " + text
	}
	if k == ofSome {
		text += " or none"
	}
	return text
}

// fitted leaves columns away until there is room for a key of the least cells,
// and returns how many of the cells it has.
func fitted[R any](cols []column[R], cells, least int) ([]column[R], int) {
	for {
		key, last := cells, 0
		for i, c := range cols {
			key -= c.cells
			if c.leave > cols[last].leave {
				last = i
			}
		}
		if key >= least || cols[last].leave == 0 {
			return cols, key
		}
		cols = slices.Delete(cols, last, last+1)
	}
}

// columns are those of a table on a page of any width.
func columns(rows []view.Row, k kind, whole int64) []column[view.Row] {
	cols := []column[view.Row]{
		{"hits", hitCells, func(r *view.Row) string { return hitsText(unit.About(r.Missed > 0), r.Hits) }, 0},
		{"share", shareCells, func(r *view.Row) string { return unit.Percent(r.Hits, whole) }, 0},
	}
	if k == ofCounts {
		return cols
	}
	if k == ofSections {
		cols = append(cols, column[view.Row]{"visitors", visitorCells, visitors, 1})
	} else {
		cols = append(cols, column[view.Row]{"bytes", 9, func(r *view.Row) string { return unit.Bytes(r.Bytes) }, 1})
	}
	if k != ofAnswers {
		cols = append(cols, column[view.Row]{"5xx", 7, func(r *view.Row) string { return unit.Percent(r.Errors, r.Hits) }, 0})
	}
	timed := false
	for i := range rows {
		timed = timed || rows[i].Latency != nil
	}
	if !timed {
		return cols
	}
	cells := 9
	if k == ofSections {
		cells = 8 // three of them, which are rarely coarse
	}
	quantile := func(title string, leave int, of func(*view.Latency) time.Duration) column[view.Row] {
		return column[view.Row]{title, cells, func(r *view.Row) string {
			if r.Latency == nil {
				return unit.None
			}
			return unit.About(r.Latency.Coarse) + unit.Duration(of(r.Latency))
		}, leave}
	}
	if k == ofSections {
		cols = append(cols, quantile("p50", 2, func(l *view.Latency) time.Duration { return l.P50 }))
	}
	leave := 0
	if k == ofAgents {
		leave = 2
	}
	cols = append(cols, quantile("p90", leave, func(l *view.Latency) time.Duration { return l.P90 }))
	if k == ofSections {
		cols = append(cols, quantile("p99", 3, func(l *view.Latency) time.Duration { return l.P99 }))
	}
	return cols
}

func hitsText(mark string, n int64) string {
	if text := mark + unit.Count(n); len(text) < hitCells {
		return text
	}
	return mark + unit.Short(n)
}

func visitors(r *view.Row) string {
	if r.Visitors < 0 {
		return unit.None
	}
	text := unit.About(r.VisitorsEstimated) + unit.Count(r.Visitors)
	if len(text) >= visitorCells {
		text = unit.About(r.VisitorsEstimated) + unit.Short(r.Visitors)
	}
	return text
}

// right aligns one of our own figures, with a space before it.
func right(text string, cells int) string {
	if len(text) >= cells {
		text = strings.ReplaceAll(text, " ", "")
	}
	if len(text) > cells {
		cut, _ := escape.AppendCut(nil, []byte(text), cells)
		return string(cut)
	}
	return strings.Repeat(" ", cells-len(text)) + text
}
