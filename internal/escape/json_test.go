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

// TestTheHeadThatStandsInJSONIsFoundAtEveryPlace puts every byte at every place
// of a string, where eight bytes are looked at as one number.
func TestTheHeadThatStandsInJSONIsFoundAtEveryPlace(t *testing.T) {
	for c := range 256 {
		plain := c >= ' ' && c <= '~' && c != '"' && c != '\\'
		for at := range 20 {
			for _, fill := range []byte{' ', '!', '#', '[', ']', '~', 'a'} {
				s := make([]byte, 20)
				for i := range s {
					s[i] = fill
				}
				s[at] = byte(c)
				want := at
				if plain {
					want = len(s)
				}
				if got := jsonPrefix(s); got != want {
					t.Fatalf("byte %#x at %d among %q: got %d, want %d", c, at, fill, got, want)
				}
			}
		}
	}
}

func TestStringsOfALogCostNoAllocationInJSON(t *testing.T) {
	line := []byte(`Mozilla/5.0 (X11; "Linux" x86_64; rv:133.0) \x22 日本 Gecko/20100101`)
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { dst = AppendJSON(dst[:0], line) }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
}

func BenchmarkAppendJSON(b *testing.B) {
	line := []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0 Safari/537.36")
	dst := make([]byte, 0, 4096)
	b.SetBytes(int64(len(line)))
	for b.Loop() {
		dst = AppendJSON(dst[:0], line)
	}
}
