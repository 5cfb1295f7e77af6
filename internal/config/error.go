package config

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"weir/internal/unit"
)

// MaxErrors is how many errors of a file are told at once.
const MaxErrors = 10

// An Error is one thing that is wrong in a file.
type Error struct {
	Line, Column int    // from 1; the column in characters
	Text         string // a sentence without its full stop, with what to do
}

// Invalid says what is wrong with a file: up to MaxErrors, in the order of the
// file.
type Invalid struct {
	File   string
	Errors []Error
	More   int // further ones
}

// Error returns a line for each.
func (e *Invalid) Error() string {
	var b strings.Builder
	for i, one := range e.Errors {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s:%d:%d: %s", e.File, one.Line, one.Column, one.Text)
	}
	if e.More > 0 {
		fmt.Fprintf(&b, "\n%s: and %d more", e.File, e.More)
	}
	return b.String()
}

// nearest returns the one of names that word is most like, as a question; ""
// where none is like it.
func nearest(word string, names []string) string {
	best, least := "", len(word)
	for _, name := range names {
		far := unit.Distance(strings.ToLower(word), strings.ToLower(name))
		switch {
		case strings.HasPrefix(name, word) && len(word) > 2:
			far = 0
		case far == 2 && letters(word) == letters(name): // two of them changed places
			far = 1
		}
		if 5*far <= 2*max(len(name), len(word)) && (best == "" || far < least) {
			best, least = name, far
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// letters are those of a word, sorted.
func letters(word string) string {
	b := []byte(word)
	slices.Sort(b)
	return string(b)
}

// shown quotes what the file has, cut to the length of a message.
func shown(s string) string {
	if utf8.RuneCountInString(s) > 60 {
		return fmt.Sprintf("%q...", string([]rune(s)[:60]))
	}
	return fmt.Sprintf("%q", s)
}

// listed puts names into a sentence.
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " or " + names[len(names)-1]
}
