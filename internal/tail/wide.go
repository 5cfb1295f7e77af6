package tail

import (
	"bytes"

	"weir/internal/charset"
)

// What files do for text that is to be decoded; see coding.

// recognise finds out how f goes on at offset. ok is false where that is not to be
// told yet, again true where what was fetched must be fetched anew.
func (f *file) recognise(blk *block, data []byte, final bool) (ok, again bool) {
	was := f.coding.e
	phase, ok := f.coding.recognise(data, f.carry, final)
	if !ok {
		return false, false
	}
	f.odd = (f.offset+int64(phase))&1 == 1
	if len(f.carry) > 0 && (f.e != was || f.wide() && phase != len(f.carry)&1) {
		f.drop()
	}
	if again = f.wide() && phase == 1 && len(f.carry) == 0; again {
		f.advance(blk, 1) // the end of what was in the file before
		f.offset = f.pos
		f.dropped++
	}
	if f.wide() && f.offset == 0 && marked(f.e, data) && f.hole(data[2:]) {
		f.advance(blk, 2)
		f.offset, again = f.pos, true
	}
	return true, f.turn() || again || !f.wide() && len(data) > 0 && data[0] == 0
}

// turn takes the blocks that the encoding needs; true if they are others.
func (f *file) turn() bool {
	was := f.pool
	f.pool = was.of(f.e)
	return f.pool != was
}

// drop gives up what was carried: it does not go on here.
func (f *file) drop() { f.dropped, f.carry = f.dropped+len(f.carry), nil }

// inherit takes the first part of the line at offset out of another file, in the
// encoding of that.
func (f *file) inherit(carry []byte, e charset.Encoding) {
	f.carry = carry
	switch {
	case !f.known:
		f.e = e
	case f.e != e:
		f.drop()
	}
}

// sniff finds out how f is written down from how it begins, for a look at places
// that no reading has come to.
func (f *file) sniff() {
	if f.known {
		return
	}
	sample, at := f.head()
	if len(sample) == 0 {
		return
	}
	if at > 0 {
		at = f.unitAt(at, true)
		sample = f.slice(at, charset.SampleSize)
	}
	if phase, ok := f.coding.recognise(sample, nil, false); ok {
		f.odd = (at+int64(phase))&1 == 1
		f.turn()
	}
}

// unitAt is where the text begins of which the first byte that is not zero is at q,
// behind a hole: at q, or one before where that byte is the second of its unit. It
// is -1 where too little is there to tell yet.
func (f *file) unitAt(q int64, final bool) int64 {
	if q == 0 || f.known && !f.wide() {
		return q
	}
	around := f.slice(q-1, charset.SampleSize)
	if len(around) == 0 {
		return q
	}
	final = final || len(around) > 32 || bytes.IndexByte(around, '\n') >= 0
	if f.e == charset.UTF8 {
		if !final && (len(around) < 3 || around[2] == 0) {
			return -1 // that may become UTF-16
		}
		if zeroFirst(around, q) {
			return q - 1
		}
		return q
	}
	if !final {
		return -1
	}
	if marked(f.e, around[1:]) {
		return q
	}
	before, behind := zeroHighs(f.e, around), zeroHighs(f.e, around[1:])
	if before > behind || before == behind && (q-f.pos)&1 == 1 {
		return q - 1
	}
	return q
}

// deliverWide is deliver for lines that are to be decoded.
func (f *file) deliverWide(blk *block, lines []byte) *block {
	text := lines
	if f.offset == 0 {
		text = unmarked(f.e, lines)
	}
	out := f.plain(f.pool, nil, text, false)
	out.batch.Offset, out.batch.Line, out.batch.Written = f.offset+int64(len(lines)-len(text)), f.line, f.written
	f.advance(blk, len(lines))
	f.offset = f.pos
	if f.line > 0 {
		f.line += int64(bytes.Count(out.batch.Data, newline) + out.batch.TooLong)
	}
	f.pool.put(blk)
	return out
}

// finishWide is the end of finish: the last line, which has no newline.
func (f *file) finishWide(blk *block, data []byte) *block {
	text := f.trim(data)
	if len(f.carry) > 0 && !f.goesOn(f.carry, data) {
		f.drop()
	}
	if f.offset == 0 && len(f.carry) == 0 {
		text = unmarked(f.e, text)
	}
	if len(text)+len(f.carry) == 0 {
		f.pool.put(blk)
		return nil // a mark and nothing else
	}
	out := f.plain(f.pool, f.carry, text, true)
	out.batch.Offset, out.batch.Line, out.batch.Written = f.offset, f.line, f.written
	f.carry = nil
	f.advance(blk, len(data))
	f.endLong()
	f.pool.put(blk)
	return out
}

// lastLineEnd finds the last newline of b, which stands at from: it begins at i,
// and the line behind it at end, both in b; less than zero without one.
func (f *file) lastLineEnd(b []byte, from int64) (i, end int) {
	if !f.wide() {
		i = bytes.LastIndexByte(b, '\n')
		return i, i + 1
	}
	skip := min(int(from&1)^f.parity(), len(b))
	if end = lastWideEnd(f.e, b[skip:]); end == 0 {
		return -1, -1
	}
	return skip + end - 2, skip + end
}

// parity is the lowest bit of the offsets at which units begin.
func (f *file) parity() int {
	if f.wide() && f.odd {
		return 1
	}
	return 0
}

// aligned is the last place up to p at which a character can begin, as far as its
// size is known.
func (f *file) aligned(p int64) int64 {
	if f.wide() && int(p&1) != f.parity() {
		return max(0, p-1)
	}
	return p
}

// spelled is the text of a line that stands at start.
func (f *file) spelled(line []byte, start int64) []byte {
	if !f.wide() {
		return line
	}
	if start == 0 {
		line = unmarked(f.e, line)
	}
	d := charset.Decoder{Encoding: f.e}
	return d.Finish(d.Append(nil, line))
}

// longEnd is lineEnd in a line beyond the limit, which may have begun with half a
// unit in another file.
func (f *file) longEnd(data []byte) int {
	from := f.splitUnit(data)
	if end := f.lineEnd(data[from:]); end > 0 {
		return from + end
	}
	return 0
}

// stretch is how much of data can be passed over within a line: whole units.
func (f *file) stretch(data []byte) int {
	if !f.wide() {
		return len(data)
	}
	from := f.splitUnit(data)
	return from + (len(data)-from)&^1
}

// splitUnit is 1 where data begins with the second half of a unit, else 0.
func (f *file) splitUnit(data []byte) int {
	if f.wide() && f.pos == f.offset && len(data) > 0 {
		return len(f.carry) & 1
	}
	return 0
}

// ends reports whether data, what is left of f, has a whole line.
func (f *file) ends(data []byte) bool {
	if f.skipping() || len(f.carry) == 0 {
		return f.longEnd(data) > 0
	}
	end, _ := f.joint(f.carry, data)
	return end > 0
}
