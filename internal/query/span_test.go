package query

import (
	"errors"
	"math/rand/v2"
	"regexp"
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
		for _, s := range p.Finder().AppendSpans(nil, []byte(c.text)) {
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
	for _, text := range []string{strings.Repeat("a", maxPattern+1), strings.Repeat("((a{10}){10}){10}", 20), strings.Repeat("(a)", maxGroups+1)} {
		spent := 0
		if _, err := NewPattern(text, &spent); err == nil {
			t.Errorf("a pattern of %d bytes that is too large is accepted", len(text))
		}
	}
}

func TestFindingAllocatesNothing(t *testing.T) {
	for _, pattern := range []string{"token=([^&]+)", "(?i)(?:password|secret)=([^&;]+)", `\d{4}-(\d{4})`, `(a|b)*c`} {
		spent := 0
		p, err := NewPattern(pattern, &spent)
		if err != nil {
			t.Fatal(err)
		}
		f := p.Finder()
		for _, text := range []string{"/search?q=wool+sand&page=2 and so on", "/search?q=token&token=x12&Password=abc&n=1234-5678 abc"} {
			b, spans := []byte(text), make([]Span, 0, 10)
			if n := testing.AllocsPerRun(100, func() { f.AppendSpans(spans, b) }); n != 0 {
				t.Errorf("%s in %s: %v allocations, want none", pattern, text, n)
			}
		}
	}
}

// spansOf is what AppendSpans says of itself, with package regexp.
func spansOf(re *regexp.Regexp, b []byte) (spans []Span) {
	for _, m := range re.FindAllSubmatchIndex(b, -1) {
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

// sameSpans holds a Finder against package regexp.
func sameSpans(t *testing.T, pattern, text string) {
	t.Helper()
	spent := 0
	p, err := NewPattern(pattern, &spent)
	re, err2 := regexp.Compile(pattern)
	if err != nil || err2 != nil {
		if err == nil {
			t.Errorf("%q: no error, want %v", pattern, err2)
		}
		return
	}
	f := p.Finder()
	for range 2 { // the second time in memory that is no longer empty
		if got, want := f.AppendSpans(nil, []byte(text)), spansOf(re, []byte(text)); !slices.Equal(got, want) {
			t.Fatalf("%q in %q: got %v, want %v", pattern, text, got, want)
		}
	}
}

// TestMatchesAreThoseOfRegexp makes expressions and texts of few letters, so
// that they meet.
func TestMatchesAreThoseOfRegexp(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 9))
	pick := func(of ...string) string { return of[r.IntN(len(of))] }
	var expression func(depth int) string
	expression = func(depth int) string {
		if depth == 0 || r.IntN(4) == 0 {
			return pick("a", "b", "ab", "é", ".", "[ab]", "[^a]", `\b`, `\B`, "^", "$", `\d`, `\w`, "1", "=", "(?s:.)", "(?i:A)", "(?m:^)", `\z`, "", "\xc3")
		}
		inner := expression(depth - 1)
		switch r.IntN(8) {
		case 0:
			return "(" + inner + ")"
		case 1:
			return "(?:" + inner + ")" + pick("*", "+", "?", "*?", "+?", "??", "{2}", "{1,3}", "{0,2}?")
		case 2:
			return "(" + inner + ")" + pick("*", "+", "?", "*?", "+?")
		case 3, 4:
			return "(?:" + inner + "|" + expression(depth-1) + ")"
		default:
			return inner + expression(depth-1)
		}
	}
	for range 30_000 {
		var text strings.Builder
		for range r.IntN(12) {
			text.WriteString(pick("a", "b", "ab", "A", "é", "1", "=", " ", "\n", "\xff", "\xc3"))
		}
		sameSpans(t, expression(4), text.String())
	}
}

func FuzzMatchesAreThoseOfRegexp(f *testing.F) {
	for _, c := range [][2]string{{"token=([^&]+)", "/a?token=x1&b=2&token=y"}, {"(a*)*|b", "aab"}, {`\b(x+)?\b`, "xx y"}, {"(?:(a)|b)*", "abab"}, {"(|a)+", "aa"}} {
		f.Add(c[0], c[1])
	}
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) < 100 && len(text) < 1000 {
			sameSpans(t, pattern, text)
		}
	})
}
