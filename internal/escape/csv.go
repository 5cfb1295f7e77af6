package escape

import (
	"bytes"
	"unicode/utf8"
)

// CSV returns s made safe to stand in a cell of a table that a spreadsheet
// may open: a cell whose first character would make it a formula gets an
// apostrophe before it, which spreadsheets take as "this is text" (CWE-1236).
// The characters are those of OWASP's "CSV Injection" page: = + - @, tab,
// carriage return, line feed, and the full-width forms of the first four.
//
// CSV gates strings from logs only, so a number that we write ourselves keeps
// its minus. Commas, quotes and line ends inside the cell are the business of
// encoding/csv (RFC 4180).
func CSV(s string) string {
	if Formula([]byte(s)) {
		return "'" + s
	}
	return s
}

// Formula reports whether CSV would put an apostrophe before s.
func Formula(s []byte) bool {
	if len(s) == 0 {
		return false
	}
	if s[0] < utf8.RuneSelf {
		return bytes.IndexByte([]byte("=+-@\t\r\n"), s[0]) >= 0
	}
	r, _ := utf8.DecodeRune(s)
	return r == '＝' || r == '＋' || r == '－' || r == '＠'
}
