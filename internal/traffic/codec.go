package traffic

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"hash/maphash"
	"math"
	"slices"

	"weir/internal/sketch"
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

// decode reads the binary form of a Tally into t, which is empty.
func (t *Tally) decode(b []byte) error {
	if len(b) == 0 || b[0] != tallyVersion {
		return errDamaged("its version")
	}
	r := reader{b: b[1:]}
	if err := t.decodeExact(&r); err != nil {
		return err
	}
	var err error
	if t.visitors, r.b, err = sketch.DecodeDistinct(r.b); err != nil {
		return err
	}
	for d := range dimensions {
		if err := t.table(d).decode(&r); err != nil {
			return err
		}
		if d != BySection && len(t.tables[d].details) > 0 {
			return errDamaged("a table with details that only sections have")
		}
	}
	if len(r.b) > 0 {
		return errDamaged("what follows its end")
	}
	return nil
}

// decodeExact reads what appendExact wrote into t, where all of it is empty.
func (t *Tally) decodeExact(r *reader) error {
	t.Hits, t.Bytes = r.number(), r.number()
	for i := range t.Classes {
		t.Classes[i] = r.number()
	}
	t.Malformed = r.number()
	code := int64(0)
	for n := r.number(); n > 0 && !r.failed; n-- {
		code += r.number()
		hits := r.number()
		if code < 0 || code >= int64(len(t.Statuses)) || hits == 0 || t.Statuses[code] != 0 {
			return errDamaged("a status")
		}
		t.Statuses[code] = hits
	}
	if r.failed {
		return errDamaged("a number")
	}
	var err error
	t.Latency, r.b, err = sketch.DecodeHistogram(r.b)
	return err
}

// decode reads the rows of a table, which is empty.
func (tb *table) decode(r *reader) error {
	tb.base = r.number()
	rows := r.number()
	if r.failed || rows > int64(tb.limit) {
		return errDamaged("a table")
	}
	base := tb.base
	for ; rows > 0; rows-- {
		key := r.bytes()
		if r.failed || len(key) > maxKey {
			return errDamaged("a key")
		}
		hash := maphash.Bytes(keySeed, key)
		if !tb.fits(key) {
			return errDamaged("a table with too many long keys")
		}
		if tb.find(hash, key) >= 0 {
			return errDamaged("a key that comes twice")
		}
		i := tb.insert(hash, key)
		e := &tb.entries[i]
		e.hits, e.missed, e.bytes, e.errors, e.notFound = r.number(), r.number(), r.number(), r.number(), r.number()
		parts := r.byte()
		if r.failed || parts&^knownParts != 0 || e.hits > math.MaxInt64-e.missed || e.missed > base {
			return errDamaged("a row")
		}
		if err := tb.decodeParts(r, i, parts); err != nil {
			return err
		}
	}
	return nil
}

func (tb *table) decodeParts(r *reader, i int, parts byte) error {
	var err error
	if parts&hasCoarse != 0 {
		if tb.coarse == nil {
			tb.coarse = make([]sketch.Coarse, len(tb.entries), cap(tb.entries))
		}
		if tb.coarse[i], r.b, err = sketch.DecodeCoarse(r.b); err != nil {
			return err
		}
	}
	if parts&hasDetail == 0 {
		return nil
	}
	return tb.decodeDetail(r, i, sketch.DecodeDistinct)
}

// decodeDetail reads what section i has more than other rows.
func (tb *table) decodeDetail(r *reader, i int, visitors func([]byte) (sketch.Distinct, []byte, error)) error {
	n := tb.newDetail()
	if n == 0 {
		return errDamaged("a table with too many details")
	}
	tb.entries[i].detail = n
	d := &tb.details[n-1]
	var err error
	if d.latency, r.b, err = sketch.DecodeHistogram(r.b); err != nil {
		return err
	}
	if d.visitors, r.b, err = visitors(r.b); err != nil {
		return err
	}
	if d.visitors.Precision != sectionPrecision {
		return errDamaged("the visitors of a section")
	}
	return nil
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
