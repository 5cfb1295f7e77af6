package query

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestAPatternSaysWhereItMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          []string
	}{
		{"b+", "abbcb", []string{"bb", "b"}},
		{"token=([^&]+)", "/a?token=x1&b=2&token=y", []string{"x1", "y"}},
		{"token=([^&]*)", "/a?token=&b", nil},
		{"(a)(b)?", "ab a", []string{"a", "b", "a"}},
		{"((a)b)", "ab", []string{"ab", "a"}},
		{"key=(k)|secret", "secret key=k", []string{"secret", "k"}},
		{"x*", "axxb", []string{"xx"}},
		{`\bid\b`, "id kid id", []string{"id", "id"}},
		{"^a", "aaa", []string{"a"}},
		{"(?i)pass", "PASS", []string{"PASS"}},
		{"é", "caf\xc3\xa9 \xff", []string{"é"}},
		{"", "abc", nil},
		{"nothing", "abc", nil},
	} {
		spent := 0
		p, err := NewPattern(c.pattern, &spent)
		if err != nil {
			t.Errorf("%q: %v", c.pattern, err)
			continue
		}
		var got []string
		for _, s := range p.AppendSpans(nil, []byte(c.text)) {
			got = append(got, c.text[s.From:s.To])
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%q in %q: got %q, want %q", c.pattern, c.text, got, c.want)
		}
	}
}

func TestAWrongPatternIsPointedAt(t *testing.T) {
	for pattern, want := range map[string]int{
		"ab[":         3,
		"é+*":         2,
		"a(b":         2,
		"(a)(b(c)":    4,
		"a)b":         2,
		`\((a[)]`:     3,
		`[^])](`:      6,
		"a**":         2,
		`\8`:          1,
		"(?<n":        1,
		"a{1001}":     2,
		"(?P<n>a)b)c": 10,
	} {
		spent := 0
		_, err := NewPattern(pattern, &spent)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%q: got %v, want an *Error", pattern, err)
			continue
		}
		if e.Column != want {
			t.Errorf("%q: got column %d, want %d (%v)", pattern, e.Column, want, err)
		}
	}
	for _, text := range []string{strings.Repeat("a", maxPattern+1), strings.Repeat("((a{10}){10}){10}", 20)} {
		spent := 0
		if _, err := NewPattern(text, &spent); err == nil {
			t.Errorf("a pattern of %d bytes that is too large is accepted", len(text))
		}
	}
}

func TestAPatternThatDoesNotMatchAllocatesNothing(t *testing.T) {
	text := []byte("/search?q=wool+sand&page=2 and so on, which is a target of ordinary length")
	for _, pattern := range []string{"token=([^&]+)", "(?i)(?:password|secret)=([^&;]+)", `\d{4}-\d{4}`} {
		spent := 0
		p, err := NewPattern(pattern, &spent)
		if err != nil {
			t.Fatal(err)
		}
		if n := testing.AllocsPerRun(100, func() { p.AppendSpans(nil, text) }); n != 0 {
			t.Errorf("%s: %v allocations a text, want none", pattern, n)
		}
	}
}
