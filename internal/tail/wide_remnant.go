package tail

import (
	"bytes"

	"weir/internal/charset"
)

// What copies do for text that is to be decoded; see coding.

// recognise finds out how the text of c goes on at offset.
func (c *remnant) recognise() {
	if c.known || c.text == nil || len(c.half)+len(c.carry) == 0 {
		return
	}
	was := c.e
	phase, _ := c.coding.recognise(c.half, c.carry, true)
	if len(c.carry) > 0 && (c.e != was || c.wide() && phase != len(c.carry)&1) {
		c.drop()
	}
	if c.wide() && phase == 1 && len(c.carry) == 0 {
		c.pass(c.half[:1])
		c.half = c.half[1:]
		c.dropped++
	}
	c.pool = c.pool.of(c.e)
}

// drop gives up what was carried: it does not go on here.
func (c *remnant) drop() { c.dropped, c.carry = c.dropped+len(c.carry), nil }

// inherit takes the first part of the line at offset out of another file.
func (c *remnant) inherit(carry []byte, e charset.Encoding) {
	c.carry = carry
	switch {
	case !c.known:
		c.e = e
	case c.e != e:
		c.drop()
	}
}

// hasLine reports whether a whole line is in half.
func (c *remnant) hasLine() bool {
	if !c.known {
		return bytes.IndexByte(c.half, '\n') >= 0
	}
	if len(c.carry) > 0 {
		end, on := c.joint(c.carry, c.half)
		return end > 0 || !on
	}
	return c.lineEnd(c.half) > 0
}

// zeros is how many zeros stand at the start of data, where nobody has written.
func (c *remnant) zeros(data []byte) int {
	n := len(data) - len(bytes.TrimLeft(data, "\x00"))
	switch {
	case !c.wide():
		return n
	case n == len(data):
		return n &^ 1
	case zeroHighs(c.e, data[n-1:]) > zeroHighs(c.e, data[n:]):
		return n - 1
	}
	return n
}

// deliverWide is next for lines that are to be decoded.
func (c *remnant) deliverWide(blk *block, lines []byte) *block {
	text := lines
	if c.offset == 0 {
		text = unmarked(c.e, lines)
	}
	out := c.plain(c.pool, nil, text, false)
	c.deliver(out, lines)
	out.batch.Offset += int64(len(lines) - len(text))
	c.pool.put(blk)
	return out
}

// finishWide is finish for text that is to be decoded.
func (c *remnant) finishWide() *block {
	if len(c.carry) > 0 && !c.goesOn(c.carry, c.half) {
		c.drop()
	}
	text := c.half
	if c.offset == 0 && len(c.carry) == 0 {
		text = unmarked(c.e, text)
	}
	if len(text)+len(c.carry) == 0 {
		return nil
	}
	blk := c.plain(c.pool, c.carry, text, true)
	c.deliver(blk, c.half)
	c.half, c.carry = nil, nil
	return blk
}

// judged is head without what UTF-16 makes of ASCII, for a look at how its lines
// begin.
func judged(head []byte) []byte {
	if e := charset.Recognise(head); e != charset.UTF8 {
		head = unmarked(e, head)
	}
	return bytes.ReplaceAll(head, []byte{0}, nil)
}

// resumed takes the encoding of m.
func (c *remnant) resumed(m *Mark) {
	c.at(m, c.base)
	c.known = m.Offset > c.base
	c.pool = c.pool.of(c.e)
}
