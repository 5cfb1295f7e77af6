// Package escape is the gate that every string from a log passes before a
// person sees it.
//
// Whoever sends a request chooses what its path, its agent, its referrer say,
// so a log is hostile text (CWE-150 for terminals, CWE-1236 for spreadsheets).
// There is one gate per medium: Terminal with its relatives for a screen, a
// plain line or our own log, CSV for a cell of a table. HTML has its gate in
// html/template.
//
// What the terminal gate does to a string:
//
//	in the string                              on the screen
//	printable runes, the space, a backslash    as they are
//	C0 controls, DEL, ESC                      \x1B
//	bytes that are not UTF-8 (raw C1 too)      \x9B
//	C1 as U+0080-9F                            \u{009B}
//	bidi controls, zero-width, all of Cf       \u{202E}
//	separators U+2028/9, spaces but U+0020     \u{2028}
//	unassigned, private, noncharacters         \u{E000}
//	invisible letters, variation selectors     \u{3164}
//	a mark without a base, or a fifth one      \u{0301}
//
// The functions are pure: safe for concurrent use, and they keep nothing they
// are given.
package escape

import (
	"unicode"
	"unicode/utf8"
)

// maxMarks is how many combining marks one base rune may carry. Living
// scripts stack up to three; hundreds ("Zalgo") paint over the rows above and
// below and make a string of no width endlessly long.
const maxMarks = 4

// Terminal returns s with everything that could steer a terminal, reorder or
// hide text made visible. The result is valid UTF-8. A second pass changes
// nothing.
//
// A literal backslash stays: nginx and Apache have already written \x22 and
// the like, and doubling them would show a person another text than the file
// holds. The price is that \x1B on the screen does not tell whether the log
// held the byte or the four characters; neither can do harm.
func Terminal(s []byte) string { return string(AppendTerminal(nil, s)) }

// AppendTerminal appends the form of s that Terminal returns to dst. It
// allocates only to grow dst.
func AppendTerminal(dst, s []byte) []byte {
	marks := noBase
	for len(s) > 0 {
		if n := plainPrefix(s); n > 0 {
			dst = append(dst, s[:n]...)
			s, marks = s[n:], 0
			continue
		}
		var u piece
		u, marks = next(s, marks)
		dst = u.append(dst, s)
		s = s[u.size:]
	}
	return dst
}

// AppendCut appends s to dst as AppendTerminal does, cut to at most the given
// number of terminal cells, and returns the cells used. A string that was cut
// ends in an ellipsis (one cell), which is never placed inside an escape or
// between a rune and its marks. Reading stops at the cut, so the cost does not
// depend on what lies behind it.
//
// Wide runes take two cells, combining marks none. Terminals disagree about
// emoji; where they do the larger width is counted, so that text may end
// early but never runs over.
func AppendCut(dst, s []byte, cells int) (out []byte, used int) {
	if cells <= 0 {
		return dst, 0
	}
	keep, kept := len(dst), 0 // where the text may end to leave a cell for the ellipsis
	marks := noBase
	for len(s) > 0 {
		var u piece
		u, marks = next(s, marks)
		if used < cells && marks == 0 { // not a mark, which stays with its base
			keep, kept = len(dst), used
		}
		if used+u.cells > cells {
			return append(dst[:keep], "…"...), kept + 1
		}
		dst = u.append(dst, s)
		used += u.cells
		s = s[u.size:]
	}
	return dst, used
}

// Width returns the cells that s takes on a terminal once it has passed the
// gate, by the rules of AppendCut.
func Width(s []byte) int {
	used, marks := 0, noBase
	for len(s) > 0 {
		var u piece
		u, marks = next(s, marks)
		used += u.cells
		s = s[u.size:]
	}
	return used
}

// plainPrefix returns how many bytes at the head of s are printable ASCII.
func plainPrefix(s []byte) int {
	for i, c := range s {
		if c < ' ' || c > '~' {
			return i
		}
	}
	return len(s)
}

// noBase is the count of marks where there is no rune to carry one: at the
// head of a string a mark would land on whatever the screen shows before it.
const noBase = maxMarks

// A piece is the smallest part of a string that is shown or cut as a whole.
type piece struct {
	r     rune
	size  int  // bytes of the input
	cells int  // on the terminal, after escaping
	pass  bool // shown as it is
}

// next reads the piece at the head of s, which is not empty. It takes the
// marks that the last base already carries and returns the new count.
func next(s []byte, marks int) (piece, int) {
	if c := s[0]; c < utf8.RuneSelf {
		if ' ' <= c && c <= '~' {
			return piece{rune(c), 1, 1, true}, 0
		}
		return piece{rune(c), 1, 4, false}, 0
	}
	r, size := utf8.DecodeRune(s)
	if r == utf8.RuneError && size == 1 {
		return piece{rune(s[0]), 1, 4, false}, 0
	}
	if !visible(r) {
		return piece{r, size, escapedCells(r), false}, 0
	}
	if !unicode.In(r, unicode.Mn, unicode.Me) {
		return piece{r, size, runeCells(r), true}, 0
	}
	if marks >= maxMarks {
		return piece{r, size, escapedCells(r), false}, 0
	}
	cells := 0
	if r == emojiStyle {
		cells = 1
	}
	return piece{r, size, cells, true}, marks + 1
}

// escapedCells is the width of \u{NNNN}.
func escapedCells(r rune) int {
	switch {
	case r > 0xFFFFF:
		return 10
	case r > 0xFFFF:
		return 9
	}
	return 8
}

// append writes the piece at the head of s to dst.
func (p piece) append(dst, s []byte) []byte {
	const hex = "0123456789ABCDEF"
	if p.pass {
		return append(dst, s[:p.size]...)
	}
	if p.size == 1 {
		return append(dst, '\\', 'x', hex[p.r>>4], hex[p.r&15])
	}
	dst = append(dst, '\\', 'u', '{')
	shift := 4 * (escapedCells(p.r) - 5)
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, hex[p.r>>shift&15])
	}
	return append(dst, '}')
}

// The variation selectors that choose between the text and the emoji form of
// a symbol are common in honest text; all others only hide data.
const (
	textStyle  = '\uFE0E'
	emojiStyle = '\uFE0F'
)

// visible reports whether r, which is not ASCII, shows itself on a screen and
// nothing else. unicode.IsPrint already refuses controls, format characters,
// separators, unassigned and private code points; what is left are letters
// and marks that Unicode calls ignorable: they leave no trace.
func visible(r rune) bool {
	if !unicode.IsPrint(r) {
		return false
	}
	if r == textStyle || r == emojiStyle {
		return true
	}
	// U+2800 is a symbol by its category, and a blank by its looks.
	return r != '\u2800' && !unicode.In(r,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
