package traffic

import (
	"weir/internal/accesslog"
	"weir/internal/sketch"
)

// A Tally counts everything that is told about an open stretch of time, in
// bounded memory.
//
// Any split of the records into Tallies that are then merged, in any order,
// counts the same as one Tally: exactly all that is no row, and every table
// whose keys are no more than MaxRows, nor longer on average than MeanKey; of
// more than 256 sections, which of them have visitors and a fine latency may
// depend on the order. In a table of more keys every figure of a row is that of
// at least all its hits but Missed, and Bound says what a key without a row can
// have. The zero value is ready and empty. A Tally belongs
// to one goroutine, Fold of different Shards apart, and keeps no view into
// what it was given.
type Tally struct {
	Second                     // hits, bytes, status classes
	Malformed int64            // hits whose request field was no HTTP
	Statuses  [1000]int64      // by status code; 0 = none
	Latency   sketch.Histogram // microseconds

	visitors sketch.Distinct
	tables   [dimensions]table
	part     int // the tables have 1/part of the rows; 0 is 1
	one      Batch
}

// Limit makes t, which must be empty, count 1/part of MaxRows keys one by one,
// as one of many Tallies in memory at the same time.
func (t *Tally) Limit(part int) { t.part = part }

// Add counts the record r, whose section is section. Whoever has many records
// puts them into a Batch, which is faster.
func (t *Tally) Add(r *accesslog.Record, section []byte) {
	t.one.Reset(nil)
	t.one.add(r, r.Path(), section)
	t.Fold(&t.one)
}

// Fold counts all records of b.
func (t *Tally) Fold(b *Batch) {
	for s := range Shard(Shards) {
		t.FoldShard(b, s)
	}
}

// FoldShard counts all records of b in one Shard of t. All Shards must get the
// same Batches in the same order.
func (t *Tally) FoldShard(b *Batch, s Shard) {
	switch s {
	case exactShard:
		t.foldExact(b)
		t.table(BySection).foldSections(b)
	case pathShard:
		t.table(ByPath).fold(b, b.columns[pathColumn])
		t.foldBadPaths(b)
	case clientShard:
		t.table(ByClient).fold(b, b.columns[clientColumn])
		t.table(ByUser).fold(b, b.columns[userColumn])
		t.table(ByHost).fold(b, b.columns[hostColumn])
	case agentShard:
		t.table(ByAgent).fold(b, b.columns[agentColumn])
		t.table(ByReferrer).fold(b, b.columns[referrerColumn])
		t.table(ByMethod).foldRuns(b, b.columns[methodColumn])
		t.table(ByProtocol).foldRuns(b, b.columns[protocolColumn])
	}
}

// foldExact counts all that is no row.
func (t *Tally) foldExact(b *Batch) {
	for i := range b.hits {
		h := &b.hits[i]
		t.Hits++
		t.Bytes = sum(t.Bytes, h.bytes)
		t.Statuses[h.status]++
		t.Classes[Class(int(h.status))]++
		if h.malformed {
			t.Malformed++
		}
		if h.micros >= 0 {
			t.Latency.Add(h.micros)
		}
		t.visitors.Add(h.visitor)
	}
}

// foldBadPaths counts the paths of answers 404 and 5xx.
func (t *Tally) foldBadPaths(b *Batch) {
	missing, failing := t.table(ByNotFound), t.table(ByServerError)
	keys := b.columns[pathColumn]
	for i := range keys {
		k := &keys[i]
		h := &b.hits[k.at]
		switch {
		case h.status == 404:
			missing.count(missing.row(k.hash, b.bytes(k)), h)
		case h.status >= 500 && h.status < 600:
			failing.count(failing.row(k.hash, b.bytes(k)), h)
		}
	}
}

// foldRuns counts keys most of which are equal to the one before.
func (tb *table) foldRuns(b *Batch, keys []key) {
	last, hash := 0, uint64(0)
	for i := range keys {
		k := &keys[i]
		if i == 0 || k.hash != hash {
			last, hash = tb.row(k.hash, b.bytes(k)), k.hash
		}
		tb.count(last, &b.hits[k.at])
	}
}

// table returns the table of a dimension, with its limit.
func (t *Tally) table(d Dimension) *table {
	tb := &t.tables[d]
	if tb.limit == 0 {
		tb.limit, tb.meanKey = max(16, d.MaxRows()/max(1, t.part)), d.MeanKey()
	}
	return tb
}

// Visitors returns the number of distinct pairs of client and agent; it is an
// estimate, with a standard error of 0.8 %, where exact is false.
func (t *Tally) Visitors() (n int64, exact bool) { return t.visitors.Count() }

// Keys returns the number of rows of a dimension. exact is false when keys
// were dropped.
func (t *Tally) Keys(d Dimension) (n int, exact bool) {
	return len(t.tables[d].entries), t.tables[d].base == 0
}

// Bound returns how many hits a key of d that has no row can have had at most.
// It is 0 where every key has a row.
func (t *Tally) Bound(d Dimension) int64 { return t.tables[d].base }

// Merge adds all that o counted; o is not changed.
func (t *Tally) Merge(o *Tally) {
	t.Second.Add(o.Second)
	t.Malformed = sum(t.Malformed, o.Malformed)
	for i, n := range o.Statuses {
		t.Statuses[i] = sum(t.Statuses[i], n)
	}
	t.Latency.Merge(&o.Latency)
	t.visitors.Merge(&o.visitors)
	for d := range dimensions {
		t.table(d).merge(&o.tables[d])
	}
}

// Reset empties t and keeps its memory.
func (t *Tally) Reset() {
	t.Second, t.Malformed, t.part = Second{}, 0, 0
	clear(t.Statuses[:])
	t.Latency.Reset()
	t.visitors.Reset()
	for d := range t.tables {
		t.tables[d].reset()
	}
}
