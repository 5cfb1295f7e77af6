package meter

import (
	"encoding/binary"
	"math"

	"weir/internal/pack"
	"weir/internal/traffic"
)

// A cell is what was counted in one slot of time.
type cell struct {
	bytes      int64
	hits, part uint32 // part: of hits, those the rule's Of names
}

// total is the sum of cells.
type total struct{ hits, part, bytes int64 }

func (t *total) add(c cell) {
	t.hits, t.part = t.hits+int64(c.hits), t.part+int64(c.part)
	t.bytes = plus(t.bytes, c.bytes)
}

func (t *total) sub(c cell) {
	t.hits, t.part = t.hits-int64(c.hits), t.part-int64(c.part)
	t.bytes -= c.bytes
}

// plus adds sizes that a log may claim to be as large as it likes.
func plus(a, b int64) int64 {
	if b > 0 && a > math.MaxInt64-b {
		return math.MaxInt64
	}
	return a + b
}

// mostBytes is the largest size that is counted of one slot, so that sums can be
// taken back exactly: 256 TiB, of up to 16,384 slots.
const mostBytes = 1 << 48

// A ring holds the newest slots of width seconds. Slots are numbered from 1970.
//
//	         head-len+1                      head
//	cells  |     |     |     | ... |     |     |
//	             '--- window ----'  not closed yet
type ring struct {
	width   int64
	cells   []cell
	head    int64 // the newest slot that was touched
	top     int   // where it is in cells
	from    int64 // its first second
	begun   bool
	windows []window
}

// A window is a sum that moves on with the slots.
type window struct {
	span, lag int64 // slots
	to        int64 // the slot behind it
	sum       total
	known     bool
}

func newRing(width, slots int64, windows []window) ring {
	return ring{width: width, cells: make([]cell, slots), windows: append([]window(nil), windows...)}
}

// reset empties r.
func (r *ring) reset() {
	r.begun, r.head, r.from = false, 0, 0
	for i := range r.windows {
		r.windows[i].known = false
	}
}

// longest is how many slots before the one that is decided are looked at.
func (r *ring) longest() int64 {
	longest := int64(1)
	for i := range r.windows {
		longest = max(longest, r.windows[i].span+r.windows[i].lag)
	}
	return longest
}

// at returns a slot that is held. It counts back from the head: a remainder took
// twice as long as all else that add does, and shift had to move what is counted.
func (r *ring) at(slot int64) *cell {
	i := r.top - int(r.head-slot)
	if i < 0 {
		i += len(r.cells)
	}
	return &r.cells[i]
}

// holds reports whether a slot is kept.
func (r *ring) holds(slot int64) bool {
	return r.begun && slot <= r.head && slot > r.head-int64(len(r.cells))
}

// reach makes slot one that is kept, unless it is too old.
func (r *ring) reach(slot int64) bool {
	switch {
	case !r.begun:
		r.begun = true
		clear(r.cells)
	case slot <= r.head:
		return slot > r.head-int64(len(r.cells))
	case slot-r.head >= int64(len(r.cells)):
		clear(r.cells)
	default:
		for s := r.head; s < slot; s++ {
			if r.top++; r.top == len(r.cells) {
				r.top = 0
			}
			r.cells[r.top] = cell{}
		}
	}
	r.head, r.from = slot, slot*r.width
	return true
}

// add counts c in second sec.
func (r *ring) add(sec int64, c cell) {
	slot := r.head
	if in := sec - r.from; in < 0 || in >= r.width || !r.begun {
		if slot = traffic.FloorDiv(sec, r.width); !r.reach(slot) {
			return
		}
	}
	of := r.at(slot)
	c.hits, c.part = min(c.hits, math.MaxUint32-of.hits), min(c.part, math.MaxUint32-of.part)
	c.bytes = min(max(0, c.bytes), mostBytes-of.bytes)
	of.hits, of.part, of.bytes = of.hits+c.hits, of.part+c.part, of.bytes+c.bytes
	for i := range r.windows {
		if w := &r.windows[i]; w.known && slot < w.to && slot >= w.to-w.span {
			w.sum.add(c)
		}
	}
}

// sum returns what is in a window of r that ends, before its lag, with the
// second to. Asked in the order of time it costs a few additions.
func (r *ring) sum(i int, to int64) total {
	w := &r.windows[i]
	end := traffic.FloorDiv(to, r.width) - w.lag
	step := end - w.to
	// What was pushed out of the ring, by records that are further ahead than they should
	// be, is in no sum: else it would be in this one, and in none that is made after a kill.
	lost := r.begun && w.to-w.span <= r.head-int64(len(r.cells))
	if !w.known || step < 0 || step > w.span || lost {
		*w = window{span: w.span, lag: w.lag, to: end, known: true}
		for s := max(end-w.span, r.head-int64(len(r.cells))+1); r.begun && s < end && s <= r.head; s++ {
			w.sum.add(*r.at(s))
		}
		return w.sum
	}
	for ; w.to < end; w.to++ {
		if r.holds(w.to - w.span) {
			w.sum.sub(*r.at(w.to - w.span))
		}
		if r.holds(w.to) {
			w.sum.add(*r.at(w.to))
		}
	}
	return w.sum
}

// count returns how many hits the slots [from, to) have.
func (r *ring) count(from, to int64) (hits int64) {
	for s := from; s < to; s++ {
		if r.holds(s) {
			hits += int64(r.at(s).hits)
		}
	}
	return hits
}

// slot returns what is in the slot that ends with second to.
func (r *ring) slot(to int64) cell {
	if s := traffic.FloorDiv(to, r.width) - 1; r.holds(s) {
		return *r.at(s)
	}
	return cell{}
}

// next returns the first slot at or after from that holds anything.
func (r *ring) next(from int64) (slot int64, ok bool) {
	for s := max(from, r.head-int64(len(r.cells))+1); r.begun && s <= r.head; s++ {
		if *r.at(s) != (cell{}) {
			return s, true
		}
	}
	return 0, false
}

// shift moves all by delta seconds; slots that are wider than a second, by as many of
// them as fit.
func (r *ring) shift(delta int64) {
	if r.begun {
		r.head += traffic.FloorDiv(delta, r.width)
		r.from = r.head * r.width
	}
	for i := range r.windows {
		r.windows[i].known = false
	}
}

// appendBinary appends the slots from low on that hold anything.
func (r *ring) appendBinary(b []byte, low int64) []byte {
	if !r.begun {
		return append(b, 0)
	}
	b = binary.AppendVarint(append(b, 1), r.head)
	n := int64(len(r.cells))
	next := int64(0)
	for k := max(0, low-(r.head-n+1)); k < n; k++ {
		c := r.at(r.head - n + 1 + k)
		if *c == (cell{}) {
			continue
		}
		b = binary.AppendUvarint(b, uint64(k-next)+1)
		b = binary.AppendUvarint(b, uint64(c.hits))
		b = binary.AppendUvarint(b, uint64(c.part))
		b = binary.AppendUvarint(b, uint64(c.bytes))
		next = k + 1
	}
	return append(b, 0)
}

// read reads what appendBinary wrote; slots is how many that ring had.
func (r *ring) read(p *pack.Reader, slots int64) {
	const part = "slots"
	if !p.Bool(part) {
		return
	}
	head := p.Second(part)
	r.reach(head)
	for k := int64(-1); p.Err() == nil; {
		gap := p.Number(part)
		if gap == 0 {
			return
		}
		if k += gap; gap > slots || k >= slots {
			p.Damaged(part)
			return
		}
		c := cell{hits: uint32(p.Uint(part, math.MaxUint32)), part: uint32(p.Uint(part, math.MaxUint32)), bytes: int64(p.Uint(part, mostBytes))}
		if s := head - slots + 1 + k; r.holds(s) {
			*r.at(s) = c
		}
	}
}
