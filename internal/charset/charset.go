// Package charset turns UTF-16 text into UTF-8, piece by piece.
//
//	bytes ──> Decoder.Append ──> UTF-8
//	          └─ keeps half a character for the next piece
//
// PowerShell writes what its > sends into a file as UTF-16, and servers on
// Windows can. Such text is known by its byte order mark (The Unicode Standard,
// 23.8); RFC 2781 describes the encoding. Lines stay lines: a line feed is U+000A
// and nothing else.
package charset

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// An Encoding is how text is written down. The zero value is UTF8.
type Encoding uint8

const (
	// UTF8 is text that is left as it is, valid or not.
	UTF8 Encoding = iota
	// UTF16LE is UTF-16, the low byte first.
	UTF16LE
	// UTF16BE is UTF-16, the high byte first.
	UTF16BE
)

// String returns the name that people are told.
func (e Encoding) String() string {
	return [...]string{"UTF-8", "UTF-16, little-endian", "UTF-16, big-endian"}[e]
}

// MarshalText writes utf-8, utf-16le or utf-16be.
func (e Encoding) MarshalText() ([]byte, error) { return []byte(names()[e]), nil }

// UnmarshalText reads what MarshalText writes.
func (e *Encoding) UnmarshalText(text []byte) error {
	for i, name := range names() {
		if string(text) == name {
			*e = Encoding(i)
			return nil
		}
	}
	return fmt.Errorf("%q is no encoding: utf-8, utf-16le and utf-16be are", text)
}

func names() [3]string { return [...]string{"utf-8", "utf-16le", "utf-16be"} }

// Size is how many bytes text takes in e, which was decoded from it: what became
// U+FFFD is a character there, too.
func (e Encoding) Size(text []byte) int64 {
	if e == UTF8 {
		return int64(len(text))
	}
	units := 0
	for _, c := range text {
		switch {
		case c >= 0xf0: // the first byte of what takes a pair of surrogates
			units += 2
		case c < 0x80 || c >= 0xc0:
			units++
		}
	}
	return 2 * int64(units)
}

// HeadSize is how many bytes of its beginning Sniff needs to know a text.
const HeadSize = 4

// Sniff tells from the first bytes of a text how it is written down, and how
// long the mark is that says so. UTF-32 is not recognised. That of UTF-8 is left
// to who reads lines.
func Sniff(head []byte) (e Encoding, mark int) {
	switch {
	case len(head) >= 4 && string(head[:4]) == "\xff\xfe\x00\x00":
		return UTF8, 0 // UTF-32
	case len(head) >= 2 && string(head[:2]) == "\xff\xfe":
		return UTF16LE, 2
	case len(head) >= 2 && string(head[:2]) == "\xfe\xff":
		return UTF16BE, 2
	}
	return UTF8, 0
}

// SampleSize is how many bytes Recognise looks at.
const SampleSize = 512

// Recognise tells how a log is written down of which sample is the beginning, or
// any stretch that begins with a whole character: by its mark, or by what half of
// its bytes are. Log lines are ASCII for the most part, so in UTF-16 every second
// byte is a zero, and the bytes between are not. In UTF-8 a log has no zeros,
// but for holes that nobody filled, which end the sample. Fewer than four characters
// without a mark must be ASCII.
//
// A mark with no zero anywhere behind it is none: it is a line of any bytes.
func Recognise(sample []byte) Encoding {
	sample = sample[:min(len(sample), SampleSize)]
	const few = 8
	e, mark := Sniff(sample)
	switch {
	case e != UTF8 && len(sample)-mark >= few && bytes.IndexByte(sample[mark:], 0) < 0:
		return UTF8
	case e != UTF8:
		return e
	case bytes.HasPrefix(sample, []byte("\xff\xfe\x00\x00")):
		if len(bytes.Trim(sample[4:min(len(sample), 8)], "\x00")) == 0 {
			return UTF16LE // a hole behind the mark
		}
		return UTF8 // UTF-32
	}
	if hole := bytes.Index(sample, make([]byte, 4)); hole >= 0 {
		sample = sample[:(hole+1)&^1]
	}
	if len(sample) < few {
		return ascii(sample)
	}
	// How a line begins tells more than what it holds.
	const beginning = 64
	if e := halfZeros(sample[:min(len(sample), beginning)]); e != UTF8 {
		return e
	}
	return halfZeros(sample)
}

// halfZeros is the encoding in which the high bytes of sample are zero for the most
// part.
func halfZeros(sample []byte) Encoding {
	zeros, units := zerosOf(sample)
	switch {
	case 2*zeros[1] >= units && 8*zeros[0] <= units:
		return UTF16LE
	case 2*zeros[0] >= units && 8*zeros[1] <= units:
		return UTF16BE
	}
	return UTF8
}

// zerosOf counts the zeros at even places of sample and at odd ones.
func zerosOf(sample []byte) (zeros [2]int, units int) {
	units = len(sample) / 2
	for i, c := range sample[:2*units] {
		if c == 0 {
			zeros[i&1]++
		}
	}
	return zeros, units
}

// ascii is the encoding in which a few bytes are ASCII and nothing else; the second
// half of a newline may still be to come.
func ascii(sample []byte) Encoding {
	zeros, units := zerosOf(sample)
	if len(sample) < 3 || zeros[0]+zeros[1] != units {
		return UTF8
	}
	rest := sample[2*units:]
	switch {
	case zeros[1] == units && (len(rest) == 0 || rest[0] == '\n'):
		return UTF16LE
	case zeros[0] == units && (len(rest) == 0 || rest[0] == 0):
		return UTF16BE
	}
	return UTF8
}

// A Decoder turns one text into UTF-8. Give it the text behind its mark. The zero
// value passes everything on. It belongs to one goroutine.
type Decoder struct {
	Encoding Encoding
	// Invalid counts what was no UTF-16, each replaced by U+FFFD: half a
	// surrogate pair, and the half of a character at the end.
	Invalid int64

	half    byte // of a unit that src ended in
	hasHalf bool
	high    rune // a surrogate that waits for its other half; 0 for none
}

// Append appends src as UTF-8 to dst. What src ends in the middle of is kept for
// the next call. dst grows by 3/2 of src and 6 bytes at most.
func (d *Decoder) Append(dst, src []byte) []byte {
	if d.Encoding == UTF8 {
		return append(dst, src...)
	}
	if d.hasHalf && len(src) > 0 {
		d.hasHalf = false
		dst = d.unit(dst, d.half, src[0])
		src = src[1:]
	}
	low := 0 // where the low byte of a unit is
	if d.Encoding == UTF16BE {
		low = 1
	}
	for ; len(src) >= 2; src = src[2:] {
		if c := src[low]; src[1-low] == 0 && c < utf8.RuneSelf && d.high == 0 {
			dst = append(dst, c) // nearly all of a log
			continue
		}
		dst = d.unit(dst, src[0], src[1])
	}
	if len(src) > 0 {
		d.half, d.hasHalf = src[0], true
	}
	return dst
}

// Finish appends what is left at the end of the text.
func (d *Decoder) Finish(dst []byte) []byte {
	if d.high != 0 || d.hasHalf {
		if d.high != 0 {
			dst = d.invalid(dst)
		}
		if d.hasHalf {
			dst = d.invalid(dst)
		}
		d.high, d.hasHalf = 0, false
	}
	return dst
}

// unit appends the character that ends with the unit of two bytes.
func (d *Decoder) unit(dst []byte, first, second byte) []byte {
	c := rune(first)<<8 | rune(second)
	if d.Encoding == UTF16LE {
		c = rune(second)<<8 | rune(first)
	}
	if d.high != 0 {
		high := d.high
		d.high = 0
		if both := utf16.DecodeRune(high, c); both != utf8.RuneError {
			return utf8.AppendRune(dst, both)
		}
		dst = d.invalid(dst) // the first half stands alone
	}
	switch {
	case c >= 0xd800 && c < 0xdc00:
		d.high = c
		return dst
	case utf16.IsSurrogate(c):
		return d.invalid(dst)
	}
	return utf8.AppendRune(dst, c)
}

func (d *Decoder) invalid(dst []byte) []byte {
	d.Invalid++
	return utf8.AppendRune(dst, utf8.RuneError)
}
