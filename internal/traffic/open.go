package traffic

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/maphash"
	"math"
	"slices"

	"weir/internal/sketch"
)

// The form of a Tally that is open:
//
//	part of the rows  0 where nothing was counted, else 1
//	hits bytes classes malformed  statuses  latency   as in the form of a Tally
//	visitors                                          as it stands
//	of each dimension:
//	  bound  rows
//	  length of all keys  keys, each with a byte behind it
//	  of each row  parts  length of key  bytes  [hits] [missed] [errors] [notFound]
//	    [latency: that of the only hit, or coarse] [latency visitors]
//
// It is written with each commit of a store, so what a row has not takes no
// byte, and little time: most keys come once.

// Which parts a row of an open Tally has.
const (
	openHits     = 1 << iota // more than one
	openMissed               // some
	openErrors               // some
	openNotFound             // some
	openTime                 // of its only hit
	openCoarse
	openDetail
	knownOpen = 1<<iota - 1
)

// AppendOpen appends the state of t to b: that of a Tally which goes on being
// counted into. Its rows are in the order of their coming,
// since beyond the caps that order decides, in a merge,
// which rows are kept. Equal states have equal bytes.
func (t *Tally) AppendOpen(b []byte) []byte {
	b = binary.AppendUvarint(b, uint64(t.part))
	if t.Hits == 0 {
		return append(b, 0)
	}
	b = t.appendExact(append(b, 1))
	b = t.visitors.AppendOpen(b)
	for d := range t.tables {
		b = t.tables[d].appendOpen(b)
	}
	return b
}

func (tb *table) appendOpen(b []byte) []byte {
	b = appendNumbers(b, tb.base, int64(len(tb.entries)))
	if len(tb.entries) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(tb.keys)))
	b = append(b, tb.keys...)
	// Room for the rows that have one hit; others make more as they need it.
	b = slices.Grow(b, 16*len(tb.entries))
	for i := range tb.entries {
		e := &tb.entries[i]
		at := len(b)
		b = append(b, 0)
		parts := byte(0)
		b = binary.AppendUvarint(b, uint64(e.len))
		b = binary.AppendUvarint(b, uint64(e.bytes))
		if e.hits != 1 {
			parts |= openHits
			b = binary.AppendUvarint(b, uint64(e.hits))
		}
		if e.missed > 0 {
			parts |= openMissed
			b = binary.AppendUvarint(b, uint64(e.missed))
		}
		if e.errors > 0 {
			parts |= openErrors
			b = binary.AppendUvarint(b, uint64(e.errors))
		}
		if e.notFound > 0 {
			parts |= openNotFound
			b = binary.AppendUvarint(b, uint64(e.notFound))
		}
		if tb.coarse != nil {
			if micros, any := tb.coarse[i].Sum(); !any {
				// none
			} else if e.hits == 1 {
				parts |= openTime
				b = binary.AppendUvarint(b, micros)
			} else {
				parts |= openCoarse
				b = tb.coarse[i].AppendBinary(b)
			}
		}
		if e.detail > 0 {
			parts |= openDetail
			d := &tb.details[e.detail-1]
			b = d.latency.AppendBinary(b)
			b = d.visitors.AppendOpen(b)
		}
		b[at] = parts
	}
	return b
}

// DecodeOpen returns the Tally whose state is b. It counts on, and merges, as
// the one did that wrote it. It keeps no reference to b.
func DecodeOpen(b []byte) (*Tally, error) {
	t := new(Tally)
	part, n := binary.Uvarint(b)
	if n <= 0 || part > maxPart {
		return nil, errors.New("the state of a tally is damaged: its limit cannot be read")
	}
	t.Limit(int(part))
	r := reader{b: b[n:]}
	var err error
	switch r.byte() {
	case 0:
	case 1:
		err = t.decodeOpen(&r)
	default:
		r.failed = true
	}
	if err == nil && (r.failed || len(r.b) > 0) {
		err = errDamaged("its end")
	}
	if err != nil {
		return nil, fmt.Errorf("the state of a tally is damaged: %w", err)
	}
	return t, nil
}

// maxPart is more than what any Tally is asked to be limited to.
const maxPart = 1 << 20

func (t *Tally) decodeOpen(r *reader) error {
	err := t.decodeExact(r)
	if err != nil {
		return err
	}
	if t.visitors, r.b, err = sketch.DecodeOpenDistinct(r.b); err != nil {
		return err
	}
	for d := range dimensions {
		if err := t.table(d).decodeOpen(r); err != nil {
			return err
		}
		if d != BySection && len(t.tables[d].details) > 0 {
			return errDamaged("a table with details that only sections have")
		}
	}
	return nil
}

// decodeOpen reads the rows of a table, which is empty.
func (tb *table) decodeOpen(r *reader) error {
	tb.base = r.number()
	rows := r.number()
	if r.failed || rows > int64(tb.limit) {
		return errDamaged("a table")
	}
	if rows == 0 {
		return nil
	}
	base, keys := tb.base, r.bytes()
	for ; rows > 0; rows-- {
		parts := r.byte()
		size := r.number()
		if r.failed || size > maxKey || size >= int64(len(keys)) || keys[size] != 0 || parts > knownOpen {
			return errDamaged("a key")
		}
		key := keys[:size]
		keys = keys[size+1:]
		hash := maphash.Bytes(keySeed, key)
		if !tb.fits(key) {
			return errDamaged("a table with too many long keys")
		}
		if tb.find(hash, key) >= 0 {
			return errDamaged("a key that comes twice")
		}
		i := tb.insert(hash, key)
		if err := tb.decodeOpenRow(r, i, parts); err != nil {
			return err
		}
		e := &tb.entries[i]
		if r.failed || e.hits > math.MaxInt64-e.missed || e.missed > base {
			return errDamaged("a row")
		}
	}
	if len(keys) > 0 {
		return errDamaged("a key without a row")
	}
	return nil
}

func (tb *table) decodeOpenRow(r *reader, i int, parts byte) error {
	e := &tb.entries[i]
	e.hits, e.missed, e.bytes = 1, 0, r.number()
	for _, f := range []struct {
		part byte
		n    *int64
	}{{openHits, &e.hits}, {openMissed, &e.missed}, {openErrors, &e.errors}, {openNotFound, &e.notFound}} {
		if parts&f.part != 0 {
			*f.n = r.number()
		}
	}
	if parts&(openTime|openCoarse) != 0 && tb.coarse == nil {
		tb.coarse = make([]sketch.Coarse, len(tb.entries), cap(tb.entries))
	}
	var err error
	switch {
	case parts&openTime != 0 && parts&openCoarse != 0:
		r.failed = true
	case parts&openTime != 0:
		tb.coarse[i].Add(r.number())
	case parts&openCoarse != 0:
		if tb.coarse[i], r.b, err = sketch.DecodeCoarse(r.b); err != nil {
			return err
		}
	}
	if parts&openDetail == 0 {
		return nil
	}
	return tb.decodeDetail(r, i)
}

// decodeDetail reads what section i has more than other rows.
func (tb *table) decodeDetail(r *reader, i int) error {
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
	if d.visitors, r.b, err = sketch.DecodeOpenDistinct(r.b); err != nil {
		return err
	}
	if d.visitors.Precision != sectionPrecision {
		return errDamaged("the visitors of a section")
	}
	return nil
}
