package traffic

import (
	"bytes"
	"cmp"
	"slices"

	"weir/internal/sketch"
)

// A Row is what a Tally knows of one key. All figures are those of the same
// hits: all there were but Missed ones at most.
type Row struct {
	Key      string
	Hits     int64
	Missed   int64 // hits that may have come before the table had room for it
	Bytes    int64
	Errors   int64 // 5xx
	NotFound int64 // 404

	// What follows is nil where it is not kept, valid until the Tally is
	// changed, and read only.
	Latency  *sketch.Histogram // microseconds; of sections, with all their hits
	Coarse   *sketch.Coarse    // microseconds
	Visitors *sketch.Distinct  // of sections
}

// Top returns the n rows of dimension d with the most hits, ties by key.
func (t *Tally) Top(d Dimension, n int) []Row {
	return t.top(d, n, func(e *entry) int64 { return e.hits })
}

// TopErrors returns the n rows with the most 5xx answers, without those that
// have none.
func (t *Tally) TopErrors(d Dimension, n int) []Row {
	return t.top(d, n, func(e *entry) int64 { return e.errors })
}

// TopNotFound returns the n rows with the most 404 answers, without those that
// have none.
func (t *Tally) TopNotFound(d Dimension, n int) []Row {
	return t.top(d, n, func(e *entry) int64 { return e.notFound })
}

// Rows calls yield for every row of d, in the order of their coming, until it
// returns false.
func (t *Tally) Rows(d Dimension, yield func(*Row) bool) {
	tb := &t.tables[d]
	for i := range tb.entries {
		r := tb.read(i)
		if !yield(&r) {
			return
		}
	}
}

// top keeps the best n in a small sorted slice: n is small, while the table may
// have thousands of rows that need no order.
func (t *Tally) top(d Dimension, n int, by func(*entry) int64) []Row {
	tb := &t.tables[d]
	compare := func(a, b int) int {
		x, y := &tb.entries[a], &tb.entries[b]
		if c := cmp.Compare(by(y), by(x)); c != 0 {
			return c
		}
		return bytes.Compare(tb.key(x), tb.key(y))
	}
	var best []int
	for i := range tb.entries {
		if by(&tb.entries[i]) == 0 || len(best) == n && (n == 0 || compare(i, best[n-1]) > 0) {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, i, compare)
		if len(best) == n {
			best = best[:n-1]
		}
		best = slices.Insert(best, at, i)
	}
	rows := make([]Row, len(best))
	for k, i := range best {
		rows[k] = tb.read(i)
	}
	return rows
}

func (tb *table) read(i int) Row {
	e := &tb.entries[i]
	r := Row{
		Key: string(tb.key(e)), Hits: e.hits, Missed: e.missed, Bytes: e.bytes,
		Errors: e.errors, NotFound: e.notFound,
	}
	if tb.coarse != nil && tb.coarse[i].Count() > 0 {
		r.Coarse = &tb.coarse[i]
	}
	if e.detail > 0 {
		d := &tb.details[e.detail-1]
		r.Visitors = &d.visitors
		if d.latency.Count() > 0 {
			r.Latency = &d.latency
		}
	}
	return r
}
