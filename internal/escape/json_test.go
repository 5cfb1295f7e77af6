package escape

import (
	"encoding/json"
	"testing"
	"unicode/utf8"
)

func TestJSONKeepsTheStringAndSteersNothing(t *testing.T) {
	for in, want := range map[string]string{
		"":             `""`,
		"/api?a=b":     `"/api?a=b"`,
		`a"b\c`:        `"a\"b\\c"`,
		"\x1b[2J":      `"\u001b[2J"`,
		"a\nb":         `"a\u000ab"`,
		"\u202egnp":    `"\u202egnp"`,
		"\U000e0041":   `"\udb40\udc41"`,
		"\xff":         `"\\xFF"`,
		"日本":           `"日本"`,
		`\x1b as text`: `"\\x1b as text"`,
	} {
		got, err := JSON(in).MarshalJSON()
		if err != nil || string(got) != want {
			t.Errorf("JSON(%q) got %s, %v, want %s", in, got, err, want)
		}
	}
}

func FuzzJSON(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b\n\"\\", "\u202e\xff", "e\u0301\u0301", "\U000e0041"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out, err := json.Marshal(JSON(s))
		if err != nil {
			t.Fatalf("JSON(%q): %v", s, err)
		}
		if safe := Terminal(out); safe != string(out) {
			t.Fatalf("JSON(%q) lets %q out, want %q", s, out, safe)
		}
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("JSON(%q) got %q: %v", s, out, err)
		}
		if utf8.ValidString(s) && back != s {
			t.Fatalf("JSON(%q) reads back as %q", s, back)
		}
	})
}
