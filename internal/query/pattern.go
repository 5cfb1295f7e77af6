package query

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// Limits of regular expressions. The program of one grows with its counted
// repetitions, and the time to match with the program.
const (
	maxPattern = 8 << 10 // bytes of one
	maxProgram = 10_000  // instructions of all in a Query
)

// A pattern is a regular expression. text is what is looked for first, nil
// where there is no such text: the regexp engine takes a microsecond or more.
type pattern struct {
	text   test // every match holds it
	folded *search
	regexp *regexp.Regexp
}

// holds asks the engine only where the texts leave it open. folded is all that
// the expression stands for, as far as ASCII goes.
func (p *pattern) holds(b []byte) bool {
	if p.folded != nil {
		if found, sure := p.folded.look(b); sure {
			return found
		}
	} else if p.text != nil && !p.text.holds(b) {
		return false
	}
	return p.regexp.Match(b)
}

// newPattern compiles a regular expression (RE2) to the cheapest test for it.
// Its size is added to what those before it have spent.
func newPattern(text string, fold bool, spent *int) (test, error) {
	if len(text) > maxPattern {
		return nil, errors.New("the regular expression is longer than 8 KiB: write a list with in, or several")
	}
	flags, head := syntax.Perl, ""
	if fold {
		flags, head = flags|syntax.FoldCase, "(?i)"
	}
	tree, err := syntax.Parse(text, flags)
	if err != nil {
		return nil, err
	}
	if *spent += size(tree); *spent > maxProgram {
		return nil, errors.New("the regular expressions are too large together: use smaller counts such as {1,9}, or a list with in")
	}
	compiled, err := regexp.Compile(head + text)
	if err != nil {
		return nil, err
	}
	s, whole := analyse(tree, false)
	if s != nil && whole {
		return s.plain(), nil
	}
	p := &pattern{regexp: compiled}
	if s != nil {
		p.text = s.plain()
	}
	if folded, whole := analyse(tree, true); folded != nil {
		switch {
		case whole:
			p.folded = folded
		case s == nil:
			p.text = folded
		}
	}
	return p, nil
}

// size estimates the instructions of a program, up to a little above
// maxProgram.
func size(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	if re.Op == syntax.OpCharClass {
		n = 1 + len(re.Rune)/16
	}
	for _, sub := range re.Sub {
		n = min(n+size(sub), maxProgram+1)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(1, re.Min, re.Max)
	}
	return min(n, maxProgram+1)
}

// analyse returns a search for text that each match of re holds, nil where
// there is none. whole tells that the search finds nothing else.
func analyse(re *syntax.Regexp, fold bool) (s *search, whole bool) {
	items := sequence(re)
	begin := len(items) > 0 && items[0].Op == syntax.OpBeginText
	if begin {
		items = items[1:]
	}
	end := len(items) > 0 && items[len(items)-1].Op == syntax.OpEndText
	if end {
		items = items[:len(items)-1]
	}
	// What may be nothing at an open end changes nothing.
	for !begin && len(items) > 0 && items[0].Op == syntax.OpStar {
		items = items[1:]
	}
	for !end && len(items) > 0 && items[len(items)-1].Op == syntax.OpStar {
		items = items[:len(items)-1]
	}
	best := 0
	run, atHead := []string{""}, true
	keep := func(begin, end bool) {
		if n := shortest(run); n > best {
			best, s = n, newSearch(run, begin, end, fold)
		}
	}
	for _, item := range items {
		texts, ok := literals(item, fold)
		if ok {
			if longer, fits := product(run, texts); fits {
				run = longer
				continue
			}
		}
		keep(begin && atHead, false)
		run, atHead = []string{""}, false
		if ok {
			run = texts
		}
	}
	if atHead {
		return newSearch(run, begin, end, fold), true
	}
	keep(false, end)
	return s, false
}

// sequence returns the parts of re that follow one another.
func sequence(re *syntax.Regexp) []*syntax.Regexp {
	switch re.Op {
	case syntax.OpCapture:
		return sequence(re.Sub[0])
	case syntax.OpConcat:
		var all []*syntax.Regexp
		for _, sub := range re.Sub {
			all = append(all, sequence(sub)...)
		}
		return all
	}
	return []*syntax.Regexp{re}
}

// shortest returns the length of the shortest text.
func shortest(texts []string) int {
	n := len(texts[0])
	for _, t := range texts {
		n = min(n, len(t))
	}
	return n
}
