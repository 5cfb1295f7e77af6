package traffic

import (
	"cmp"
	"slices"

	"weir/internal/accesslog"
	"weir/internal/sketch"
)

// Top returns the n rows of dimension d with the most hits, ties by key. The
// rows are copies; their latency histograms are valid until t is changed.
func (t *Tally) Top(d Dimension, n int) []Row {
	return t.top(d, n, func(r *Row) int64 { return r.Hits })
}

// TopErrors returns the n rows with the most 5xx answers, without those that
// have none.
func (t *Tally) TopErrors(d Dimension, n int) []Row {
	return t.top(d, n, func(r *Row) int64 { return r.Errors })
}

// TopNotFound returns the n rows with the most 404 answers, without those that
// have none.
func (t *Tally) TopNotFound(d Dimension, n int) []Row {
	return t.top(d, n, func(r *Row) int64 { return r.NotFound })
}

// Row returns the row of one key; its hits are 0 where there is none.
func (t *Tally) Row(d Dimension, key string) Row {
	tb := &t.tables[d]
	if i, ok := tb.index[key]; ok {
		return tb.rows[i]
	}
	return Row{Key: key}
}

// Others returns the hits of all keys beyond MaxRows as one row without a key.
func (t *Tally) Others(d Dimension) Row { return t.tables[d].others }

// Rows calls yield for every row of d, in no order, until it returns false.
func (t *Tally) Rows(d Dimension, yield func(*Row) bool) {
	rows := t.tables[d].rows
	for i := range rows {
		if !yield(&rows[i]) {
			return
		}
	}
}

// top keeps the best n in a small sorted slice: n is small, while the table may
// have thousands of rows that need no order.
func (t *Tally) top(d Dimension, n int, by func(*Row) int64) []Row {
	less := func(a, b Row) int {
		if c := cmp.Compare(by(&b), by(&a)); c != 0 {
			return c
		}
		return cmp.Compare(a.Key, b.Key)
	}
	var best []Row
	t.Rows(d, func(r *Row) bool {
		if by(r) == 0 || len(best) == n && (n == 0 || less(*r, best[n-1]) > 0) {
			return true
		}
		at, _ := slices.BinarySearchFunc(best, *r, less)
		if len(best) == n {
			best = best[:n-1]
		}
		best = slices.Insert(best, at, *r)
		return true
	})
	return best
}

// add counts a record under key. micros is its latency, or negative where the
// row keeps none.
func (tb *table) add(key []byte, r *accesslog.Record, micros int64) {
	row := tb.row(key)
	row.Hits++
	row.Bytes = sum(row.Bytes, r.Bytes)
	if Class(r.Status) == 5 {
		row.Errors++
	}
	if r.Status == 404 {
		row.NotFound++
	}
	if micros < 0 {
		return
	}
	if row.Latency == nil {
		if len(tb.rows) > MaxLatencyRows/max(1, tb.share) {
			return
		}
		row.Latency = new(sketch.Histogram)
	}
	row.Latency.Add(micros)
}

// row finds or makes the row of key; beyond MaxRows it is the row of others.
func (tb *table) row(key []byte) *Row {
	if len(key) > maxKey {
		key = key[:maxKey]
	}
	if i, ok := tb.index[string(key)]; ok {
		return &tb.rows[i]
	}
	return tb.insert(string(key))
}

func (tb *table) insert(key string) *Row {
	share := max(1, tb.share)
	if len(tb.rows) >= MaxRows/share || tb.bytes+len(key) > MaxKeyBytes/share {
		return &tb.others
	}
	tb.bytes += len(key)
	if tb.index == nil {
		tb.index = map[string]int32{}
	}
	tb.index[key] = int32(len(tb.rows))
	tb.rows = append(tb.rows, Row{Key: key})
	return &tb.rows[len(tb.rows)-1]
}

func (tb *table) merge(o *table) {
	for i := range o.rows {
		r := &o.rows[i]
		var row *Row
		if j, ok := tb.index[r.Key]; ok {
			row = &tb.rows[j]
		} else {
			row = tb.insert(r.Key)
		}
		row.add(r)
		if r.Latency != nil && (row.Latency != nil || len(tb.rows) <= MaxLatencyRows) {
			if row.Latency == nil {
				row.Latency = new(sketch.Histogram)
			}
			row.Latency.Merge(r.Latency)
		}
	}
	tb.others.add(&o.others)
}

// add adds the counts of o, latency apart.
func (r *Row) add(o *Row) {
	r.Hits += o.Hits
	r.Bytes = sum(r.Bytes, o.Bytes)
	r.Errors += o.Errors
	r.NotFound += o.NotFound
}

func (tb *table) reset() {
	clear(tb.index)
	clear(tb.rows)
	tb.rows = tb.rows[:0]
	tb.others, tb.bytes, tb.share = Row{}, 0, 0
}
