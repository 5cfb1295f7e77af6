package traffic

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"
)

// tallyVersion is that of the binary form of a Tally:
//
//	version  hits bytes classes malformed   (class and malformed: 7 numbers)
//	statuses: how many, then of each the step from the one before and its hits
//	latency  visitors                       the forms of package sketch
//	of each dimension: bound, rows, then of each row
//	  key  hits missed bytes errors notFound  parts  [coarse] [latency visitors]
//
// Numbers are varints, a key has its length in front. Rows are sorted, most
// hits first, ties by key, so equal Tallies have equal bytes.
const tallyVersion = 1

// Which parts a row has besides its numbers.
const (
	hasCoarse = 1 << iota
	hasDetail
	knownParts = hasCoarse | hasDetail
)

// AppendBinary appends the binary form of t to b. Tallies that tell the same
// have the same bytes.
func (t *Tally) AppendBinary(b []byte) []byte { return t.appendBinary(b, 0) }

// Details returns how many sections have visitors and a fine latency. They are
// what takes most memory for its bytes.
func (t *Tally) Details() int {
	return len(t.tables[BySection].details) - len(t.tables[BySection].free)
}

// AppendExact appends what t counted that is exact whatever was merged and
// takes few bytes: hits, bytes, statuses, latency. Visitors and rows are left
// out.
func (t *Tally) AppendExact(b []byte) []byte { return t.appendExact(append(b, tallyVersion)) }

// SetExact replaces in t what AppendExact wrote to b. With an error t is of no
// use.
func (t *Tally) SetExact(b []byte) error {
	if len(b) == 0 || b[0] != tallyVersion {
		return errDamaged("its version")
	}
	t.Second, t.Malformed, t.Statuses = Second{}, 0, [1000]int64{}
	t.Latency.Reset()
	r := reader{b: b[1:]}
	if err := t.decodeExact(&r); err != nil {
		return err
	}
	if len(r.b) > 0 {
		return errDamaged("what follows its end")
	}
	return nil
}

// appendBinary appends the binary form of t to b, with no more than so many
// rows of each dimension; all where rows is 0.
func (t *Tally) appendBinary(b []byte, rows int) []byte {
	b = t.appendExact(append(b, tallyVersion))
	b = t.visitors.AppendBinary(b)
	for d := range t.tables {
		b = t.tables[d].appendBinary(b, rows)
	}
	return b
}

func (t *Tally) appendExact(b []byte) []byte {
	b = appendNumbers(b, t.Hits, t.Bytes)
	b = appendNumbers(b, t.Classes[:]...)
	b = appendNumbers(b, t.Malformed)
	n := 0
	for _, hits := range t.Statuses {
		if hits > 0 {
			n++
		}
	}
	b = binary.AppendUvarint(b, uint64(n))
	last := 0
	for code, hits := range t.Statuses {
		if hits > 0 {
			b = appendNumbers(b, int64(code-last), hits)
			last = code
		}
	}
	return t.Latency.AppendBinary(b)
}

func appendNumbers(b []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		b = binary.AppendUvarint(b, uint64(n))
	}
	return b
}

func (tb *table) appendBinary(b []byte, rows int) []byte {
	order, bound := tb.best(rows)
	b = appendNumbers(b, bound, int64(len(order)))
	for _, i := range order {
		e := &tb.entries[i]
		b = binary.AppendUvarint(b, uint64(e.len))
		b = append(b, tb.key(e)...)
		b = appendNumbers(b, e.hits, e.missed, e.bytes, e.errors, e.notFound)
		parts := byte(0)
		if tb.coarse != nil && tb.coarse[i].Count() > 0 {
			parts |= hasCoarse
		}
		if e.detail > 0 {
			parts |= hasDetail
		}
		b = append(b, parts)
		if parts&hasCoarse != 0 {
			b = tb.coarse[i].AppendBinary(b)
		}
		if parts&hasDetail != 0 {
			d := &tb.details[e.detail-1]
			b = d.latency.AppendBinary(b)
			b = d.visitors.AppendBinary(b)
		}
	}
	return b
}

// best returns the entries with the most hits, ties by key, and the most hits
// a key that is not among them can have.
func (tb *table) best(rows int) (order []int32, bound int64) {
	order = make([]int32, len(tb.entries))
	for i := range order {
		order[i] = int32(i)
	}
	if rows > 0 && len(order) > rows {
		// Most rows are far from the best: what has fewer hits than the last
		// of these need not be sorted.
		hits := make([]int64, len(order))
		for i := range tb.entries {
			hits[i] = tb.entries[i].hits
		}
		least := nth(hits, len(hits)-rows)
		order = slices.DeleteFunc(order, func(i int32) bool { return tb.entries[i].hits < least })
	}
	slices.SortFunc(order, func(a, b int32) int {
		x, y := &tb.entries[a], &tb.entries[b]
		if c := cmp.Compare(y.hits, x.hits); c != 0 {
			return c
		}
		return bytes.Compare(tb.key(x), tb.key(y))
	})
	bound = tb.base
	if rows == 0 || len(tb.entries) <= rows {
		return order, bound
	}
	order = order[:rows]
	kept := make([]bool, len(tb.entries))
	for _, i := range order {
		kept[i] = true
	}
	for i := range tb.entries {
		if e := &tb.entries[i]; !kept[i] {
			bound = max(bound, e.bound())
		}
	}
	return order, bound
}

// mergeBinary adds what the binary form of a Tally holds, as Merge adds the Tally
// it was written of. What is told of an error is found while it is added, so then t
// holds a part. Reading it into a Tally of its own first took three times as long.
func (t *Tally) mergeBinary(b []byte, seen *hashes) error {
	if len(b) == 0 || b[0] != tallyVersion {
		return errDamaged("its version")
	}
	r := reader{b: b[1:]}
	if err := t.decodeExact(&r); err != nil {
		return err
	}
	var err error
	if r.b, err = t.visitors.MergeBinary(r.b); err != nil {
		return err
	}
	for d := range dimensions {
		if err := t.table(d).mergeBinary(&r, seen, d); err != nil {
			return err
		}
	}
	if len(r.b) > 0 {
		return errDamaged("what follows its end")
	}
	return nil
}

// decodeExact adds what appendExact wrote.
func (t *Tally) decodeExact(r *reader) error {
	var s Second
	s.Hits, s.Bytes = r.number(), r.number()
	for i := range s.Classes {
		s.Classes[i] = r.number()
	}
	t.Second.Add(s)
	t.Malformed = sum(t.Malformed, r.number())
	code, last := int64(0), int64(-1)
	for n := r.number(); n > 0 && !r.failed; n-- {
		code += r.number()
		hits := r.number()
		if code == last || code < 0 || code >= int64(len(t.Statuses)) || hits == 0 {
			return errDamaged("a status")
		}
		t.Statuses[code] = sum(t.Statuses[code], hits)
		last = code
	}
	if r.failed {
		return errDamaged("a number")
	}
	var err error
	r.b, err = t.Latency.MergeBinary(r.b)
	return err
}

// mergeBinary adds the rows of a table of dimension d in its binary form, as merge
// adds those of a table.
func (tb *table) mergeBinary(r *reader, seen *hashes, d Dimension) error {
	base, rows := r.number(), r.number()
	if r.failed || rows > int64(d.MaxRows()) {
		return errDamaged("a table")
	}
	tb.raiseBase(base)
	seen.reset(int(rows))
	keys, details := 0, 0
	for ; rows > 0; rows-- {
		key := r.bytes()
		if r.failed || len(key) > maxKey {
			return errDamaged("a key")
		}
		hash := maphash.Bytes(keySeed, key)
		if keys += len(key) + 1; keys > d.MaxRows()*d.MeanKey()+maxKey {
			return errDamaged("a table with too many long keys")
		}
		if !seen.add(hash) {
			return errDamaged("a key that comes twice")
		}
		from := entry{hits: r.number(), missed: r.number(), bytes: r.number(), errors: r.number(), notFound: r.number()}
		parts := r.byte()
		if r.failed || parts&^knownParts != 0 || from.hits > math.MaxInt64-from.missed || from.missed > base {
			return errDamaged("a row")
		}
		if parts&hasDetail != 0 {
			if details++; details > maxDetails || d != BySection {
				return errDamaged("a table with too many details")
			}
		}
		i := tb.find(hash, key)
		fresh := i < 0
		if fresh {
			i = tb.insert(hash, key)
		}
		tb.add(i, &from, base)
		if err := tb.mergeParts(r, i, parts, fresh); err != nil {
			return err
		}
	}
	return nil
}

// mergeParts adds what a row has besides its numbers.
func (tb *table) mergeParts(r *reader, i int, parts byte, fresh bool) (err error) {
	if parts&hasCoarse != 0 {
		if r.b, err = tb.latency(i).MergeBinary(r.b); err != nil {
			return err
		}
	}
	e := &tb.entries[i]
	if parts&hasDetail == 0 {
		tb.dropDetail(e)
		return nil
	}
	if fresh {
		e.detail = tb.newDetail()
	}
	var unwanted detail
	into := &unwanted
	if e.detail > 0 {
		into = &tb.details[e.detail-1]
	}
	if r.b, err = into.latency.MergeBinary(r.b); err != nil {
		return err
	}
	if len(r.b) > 1 && r.b[1] != sectionPrecision {
		return errDamaged("the visitors of a section")
	}
	r.b, err = into.visitors.MergeBinary(r.b)
	return err
}

// hashes tell keys apart, those of a frame at most.
type hashes struct{ slots []uint64 }

// reset empties h, for n keys.
func (h *hashes) reset(n int) {
	size := 64
	for size < 2*n {
		size *= 2
	}
	if cap(h.slots) < size {
		h.slots = make([]uint64, size)
	}
	h.slots = h.slots[:size]
	clear(h.slots)
}

// add reports whether hash is new.
func (h *hashes) add(hash uint64) bool {
	hash |= 1 // 0 is a free slot; its low bit is none that tells two keys apart
	mask := uint64(len(h.slots) - 1)
	at := hash >> 1 & mask
	for ; h.slots[at] != 0; at = (at + 1) & mask {
		if h.slots[at] == hash {
			return false
		}
	}
	h.slots[at] = hash
	return true
}

// A reader takes numbers off the front of b until one cannot be read.
type reader struct {
	b      []byte
	failed bool
}

// number reads a number from 0 to the largest int64.
func (r *reader) number() int64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || v > math.MaxInt64 {
		r.failed, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return int64(v)
}

func (r *reader) byte() byte {
	if len(r.b) == 0 {
		r.failed = true
		return 0
	}
	c := r.b[0]
	r.b = r.b[1:]
	return c
}

func (r *reader) bytes() []byte {
	n := r.number()
	if n > int64(len(r.b)) {
		r.failed = true
		return nil
	}
	got := r.b[:n]
	r.b = r.b[n:]
	return got
}
