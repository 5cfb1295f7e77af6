package escape

import (
	"bytes"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestWhatSteersATerminalIsMadeVisible(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "GET /a?b=1&c=%20 ~", "GET /a?b=1&c=%20 ~"},
		{"empty", "", ""},
		{"escape sequence", "a\x1b[2Jb", `a\x1B[2Jb`},
		{"title by OSC", "\x1b]0;x\a", `\x1B]0;x\x07`},
		{"NUL, tab, CR, LF, DEL", "\x00\t\r\n\x7f", `\x00\x09\x0D\x0A\x7F`},
		{"raw C1", "\x9b2J", `\x9B2J`},
		{"C1 in UTF-8", "\u009b2J\u0080", `\u{009B}2J\u{0080}`},
		{"bidi override", "a\u202egnp.exe", `a\u{202E}gnp.exe`},
		{"bidi marks and isolates", "\u061c\u200e\u200f\u202a\u2066\u2069", `\u{061C}\u{200E}\u{200F}\u{202A}\u{2066}\u{2069}`},
		{"zero width", "\u200b\u200c\u200d\u2060\ufeff", `\u{200B}\u{200C}\u{200D}\u{2060}\u{FEFF}`},
		{"soft hyphen", "a\u00adb", `a\u{00AD}b`},
		{"separators and odd spaces", "\u2028\u2029\u00a0\u3000", `\u{2028}\u{2029}\u{00A0}\u{3000}`},
		{"invisible letters", "\u3164\uffa0\u2800\u034f", `\u{3164}\u{FFA0}\u{2800}\u{034F}`},
		{"tags", "\U000e0041", `\u{E0041}`},
		{"private and unassigned", "\ue000\U0010fffd\u0378\uffff", `\u{E000}\u{10FFFD}\u{0378}\u{FFFF}`},
		{"surrogate bytes", "\xed\xa0\x80", `\xED\xA0\x80`},
		{"overlong slash", "\xc0\xaf", `\xC0\xAF`},
		{"cut rune", "é\xe2\x82", `é\xE2\x82`},
		{"replacement character itself", "\ufffd", "\ufffd"},
		{"scripts", "Größe Привет 日本語 مرحبا 한국 हिन्दी 🎉", "Größe Привет 日本語 مرحبا 한국 हिन्दी 🎉"},
		{"escapes written by the server", `\x22\x1B\\"`, `\x22\x1B\\"`},
		{"mark on its base", "e\u0301", "e\u0301"},
		{"mark without a base", "\u0301e", `\u{0301}e`},
		{"fifth mark", "e\u0301\u0301\u0301\u0301\u0301", "e\u0301\u0301\u0301\u0301\\u{0301}"},
		{"emoji style", "❤\ufe0f", "❤\ufe0f"},
		{"other variation selectors", "a\ufe00\U000e0100", `a\u{FE00}\u{E0100}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := Terminal([]byte(c.in)); got != c.want {
				t.Errorf("Terminal(%q) got %q, want %q", c.in, got, c.want)
			}
		})
	}
}

// The list is written down here a second time, by code point, so that it does
// not lean on the categories the gate itself uses.
func TestNoForbiddenRunePassesTheGate(t *testing.T) {
	forbidden := [][2]rune{
		{0, 0x1F},
		{0x7F, 0x9F},
		{0xAD, 0xAD},
		{0x34F, 0x34F},
		{0x61C, 0x61C},
		{0x115F, 0x1160},
		{0x180B, 0x180F},
		{0x2000, 0x200F},
		{0x2028, 0x202F},
		{0x205F, 0x206F},
		{0x3164, 0x3164},
		{0xE000, 0xF8FF},
		{0xFE00, 0xFE0D},
		{0xFEFF, 0xFEFF},
		{0xFFA0, 0xFFA0},
		{0xFFF0, 0xFFFB},
		{0xFFFE, 0xFFFF},
		{0xE0000, 0x10FFFF},
	}
	for _, span := range forbidden {
		for r := span[0]; r <= span[1]; r++ {
			got := Terminal([]byte("a" + string(r) + "b"))
			if strings.ContainsRune(got, r) {
				t.Fatalf("U+%04X passed the gate: got %q", r, got)
			}
		}
	}
}

func TestEveryByteIsEitherAsciiOrShownInHex(t *testing.T) {
	for c := range 256 {
		got := Terminal([]byte{byte(c)})
		if printable := c >= ' ' && c <= '~'; printable != (got == string(rune(c))) {
			t.Errorf("byte %#x got %q", c, got)
		}
	}
}

func TestCleanAsciiCostsNoAllocation(t *testing.T) {
	line := []byte("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0")
	dst := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() { dst = AppendTerminal(dst[:0], line) }); n != 0 {
		t.Errorf("AppendTerminal got %v allocations, want 0", n)
	}
	if n := testing.AllocsPerRun(100, func() { dst, _ = AppendCut(dst[:0], line, 20) }); n != 0 {
		t.Errorf("AppendCut got %v allocations, want 0", n)
	}
}

func TestACutStringFitsItsCells(t *testing.T) {
	for _, c := range []struct {
		in    string
		cells int
		want  string
		used  int
	}{
		{"", 5, "", 0},
		{"abc", 0, "", 0},
		{"abc", -3, "", 0},
		{"abc", 3, "abc", 3},
		{"abcd", 3, "ab…", 3},
		{"abcd", 1, "…", 1},
		{"日本語", 6, "日本語", 6},
		{"日本語", 5, "日本…", 5},
		{"日本語", 4, "日…", 3},
		{"日本語", 1, "…", 1},
		{"ae\u0301o", 3, "ae\u0301o", 3},
		{"ae\u0301ox", 3, "ae\u0301…", 3},
		{"a\x1bb", 6, `a\x1Bb`, 6},
		{"a\x1bb", 5, "a…", 2},
		{"\u202eabc", 8, "…", 1},
		{"\u202eabc", 9, "\\u{202E}…", 9},
		{"🎉🎉", 3, "🎉…", 3},
		{"🇩🇪x", 4, "🇩…", 3},
		{"❤\ufe0f", 2, "❤\ufe0f", 2},
	} {
		out, used := AppendCut([]byte("> "), []byte(c.in), c.cells)
		if got := strings.TrimPrefix(string(out), "> "); got != c.want || used != c.used {
			t.Errorf("AppendCut(%q, %d) got %q in %d cells, want %q in %d", c.in, c.cells, got, used, c.want, c.used)
		}
	}
}

func TestWideRunesTakeTwoCells(t *testing.T) {
	for want, runes := range map[int]string{
		1: "aéяΩ│█▁⣿…→⌂ıﬁ‰",
		2: "日本한가ア。！￥⌚⏰⚡✅⭐🀄🇩🎉😀🚀🤔𠀀〈",
	} {
		for _, r := range runes {
			if got := Width([]byte(string(r))); got != want {
				t.Errorf("U+%04X %c got %d cells, want %d", r, r, got, want)
			}
		}
	}
	if got := Width([]byte("ｱ")); got != 1 {
		t.Errorf("half-width katakana got %d cells, want 1", got)
	}
}

func FuzzTerminal(f *testing.F) {
	for _, s := range []string{"", "plain", "\x1b[31m", "\u202e\xff", "e\u0301\u0301", "日本", `\x1B`, "\xf4\x8f\xbf\xbf", "❤\ufe0f\ufe0f"} {
		f.Add([]byte(s), 3)
	}
	f.Fuzz(func(t *testing.T, s []byte, cells int) {
		out := Terminal(s)
		if !utf8.ValidString(out) {
			t.Fatalf("Terminal(%q) is not UTF-8: %q", s, out)
		}
		for _, r := range out {
			if r < ' ' || r == 0x7F || r >= 0x80 && (unicode.Is(unicode.C, r) || unicode.Is(unicode.Z, r)) {
				t.Fatalf("Terminal(%q) lets U+%04X through", s, r)
			}
		}
		if again := Terminal([]byte(out)); again != out {
			t.Fatalf("a second pass over Terminal(%q) got %q, want %q", s, again, out)
		}
		if w, again := Width(s), Width([]byte(out)); w != again {
			t.Fatalf("Width(%q) got %d, of its escaped form %d", s, w, again)
		}
		cut, used := AppendCut(nil, s, cells)
		if used > max(cells, 0) || Width(cut) != used {
			t.Fatalf("AppendCut(%q, %d) got %q: says %d cells, has %d", s, cells, cut, used, Width(cut))
		}
		whole := Width(s) <= max(cells, 0)
		if whole != (string(cut) == out) && cells > 0 {
			t.Fatalf("AppendCut(%q, %d) got %q of %q", s, cells, cut, out)
		}
		if body, ok := bytes.CutSuffix(cut, []byte("…")); ok && !whole && !strings.HasPrefix(out, string(body)) {
			t.Fatalf("AppendCut(%q, %d) got %q, want a head of %q", s, cells, cut, out)
		}
	})
}

func BenchmarkTerminal(b *testing.B) {
	for name, s := range map[string]string{
		"ascii":   strings.Repeat("Mozilla/5.0 (X11; Linux) ", 10),
		"hostile": strings.Repeat("\x1b[31m\u202e日本\xff", 16),
	} {
		b.Run(name, func(b *testing.B) {
			line, dst := []byte(s), make([]byte, 0, 4096)
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				dst = AppendTerminal(dst[:0], line)
			}
		})
	}
}
