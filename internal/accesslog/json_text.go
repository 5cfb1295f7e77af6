package accesslog

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf16"
	"unicode/utf8"
)

// stringEnd returns the position of the quote that closes the string of JSON
// whose text begins at line[at], and whether escapes are in it; with a Reason,
// the position of what is wrong. RFC 8259, section 7, but for one thing: \xHH,
// which nginx writes into a log_format that does not say escape=json, is taken.
func stringEnd(line []byte, at int) (end int, escaped bool, why Reason) {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	for {
		for at+8 <= len(line) {
			// A byte that is a quote, a backslash or a control gets its high bit
			// set; bytes behind it may get one too, those before it never.
			x := binary.LittleEndian.Uint64(line[at:])
			quote, slash := x^('"'*ones), x^('\\'*ones)
			if m := ((x-' '*ones)&^x | (quote-ones)&^quote | (slash-ones)&^slash) & highs; m != 0 {
				at += bits.TrailingZeros64(m) >> 3
				break
			}
			at += 8
		}
		for at < len(line) && line[at] != '"' && line[at] != '\\' && line[at] >= ' ' {
			at++
		}
		switch {
		case at == len(line):
			return at, escaped, ReasonCut
		case line[at] == '"':
			return at, escaped, ""
		case line[at] != '\\':
			return at, escaped, ReasonSyntax
		}
		n := escapeLength(line[at:])
		if n == 0 {
			return at, escaped, ReasonSyntax
		}
		at += n
		escaped = true
	}
}

// escapeLength is the length of the escape that b begins with; 0 for none.
func escapeLength(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(b) >= 6 && hexadecimal(b[2:6]) >= 0 {
			return 6
		}
	case 'x':
		if len(b) >= 4 && hexadecimal(b[2:4]) >= 0 {
			return 4
		}
	}
	return 0
}

// hexadecimal is the value of digits, -1 if they are none.
func hexadecimal(digits []byte) rune {
	var n rune
	for _, c := range digits {
		switch {
		case isDigit(c):
			c -= '0'
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		n = n<<4 | rune(c)
	}
	return n
}

// unescape puts text, whose escapes are valid, into scratch without them. An
// escape \xHH stays: it is not of JSON but of the server's, as in other formats.
func (g *gathering) unescape(text []byte, size int) []byte {
	g.reserve(size)
	from := len(g.scratch)
	g.scratch = appendUnescaped(g.scratch, text)
	return g.scratch[from:]
}

func appendUnescaped(to, text []byte) []byte {
	for i := 0; i < len(text); {
		c := text[i]
		if c != '\\' {
			to = append(to, c)
			i++
			continue
		}
		n := escapeLength(text[i:])
		switch c := text[i+1]; c {
		case 'b':
			to = append(to, '\b')
		case 'f':
			to = append(to, '\f')
		case 'n':
			to = append(to, '\n')
		case 'r':
			to = append(to, '\r')
		case 't':
			to = append(to, '\t')
		case 'x':
			to = append(to, text[i:i+n]...)
		case 'u':
			r := hexadecimal(text[i+2 : i+6])
			if utf16.IsSurrogate(r) {
				// A pair is one character; a half alone becomes U+FFFD.
				rest := text[i+6:]
				second := rune(-1)
				if escapeLength(rest) == 6 {
					second = hexadecimal(rest[2:6])
				}
				if r = utf16.DecodeRune(r, second); r != utf8.RuneError {
					n += 6
				}
			}
			to = utf8.AppendRune(to, r)
		default:
			to = append(to, c)
		}
		i += n
	}
	return to
}

// literalEnd returns the position behind the number, true, false or null that
// begins at line[at]; with a Reason, of what is wrong.
func literalEnd(line []byte, at int) (int, Reason) {
	var word string
	switch line[at] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	default:
		return numberEnd(line, at)
	}
	for i := range len(word) {
		switch {
		case at+i == len(line):
			return len(line), ReasonCut
		case line[at+i] != word[i]:
			return at + i, ReasonSyntax
		}
	}
	return at + len(word), ""
}

// numberEnd is literalEnd for a number: -12.5e+6.
func numberEnd(line []byte, at int) (int, Reason) {
	if line[at] == '-' {
		at++
	}
	zero := at < len(line) && line[at] == '0'
	end, why := digitsEnd(line, at)
	if why != "" {
		return end, why
	}
	if zero && end > at+1 {
		return at + 1, ReasonSyntax
	}
	at = end
	if at < len(line) && line[at] == '.' {
		if at, why = digitsEnd(line, at+1); why != "" {
			return at, why
		}
	}
	if at < len(line) && line[at]|0x20 == 'e' {
		at++
		if at < len(line) && (line[at] == '+' || line[at] == '-') {
			at++
		}
		return digitsEnd(line, at)
	}
	return at, ""
}

// digitsEnd returns the position behind one or more digits.
func digitsEnd(line []byte, at int) (int, Reason) {
	if at >= len(line) {
		return len(line), ReasonCut
	}
	if !isDigit(line[at]) {
		return at, ReasonSyntax
	}
	for at < len(line) && isDigit(line[at]) {
		at++
	}
	return at, ""
}

// skipSpace is the position of the first byte from line[at] on that is no white
// space of JSON.
func skipSpace(line []byte, at int) int {
	for at < len(line) && (line[at] == ' ' || line[at] == '\t' || line[at] == '\r' || line[at] == '\n') {
		at++
	}
	return at
}
