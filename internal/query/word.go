package query

import (
	"strings"
	"unicode"
)

// A word is a value as it was written.
type word struct {
	text string // without its quotes
	at   int    // byte offset in the expression
}

// operands reads the value of a comparison, or the list of "in".
func (p *parser) operands(op operator) ([]word, error) {
	p.skip()
	open := p.at
	if op != opIn || !p.sign("(") {
		w, err := p.word(op.spelling().names[0], op == opIn)
		if err != nil {
			return nil, err
		}
		if at := p.at; op == opIn && p.sign(",") {
			return nil, p.fail(at, "a list stands in parentheses: write in (a, b)")
		}
		return []word{w}, nil
	}
	if p.sign(")") {
		return nil, p.fail(open, "the list is empty: write in (a, b)")
	}
	var words []word
	for {
		w, err := p.word("in", true)
		if err != nil {
			return nil, err
		}
		words = append(words, w)
		switch {
		case p.sign(")"):
			return words, nil
		case p.sign(","):
			continue
		case p.at == len(p.text):
			return nil, p.fail(open, "this ( is not closed: add a )")
		}
		return nil, p.fail(p.at, "a comma is missing before %s: write in (a, b)", shown(p.glance()))
	}
}

// word reads a value in quotes or bare. In a list a comma ends a bare one.
func (p *parser) word(after string, list bool) (word, error) {
	p.skip()
	rest := p.text[p.at:]
	switch {
	case rest == "" || rest[0] == ')' || rest[0] == ',' && list:
		return word{}, p.fail(p.at, "a value is missing after %s", after)
	case rest[0] == '"' || rest[0] == '\'':
		return p.quoted(rest[0])
	case strings.IndexByte("=!<>~(", rest[0]) >= 0:
		return word{}, p.fail(p.at, "a value is missing after %s: quote it if it begins with %s", after, shown(rest[:1]))
	case strings.HasPrefix(rest, "“") || strings.HasPrefix(rest, "‘"):
		return word{}, p.fail(p.at, `this quote is a typographic one: write " or '`)
	}
	w := word{rest[:bareLength(rest, list)], p.at}
	if w.text == "" || joins(w.text) {
		return word{}, p.fail(p.at, "a value is missing after %s: quote it if it is %s", after, shown(p.glance()))
	}
	p.at += len(w.text)
	if next := p.text[p.at:]; next != "" && strings.IndexByte(`("'`, next[0]) >= 0 {
		return word{}, p.fail(w.at, "quote this value, because %s in it is read as something else", shown(next[:1]))
	}
	return w, nil
}

// bareLength returns how many bytes at the head of s are a bare value: up to a
// space, a quote, a parenthesis, && or ||, in a list a comma.
func bareLength(s string, list bool) int {
	for i, r := range s {
		switch {
		case unicode.IsSpace(r), r == '(', r == ')', r == '"', r == '\'', r == ',' && list:
			return i
		case strings.HasPrefix(s[i:], "&&"), strings.HasPrefix(s[i:], "||"):
			return i
		}
	}
	return len(s)
}

// quoted reads a value in quotes. A quote within is written twice; a backslash
// is no more than a backslash, since regular expressions are full of them.
func (p *parser) quoted(mark byte) (word, error) {
	w := word{at: p.at}
	rest := p.text[p.at+1:]
	var b strings.Builder
	for {
		i := strings.IndexByte(rest, mark)
		if i < 0 {
			return word{}, p.fail(w.at, "this quote is not closed: add a %c (within quotes, %c is written twice)", mark, mark)
		}
		b.WriteString(rest[:i])
		rest = rest[i+1:]
		if rest == "" || rest[0] != mark {
			break
		}
		b.WriteByte(mark)
		rest = rest[1:]
	}
	p.at = len(p.text) - len(rest)
	w.text = b.String()
	return w, nil
}
