package tail

import "bytes"

// A file that is truncated in the middle of a line goes on with the rest of the
// line, as long as its writer just goes on:
//
//	copy, or what was seen       the file now
//	... \n 10.0.0.1 - - [21/     Nov/2026 ...] "GET / \n 10.0.0.2 ...
//	       └──── carry ────┘     └── rest ────────────┘
//
// But if more was lost in between it begins with some other line. Then what was
// carried is the beginning of a line whose end is gone, and to join the two would
// break a good one. How lines begin tells.

// goesOn reports whether text may be the rest of the line that begins with carry.
// Where the line is cut in its first word, the words that the lines after it begin
// with tell: "10." and "10.0.0.1 - -" are two. Else it may not if it begins as
// carry does; nor if the two together would have more quotes or fewer than the
// lines after them all have: then text is the rest of another line, whose
// beginning was destroyed.
func goesOn(carry, text []byte) bool {
	rest, after, whole := bytes.Cut(text, newline)
	if !whole {
		return !alike(carry, text)
	}
	after = after[:bytes.LastIndexByte(after, '\n')+1]
	if word, told := common(after, wordRuns); told && word < mostRuns && !bytes.ContainsAny(carry, " \t") {
		const enough = 64
		whole := append(bytes.Clone(carry[:min(len(carry), enough)]), rest[:min(len(rest), enough)]...)
		// "1" and "10.0.0.1" are an address, too; but not one where all others are in 10.
		if start := sharedStart(after); bytes.HasPrefix(rest, start) && !bytes.HasPrefix(whole, start) {
			return false
		}
		return wordRuns(whole) == word
	}
	if alike(carry, text) {
		return false
	}
	usual, told := common(after, quotes)
	return !told || quotes(carry)+quotes(rest) == usual
}

// common is what is measured of lines, if there are some and it is the same of all.
func common(lines []byte, measure func([]byte) int) (n int, told bool) {
	seen := 0
	for l := range bytes.Lines(lines) {
		m := measure(l)
		if seen > 0 && m != n {
			return 0, false
		}
		if n, seen = m, seen+1; seen == linesCompared {
			break
		}
	}
	return n, seen >= 2
}

// sharedStart is what the first lines begin with, all of them.
func sharedStart(lines []byte) []byte {
	start, _, _ := bytes.Cut(lines, newline)
	seen := 0
	for l := range bytes.Lines(lines) {
		n := 0
		for n < min(len(l), len(start)) && l[n] == start[n] {
			n++
		}
		start = start[:n]
		if seen++; seen == linesCompared {
			break
		}
	}
	return start
}

func quotes(b []byte) int { return bytes.Count(b, []byte{'"'}) }

// mostRuns are counted of a word: beyond it is no address, but a line of JSON.
const mostRuns = 16

// wordRuns counts the runs of digits, letters and other bytes of the first word, up
// to mostRuns.
func wordRuns(b []byte) (n int) {
	for ; len(b) > 0 && b[0] != ' ' && b[0] != '\t' && b[0] != '\n' && n < mostRuns; n++ {
		_, k := run(b)
		b = b[k:]
	}
	return n
}

// linesCompared is how many lines after a joined one tell what is usual; two at
// least must be there. Where none follow yet the two parts are joined.
const linesCompared = 8

// alike compares the first runs of digits, letters and other bytes of two texts:
// "10.0.0.1 - -" begins as "192.0.2.33 - -" does. Where there are fewer than two
// whole runs nothing can be said, and it is false.
func alike(a, b []byte) bool {
	const runs, enough = 6, 2
	for n := range runs {
		ka, na := run(a)
		kb, nb := run(b)
		if na == len(a) || nb == len(b) {
			return n >= enough
		}
		if ka != kb {
			return false
		}
		a, b = a[na:], b[nb:]
	}
	return true
}

// run tells what the first bytes of b are, and how many of them: a run of digits,
// a run of letters, one byte of anything else.
func run(b []byte) (kind byte, n int) {
	for n < len(b) {
		k := kindOf(b[n])
		if n > 0 && k != kind {
			break
		}
		kind = k
		n++
		if k != digit && k != letter {
			break
		}
	}
	return kind, n
}

const digit, letter = '0', 'a'

func kindOf(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return digit
	case 'a' <= c|0x20 && c|0x20 <= 'z':
		return letter
	}
	return c
}

// glue is carry with text behind it, if text goes on with it, and how much of
// carry is lost, if not.
func glue(carry, text []byte) (whole []byte, lost int) {
	if len(carry) > 0 && len(text) > 0 && !goesOn(carry, text) {
		return append([]byte(nil), text...), len(carry)
	}
	return append(append([]byte(nil), carry...), text...), 0
}

// passOn gives what f carries to the first of the copies that are read before it.
func (f *file) passOn(copies []past) {
	if len(copies) == 0 {
		return
	}
	if c, ok := copies[0].(*remnant); ok && c.offset == 0 {
		c.inherit(f.carry, f.e)
		f.carry = nil
	}
}
