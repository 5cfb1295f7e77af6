package query

import (
	"errors"
	"fmt"
	"regexp/syntax"
	"strings"
	"unicode/utf8"
)

// A Span is a part of a text: the bytes from From up to, but without, To.
type Span struct{ From, To int }

// maxGroups is how many groups an expression may have: each way through it
// remembers where all of them are.
const maxGroups = 50

// A Pattern is a regular expression (RE2) whose matches can be found. It never
// changes and may be shared by goroutines; each takes a Finder of its own. It is
// made by NewPattern.
type Pattern struct {
	needs test // holds where, and only where, the expression matches
	prog  *syntax.Prog
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
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, at(0, "%s", err) // newPattern has parsed it
	}
	if n := tree.MaxCap(); n > maxGroups {
		return nil, at(0, "the regular expression has %d groups, where %d are the most: write (?: for those that only hold together", n, maxGroups)
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, at(0, "%s", err)
	}
	return &Pattern{needs: needs, prog: prog}, nil
}

// Finder returns a Finder for one goroutine.
func (p *Pattern) Finder() *Finder { return &Finder{needs: p.needs, machine: newMachine(p.prog)} }

// A Finder finds the matches of a Pattern, with the memory that needs. It belongs
// to one goroutine, and comes from Pattern.Finder.
type Finder struct {
	needs   test
	machine *machine
}

// AppendSpans appends what matches in b, one match after the other from left to
// right. Where the expression has groups, a match stands for the texts of those
// that took part in it, and for itself where none did. Empty ones are left out,
// those of a group within a group stay. It allocates nothing once its memory has
// grown.
func (f *Finder) AppendSpans(spans []Span, b []byte) []Span {
	if len(b) == 0 || !f.needs.holds(b) {
		return spans
	}
	for from := 0; from < len(b); {
		m := f.machine.find(b, from)
		if m == nil {
			break
		}
		if m[1] == from { // it is empty, and so are its groups
			_, width := utf8.DecodeRune(b[from:])
			from += width
			continue
		}
		from = m[1]
		grouped := false
		for i := 2; i+1 < len(m); i += 2 {
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
