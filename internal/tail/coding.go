package tail

import (
	"bytes"

	"weir/internal/charset"
)

// Logs may be written in UTF-16, as PowerShell's > and servers on Windows do.
// All that is known of a file stays in its own bytes: offsets, sums, anchors,
// half lines and what is carried. Two things differ: where lines end, and that
// what is delivered is their text in UTF-8.
//
//	FF FE  31 00  32 00  0A 00 │ 33 00  0A
//	mark    1      2      LF   │  3    half a unit waits, like half a line
//	└──────── delivered: "12\n" at offset 2
//
// A newline counts only where units of two bytes begin, see coding.odd: elsewhere
// the same two bytes are halves of other characters.

// A coding is how the text of one file, copy or stream is written down. The
// zero value knows nothing yet.
type coding struct {
	// e is the encoding if that is known; else the one that was there before, of
	// which there may be more: a server goes on in a file that was truncated, and
	// does not write its mark again.
	e     charset.Encoding
	known bool
	odd   bool // units begin at odd offsets, as behind a hole of odd size
	// torn says that text may begin with the second half of a unit: in a file that
	// was truncated. Elsewhere what looks like it is the other order of bytes.
	torn bool
}

// wideAnchor are the bytes of the anchor of a file in UTF-16: as many characters.
const wideAnchor = 2 * anchorSize

// reach is how many bytes before the read position are its anchor.
func (c *coding) reach() int {
	if c.wide() {
		return wideAnchor
	}
	return anchorSize
}

func (c *coding) wide() bool { return c.known && c.e != charset.UTF8 }

// low is which byte of a unit is the low one.
func low(e charset.Encoding) int {
	if e == charset.UTF16BE {
		return 1
	}
	return 0
}

// isEnd reports whether the byte at i of b, a newline, is one in units that begin
// where b does, and has both its bytes.
func isEnd(e charset.Encoding, b []byte, i int) bool {
	return i&1 == low(e) && i|1 < len(b) && b[i^1] == 0
}

// wideEnd is the length of the first line of b with its newline, 0 without one.
func wideEnd(e charset.Encoding, b []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(b[at:], '\n')
		if i < 0 {
			return 0
		}
		if i += at; isEnd(e, b, i) {
			return (i | 1) + 1
		}
		if isBroken(e, b, i) {
			return i + 2 - low(e)
		}
		at = i + 1
	}
}

// isBroken reports whether the byte at i of b ends a line of which half a unit is
// missing, as after a write for which a disk had no room: a newline across two
// units, beside ASCII. As units are cut it reads U+0A00, which is no character. The
// lines behind it are whole again.
func isBroken(e charset.Encoding, b []byte, i int) bool {
	return i&1 != low(e) && i > 0 && i+1 < len(b) && b[i-1] == 0 && b[i+1] == 0
}

// lastWideEnd is the length of the whole lines of b, up to a broken one.
func lastWideEnd(e charset.Encoding, b []byte) int {
	for i := bytes.LastIndexByte(b, '\n'); i >= 0; i = bytes.LastIndexByte(b[:i], '\n') {
		if isEnd(e, b, i) {
			return (i | 1) + 1
		}
	}
	return 0
}

// lineEnd is the length of the first line of b with its newline, 0 without one.
func (c *coding) lineEnd(b []byte) int {
	if c.wide() {
		return wideEnd(c.e, b)
	}
	return bytes.IndexByte(b, '\n') + 1
}

// lastEnd is the length of the whole lines of b, of which the first goes on with
// carry.
func (c *coding) lastEnd(b, carry []byte) int {
	if !c.wide() {
		return bytes.LastIndexByte(b, '\n') + 1
	}
	if len(carry)&1 == 0 || len(b) == 0 {
		return lastWideEnd(c.e, b)
	}
	if end := lastWideEnd(c.e, b[1:]); end > 0 {
		return end + 1
	}
	return c.straddle(b, carry)
}

// straddle is 1 if the newline between carry and b is cut in two, else 0.
func (c *coding) straddle(b, carry []byte) int {
	if len(b) > 0 && isNewline(c.e, carry[len(carry)-1], b[0]) {
		return 1
	}
	return 0
}

func isNewline(e charset.Encoding, first, second byte) bool {
	unit := [2]byte{first, second}
	return unit[low(e)] == '\n' && unit[1-low(e)] == 0
}

// whole is wholeLines for any encoding: the length of the whole lines at the start
// of data, at most so many that their text fits into room bytes. A first line that
// may not fit comes alone.
func (c *coding) whole(data []byte, room int) int {
	if !c.wide() {
		return wholeLines(data)
	}
	// A unit of two bytes is up to three in UTF-8.
	fits := data[:min(len(data), room/3*2)]
	end := 0
	for {
		n := wideEnd(c.e, fits[end:])
		if n == 0 || n&1 == 1 && end > 0 { // a broken line comes alone
			break
		}
		if end += n; n&1 == 1 || end+1 < len(data) && data[end] == 0 && data[end+1] == 0 {
			return end
		}
	}
	if end == 0 {
		return wideEnd(c.e, data)
	}
	return end
}

// hole reports whether data begins where nobody has written.
func (c *coding) hole(data []byte) bool {
	switch {
	case len(data) == 0 || data[0] != 0:
		return false
	case c.known && c.e == charset.UTF8:
		return true
	case len(data) == 1:
		return c.e == charset.UTF8
	}
	return data[1] == 0
}

// trim cuts off the zeros at the end of half a line, where nobody has written yet.
func (c *coding) trim(data []byte) []byte {
	e := c.e
	if !c.known && e == charset.UTF8 {
		e = charset.Recognise(data)
	}
	if e == charset.UTF8 {
		return bytes.TrimRight(data, "\x00")
	}
	end := len(data) &^ 1
	for end > 0 && data[end-1] == 0 && data[end-2] == 0 {
		end -= 2
	}
	if end == len(data)&^1 {
		return data // half a unit at the end is of a character
	}
	return data[:end]
}

// joint tells where in data the line ends that begins with carry, 0 without an
// end, and whether it goes on there at all.
func (c *coding) joint(carry, data []byte) (end int, on bool) {
	if !c.wide() {
		end = bytes.IndexByte(data, '\n') + 1
		return end, end == 0 || goesOn(carry, data)
	}
	alone := wideEnd(c.e, data)
	end = alone
	if len(carry)&1 == 1 {
		if end = c.straddle(data, carry); end == 0 && len(data) > 0 {
			if n := wideEnd(c.e, data[1:]); n > 0 {
				end = n + 1
			}
		}
	}
	if end == 0 && alone == 0 {
		return 0, true
	}
	return end, c.goesOn(carry, data)
}

// goesOn is goesOn for the text that the two stand for.
func (c *coding) goesOn(carry, data []byte) bool {
	if c.e == charset.UTF8 {
		return goesOn(carry, data)
	}
	if marked(c.e, data) {
		return false // a writer that began anew
	}
	const enough = 256
	var a, b [enough/2*3 + 6]byte
	da, db := charset.Decoder{Encoding: c.e}, charset.Decoder{Encoding: c.e}
	carry = unmarked(c.e, carry)
	return goesOn(da.Append(a[:0], carry[:min(len(carry), enough)]), db.Append(b[:0], data[:min(len(data), enough)]))
}

// glue is glue for any encoding.
func (c *coding) glue(carry, text []byte) (whole []byte, lost int) {
	if len(carry) > 0 && len(text) > 0 && !c.goesOn(carry, text) {
		return bytes.Clone(text), len(carry)
	}
	return append(bytes.Clone(carry), text...), 0
}

// marked reports whether b begins with the mark of e.
func marked(e charset.Encoding, b []byte) bool {
	return len(b) >= 2 && b[low(e)] == 0xff && b[1-low(e)] == 0xfe
}

// unmarked is b without the mark it may begin with.
func unmarked(e charset.Encoding, b []byte) []byte {
	if marked(e, b) {
		return b[2:]
	}
	return b
}

// recognise finds out how data, the first that is read, is written down. ok is
// false while that cannot be told and does not matter, since no line is whole;
// final says that there will not be more to tell it by. phase is 1 where data
// begins with the second half of a unit.
func (c *coding) recognise(data, carry []byte, final bool) (phase int, ok bool) {
	if len(data) == 0 {
		c.known = final && len(carry) > 0 // what was carried is all there is
		return len(carry) & 1, c.known
	}
	final = final || len(data) >= charset.SampleSize
	sample := data[:min(len(data), charset.SampleSize)]
	if e, _ := charset.Sniff(sample); c.e != charset.UTF8 && e == charset.UTF8 {
		odd := len(carry) & 1
		for _, phase := range [...]int{odd, 1 - odd} {
			if (phase == 0 || odd == 1 || c.torn) && fits(c.e, sample, carry, phase, final) {
				c.known = true
				return phase, true
			}
		}
	}
	if !final && bytes.IndexByte(sample, '\n') < 0 {
		return 0, false
	}
	c.e, c.known = charset.Recognise(sample), true
	return 0, true
}

// fits reports whether sample goes on in e, up to a newline: then a good part of
// its high bytes are zero.
func fits(e charset.Encoding, sample, carry []byte, phase int, final bool) bool {
	units, zeros := 0, 0
	count := func(first, second byte) (end bool) {
		units++
		if (e == charset.UTF16LE && second == 0) || (e == charset.UTF16BE && first == 0) {
			zeros++
		}
		return isNewline(e, first, second)
	}
	end := false
	if phase == 1 && len(carry)&1 == 1 && len(sample) > 0 {
		end = count(carry[len(carry)-1], sample[0])
	}
	for i := phase; !end && i+1 < len(sample); i += 2 {
		end = count(sample[i], sample[i+1])
	}
	return (end || final) && zeros > 0 && zeros*4 >= units
}

// plain decodes a line that begins with carry, or whole lines without one, into a
// block of their own. A line beyond the limit is cut out. last says that it is the
// last line of its file and lacks its newline.
func (c *coding) plain(pool *blocks, carry, raw []byte, last bool) *block {
	pool = pool.text
	blk := pool.get((len(carry)+len(raw))/2*3 >= pool.room(false))
	d := charset.Decoder{Encoding: c.e}
	out, fit := appendWithin(&d, blk.buf[:0], unmarked(c.e, carry))
	if fit {
		out, fit = appendWithin(&d, out, raw)
	}
	if fit && (last || len(out) > 0 && out[len(out)-1] != '\n') {
		out = append(d.Finish(out), '\n')
	}
	b := &blk.batch
	b.Encoding = c.e
	if !fit || len(out) > pool.room(true) {
		b.Data, b.TooLong = blk.buf[:0], 1
		return blk
	}
	b.Data, b.Undecodable = out, int(d.Invalid)
	return blk
}

// spare is the room that appendWithin leaves: for the newline and the two
// characters that Decoder.Finish may add.
const spare = 8

// appendWithin appends src as text to dst and never makes dst grow; false if there
// is no room.
func appendWithin(d *charset.Decoder, dst, src []byte) ([]byte, bool) {
	for len(src) > 0 {
		n := min(len(src), (cap(dst)-len(dst)-spare)/3*2)
		if n <= 0 {
			return dst, false
		}
		dst = d.Append(dst, src[:n])
		src = src[n:]
	}
	return dst, true
}

// zeroFirst reports whether the zero that around begins with belongs to the text
// behind it, whose next byte is at q. In ASCII the two readings are alike: then that
// is right in which units begin at even offsets, as in nearly all files.
func zeroFirst(around []byte, q int64) bool {
	return charset.Recognise(around) == charset.UTF16BE && (q&1 == 1 || charset.Recognise(around[1:]) == charset.UTF8)
}

// zeroHighs counts the zero high bytes among the first units of b.
func zeroHighs(e charset.Encoding, b []byte) (n int) {
	for i := 1 - low(e); i < min(len(b), 32); i += 2 {
		if b[i] == 0 {
			n++
		}
	}
	return n
}

// countLines counts the newlines in b, which stands at a character.
func (c *coding) countLines(b []byte) (n int64) {
	if !c.wide() {
		return int64(bytes.Count(b, newline))
	}
	for end := wideEnd(c.e, b); end > 0; end = wideEnd(c.e, b) {
		n++
		b = b[end:]
	}
	return n
}

// at takes what a mark says of the encoding; base is where the text of its file
// begins. Before anything was delivered it is what to expect.
func (c *coding) at(m *Mark, base int64) {
	*c = coding{e: m.Encoding, known: m.Offset > base && m.Encoding != charset.UTF8, odd: m.Offset&1 == 1}
}

// join is join for any encoding.
func (c *coding) join(pool *blocks, carry, end []byte) *block {
	if c.wide() {
		return c.plain(pool, carry, end, false)
	}
	return join(pool, carry, end)
}

// unit is the size of the smallest piece of text in bytes.
func (c *coding) unit() int {
	if c.wide() {
		return 2
	}
	return 1
}
