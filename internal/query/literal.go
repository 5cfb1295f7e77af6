package query

import (
	"regexp/syntax"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of the texts that a regular expression stands for.
const (
	maxLiterals   = 32
	longestText   = 256 // bytes
	firstNotASCII = 0x80
)

// literals returns all texts that re matches; false where they are too many or
// not to be listed. With fold they are ASCII in lower case and stand for any
// case, otherwise they are exact.
func literals(re *syntax.Regexp, fold bool) ([]string, bool) {
	switch re.Op {
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpLiteral:
		return literal(re, fold)
	case syntax.OpCharClass:
		return class(re.Rune, fold)
	case syntax.OpCapture:
		return literals(re.Sub[0], fold)
	case syntax.OpQuest:
		texts, ok := literals(re.Sub[0], fold)
		return append([]string{""}, texts...), ok && len(texts) < maxLiterals
	case syntax.OpAlternate:
		var all []string
		for _, sub := range re.Sub {
			texts, ok := literals(sub, fold)
			if all = append(all, texts...); !ok || len(all) > maxLiterals {
				return nil, false
			}
		}
		return all, true
	case syntax.OpConcat:
		all := []string{""}
		for _, sub := range re.Sub {
			texts, ok := literals(sub, fold)
			if !ok {
				return nil, false
			}
			if all, ok = product(all, texts); !ok {
				return nil, false
			}
		}
		return all, true
	}
	return nil, false
}

// product joins each text of a with each of b.
func product(a, b []string) ([]string, bool) {
	if len(a)*len(b) > maxLiterals {
		return nil, false
	}
	var out []string
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > longestText {
				return nil, false
			}
			out = append(out, x+y)
		}
	}
	return out, true
}

// literal returns a text of an expression. U+FFFD is none: the regexp package
// finds it in every byte that is not UTF-8.
func literal(re *syntax.Regexp, fold bool) ([]string, bool) {
	anyCase := re.Flags&syntax.FoldCase != 0
	for _, r := range re.Rune {
		cased := unicode.SimpleFold(r) != r
		if r == utf8.RuneError || cased && anyCase != fold || fold && r >= firstNotASCII {
			return nil, false
		}
	}
	text := string(re.Rune)
	if fold {
		text = strings.ToLower(text)
	}
	return []string{text}, len(text) <= longestText
}

// class returns the runes of a character class, given as stretches.
func class(stretches []rune, fold bool) ([]string, bool) {
	var runes []rune
	for i := 0; i+1 < len(stretches); i += 2 {
		if len(runes)+int(stretches[i+1]-stretches[i]) >= maxLiterals {
			return nil, false
		}
		for r := stretches[i]; r <= stretches[i+1]; r++ {
			runes = append(runes, r)
		}
	}
	var out []string
	for _, r := range runes {
		letter := r|0x20 >= 'a' && r|0x20 <= 'z'
		if r == utf8.RuneError || fold && (r >= firstNotASCII || letter && !slices.Contains(runes, r^0x20)) {
			return nil, false
		}
		text := string(r)
		if fold {
			text = strings.ToLower(text)
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out, len(out) > 0
}

// A search looks for texts: at the beginning, at the end, as the whole or
// anywhere in a field.
type search struct {
	texts      []string
	begin, end bool
	fold       bool // the texts are in lower case and stand for any
	first      [256]bool
	always     bool // one of the texts is empty
}

func newSearch(texts []string, begin, end, fold bool) *search {
	s := &search{texts: texts, begin: begin, end: end, fold: fold}
	for _, t := range texts {
		if t == "" {
			s.always = true
			continue
		}
		s.first[t[0]] = true
		if fold {
			s.first[strings.ToUpper(t[:1])[0]] = true
		}
	}
	return s
}

// plain returns the test that does the same as s without fold.
func (s *search) plain() test {
	if len(s.texts) != 1 {
		return s
	}
	switch t := s.texts[0]; {
	case s.begin && s.end:
		return equal(t)
	case s.begin:
		return prefix(t)
	case s.end:
		return suffix(t)
	default:
		return within(t)
	}
}

// holds tells whether one of the texts is there, or, with fold, may be: beyond
// ASCII there are letters that are another case of k or s.
func (s *search) holds(b []byte) bool {
	found, sure := s.look(b)
	return found || !sure
}

// look tells whether one of the texts is there. With fold it may not be sure
// that none is.
func (s *search) look(b []byte) (found, sure bool) {
	switch {
	case s.begin && s.end:
		for _, t := range s.texts {
			if len(b) == len(t) && s.same(b, t) {
				return true, true
			}
		}
	case s.begin:
		for _, t := range s.texts {
			if len(b) >= len(t) && s.same(b[:len(t)], t) {
				return true, true
			}
		}
	case s.end:
		for _, t := range s.texts {
			if len(b) >= len(t) && s.same(b[len(b)-len(t):], t) {
				return true, true
			}
		}
	case s.always || s.anywhere(b):
		return true, true
	}
	return false, !s.fold || ascii(b)
}

// anywhere goes through b once, however many the texts are.
func (s *search) anywhere(b []byte) bool {
	for i, c := range b {
		if !s.first[c] {
			continue
		}
		for _, t := range s.texts {
			if len(b)-i >= len(t) && s.same(b[i:i+len(t)], t) {
				return true
			}
		}
	}
	return false
}

// same compares texts of the same length.
func (s *search) same(b []byte, t string) bool {
	if !s.fold {
		return string(b) == t
	}
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		if c != t[i] {
			return false
		}
	}
	return true
}

func ascii(b []byte) bool {
	var all byte
	for _, c := range b {
		all |= c
	}
	return all < firstNotASCII
}
