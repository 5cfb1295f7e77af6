package query

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// An Error says why an expression cannot be compiled, and what to write.
type Error struct {
	Text   string // a sentence without its full stop or column, what the user wrote quoted
	Column int    // where in the expression: from 1, in runes
	Near   string // for an unknown field: the name of the nearest; "" where none is near
}

// Error returns the column and the sentence.
func (e *Error) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Text) }

// fail returns an Error at a byte offset of the text.
func (p *parser) fail(at int, format string, args ...any) *Error {
	return &Error{Text: fmt.Sprintf(format, args...), Column: utf8.RuneCountInString(p.text[:at]) + 1}
}

// shown quotes what the user wrote, cut to the length of a message.
func shown(s string) string {
	n := 0
	for i := range s {
		if n++; n > 40 {
			return strconv.Quote(s[:i]) + "..."
		}
	}
	return strconv.Quote(s)
}
