package traffic

import (
	"bytes"
	"slices"

	"weir/internal/sketch"
)

// A table counts the hits of the keys of one dimension in bounded memory.
//
//	slots    [hash 32|index 32] [0] [..] ...     open addressing, half empty
//	entries  {hash hits missed bytes ...} ...     in the order of their coming
//	keys     /a/index.html/b/...                  one after the other
//
// Nothing in it is a pointer, so the garbage collector has nothing to walk.
//
// Up to limit keys, of meanKey bytes on average, are counted exactly. When
// another comes, all whose upper bound, hits + missed, is not above the median
// of all bounds are dropped, and base becomes that median: no key without an
// entry has had more hits than base. A key that comes (again) is counted from
// there, with base as what it may have missed. So for every key
//
//	hits <= truth <= hits + missed, missed <= base
//
// and a key with more than base hits is in the table. Of N hits in all base is
// 2 N / limit at most, as long as it is keys that fill the table and not their
// bytes. These are the
// counters of Misra and Gries (1982) in the form of Anderson et al. ("A
// High-Performance Algorithm for Identifying Frequent Items in Data Streams",
// 2017), hits + missed - base, with one thing added: since missed is kept for
// each row, a row that was there from the beginning is exact, and all its
// figures are those of the same hits. A heap (Space-Saving) was rejected:
// 285 ns a hit with 10,000 keys.
type table struct {
	slots   []uint64
	entries []entry
	keys    []byte
	coarse  []sketch.Coarse // as entries, once one has a latency
	details []detail        // of sections
	free    []uint16        // details not in use
	limit   int
	meanKey int // bytes
	base    int64
	touched int64 // what touch has read, so that it is not optimised away
}

type entry struct {
	hash     uint64
	hits     int64
	missed   int64
	bytes    int64
	errors   int64
	notFound int64
	key      uint32 // where it begins in keys
	len      uint16
	detail   uint16 // 1 + index in details; 0 = none
}

// bound is how many hits the key has had at most.
func (e *entry) bound() int64 { return sum(e.hits, e.missed) }

// detail is what a section has more than other rows.
type detail struct {
	latency  sketch.Histogram
	visitors sketch.Distinct
}

const (
	// maxDetails is the number of sections of a Tally with latency histograms
	// and visitors of their own; others have a coarse latency only.
	maxDetails = 256
	// sectionPrecision makes the visitors of a section exact up to 256, and
	// 1.6 % off, as a standard error, beyond.
	sectionPrecision = 12
	// stride is how many records are folded into a table at a time: enough
	// that their cache misses overlap, and few enough to stay in the cache.
	stride = 64
)

// fold counts the keys of a column of b.
func (tb *table) fold(b *Batch, keys []key) {
	for len(keys) > 0 {
		part := keys[:min(len(keys), stride)]
		tb.touch(part)
		for i := range part {
			k := &part[i]
			tb.count(tb.row(k.hash, b.bytes(k)), &b.hits[k.at])
		}
		keys = keys[len(part):]
	}
}

// touch reads what fold is about to change. The reads do not depend on one
// another, so the processor has many of them under way at once.
func (tb *table) touch(keys []key) {
	if len(tb.slots) == 0 {
		return
	}
	var at [stride]uint32
	mask := uint64(len(tb.slots) - 1)
	for i := range keys {
		at[i&(stride-1)] = uint32(tb.slots[keys[i].hash&mask])
	}
	sum := int64(0)
	for i := range keys {
		if n := at[i&(stride-1)]; n > 0 {
			e := &tb.entries[n-1]
			sum += e.hits + int64(tb.keys[e.key])
		}
	}
	tb.touched = sum
}

// row finds or makes the entry of a key.
func (tb *table) row(hash uint64, key []byte) int {
	if i := tb.find(hash, key); i >= 0 {
		return i
	}
	return tb.insert(hash, key)
}

// find returns the index of the entry of a key, -1 where there is none.
func (tb *table) find(hash uint64, key []byte) int {
	if len(tb.slots) == 0 {
		return -1
	}
	mask := uint64(len(tb.slots) - 1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := tb.slots[i]
		if s == 0 {
			return -1
		}
		if s>>32 == hash>>32 {
			e := &tb.entries[uint32(s)-1]
			if e.hash == hash && bytes.Equal(tb.keys[e.key:e.key+uint32(e.len)], key) {
				return int(uint32(s) - 1)
			}
		}
	}
}

// insert makes the entry of a key that has none, and room for it if needed.
func (tb *table) insert(hash uint64, key []byte) int {
	if len(tb.entries) >= tb.limit || !tb.fits(key) {
		tb.purge()
	}
	if 2*(len(tb.entries)+1) > len(tb.slots) {
		tb.slots = make([]uint64, max(64, 2*len(tb.slots)))
		for i := range tb.entries {
			tb.place(i)
		}
	}
	tb.entries = append(tb.entries, entry{hash: hash, missed: tb.base, key: uint32(len(tb.keys)), len: uint16(len(key))})
	// A zero byte, so that touch may read the first byte of an empty key.
	tb.keys = append(append(tb.keys, key...), 0)
	if tb.coarse != nil {
		tb.coarse = append(tb.coarse, sketch.Coarse{})
	}
	i := len(tb.entries) - 1
	tb.place(i)
	return i
}

// fits reports whether there is room for the bytes of a key.
func (tb *table) fits(key []byte) bool {
	return len(tb.keys)+len(key) < tb.limit*tb.meanKey+maxKey
}

// place enters entry i, which is in no slot, into the slots.
func (tb *table) place(i int) {
	hash := tb.entries[i].hash
	mask := uint64(len(tb.slots) - 1)
	at := hash & mask
	for tb.slots[at] != 0 {
		at = (at + 1) & mask
	}
	tb.slots[at] = hash>>32<<32 | uint64(i+1)
}

// count counts h in entry i.
func (tb *table) count(i int, h *hit) {
	e := &tb.entries[i]
	e.hits++
	e.bytes = sum(e.bytes, h.bytes)
	switch {
	case h.status >= 500 && h.status < 600:
		e.errors++
	case h.status == 404:
		e.notFound++
	}
	if h.micros >= 0 {
		tb.latency(i).Add(h.micros)
	}
}

// foldSections counts the sections of b, each with its detail.
func (tb *table) foldSections(b *Batch) {
	keys := b.columns[sectionColumn]
	for i := range keys {
		k := &keys[i]
		h := &b.hits[k.at]
		at := tb.find(k.hash, b.bytes(k))
		if at < 0 {
			at = tb.insert(k.hash, b.bytes(k))
			tb.entries[at].detail = tb.newDetail()
		}
		tb.count(at, h)
		if n := tb.entries[at].detail; n > 0 {
			d := &tb.details[n-1]
			d.visitors.Add(h.visitor)
			if h.micros >= 0 {
				d.latency.Add(h.micros)
			}
		}
	}
}

// newDetail returns 1 + the index of an empty detail, 0 where all are in use.
func (tb *table) newDetail() uint16 {
	if n := len(tb.free); n > 0 {
		got := tb.free[n-1]
		tb.free = tb.free[:n-1]
		return got
	}
	if len(tb.details) >= maxDetails {
		return 0
	}
	tb.details = append(tb.details, detail{visitors: sketch.Distinct{Precision: sectionPrecision}})
	return uint16(len(tb.details))
}

// dropDetail gives the detail of entry e back.
func (tb *table) dropDetail(e *entry) {
	if e.detail == 0 {
		return
	}
	d := &tb.details[e.detail-1]
	d.latency.Reset()
	d.visitors.Reset()
	tb.free = append(tb.free, e.detail)
	e.detail = 0
}

// purge drops at least half of the entries: all whose bound is not above the
// median. Whether the table then holds the most frequent keys does not depend
// on the order of entries or the seed of a hash.
func (tb *table) purge() {
	for done := false; !done; done = len(tb.keys) <= tb.limit*tb.meanKey {
		bounds := make([]int64, len(tb.entries))
		for i := range tb.entries {
			bounds[i] = tb.entries[i].bound()
		}
		// Rows of a Frame may lie below the base it has: that of the best row
		// it left out.
		tb.base = max(tb.base, median(bounds))
		tb.keepAbove(tb.base)
	}
	clear(tb.slots)
	for i := range tb.entries {
		tb.place(i)
	}
}

// keepAbove drops the entries whose bound is not above base, in place. Keys lie
// in the order of their entries, so none is overwritten before it is moved.
func (tb *table) keepAbove(base int64) {
	n, end := 0, 0
	for i := range tb.entries {
		e := tb.entries[i]
		if e.bound() <= base {
			tb.dropDetail(&e)
			continue
		}
		size := int(e.len) + 1
		copy(tb.keys[end:], tb.keys[e.key:int(e.key)+size])
		e.key = uint32(end)
		end += size
		if tb.coarse != nil {
			tb.coarse[n] = tb.coarse[i]
		}
		tb.entries[n] = e
		n++
	}
	tb.entries, tb.keys = tb.entries[:n], tb.keys[:end]
	if tb.coarse != nil {
		tb.coarse = tb.coarse[:n]
	}
}

// merge adds all that o counted. What a key has missed in the one is what the
// other, where it has no entry for it, may have dropped.
func (tb *table) merge(o *table) {
	tb.raiseBase(o.base)
	for j := range o.entries {
		from := &o.entries[j]
		key := o.key(from)
		i := tb.find(from.hash, key)
		fresh := i < 0
		if fresh {
			i = tb.insert(from.hash, key)
		}
		tb.add(i, from, o.base)
		if o.coarse != nil {
			tb.latency(i).Merge(&o.coarse[j])
		}
		tb.mergeDetail(&tb.entries[i], from, o, fresh)
	}
}

// raiseBase notes that a table which is to be added may have dropped keys of so
// many hits.
func (tb *table) raiseBase(base int64) {
	if base == 0 {
		return
	}
	for i := range tb.entries {
		tb.entries[i].missed = sum(tb.entries[i].missed, base)
	}
	tb.base = sum(tb.base, base)
}

// add adds the counts of from, an entry of a table with that base, to entry i.
func (tb *table) add(i int, from *entry, base int64) {
	e := &tb.entries[i]
	// Whether it was there or not, base is in missed as if the other table had no
	// entry; it has one.
	e.missed = sum(max(0, e.missed-base), from.missed)
	e.hits = sum(e.hits, from.hits)
	e.bytes = sum(e.bytes, from.bytes)
	e.errors = sum(e.errors, from.errors)
	e.notFound = sum(e.notFound, from.notFound)
}

// latency returns the coarse latency of entry i.
func (tb *table) latency(i int) *sketch.Coarse {
	if tb.coarse == nil {
		tb.coarse = make([]sketch.Coarse, len(tb.entries), cap(tb.entries))
	}
	return &tb.coarse[i]
}

// mergeDetail adds the detail of from. A row has a detail of all its hits or
// none at all.
func (tb *table) mergeDetail(e, from *entry, o *table, fresh bool) {
	switch {
	case from.detail == 0:
		tb.dropDetail(e)
		return
	case fresh:
		e.detail = tb.newDetail()
	}
	if e.detail > 0 {
		d, f := &tb.details[e.detail-1], &o.details[from.detail-1]
		d.latency.Merge(&f.latency)
		d.visitors.Merge(&f.visitors)
	}
}

// key returns the key of an entry, valid until the table is changed.
func (tb *table) key(e *entry) []byte {
	end := e.key + uint32(e.len)
	return tb.keys[e.key:end:end]
}

// reset empties the table and keeps its memory. It costs what was used.
func (tb *table) reset() {
	if len(tb.entries) < len(tb.slots)/8 {
		tb.unplace()
	} else {
		clear(tb.slots)
	}
	for i := range tb.entries {
		if tb.entries[i].detail == 0 {
			continue
		}
		tb.dropDetail(&tb.entries[i])
	}
	tb.entries, tb.keys, tb.base, tb.limit, tb.meanKey = tb.entries[:0], tb.keys[:0], 0, 0, 0
	if tb.coarse != nil {
		tb.coarse = tb.coarse[:0]
	}
}

// unplace empties the slots that are in use, which are few.
func (tb *table) unplace() {
	mask := uint64(len(tb.slots) - 1)
	for i := range tb.entries {
		for at := tb.entries[i].hash & mask; tb.slots[at] != 0; at = (at + 1) & mask {
			tb.slots[at] = 0
		}
	}
}

// median returns the lower median of values, which it reorders.
func median(values []int64) int64 { return nth(values, (len(values)-1)/2) }

// nth returns what would be values[k] if they were sorted. It reorders them.
func nth(values []int64, k int) int64 {
	for depth := 0; len(values) > 32 && depth < 64; depth++ {
		pivot := middle(values[0], values[len(values)/2], values[len(values)-1])
		below, above := partition(values, pivot)
		switch {
		case k < below:
			values = values[:below]
		case k < above:
			return pivot
		default:
			values, k = values[above:], k-above
		}
	}
	// Few values, or ones that were chosen to make bad pivots.
	slices.Sort(values)
	return values[k]
}

func middle(a, b, c int64) int64 { return max(min(a, b), min(max(a, b), c)) }

// partition puts what is below pivot first and what is above it last; equal
// values are those in [below, above).
func partition(values []int64, pivot int64) (below, above int) {
	above = len(values)
	for i := 0; i < above; {
		switch v := values[i]; {
		case v < pivot:
			values[i], values[below] = values[below], v
			below++
			i++
		case v > pivot:
			above--
			values[i], values[above] = values[above], v
		default:
			i++
		}
	}
	return below, above
}
