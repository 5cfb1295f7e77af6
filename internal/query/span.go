package query

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// A Span is a part of a text: the bytes from From up to, but without, To.
type Span struct{ From, To int }

// A Pattern finds where a regular expression (RE2) matches. It never changes
// and may be shared by goroutines. It is made by NewPattern.
type Pattern struct {
	needs  test // holds where, and only where, the expression matches
	regexp *regexp.Regexp
}

// NewPattern compiles a regular expression. spent is the size of those compiled
// before it, which are to be limited together with it, and grows by its own; it
// begins at 0. The error is an *Error whose column is that of the text.
func NewPattern(text string, spent *int) (*Pattern, error) {
	at := func(offset int, format string, args ...any) error {
		return &Error{Text: fmt.Sprintf(format, args...), Column: utf8.RuneCountInString(text[:offset]) + 1}
	}
	needs, err := newPattern(text, false, spent)
	var bad *syntax.Error
	switch {
	case errors.As(err, &bad):
		return nil, at(mistake(text, bad), "the regular expression is wrong: %s: %s", bad.Code, shown(bad.Expr))
	case err != nil:
		return nil, at(0, "%s", err)
	}
	compiled, err := regexp.Compile(text)
	if err != nil {
		return nil, at(0, "%s", err) // newPattern has compiled it
	}
	return &Pattern{needs: needs, regexp: compiled}, nil
}

// AppendSpans appends what p matches in b, one match after the other from left
// to right. Where the expression has groups, a match stands for the texts of
// those that took part in it, and for itself where none did. Empty ones are left
// out, those of a group within a group stay. It allocates nothing where there
// is no match.
func (p *Pattern) AppendSpans(spans []Span, b []byte) []Span {
	if len(b) == 0 || !p.needs.holds(b) {
		return spans
	}
	for _, m := range p.regexp.FindAllSubmatchIndex(b, -1) {
		grouped := false
		for i := 2; i < len(m); i += 2 {
			if m[i] >= 0 {
				grouped = true
				spans = appendSpan(spans, m[i], m[i+1])
			}
		}
		if !grouped {
			spans = appendSpan(spans, m[0], m[1])
		}
	}
	return spans
}

func appendSpan(spans []Span, from, to int) []Span {
	if from < to {
		spans = append(spans, Span{from, to})
	}
	return spans
}

// mistake is where in text the error is. Package syntax says what is wrong, not
// where.
func mistake(text string, bad *syntax.Error) int {
	if bad.Code == syntax.ErrMissingParen || bad.Code == syntax.ErrUnexpectedParen {
		return unpaired(text)
	}
	return max(0, strings.Index(text, bad.Expr))
}

// unpaired is where the first parenthesis stands that closes none, or the last
// that is not closed.
func unpaired(text string) int {
	var open []int
	class := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case class:
			class = c != ']'
		case c == '[':
			class = true
			if rest := strings.TrimPrefix(text[i+1:], "^"); strings.HasPrefix(rest, "]") {
				i = len(text) - len(rest) // a ] that comes first is one of the class
			}
		case c == '(':
			open = append(open, i)
		case c == ')' && len(open) == 0:
			return i
		case c == ')':
			open = open[:len(open)-1]
		}
	}
	if len(open) == 0 {
		return 0
	}
	return open[len(open)-1]
}
